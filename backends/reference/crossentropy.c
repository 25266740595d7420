/* crossentropy.c: the forward pass of the two softmax cross-entropies.
 *
 *   m = max z, s = sum exp(z - m), p = exp(z - m) / s */
#include "crossentropy.h"

static void probabilities(const iso_real *z, int64_t classes, iso_real max, iso_real sum,
                          iso_real *p)
{
    for (int64_t c = 0; c < classes; c++)
        p[c] = iso_softmax(z[c], max, sum);
}

void ISO_KERNEL(crossentropy)(const struct iso_call *call, ISO_KERNEL(row_loss) *loss)
{
    const iso_real *z = ref_real(&call->x[0]);
    iso_real *p = ref_real(&call->y[0]), max, sum;
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    const bool wanted = ref_loss_wanted(call, 1);
    for (int64_t row = 0; row < rows; row++) {
        ISO_KERNEL(softmax_row)(z + row * classes, classes, &max, &sum);
        if (p != NULL)
            probabilities(z + row * classes, classes, max, sum, p + row * classes);
        if (wanted)
            ref_work(call, 0)[row] =
                iso_weighted_loss(loss(call, row, max, iso_log(sum)), ref_row_weight(call, row));
    }
    if (wanted)
        ISO_KERNEL(loss_mean)(call, 1);
}
