/* chains_gpu_small.cl: for compilers that want small kernels, such as Mesa's for CPUs: its time
 * rises with the square of the accesses to memory that stand in the text. */
#define ROWS 16
#define COLS 16
#define ACROSS 4
#define DOWN 4
#define TERMS 2
#define WIDE 1
#define ROLLED 1
#include "chains_gpu.h"
