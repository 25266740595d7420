/* multiply.c: y = x[0] x[1], where one may be repeated (core/ops/multiply.h). */
#include "core/arithmetic/formulas.h"
#include "core/ops/multiply.h"
#include "sums.h"

static struct iso_repeated layout_of(const struct iso_call *call)
{
    const struct iso_shape x[2] = { call->x[0].shape, call->x[1].shape };
    struct iso_repeated r = { 0 };
    (void)iso_repeated(x, &r); /* infer has seen to it */
    return r;
}

/* out = large small, or added to out. */
static void products(const struct iso_repeated *l, const iso_real *large, const iso_real *small,
                     bool add, iso_real *out)
{
    for (int64_t o = 0; o < l->outer; o++)
        for (int64_t r = 0; r < l->repeats; r++)
            for (int64_t i = 0; i < l->inner; i++, large++, out++)
                ref_put(out, iso_multiply(*large, small[o * l->inner + i]), add);
}

static void sums(const struct iso_repeated *l, const iso_real *dy, const iso_real *large, bool add,
                 iso_real *out)
{
    for (int64_t o = 0; o < l->outer; o++)
        for (int64_t i = 0; i < l->inner; i++) {
            struct ref_products sum = { .block = ISO_BLOCK_TERMS };
            for (int64_t r = 0; r < l->repeats; r++) {
                const int64_t at = (o * l->repeats + r) * l->inner + i;
                ref_product(&sum, dy[at], large[at]);
            }
            ref_put(out++, ref_products_total(&sum), add);
        }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_repeated l = layout_of(call);
    (void)backend;
    products(&l, ref_real(&call->x[1 - l.small]), ref_real(&call->x[l.small]), false,
             ref_real(&call->y[0]));
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_repeated l = layout_of(call);
    const int large = 1 - l.small, small = l.small;
    const iso_real *dy = ref_real(&call->dy[0]), *x = ref_real(&call->x[large]);
    (void)backend;
    if (call->dx[large].mem != NULL)
        products(&l, dy, ref_real(&call->x[small]), call->add_dx[large],
                 ref_real(&call->dx[large]));
    if (call->dx[small].mem != NULL)
        (l.repeats > 1 ? sums : products)(&l, dy, x, call->add_dx[small],
                                          ref_real(&call->dx[small]));
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(multiply) = { .forward = forward, .backward = backward };
