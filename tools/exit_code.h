/* exit_code.h: the exit codes of commands; the only list, used by the program, the manual and help.
 */
#ifndef ISO_EXIT_CODE_H
#define ISO_EXIT_CODE_H
#include "core/iso.h"

#include <stdio.h>

/* clang-format off */
#define ISO_EXIT_CODES(X)                                                                       \
    X(DONE,    0, "done")                                                                       \
    X(FAILED,  1, "failed, for a reason that none of the other codes names: memory, for one")   \
    X(USAGE,   2, "wrong usage: an option or an argument that the command does not take")       \
    X(DIFFERS, 3, "numbers differ: parity found a difference, or nothing to compare")           \
    X(FILE,    4, "a file or data cannot be read, written or used; a model file has faults")    \
    X(DEVICE,  5, "a device is missing, fails, or cannot do what was asked")
/* clang-format on */
#define ISO_EXIT_ENUM(name, number, doc) ISO_EXIT_##name = number,
enum { ISO_EXIT_CODES(ISO_EXIT_ENUM) };
#undef ISO_EXIT_ENUM

/* Returns the exit code of a command that has failed with rc. */
int iso_exit_code(iso_rc rc);
/* Prints the help topic "exit-codes": the list, and the exit of a command that was stopped. */
void iso_exit_codes_print(FILE *);
#endif
