/* crossentropy.c: the forward pass of the two softmax cross-entropies.
 *
 *   m = max z, s = sum exp(z - m), p = exp(z - m) / s
 *   loss = (sum over rows of the row's loss, in blocks of rows) / rows */
#include "../../core/formulas.h"
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
    iso_real *p = ref_real(&call->y[0]), *mean = ref_real(&call->y[1]);
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    bool wanted = mean != NULL && call->x[1].mem != NULL;
    iso_real total = ISO_R(0.0), max, sum;
    for (int64_t start = 0, end; start < rows; start = end) {
        iso_real block = ISO_R(0.0);
        end = ref_block_end(start, rows, 1);
        for (int64_t row = start; row < end; row++) {
            ISO_KERNEL(softmax_row)(z + row * classes, classes, &max, &sum);
            if (p != NULL)
                probabilities(z + row * classes, classes, max, sum, p + row * classes);
            if (wanted)
                block = block + loss(call, row, max, iso_log(sum));
        }
        total = total + block;
    }
    if (wanted)
        *mean = iso_div(total, (iso_real)rows);
}
