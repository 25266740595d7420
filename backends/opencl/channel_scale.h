/* channel_scale.h: the passes of layer_scale and prelu; kind: enum iso_channel_factor. */
#ifndef ISO_OPENCL_CHANNEL_SCALE_H
#define ISO_OPENCL_CHANNEL_SCALE_H
#include "core/ops/channel_scale.h"
#include "opencl.h"

size_t opencl_channel_scale_workspace(struct iso_backend *, const struct iso_call *, enum iso_pass);
iso_rc opencl_channel_scale_forward(struct opencl *, const struct iso_call *,
                                    enum iso_channel_factor kind);
iso_rc opencl_channel_scale_backward(struct opencl *, const struct iso_call *,
                                     enum iso_channel_factor kind);
#endif
