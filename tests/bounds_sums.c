/* bounds_sums.c: weights that are added to every example, whose gradients are row sums of dy
 * (core/ops/class_token.h, core/ops/position_embedding.h); factors of channels, with row sums of
 * products (core/ops/channel_scale.h); and means of windows (core/ops/pooling2d.h). */
#include "bounds.h"
#include "core/ops/channel_scale.h"
#include "core/ops/infer.h"
#include "core/ops/pooling2d.h"

/* Sets the bounds of dw[0], the sum over the examples of the first numbers of dy. Forward adds x,
 * or copies it. */
void bounds_token(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                  struct iso_values *allowed)
{
    const int64_t examples = call->y[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->y[0].shape) / examples;
    (void)op;
    for (int64_t c = 0; c < allowed->a[ISO_DW][0].n; c++) {
        struct near_sum sum = { 0 };
        for (int64_t n = 0; n < examples; n++)
            near_term(&sum, bounds_element(v, ISO_DY, 0, n * size + c, 0));
        bounds_allow(allowed, ISO_DW, 0, c, near_total(&sum, iso_row_sum_chain(examples, 1)));
    }
}

/* y = factor x, dx = factor dy, dfactor = row sum of dy x; prelu copies where x is above 0. */
void bounds_channel_scale(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                          struct iso_values *allowed)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const bool below = op == ISO_OP_prelu;
    for (int64_t c = 0; c < r.channels; c++) {
        const struct near factor = bounds_element(v, ISO_W, 0, c, 0);
        struct near_sum sum = { 0 };
        for (int64_t i = c; i < r.rows * r.channels; i += r.channels) {
            const struct near x = bounds_element(v, ISO_X, 0, i, 0);
            const struct near dy = bounds_element(v, ISO_DY, 0, i, 0);
            const bool copied = below && x.v > 0;
            bounds_allow(allowed, ISO_Y, 0, i, copied ? near_input(0) : near_mul(factor, x));
            bounds_allow(allowed, ISO_DX, 0, i, copied ? near_input(0) : near_mul(factor, dy));
            if (!copied)
                near_product(&sum, dy, x);
        }
        bounds_allow(allowed, ISO_DW, 0, c,
                     near_total(&sum, iso_row_sum_chain(r.rows / r.per_image, r.per_image)));
    }
}

/* One channel of a pooling's images. */
struct plane {
    struct iso_window g;
    const struct iso_values *v;
    int64_t image, channel;
    bool global; /* a row sum over the whole image */
};

/* The index of a pixel of an image with these columns and pixels. */
static int64_t pixel_of(const struct plane *p, int64_t pixels, int64_t columns, int64_t row,
                        int64_t column)
{
    return (p->image * pixels + row * columns + column) * p->g.c + p->channel;
}

/* The positions of a window, along one axis, that lie on the image. */
static struct iso_span on_image(int64_t at, int64_t taps, int64_t size)
{
    const struct iso_span s = iso_window_taps(at, taps, size);
    return (struct iso_span){ s.begin + at, s.end + at };
}

/* The pixels of a window; their number. */
static double window_of(const struct iso_window *g, int64_t oy, int64_t ox, struct iso_span *rows,
                        struct iso_span *columns)
{
    *rows = on_image(oy * g->sh - g->top, g->kh, g->h);
    *columns = on_image(ox * g->sw - g->left, g->kw, g->w);
    return (double)((rows->end - rows->begin) * (columns->end - columns->begin));
}

static struct near mean_of(const struct plane *p, int64_t oy, int64_t ox)
{
    const struct iso_window *g = &p->g;
    struct iso_span rows, columns;
    const double number = window_of(g, oy, ox, &rows, &columns);
    struct near_sum sum = { 0 };
    for (int64_t iy = rows.begin; iy < rows.end; iy++)
        for (int64_t ix = columns.begin; ix < columns.end; ix++)
            near_term(&sum,
                      bounds_element(p->v, ISO_X, 0, pixel_of(p, g->h * g->w, g->w, iy, ix), 0));
    const int64_t chain = p->global ? iso_row_sum_chain(1, g->h * g->w)
                                    : iso_product_chain((int64_t)number);
    return near_div(near_total(&sum, chain), near_input(number));
}

/* A chain of dy (1 / number) over the windows that hold a pixel. */
static struct near share_of(const struct plane *p, int64_t iy, int64_t ix)
{
    const struct iso_window *g = &p->g;
    const struct iso_span oy = iso_window_holders(iy, g->top, g->kh, g->sh, g->oh);
    const struct iso_span ox = iso_window_holders(ix, g->left, g->kw, g->sw, g->ow);
    struct near_sum sum = { 0 };
    for (int64_t y = oy.begin; y < oy.end; y++)
        for (int64_t x = ox.begin; x < ox.end; x++) {
            struct iso_span rows, columns;
            const double number = window_of(g, y, x, &rows, &columns);
            near_product(
                &sum, bounds_element(p->v, ISO_DY, 0, pixel_of(p, g->oh * g->ow, g->ow, y, x), 0),
                near_div(near_input(1), near_input(number)));
        }
    const int64_t windows = (oy.end - oy.begin) * (ox.end - ox.begin);
    return near_total(&sum, iso_product_chain(windows > 0 ? windows : 1));
}

/* Average pooling, of windows or of the whole image. */
void bounds_pooling(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                    struct iso_values *allowed)
{
    struct plane p = { .g = iso_pooling2d_window(call->params, &call->x[0].shape),
                       .v = v,
                       .global = op == ISO_OP_global_average_pooling2d };
    for (p.image = 0; p.image < p.g.n; p.image++)
        for (p.channel = 0; p.channel < p.g.c; p.channel++) {
            for (int64_t i = 0; i < p.g.oh * p.g.ow; i++)
                bounds_allow(allowed, ISO_Y, 0, pixel_of(&p, p.g.oh * p.g.ow, 1, i, 0),
                             mean_of(&p, i / p.g.ow, i % p.g.ow));
            for (int64_t i = 0; i < p.g.h * p.g.w; i++)
                bounds_allow(allowed, ISO_DX, 0, pixel_of(&p, p.g.h * p.g.w, 1, i, 0),
                             share_of(&p, i / p.g.w, i % p.g.w));
        }
}
