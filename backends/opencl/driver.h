/* driver.h: checks that a driver survives its first kernel. */
#ifndef ISO_OPENCL_DRIVER_H
#define ISO_OPENCL_DRIVER_H
#include "opencl.h"

/* Compiles and runs a kernel in a child process, at the first use of a device with this driver.
 * Fails with ISO_EDEVICE if the child crashes or hangs; keeps a success in the user's cache. */
iso_rc opencl_driver_try(const struct opencl *);
#endif
