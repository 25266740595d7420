/* up_sampling2d.c: rows of y, and of dx, are divided among threads; channels are side by side
 * (core/ops/up_sampling2d.h). */
#include "core/ops/up_sampling2d.h"
#include "core/ops/up_sampling2d_taps.h"
#include "elements.h"

enum { SLICE = 512 };

struct work {
    int h, w, c, sh, sw, bilinear;
    const float *from; /* x, or dy */
    float *to;         /* y, or dx */
    int64_t rows, each;
    bool add;
};

/* ---- Forward ------------------------------------------------------------------------------- */

/* y [n] = the sum of two to four taps; x: the first tap, `down` and `right` to the others. */
static void blend(const float *x, int64_t down, int64_t right, struct iso_up_taps row,
                  struct iso_up_taps column, int64_t n, float *restrict y)
{
    memset(y, 0, (size_t)n * sizeof *y);
    for (int i = 0; i < row.count; i++)
        for (int j = 0; j < column.count; j++) {
            const float *tap = x + i * down + j * right, w = iso_up_product(row.w[i], column.w[j]);
            for (int64_t c = 0; c < n; c++)
                y[c] = iso_fma(tap[c], w, y[c]);
        }
    for (int64_t c = 0; c < n; c++)
        y[c] = 0.0f + y[c]; /* no total is -0 */
}

static void forward_rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    const int oh = w->h * w->sh, ow = w->w * w->sw;
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++) {
        const struct iso_up_taps row = iso_up_taps((int)(r % oh), w->sh, w->h, w->bilinear);
        const int64_t down = (int64_t)w->w * w->c;
        const float *x = w->from + (r / oh * w->h + row.first) * down;
        float *y = w->to + r * ow * w->c;
        for (int ox = 0; ox < ow; ox++, y += w->c) {
            const struct iso_up_taps column = iso_up_taps(ox, w->sw, w->w, w->bilinear);
            const float *tap = x + (int64_t)column.first * w->c;
            if (w->bilinear)
                blend(tap, down, w->c, row, column, w->c, y);
            else
                memcpy(y, tap, (size_t)w->c * sizeof *y);
        }
    }
}

/* ---- Backward ------------------------------------------------------------------------------ */

struct sums { /* sums of a pixel's channels; terms: number in the block so far */
    float total[SLICE], chain[SLICE];
    int terms;
};

static void end_block(struct sums *s, int64_t n)
{
    for (int64_t c = 0; c < n; c++) {
        s->total[c] = s->total[c] + s->chain[c];
        s->chain[c] = 0.0f;
    }
    s->terms = 0;
}

static void add_term(struct sums *s, const float *dy, float weight, int64_t n)
{
    if (s->terms == ISO_BLOCK_TERMS)
        end_block(s, n);
    s->terms++;
    for (int64_t c = 0; c < n; c++)
        s->chain[c] = iso_fma(dy[c], weight, s->chain[c]);
}

/* Adds what row oy of y says of pixel j; dy: that row, from the slice's first channel on. */
static void add_row(const struct work *w, const float *dy, float row, int j, int64_t n,
                    struct sums *s)
{
    const int end = iso_up_end(j, w->sw, w->bilinear, w->w * w->sw);
    for (int ox = iso_up_begin(j, w->sw, w->bilinear); ox < end; ox++) {
        const float column = iso_up_weight(iso_up_taps(ox, w->sw, w->w, w->bilinear), j);
        if (column > 0.0f)
            add_term(s, dy + (int64_t)ox * w->c, iso_up_product(row, column), n);
    }
}

/* Some channels of pixel (i, j); dy: its image, from the first of them on. */
static void gradient(const struct work *w, const float *dy, int i, int j, int64_t n, float *dx)
{
    const int oh = w->h * w->sh, ow = w->w * w->sw;
    struct sums s;
    memset(s.total, 0, (size_t)n * sizeof *s.total);
    memset(s.chain, 0, (size_t)n * sizeof *s.chain);
    s.terms = 0;
    for (int oy = iso_up_begin(i, w->sh, w->bilinear); oy < iso_up_end(i, w->sh, w->bilinear, oh);
         oy++) {
        const float row = iso_up_weight(iso_up_taps(oy, w->sh, w->h, w->bilinear), i);
        if (row > 0.0f)
            add_row(w, dy + (int64_t)oy * ow * w->c, row, j, n, &s);
    }
    end_block(&s, n);
    iso_cpu_store(dx, s.total, n, w->add);
}

static void backward_rows(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    const int64_t image = (int64_t)w->h * w->sh * w->w * w->sw * w->c;
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        for (int j = 0; j < w->w; j++)
            for (int64_t c = 0; c < w->c; c += SLICE)
                gradient(w, w->from + r / w->h * image + c, (int)(r % w->h), j,
                         iso_min64(SLICE, w->c - c), w->to + (r * w->w + j) * w->c + c);
}

/* ---- Calls --------------------------------------------------------------------------------- */

static struct work work_of(const struct iso_call *call)
{
    const struct iso_up_sampling2d *p = call->params;
    const int64_t *d = call->x[0].shape.dim;
    return (struct work){ .h = (int)d[1],
                          .w = (int)d[2],
                          .c = (int)d[3],
                          .sh = (int)p->size[0],
                          .sw = (int)p->size[1],
                          .bilinear = p->interpolation,
                          .rows = d[0] * d[1] };
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    w.from = iso_cpu_f32(&call->x[0]);
    w.to = iso_cpu_f32(&call->y[0]);
    w.rows *= w.sh;
    w.each = iso_cpu_unit_rows((int64_t)w.w * w.sw * w.c);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), forward_rows, &w);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    w.from = iso_cpu_f32(&call->dy[0]);
    w.to = iso_cpu_f32(&call->dx[0]);
    w.add = call->add_dx[0];
    w.each = iso_cpu_unit_rows((int64_t)w.w * w.c * w.sh * w.sw);
    if (w.to != NULL)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), backward_rows, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(up_sampling2d) = { .forward = forward, .backward = backward };
