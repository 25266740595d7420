/* driver.h: does a driver survive its first kernel? */
#ifndef ISO_OPENCL_DRIVER_H
#define ISO_OPENCL_DRIVER_H
#include "opencl.h"

/* At the first use of a device with this driver, a child compiles and runs a kernel. Fails with
 * ISO_EDEVICE where it crashes or hangs; that it was fine is remembered in the user's cache. */
iso_rc opencl_driver_try(const struct opencl *);
#endif
