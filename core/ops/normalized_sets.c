/* normalized_sets.c: what layer_normalization and group_normalization cost. */
#include "normalized_sets.h"
#include "infer.h"

void iso_normalized_sets_cost(const struct iso_normalized_sets *s, const struct iso_shape *x,
                              enum iso_pass pass, struct iso_cost *out)
{
    const int64_t lane = iso_axis_chain(iso_sets_size(s));
    const int64_t down = iso_row_sum_chain(x->dim[0], iso_bn_rows(x).per_image);
    iso_elementwise_cost(x, pass == ISO_FORWARD ? 8 : 16, pass == ISO_FORWARD ? 4 : 7, out);
    out->chain = pass == ISO_BACKWARD && down > lane ? down : lane;
}
