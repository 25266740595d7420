/* shipped.h: the files that isocl comes with, its models. */
#ifndef ISO_SHIPPED_H
#define ISO_SHIPPED_H
#include "file.h"

/* Finds `name`, which is "models" or a path that begins with "models/", and writes its path. Looks
 * in the working directory, above the build folder of the shared library or the program, and in
 * share/isocl beside the folder of an installed one. Returns false, with path set to name, if it is
 * in none of them. */
bool iso_shipped(const char *name, char path[ISO_PATH]);
#endif
