/* infer.h: functions shared by the descriptors' shape inference and cost. */
#ifndef ISO_OP_INFER_H
#define ISO_OP_INFER_H
#include "window.h"

/* Fails unless x has ndim dimensions, the batch among them; hint says what to do and may be "". */
iso_rc iso_expect_ndim(const struct iso_shape *x, int ndim, const char *hint);
/* Returns the number of inputs that are present in x[ISO_OPERANDS]. */
int iso_inputs_count(const struct iso_shape *x);
/* Fails when a tensor of this shape would have more elements than a machine can address. */
iso_rc iso_expect_countable(const struct iso_shape *s);
/* Checks every y, w and saved of the result in the same way; the last statement of an infer. */
iso_rc iso_expect_all_countable(const struct iso_shapes *s);

/* Fails when the window does not fit on the image. */
iso_rc iso_expect_fit(const struct iso_window *);
/* A check for convolutions: strides and dilation, only one of which may be above 1. */
iso_rc iso_check_steps(const int64_t strides[2], const int64_t dilation_rate[2]);

/* Additions that the rounding of a sum passes through: of products, a chain of one block, then the
 * blocks; along an axis, a lane of a block, the lanes, then the blocks; over rows, a chain of one
 * block, then the blocks of a group, then the groups. */
int64_t iso_product_chain(int64_t terms);
int64_t iso_axis_chain(int64_t elements);
int64_t iso_row_sum_chain(int64_t images, int64_t rows_per_image);
/* The cost of an op that reads and writes each element of x a few times and sums no products. */
void iso_elementwise_cost(const struct iso_shape *x, double flops, double accesses,
                          struct iso_cost *out);
#endif
