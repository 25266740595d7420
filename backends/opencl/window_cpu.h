/* window_cpu.h: poolings and depthwise convolutions on CPU-shaped devices, a line of an image to a
 * work-item. */
#ifndef ISO_OPENCL_WINDOW_CPU_H
#define ISO_OPENCL_WINDOW_CPU_H
#include "clkernels/arguments.h"
#include "core/ops/window.h"
#include "cpu_shape.h"

struct opencl_window_cpu opencl_window_cpu_of(const struct iso_window *);

iso_rc opencl_max_pool_cpu(struct opencl *, const struct iso_call *);
iso_rc opencl_max_pool_cpu_gradient(struct opencl *, const struct iso_call *);

/* True where these kernels are for the layer: one result a channel, and not too many taps; the
 * kernel's gradient only of 3 x 3. */
bool opencl_depthwise_cpu_can(const struct opencl *, const struct iso_call *);
bool opencl_depthwise_cpu_can_sum(const struct opencl *, const struct iso_call *);
iso_rc opencl_depthwise_cpu_forward(struct opencl *, const struct iso_call *);
iso_rc opencl_depthwise_cpu_input(struct opencl *, const struct iso_call *);
/* sums [groups][taps][channels] */
iso_rc opencl_depthwise_cpu_sums(struct opencl *, const struct iso_call *, struct opencl_at sums);
#endif
