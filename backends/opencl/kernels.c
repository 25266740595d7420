/* kernels.c: this backend's table of kernels. */
#define KERNEL(name) opencl_##name
#define KERNELS opencl_kernels
#include "backends/kernel_table.h"
