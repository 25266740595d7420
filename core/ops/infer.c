/* infer.c: functions shared by the descriptors' shape inference and cost. */
#include "infer.h"

iso_rc iso_expect_ndim(const struct iso_shape *x, int ndim, const char *hint)
{
    char text[ISO_NAME];
    if (x->ndim == ndim)
        return ISO_OK;
    return iso_fail(ISO_ESHAPE, "expects %d-D input, got %s%s", ndim,
                    iso_shape_text(x, 1, text, sizeof text), hint);
}

int iso_inputs_count(const struct iso_shape *x)
{
    int n = 0;
    while (n < ISO_OPERANDS && x[n].ndim > 0)
        n++;
    return n;
}

iso_rc iso_expect_countable(const struct iso_shape *s)
{
    char text[ISO_NAME];
    const int64_t most = (int64_t)(PTRDIFF_MAX / 16); /* leaves room for 8-byte elements */
    int64_t count = 1;
    for (int i = 0; i < s->ndim; i++) {
        if (s->dim[i] < 1)
            return iso_fail(ISO_ESHAPE, "the shape %s has no elements",
                            iso_shape_text(s, 0, text, sizeof text));
        if (count > most / s->dim[i])
            return iso_fail(ISO_ESHAPE, "the shape %s has too many elements to address",
                            iso_shape_text(s, 0, text, sizeof text));
        count *= s->dim[i];
    }
    return ISO_OK;
}

iso_rc iso_expect_all_countable(const struct iso_shapes *s)
{
    for (int i = 0; i < s->ny; i++)
        ISO_TRY(iso_expect_countable(&s->y[i]));
    for (int i = 0; i < s->nw; i++)
        ISO_TRY(iso_expect_countable(&s->w[i]));
    for (int i = 0; i < s->nsaved; i++)
        ISO_TRY(iso_expect_countable(&s->saved[i]));
    return ISO_OK;
}

iso_rc iso_expect_fit(const struct iso_window *w)
{
    if (w->oh >= 1 && w->ow >= 1)
        return ISO_OK;
    return iso_fail(ISO_ESHAPE,
                    "the window %lldx%lld does not fit %lldx%lld "
                    "(use a smaller kernel_size or padding: same)",
                    (long long)((w->kh - 1) * w->dh + 1), (long long)((w->kw - 1) * w->dw + 1),
                    (long long)w->h, (long long)w->w);
}

iso_rc iso_check_steps(const int64_t strides[2], const int64_t dilation_rate[2])
{
    const bool strided = strides[0] > 1 || strides[1] > 1;
    const bool dilated = dilation_rate[0] > 1 || dilation_rate[1] > 1;
    if (strided && dilated)
        return iso_fail(ISO_EMODEL,
                        "strides above 1 and dilation_rate above 1 exclude each other; "
                        "set one of them to 1");
    return ISO_OK;
}

int64_t iso_product_chain(int64_t terms)
{
    const int64_t blocks = (terms + ISO_BLOCK_TERMS - 1) / ISO_BLOCK_TERMS;
    return (blocks > 1 ? ISO_BLOCK_TERMS : terms) + (blocks > 1 ? blocks : 0);
}

int64_t iso_axis_chain(int64_t elements)
{
    const int64_t blocks = (elements + ISO_BLOCK_ELEMENTS - 1) / ISO_BLOCK_ELEMENTS;
    return (blocks > 1 ? ISO_BLOCK_ELEMENTS : elements) / ISO_LANES + 4 + blocks;
}

int64_t iso_row_sum_chain(int64_t images, int64_t rows_per_image)
{
    const struct iso_rows r = { images * rows_per_image, rows_per_image };
    const int64_t block = iso_block_end(r, 0), groups = iso_group_count(r);
    return block + (iso_block_count(r) > 1 ? ISO_GROUP_BLOCKS + groups : 0);
}

void iso_elementwise_cost(const struct iso_shape *x, double flops, double accesses,
                          struct iso_cost *out)
{
    double count = (double)iso_shape_count(x);
    *out = (struct iso_cost){ .flops = flops * count,
                              .bytes = accesses * count * sizeof(float),
                              .chain = 1 };
}
