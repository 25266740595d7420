/* synchronized_double.c: the sums over shards for the double reference. */
#define ISO_DOUBLE
#define ISO_SYNCHRONIZE(name) iso_synchronize_##name##_double
#include "synchronized_tree.h"
