/* commands.h: every command of the program; the only list. tools/cmd_<name>.c defines each. */
#ifndef ISO_COMMANDS_H
#define ISO_COMMANDS_H
#include "options.h"

/* clang-format off */
#define ISO_COMMANDS(X) \
    X(new)              \
    X(get)              \
    X(train)            \
    X(sweep)            \
    X(eval)             \
    X(predict)          \
    X(check)            \
    X(verify)           \
    X(reproduce)        \
    X(runs)             \
    X(report)           \
    X(summary)          \
    X(parity)           \
    X(certify)          \
    X(bench)            \
    X(scale)            \
    X(tune)             \
    X(trace)            \
    X(import)           \
    X(export)           \
    X(devices)          \
    X(doctor)           \
    X(completion)       \
    X(help)
/* clang-format on */

#define ISO_COMMAND_DECLARE(name) extern const struct iso_command iso_command_##name;
ISO_COMMANDS(ISO_COMMAND_DECLARE)
#undef ISO_COMMAND_DECLARE
extern const struct iso_command *const iso_commands[]; /* commands.c; ends with NULL */
#endif
