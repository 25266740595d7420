/* elastic_distortion.c: y(i, j) = x(i + d0(i, j), j + d1(i, j)), bilinear. The fields d are random
 * numbers, smoothed and multiplied by alpha: core/ops/elastic_distortion.h. */
#include "core/ops/elastic_distortion.h"
#include "core/arithmetic/random.h"
#include "reference.h"

struct image {
    int64_t h, w;
    uint32_t block;
    const struct iso_call *call;
};

static iso_u32 word_of(const struct image *m, uint32_t block, int64_t e)
{
    const struct iso_call *c = m->call;
    return iso_philox(m->block + block + (uint32_t)(e >> 2), c->step, c->layer,
                      ISO_RANDOM_AUGMENTATION, (uint32_t)c->seed, (uint32_t)(c->seed >> 32))
        .v[e & 3];
}

/* One line of a field through the filter: n numbers, `next` apart. */
static void smooth_line(const iso_gaussian *g, const iso_axis *axis, const iso_real *from,
                        iso_real *to, int64_t next)
{
    for (iso_i32 i = 0; i < axis->size; i++) {
        iso_real sum = ISO_R(0.0);
        for (iso_i32 k = -g->radius; k <= g->radius; k++) {
            iso_tap t = iso_tap_at(*axis, i + k, ISO_R(0.0));
            iso_real v = t.inside ? from[t.low * next] : ISO_R(0.0);
            sum = iso_fma(g->weight[k < 0 ? -k : k], v, sum);
        }
        to[i * next] = iso_flush(sum);
    }
}

/* Field 0 moves along the rows, field 1 along the columns; work: as large as the field. */
static void make_field(const struct image *m, int number, const iso_gaussian *g, iso_real alpha,
                       iso_real *field, iso_real *work)
{
    const struct iso_elastic_distortion *p = m->call->params;
    const iso_axis rows = iso_axis_of(p->smoothing_mode, (iso_i32)m->h);
    const iso_axis columns = iso_axis_of(p->smoothing_mode, (iso_i32)m->w);
    for (int64_t e = 0; e < m->h * m->w; e++)
        field[e] = iso_elastic_noise(word_of(m, 1, number * m->h * m->w + e));
    for (int64_t j = 0; j < m->w; j++)
        smooth_line(g, &rows, field + j, work + j, m->w);
    for (int64_t i = 0; i < m->h; i++)
        smooth_line(g, &columns, work + i * m->w, field + i * m->w, 1);
    for (int64_t e = 0; e < m->h * m->w; e++)
        field[e] = iso_elastic_displacement(field[e], alpha);
}

static void sample(const struct image *m, const iso_real *field, const iso_real *x, iso_real *y)
{
    const struct iso_elastic_distortion *p = m->call->params;
    const iso_axis rows = iso_axis_of(p->fill_mode, (iso_i32)m->h);
    const iso_axis columns = iso_axis_of(p->fill_mode, (iso_i32)m->w);
    int64_t channels = m->call->x[0].shape.dim[3], line = m->w * channels;
    for (int64_t e = 0; e < m->h * m->w; e++) {
        iso_real below, right;
        iso_i32 i = (iso_i32)(e / m->w) + iso_displaced(field[e], &below);
        iso_i32 j = (iso_i32)(e % m->w) + iso_displaced(field[m->h * m->w + e], &right);
        iso_tap r = iso_tap_at(rows, i, below), c = iso_tap_at(columns, j, right);
        const iso_real *upper = x + r.low * line, *lower = x + r.high * line;
        for (int64_t k = 0; k < channels; k++) {
            int64_t a = c.low * channels + k, b = c.high * channels + k;
            iso_real value = iso_bilinear(upper[a], upper[b], lower[a], lower[b], r.share, c.share);
            y[e * channels + k] = r.inside && c.inside ? value : (iso_real)p->cval;
        }
    }
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct iso_shape *s = &call->x[0].shape;
    (void)backend;
    return pass == ISO_FORWARD ? (size_t)(3 * s->dim[1] * s->dim[2]) * sizeof(iso_real) : 0;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_elastic_distortion *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_gaussian gaussian = iso_gaussian_of((iso_real)p->sigma);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]), *field = ref_work(call, 0);
    int64_t pixels = s->dim[1] * s->dim[2], image = pixels * s->dim[3];
    uint32_t blocks = iso_elastic_blocks((iso_i32)s->dim[1], (iso_i32)s->dim[2]);
    (void)backend;
    for (int64_t e = 0; !call->training && e < s->dim[0] * image; e++)
        y[e] = x[e];
    for (int64_t n = 0; call->training && n < s->dim[0]; n++) {
        struct image m = { s->dim[1], s->dim[2], (uint32_t)(call->first_row + n) * blocks, call };
        iso_real alpha = iso_draw(word_of(&m, 0, 0),
                                  (iso_real)call->scalars[ISO_ELASTIC_ALPHA_FROM],
                                  (iso_real)call->scalars[ISO_ELASTIC_ALPHA_SPAN]);
        for (int number = 0; number < 2; number++)
            make_field(&m, number, &gaussian, alpha, field + number * pixels, field + 2 * pixels);
        sample(&m, field, x + n * image, y + n * image);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(elastic_distortion) = { .workspace = workspace,
                                                           .forward = forward };
