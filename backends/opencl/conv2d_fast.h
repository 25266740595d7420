/* conv2d_fast.h: the convolution as matrix products by CLBlast. */
#ifndef ISO_OPENCL_CONV2D_FAST_H
#define ISO_OPENCL_CONV2D_FAST_H
#include "clblast.h"
#include "core/ops/conv2d.h"

/* Returns the floats of workspace; 0 in exact mode. */
size_t opencl_conv2d_fast_work(const struct opencl *, const struct iso_call *);
/* Called while planning: records the classes of products that this layer needs. */
void opencl_conv2d_fast_note(struct opencl *, const struct iso_call *);
/* Each sets *done to false, and queues nothing, if isocl's exact kernels should run. */
iso_rc opencl_conv2d_fast_forward(struct opencl *, const struct iso_call *, bool *done);
iso_rc opencl_conv2d_fast_input(struct opencl *, const struct iso_call *, bool *done);
iso_rc opencl_conv2d_fast_kernel(struct opencl *, const struct iso_call *, bool *done);
#endif
