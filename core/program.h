/* program.h: where the running program is, and which program can do work for it in a child. */
#ifndef ISO_PROGRAM_H
#define ISO_PROGRAM_H
#include "file.h"

/* Remembers that this program calls iso_child_main, and by which name it was called, for systems
 * that do not say where a program is. Called once, by iso_child_main, before there are threads. */
void iso_program_remember(const char *name);
/* Writes the path of the running program; false where it cannot be found. */
bool iso_program_self(char path[ISO_PATH]);
/* Writes the path of the program that iso_child_start starts: this one where it has called
 * iso_child_main, otherwise isocl. That is looked for in this order:
 *   1. ISOCL_PROGRAM, because who sets it has decided; nothing else is tried then
 *   2. the folder of the running program: what was built or installed together fits together
 *   3. the folder that this library was installed for
 *   4. the folders of PATH, where any isocl may be
 * ISO_EIO when there is none; the message says what to do. */
iso_rc iso_program_for_child(char path[ISO_PATH]);
#endif
