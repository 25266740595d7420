/* channel_scale.h: the passes of layer_scale and prelu; kind: enum iso_channel_factor. */
#ifndef ISO_CPU_CHANNEL_SCALE_H
#define ISO_CPU_CHANNEL_SCALE_H
#include "core/ops/channel_scale.h"
#include "cpu.h"

size_t ISO_CPU(channel_scale_workspace)(struct iso_backend *, const struct iso_call *,
                                        enum iso_pass);
iso_rc ISO_CPU(channel_scale_forward)(struct iso_backend *, const struct iso_call *,
                                      enum iso_channel_factor kind);
iso_rc ISO_CPU(channel_scale_backward)(struct iso_backend *, const struct iso_call *,
                                       enum iso_channel_factor kind);
#endif
