/* chains_gpu_128x32.cl: products of few columns; a work-item has 8 x 4 results. */
#define ROWS 128
#define COLS 32
#define ACROSS 8
#define DOWN 16
#define TERMS 16
#define WIDE 4
#include "chains_gpu.h"
