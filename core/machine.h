/* machine.h: the machine that the program runs on. */
#ifndef ISO_MACHINE_H
#define ISO_MACHINE_H
#include "iso.h"

/* Bytes of memory that it has, or that its container may take where that is less; 0: not known. */
uint64_t iso_machine_memory(void);
/* Processors this process may use: its affinity mask, and its container's CPU quota rounded up. At
 * least 1. */
int iso_machine_processors(void);
/* "Linux 6.1.0-18-amd64, x86_64, 8 processors": its system, not its name in a network. Returns
 * buf. */
const char *iso_machine_text(char *buf, size_t n);
/* Returns the seconds of a clock that only goes forward. */
double iso_clock(void);
#endif
