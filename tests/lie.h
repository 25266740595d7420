/* lie.h: commands on an OpenCL driver that fails on purpose (tests/liar). */
#ifndef ISO_TEST_LIE_H
#define ISO_TEST_LIE_H
#include <stdbool.h>

/* Has the driver fail so, as liar.c says faults, in the commands that follow. Fails if the driver
 * is not built. */
void lie(const char *fault);
/* Ends that. */
void tell_truth(void);
/* Returns true if there is PoCL, which the driver stands before; else says that this is skipped. */
bool lie_has_pocl(void);
#endif
