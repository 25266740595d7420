/* chains_gpu_128x64.cl: a work-item has 8 x 4 results. */
#define ROWS 128
#define COLS 64
#define ACROSS 16
#define DOWN 16
#define TERMS 16
#define WIDE 4
#include "chains_gpu.h"
