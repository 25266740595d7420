/* image_damage.h: the files that cannot be read or decoded, all of them, with the reasons. */
#ifndef ISO_IMAGE_DAMAGE_H
#define ISO_IMAGE_DAMAGE_H
#include "left_out.h"

struct iso_image_damage {
    int64_t n;  /* files */
    char **why; /* [n], owned: the message, which begins with the path; NULL: nothing is wrong */
};
/* Frees with iso_image_damage_free, also on failure. */
iso_rc iso_image_damage_new(int64_t n, struct iso_image_damage *out);
/* Keeps the message of file i and returns ISO_OK if rc says that it cannot be opened, read or
 * decoded; else returns rc. May be called from several threads, for different files. */
iso_rc iso_image_damage_note(struct iso_image_damage *, int64_t i, iso_rc rc);
int64_t iso_image_damage_count(const struct iso_image_damage *);
/* Fails with ISO_EDATA and a message that names the files, or returns ISO_OK if there are none. */
iso_rc iso_image_damage_fail(const struct iso_image_damage *);
/* Adds them to what is left out. */
iso_rc iso_image_damage_leave_out(const struct iso_image_damage *, struct iso_left_out *);
void iso_image_damage_free(struct iso_image_damage *);
#endif
