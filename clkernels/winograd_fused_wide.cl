/* winograd_fused_wide.cl: the gradient of Winograd's kernel in one kernel, 32 filters and 144
 * work-items a work-group, which have twice as many sums each. */
#define FILTERS 32
#define ITEM_FILTERS 16
#define ONLY_ROWS
#include "winograd_fused.h"
