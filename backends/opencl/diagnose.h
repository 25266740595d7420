/* diagnose.h: finds the reason for a missing OpenCL device: the registered drivers, libraries that
 * do not load, platforms without devices. */
#ifndef ISO_OPENCL_DIAGNOSE_H
#define ISO_OPENCL_DIAGNOSE_H
#include "backends/diagnose.h"

iso_diagnosis iso_opencl_diagnose;
#endif
