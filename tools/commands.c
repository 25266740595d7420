#include "commands.h"

#define ADDRESS(name) &iso_command_##name,
const struct iso_command *const iso_commands[] = { ISO_COMMANDS(ADDRESS) NULL };
