/* program.h: finds the running program, and the program that does its work in a child. */
#ifndef ISO_PROGRAM_H
#define ISO_PROGRAM_H
#include "file.h"

/* Records that this program calls iso_child_main, and the name by which it was called, for systems
 * that do not tell the path of a program. Called once, by iso_child_main, before there are threads.
 */
void iso_program_remember(const char *name);
/* Writes the path of the running program. Returns false if it cannot be found. */
bool iso_program_self(char path[ISO_PATH]);
/* Writes the path of the shared library that this code is in; false if it is part of the program.
 */
bool iso_program_library(char path[ISO_PATH]);
/* Writes the path of the program that iso_child_start starts: this one if it has called
 * iso_child_main, otherwise isocl, which is looked for in this order:
 *   1. ISOCL_PROGRAM; if it is set, nothing else is tried
 *   2. the folder of the shared library, and bin beside it: files built or installed together fit
 *   3. the folder of the running program, for the same reason
 *   4. the folder that this library was installed for
 *   5. the folders of PATH, where any isocl may be
 * Fails with ISO_EIO if there is none; the message says what to do. */
iso_rc iso_program_for_child(char path[ISO_PATH]);
#endif
