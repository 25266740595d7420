/* synchronized_float.c: the sums over shards for devices that compute in float. */
#define ISO_SYNCHRONIZE(name) iso_synchronize_##name
#include "synchronized_tree.h"
