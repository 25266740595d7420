/* driver.h: checks that drivers survive what isocl asks of them first, in a child process. */
#ifndef ISO_OPENCL_DRIVER_H
#define ISO_OPENCL_DRIVER_H
#include "opencl.h"

/* Has a child ask all drivers for their devices, before this process does. Returns "", or the
 * failure if the child crashes or hangs: then nothing may be asked. Both are kept (trust.h). */
const char *opencl_drivers_fault(void);
/* Has a child open the device and compile and run a kernel, before this process makes a context on
 * it. Fails with ISO_EDEVICE if the child crashes or hangs. Both are kept (trust.h). */
iso_rc opencl_driver_try(const struct opencl *);
#endif
