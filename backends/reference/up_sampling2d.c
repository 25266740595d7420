/* up_sampling2d.c: each pixel of y is a sum over its taps in x, each pixel of dx one over the
 * pixels of y that read it (core/ops/up_sampling2d.h). */
#include "core/ops/up_sampling2d.h"
#include "core/ops/up_sampling2d_taps.h"
#include "sums.h"

struct layout {
    int n, h, w, c, sh, sw, bilinear;
};

static struct layout layout_of(const struct iso_call *call)
{
    const struct iso_up_sampling2d *p = call->params;
    const int64_t *d = call->x[0].shape.dim;
    return (struct layout){ (int)d[0],       (int)d[1],       (int)d[2],       (int)d[3],
                            (int)p->size[0], (int)p->size[1], p->interpolation };
}

/* One pixel [c] of y, from its image. */
static void pixel(const struct layout *l, const iso_real *x, struct iso_up_taps row,
                  struct iso_up_taps column, iso_real *y)
{
    for (int c = 0; c < l->c; c++) {
        struct ref_products sum = { .block = ISO_BLOCK_TERMS };
        for (int i = 0; i < row.count; i++)
            for (int j = 0; j < column.count; j++)
                ref_product(&sum, x[((row.first + i) * l->w + column.first + j) * l->c + c],
                            iso_up_product(row.w[i], column.w[j]));
        y[c] = l->bilinear ? ref_products_total(&sum)
                           : x[(row.first * l->w + column.first) * l->c + c];
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int n = 0; n < l.n; n++, x += (int64_t)l.h * l.w * l.c)
        for (int oy = 0; oy < l.h * l.sh; oy++)
            for (int ox = 0; ox < l.w * l.sw; ox++, y += l.c)
                pixel(&l, x, iso_up_taps(oy, l.sh, l.h, l.bilinear),
                      iso_up_taps(ox, l.sw, l.w, l.bilinear), y);
    return ISO_OK;
}

/* The gradient of channel c of pixel (i, j); dy: of its image. */
static iso_real gradient(const struct layout *l, const iso_real *dy, int i, int j, int c)
{
    const int oh = l->h * l->sh, ow = l->w * l->sw;
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int oy = iso_up_begin(i, l->sh, l->bilinear); oy < iso_up_end(i, l->sh, l->bilinear, oh);
         oy++)
        for (int ox = iso_up_begin(j, l->sw, l->bilinear);
             ox < iso_up_end(j, l->sw, l->bilinear, ow); ox++) {
            const iso_real row = iso_up_weight(iso_up_taps(oy, l->sh, l->h, l->bilinear), i);
            const iso_real column = iso_up_weight(iso_up_taps(ox, l->sw, l->w, l->bilinear), j);
            if (row > ISO_R(0.0) && column > ISO_R(0.0))
                ref_product(&sum, dy[((int64_t)oy * ow + ox) * l->c + c],
                            iso_up_product(row, column));
        }
    return ref_products_total(&sum);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct layout l = layout_of(call);
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]);
    (void)backend;
    for (int n = 0; dx != NULL && n < l.n; n++, dy += (int64_t)l.h * l.sh * l.w * l.sw * l.c)
        for (int i = 0; i < l.h; i++)
            for (int j = 0; j < l.w; j++)
                for (int c = 0; c < l.c; c++, dx++)
                    ref_put(dx, gradient(&l, dy, i, j, c), call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(up_sampling2d) = { .forward = forward, .backward = backward };
