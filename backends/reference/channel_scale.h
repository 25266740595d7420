/* channel_scale.h: the passes of layer_scale and prelu; kind: enum iso_channel_factor. */
#ifndef ISO_REFERENCE_CHANNEL_SCALE_H
#define ISO_REFERENCE_CHANNEL_SCALE_H
#include "core/ops/channel_scale.h"
#include "reference.h"

iso_rc ISO_KERNEL(channel_scale_forward)(const struct iso_call *, enum iso_channel_factor kind);
iso_rc ISO_KERNEL(channel_scale_backward)(const struct iso_call *, enum iso_channel_factor kind);
#endif
