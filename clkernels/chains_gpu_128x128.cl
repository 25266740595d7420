/* chains_gpu_128x128.cl: large products; a work-item has 8 x 8 results. */
#define ROWS 128
#define COLS 128
#define ACROSS 16
#define DOWN 16
#define TERMS 16
#define WIDE 4
#include "chains_gpu.h"
