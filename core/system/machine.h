/* machine.h: the machine that the program runs on. */
#ifndef ISO_MACHINE_H
#define ISO_MACHINE_H
#include "core/iso.h"

/* Returns the bytes of memory of the machine or, if less, of its container's limit; 0 if not known.
 */
uint64_t iso_machine_memory(void);
/* Returns the number of processors that this process may use, at least 1: its affinity mask,
 * limited by its container's CPU quota, rounded up. */
int iso_machine_processors(void);
/* Writes "Linux 6.1.0-18-amd64, x86_64, 8 processors", without the host's name, into buf and
 * returns buf. */
const char *iso_machine_text(char *buf, size_t n);
/* Returns the time of a monotonic clock in seconds. */
double iso_clock(void);
#endif
