/* gather_images.c: a batch of images from a data set in device memory. */
#include "gather_images.h"
#include "infer.h"

#include <stdio.h>

#define AT(member) offsetof(struct iso_gather_images, member)
static const struct iso_field fields[] = {
    { "scale", ISO_FIELD_REAL, AT(scale), "1", 0, 0, NULL, "factor of each uint8 value" },
    { "mean", ISO_FIELD_REALS, AT(mean), "0", 0, 0, NULL, "subtracted from the product" },
    { "std", ISO_FIELD_REALS, AT(std), "1", 1e-6, 1e6, NULL, "divides the difference" },
    { "reverse", ISO_FIELD_BOOL, AT(reverse), "false", 0, 0, NULL,
      "whether the channels are taken in the opposite order" },
    { 0 }
};

bool iso_gather_images_fit(const struct iso_gather_images *p, const struct iso_shape *x, char *why,
                           size_t n)
{
    const struct iso_reals *const lists[] = { &p->mean, &p->std };
    const int64_t channels = x->dim[x->ndim - 1];
    for (int i = 0; i < 2; i++)
        if (lists[i]->n > 1 && lists[i]->n != channels) {
            snprintf(why, n, "%s has %d numbers, images have %lld channels", i ? "std" : "mean",
                     lists[i]->n, (long long)channels);
            return false;
        }
    if (p->reverse && channels > ISO_REALS) {
        snprintf(why, n, "%lld channels cannot be reversed, at most %d", (long long)channels,
                 ISO_REALS);
        return false;
    }
    return true;
}

/* y has as many rows as the order has entries; a call may take fewer. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    char why[96];
    if (x[0].ndim < 2 || x[1].ndim != 1)
        return iso_fail(ISO_ESHAPE, "expects rows of numbers, and their order");
    if (!iso_gather_images_fit(params, &x[0], why, sizeof why))
        return iso_fail(ISO_ESHAPE, "%s", why);
    *out = (struct iso_shapes){ .ny = 1, .y = { x[0] } };
    out->y[0].dim[0] = x[1].dim[0];
    return iso_expect_all_countable(out);
}

/* The scalars are factor and offset of each channel: scale / std and -mean / std. */
static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_gather_images *p = params;
    (void)step;
    for (int c = 0; c < ISO_REALS; c++) {
        const double std = p->std.v[c < p->std.n ? c : 0];
        out[c] = p->scale / std;
        out[ISO_REALS + c] = -p->mean.v[c < p->mean.n ? c : 0] / std;
    }
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(&x[0], 2, 1.25, out);
}

const struct iso_op_def iso_def_gather_images = {
    .doc = "a batch of images from a data set in device memory",
    .params_size = sizeof(struct iso_gather_images),
    .fields = fields,
    .nx = 2,
    .resident = ISO_U8,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
};
