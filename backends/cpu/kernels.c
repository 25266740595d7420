/* kernels.c: this variant's table of kernels. */
#include "cpu.h"
#include "kernels.h"

#define KERNEL(name) ISO_CPU(name)
#define KERNELS ISO_CPU(kernels)
#include "backends/kernel_table.h"
