/* choice_tell.h: reports the device that was chosen, if the user did not choose one. */
#ifndef ISO_CHOICE_TELL_H
#define ISO_CHOICE_TELL_H
#include "core/iso.h"

/* Prints on stderr which device --device auto took, and why, unless the user's cache folder shows
 * that this machine has printed the same before. mode: as the user requested it. */
void iso_choice_tell(const struct iso_backend *, const char *why, enum iso_mode mode);
#endif
