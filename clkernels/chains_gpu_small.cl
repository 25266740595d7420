/* chains_gpu_small.cl: for compilers that want small kernels. */
#define ROWS 16
#define COLS 16
#define ACROSS 4
#define DOWN 4
#define TERMS 8
#define WIDE 1
#include "chains_gpu.h"
