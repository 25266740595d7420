/* diagnose.h: finds the reason for a missing OpenCL device: the registered drivers, libraries that
 * do not load, platforms without devices. */
#ifndef ISO_OPENCL_DIAGNOSE_H
#define ISO_OPENCL_DIAGNOSE_H
#include <stddef.h>
#include <stdio.h>

/* Prints what it finds, and writes what the user can do about it into advice, or "". */
void iso_opencl_diagnose(FILE *out, char *advice, size_t n);
#endif
