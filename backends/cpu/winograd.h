/* winograd.h: convolutions that Winograd's algorithm defines (core/arithmetic/winograd.h), on the
 * register tile.
 *
 * Channels are processed in vectors, the last of which may be partial. */
#ifndef ISO_CPU_WINOGRAD_H
#define ISO_CPU_WINOGRAD_H
#include "core/arithmetic/winograd.h"
#include "conv.h"

ISO_CPU_CONVOLUTION(winograd)
#endif
