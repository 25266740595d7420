/* cutmix.c: y[n] is x[n], with a rectangle of x[partner of n]; a target or a weight is mixed by the
 * rectangle's area. */
#include "core/ops/cutmix.h"
#include "reference.h"

static iso_cut cut_of(const struct iso_call *call, int64_t n)
{
    const struct iso_mixup *p = call->params;
    return iso_cut_draw((iso_real)call->scalars[ISO_MIXUP_INVERSE],
                        p->per_image ? (uint32_t)(call->first_row + n) : 0, call->step, call->layer,
                        (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
}

/* Element e of a row, whose partner has `other` there. */
static iso_real mixed(const struct iso_shape *s, iso_cut cut, int64_t e, iso_real own,
                      iso_real other)
{
    if (s->ndim < 4)
        return iso_mixed(own, other, cut.share);
    int64_t pixel = e / s->dim[3];
    int within =
        iso_cut_holds((iso_i32)(pixel / s->dim[2]), (iso_i32)s->dim[1], cut.row, cut.side) &
        iso_cut_holds((iso_i32)(pixel % s->dim[2]), (iso_i32)s->dim[2], cut.column, cut.side);
    return within ? other : own;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t rows = s->dim[0], size = iso_shape_count(s) / rows, roll = iso_cutmix_roll(call);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < rows; n++) {
        const iso_real *own = x + n * size, *other = x + (n + roll) % rows * size;
        iso_cut cut = cut_of(call, n);
        for (int64_t e = 0; e < size; e++)
            y[n * size + e] = call->training ? mixed(s, cut, e, own[e], other[e]) : own[e];
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(cutmix) = { .forward = forward };
