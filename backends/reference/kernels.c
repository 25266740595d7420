/* kernels.c: this variant's table of kernels. */
#include "kernels.h"
#include "reference.h"

#define KERNEL(name) ISO_KERNEL(name)
#define KERNELS ISO_KERNEL(kernels)
#include "backends/kernel_table.h"
