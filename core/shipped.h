/* shipped.h: the files that isocl comes with, its models. */
#ifndef ISO_SHIPPED_H
#define ISO_SHIPPED_H
#include "file.h"

/* Writes where `name` is, "models" or a path that begins with "models/": as it stands, seen from
 * the working directory; above the program, in its build folder; or installed with it, in
 * ../share/isocl. False when it is nowhere, and then path is name. */
bool iso_shipped(const char *name, char path[ISO_PATH]);
#endif
