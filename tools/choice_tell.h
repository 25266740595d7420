/* choice_tell.h: says which device was chosen where the user left it open. */
#ifndef ISO_CHOICE_TELL_H
#define ISO_CHOICE_TELL_H
#include "core/iso.h"

/* Says on stderr which device --device auto took, and why, unless this machine has heard just that
 * before (the user's cache folder remembers). mode: as the user asked for it. */
void iso_choice_tell(const struct iso_backend *, const char *why, enum iso_mode mode);
#endif
