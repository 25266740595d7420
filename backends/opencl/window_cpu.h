/* window_cpu.h: poolings and depthwise convolutions on CPU-shaped devices, with one work-item per
 * line of an image. */
#ifndef ISO_OPENCL_WINDOW_CPU_H
#define ISO_OPENCL_WINDOW_CPU_H
#include "clkernels/arguments.h"
#include "core/ops/window.h"
#include "cpu_shape.h"

/* Initializes the members that describe a window, in any kernel's struct that has them. */
#define OPENCL_WINDOW_FIELDS(v)                                                               \
    .h = (iso_i32)(v)->h, .w = (iso_i32)(v)->w, .c = (iso_i32)(v)->c, .oh = (iso_i32)(v)->oh, \
    .ow = (iso_i32)(v)->ow, .kh = (iso_i32)(v)->kh, .kw = (iso_i32)(v)->kw,                   \
    .sh = (iso_i32)(v)->sh, .sw = (iso_i32)(v)->sw, .dh = (iso_i32)(v)->dh,                   \
    .dw = (iso_i32)(v)->dw, .top = (iso_i32)(v)->top, .left = (iso_i32)(v)->left

struct opencl_window_cpu opencl_window_cpu_of(const struct iso_window *);

iso_rc opencl_max_pool_cpu(struct opencl *, const struct iso_call *);
iso_rc opencl_max_pool_cpu_gradient(struct opencl *, const struct iso_call *);

/* Return true if these kernels can compute the layer: one result per channel, and not too many
 * taps; for the kernel's gradient, 3 x 3 taps only. */
bool opencl_depthwise_cpu_can(const struct opencl *, const struct iso_call *);
bool opencl_depthwise_cpu_can_sum(const struct opencl *, const struct iso_call *);
iso_rc opencl_depthwise_cpu_forward(struct opencl *, const struct iso_call *);
iso_rc opencl_depthwise_cpu_input(struct opencl *, const struct iso_call *);
/* Computes sums [groups][taps][channels]. */
iso_rc opencl_depthwise_cpu_sums(struct opencl *, const struct iso_call *, struct opencl_at sums);
#endif
