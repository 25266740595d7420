/* image_walk.h: finds the image files in a folder and its subfolders. */
#ifndef ISO_IMAGE_WALK_H
#define ISO_IMAGE_WALK_H
#include "left_out.h"

/* Returns true for a folder without files of the user: a hidden one, or __MACOSX. */
bool iso_image_walk_hidden(const char *name);
/* Adds the paths of all image files below root/folder, relative to that, in the order of their
 * bytes. Adds all other files to left, with paths relative to root. Follows links, except to a
 * folder that contains the link. */
iso_rc iso_image_walk(const char *root, const char *folder, struct iso_names *files,
                      struct iso_left_out *left);
#endif
