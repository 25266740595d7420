/* image_walk.h: finds the image files in a folder and in those below it. */
#ifndef ISO_IMAGE_WALK_H
#define ISO_IMAGE_WALK_H
#include "left_out.h"

/* True for a folder that holds nothing of the user's: a hidden one, or __MACOSX. */
bool iso_image_walk_hidden(const char *name);
/* Adds the paths of all image files below root/folder, relative to that, in the order of their
 * bytes. What else is there goes into left, with its path relative to root. Links are followed, but
 * not back to where they lie. */
iso_rc iso_image_walk(const char *root, const char *folder, struct iso_names *files,
                      struct iso_left_out *left);
#endif
