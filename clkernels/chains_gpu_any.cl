/* chains_gpu_any.cl: products whose sizes are no multiples of four; a work-item has 4 x 4 results.
 */
#define ROWS 32
#define COLS 32
#define ACROSS 8
#define DOWN 8
#define TERMS 16
#define WIDE 1
#include "chains_gpu.h"
