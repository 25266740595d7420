/* winograd.c: F(4x4, 3x3) in four stages: transform the kernel, transform tiles of 6x6 source
 * pixels, one small GEMM for each of the 36 positions, transform back. So many images go at once
 * as stay in cache between the stages.
 *
 * The kernel gradient is F(3x3, 4x4) at the same points: tiles of dy take the place of the
 * kernel. */
#include "winograd.h"

enum { POINTS = 36, SIDE = 6, TILE = 4, CACHE_FLOATS = 1 << 20, STRIP = 56, PANEL = 2 * ISO_VEC };

struct job {
    int64_t n, sh, sw, sc, rh, rw, rc; /* images; source; result */
    int64_t top, left;                 /* zeros before the source */
    int64_t th, tw;                    /* tiles of a result image */
    const float *source, *kernel, *bias, *dy;
    float *result;
    bool add, rotated;           /* rotated: the kernel turned by 180 degrees, channels
                                    exchanged */
    int64_t first, count, tiles; /* images that are in work, and their tiles */
    float *u, *v, *m;            /* kernel [36][sc][rc] in panels; source, products
                                    [36][tiles][channels] */
};

/* ---- One-dimensional transforms -------------------------------------------------------------- */

typedef void transform(const iso_vec *d, iso_vec *t);
#define INLINE static inline __attribute__((always_inline))
INLINE iso_vec scaled(float c, iso_vec a, iso_vec b) { return iso_vfma(iso_vset(c), a, b); }

/* Six source pixels to six points. */
INLINE void source6(const iso_vec *d, iso_vec *t)
{
    const iso_vec a = scaled(-4, d[2], d[4]), b = scaled(-4, d[1], d[3]);
    const iso_vec c = iso_vsub(d[4], d[2]), e = iso_vsub(d[3], d[1]);
    t[0] = scaled(4, d[0], scaled(-5, d[2], d[4]));
    t[1] = iso_vadd(a, b);
    t[2] = iso_vsub(a, b);
    t[3] = scaled(2, e, c);
    t[4] = scaled(-2, e, c);
    t[5] = scaled(4, d[1], scaled(-5, d[3], d[5]));
}

/* Three taps of the kernel to six points. */
INLINE void kernel3(const iso_vec *g, iso_vec *t)
{
    const iso_vec sixth = iso_vset(1.0f / 6);
    const iso_vec s = iso_vmul(iso_vset(-1.0f / 6), iso_vadd(g[0], g[2]));
    const iso_vec b = iso_vmul(sixth, g[1]), u = scaled(1.0f / 24, g[0], iso_vmul(sixth, g[2]));
    t[0] = iso_vmul(iso_vset(0.25f), g[0]);
    t[1] = iso_vsub(s, b);
    t[2] = iso_vadd(s, b);
    t[3] = scaled(0.5f, b, u);
    t[4] = scaled(-0.5f, b, u);
    t[5] = g[2];
}

/* Four pixels of dy, in the place of a kernel, to six points. */
INLINE void pixels4(const iso_vec *d, iso_vec *t)
{
    const iso_vec a = iso_vmul(iso_vset(-1.0f / 6), iso_vadd(d[0], d[2]));
    const iso_vec b = iso_vmul(iso_vset(1.0f / 6), iso_vadd(d[1], d[3]));
    const iso_vec p = scaled(1.0f / 24, d[0], iso_vmul(iso_vset(1.0f / 6), d[2]));
    const iso_vec q = scaled(1.0f / 12, d[1], iso_vmul(iso_vset(1.0f / 3), d[3]));
    t[0] = iso_vmul(iso_vset(0.25f), d[0]);
    t[1] = iso_vsub(a, b);
    t[2] = iso_vadd(a, b);
    t[3] = iso_vadd(p, q);
    t[4] = iso_vsub(p, q);
    t[5] = d[3];
}

/* Six points to four result pixels. */
INLINE void result4(const iso_vec *m, iso_vec *t)
{
    const iso_vec a = iso_vadd(m[1], m[2]), b = iso_vsub(m[1], m[2]);
    const iso_vec c = iso_vadd(m[3], m[4]), d = iso_vsub(m[3], m[4]);
    t[0] = iso_vadd(iso_vadd(m[0], a), c);
    t[1] = scaled(2, d, b);
    t[2] = scaled(4, c, a);
    t[3] = iso_vadd(scaled(8, d, b), m[5]);
}

/* Six points to three taps of the kernel gradient. */
INLINE void taps3(const iso_vec *m, iso_vec *t)
{
    const iso_vec a = iso_vadd(m[1], m[2]), c = iso_vadd(m[3], m[4]);
    t[0] = iso_vadd(iso_vadd(m[0], a), c);
    t[1] = scaled(2, iso_vsub(m[3], m[4]), iso_vsub(m[1], m[2]));
    t[2] = iso_vadd(scaled(4, c, a), m[5]);
}

/* Both dimensions: in[i][j] with `from` a side becomes out[i][j] with `to` a side. */
INLINE void both(transform *f, const int from, const int to, const iso_vec *in, iso_vec *out)
{
    iso_vec half[SIDE * SIDE], column[SIDE], turned[SIDE];
    for (int i = 0; i < from; i++)
        f(in + i * from, half + i * to);
    for (int j = 0; j < to; j++) {
        for (int i = 0; i < from; i++)
            column[i] = half[i * to + j];
        f(column, turned);
        for (int i = 0; i < to; i++)
            out[i * to + j] = turned[i];
    }
}

/* ---- Stages ---------------------------------------------------------------------------------- */

/* The kernel of one panel of result channels: u[panel][36][sc][PANEL]. */
static void kernel_unit(void *data, int64_t p, int thread)
{
    const struct job *job = data;
    const int64_t j0 = p * PANEL, plane = job->sc * job->rc;
    float *u = job->u + p * POINTS * job->sc * PANEL, taps[9][PANEL];
    (void)thread;
    for (int64_t k = 0; k < job->sc; k++) {
        for (int64_t tap = 0; tap < 9; tap++)
            if (job->rotated)
                for (int64_t j = 0; j < PANEL; j++)
                    taps[8 - tap][j] = job->kernel[tap * plane + (j0 + j) * job->sc + k];
            else
                memcpy(taps[tap], job->kernel + tap * plane + k * job->rc + j0, sizeof taps[tap]);
        for (int64_t j = 0; j < PANEL; j += ISO_VEC) {
            iso_vec g[9], t[POINTS];
            for (int i = 0; i < 9; i++)
                g[i] = iso_vload(taps[i] + j);
            both(kernel3, 3, SIDE, g, t);
            for (int64_t i = 0; i < POINTS; i++)
                iso_vstore(u + (i * job->sc + k) * PANEL + j, t[i]);
        }
    }
}

/* A square of pixels from (y, x), zero outside the image; ISO_VEC channels from c. */
INLINE void load_square(const float *image, int64_t h, int64_t w, int64_t channels, int64_t y,
                        int64_t x, int64_t c, const int side, iso_vec *d)
{
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const bool inside = y + i >= 0 && y + i < h && x + j >= 0 && x + j < w;
            d[i * side + j] = inside ? iso_vload(image + ((y + i) * w + x + j) * channels + c)
                                     : iso_vset(0.0f);
        }
}

/* One row of source tiles of one image: v[36][tiles][sc]. */
static void source_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t image = index / job->th, ty = index % job->th;
    const float *source = job->source + (job->first + image) * job->sh * job->sw * job->sc;
    (void)thread;
    for (int64_t tx = 0; tx < job->tw; tx++)
        for (int64_t c = 0; c < job->sc; c += ISO_VEC) {
            iso_vec d[POINTS], t[POINTS];
            float *v = job->v + (index * job->tw + tx) * job->sc + c;
            load_square(source, job->sh, job->sw, job->sc, ty * TILE - job->top,
                        tx * TILE - job->left, c, SIDE, d);
            both(source6, SIDE, SIDE, d, t);
            for (int64_t i = 0; i < POINTS; i++)
                iso_vstore(v + i * job->tiles * job->sc, t[i]);
        }
}

/* One position, one panel, one strip of tiles: m = v u. */
static void product_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t panels = job->rc / PANEL, p = index / POINTS % panels, i = index % POINTS;
    const int64_t t0 = index / POINTS / panels * STRIP;
    const ptrdiff_t zero = 0;
    (void)thread;
    const struct iso_tile t = {
        .a = job->v + (i * job->tiles + t0) * job->sc,
        .as = job->sc,
        .ak = 1,
        .b = job->u + (p * POINTS + i) * job->sc * PANEL,
        .bk = PANEL,
        .aoff = &zero,
        .boff = &zero,
        .len = &job->sc,
        .nsegments = 1,
        .rows = (int)iso_min64(STRIP, job->tiles - t0),
        .cols = PANEL,
        .cs = job->rc,
        .c = job->m + (i * job->tiles + t0) * job->rc + p * PANEL,
    };
    ISO_CPU(tile_run)(&t, 2);
}

/* One row of result tiles of one image. */
static void result_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t image = index / job->th, ty = index % job->th;
    float *result = job->result + (job->first + image) * job->rh * job->rw * job->rc;
    (void)thread;
    for (int64_t tx = 0; tx < job->tw; tx++)
        for (int64_t c = 0; c < job->rc; c += ISO_VEC) {
            iso_vec d[POINTS], t[POINTS];
            const float *m = job->m + (index * job->tw + tx) * job->rc + c;
            for (int64_t i = 0; i < POINTS; i++)
                d[i] = iso_vload(m + i * job->tiles * job->rc);
            both(result4, SIDE, TILE, d, t);
            for (int64_t i = 0; i < TILE && ty * TILE + i < job->rh; i++)
                for (int64_t j = 0; j < TILE && tx * TILE + j < job->rw; j++) {
                    float *r = result + ((ty * TILE + i) * job->rw + tx * TILE + j) * job->rc + c;
                    iso_vec y = t[i * TILE + j];
                    if (job->bias != NULL)
                        y = iso_vadd(y, iso_vload(job->bias + c));
                    iso_vstore(r, job->add ? iso_vadd(iso_vload(r), y) : y);
                }
        }
}

/* One row of tiles of dy of one image: m[36][tiles][rc]. */
static void pixels_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t image = index / job->th, ty = index % job->th;
    const float *dy = job->dy + (job->first + image) * job->rh * job->rw * job->rc;
    (void)thread;
    for (int64_t tx = 0; tx < job->tw; tx++)
        for (int64_t c = 0; c < job->rc; c += ISO_VEC) {
            iso_vec d[TILE * TILE], half[TILE * SIDE], t[SIDE], column[TILE];
            float *m = job->m + (index * job->tw + tx) * job->rc + c;
            load_square(dy, job->rh, job->rw, job->rc, ty * TILE, tx * TILE, c, TILE, d);
            for (int i = 0; i < TILE; i++)
                pixels4(d + i * TILE, half + i * SIDE);
            for (int j = 0; j < SIDE; j++) {
                for (int i = 0; i < TILE; i++)
                    column[i] = half[i * SIDE + j];
                pixels4(column, t);
                for (int64_t i = 0; i < SIDE; i++)
                    iso_vstore(m + (i * SIDE + j) * job->tiles * job->rc, t[i]);
            }
        }
}

/* One position, one panel: u[36][sc][rc] += sum over tiles of v m. */
static void gradient_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t p = index / POINTS, i = index % POINTS;
    const ptrdiff_t zero = 0;
    (void)thread;
    const struct iso_tile t = { .a = job->v + i * job->tiles * job->sc,
                                .as = 1,
                                .ak = job->sc,
                                .b = job->m + i * job->tiles * job->rc + p * PANEL,
                                .bk = job->rc,
                                .aoff = &zero,
                                .boff = &zero,
                                .len = &job->tiles,
                                .nsegments = 1,
                                .rows = (int)job->sc,
                                .cols = PANEL,
                                .cs = job->rc,
                                .add = job->first > 0,
                                .c = job->u + i * job->sc * job->rc + p * PANEL };
    ISO_CPU(tile_run)(&t, 2);
}

/* One source channel of the kernel gradient, from u[36][sc][rc]. */
static void taps_unit(void *data, int64_t k, int thread)
{
    const struct job *job = data;
    const int64_t plane = job->sc * job->rc;
    (void)thread;
    for (int64_t j = 0; j < job->rc; j += ISO_VEC) {
        iso_vec d[POINTS], t[9];
        for (int64_t i = 0; i < POINTS; i++)
            d[i] = iso_vload(job->u + i * plane + k * job->rc + j);
        both(taps3, SIDE, 3, d, t);
        for (int64_t i = 0; i < 9; i++) {
            float *r = job->result + i * plane + k * job->rc + j;
            iso_vstore(r, job->add ? iso_vadd(iso_vload(r), t[i]) : t[i]);
        }
    }
}

/* ---- Passes ---------------------------------------------------------------------------------- */

bool ISO_CPU(winograd_fits)(const struct iso_window *w, int64_t filters)
{
    return w->kh == 3 && w->kw == 3 && w->sh == 1 && w->sw == 1 && w->dh == 1 && w->dw == 1 &&
           w->c % PANEL == 0 && filters % PANEL == 0 && w->oh >= TILE && w->ow >= TILE;
}

static int64_t images_at_once(const struct job *job)
{
    const int64_t floats = POINTS * job->th * job->tw * (job->sc + job->rc);
    return iso_max64(1, iso_min64(job->n, CACHE_FLOATS / floats));
}

static void set_tiles(struct job *job)
{
    job->th = iso_ceil_div(job->rh, TILE);
    job->tw = iso_ceil_div(job->rw, TILE);
}

static struct job forward_job(const struct iso_window *w, int64_t filters)
{
    struct job job = { .n = w->n,
                       .sh = w->h,
                       .sw = w->w,
                       .sc = w->c,
                       .rh = w->oh,
                       .rw = w->ow,
                       .rc = filters,
                       .top = w->top,
                       .left = w->left };
    set_tiles(&job);
    return job;
}

static struct job input_gradient_job(const struct iso_window *w, int64_t filters)
{
    struct job job = { .n = w->n,
                       .sh = w->oh,
                       .sw = w->ow,
                       .sc = filters,
                       .rh = w->h,
                       .rw = w->w,
                       .rc = w->c,
                       .top = 2 - w->top,
                       .left = 2 - w->left,
                       .rotated = true };
    set_tiles(&job);
    return job;
}

static size_t job_bytes(const struct job *job)
{
    const int64_t tiles = images_at_once(job) * job->th * job->tw;
    return (size_t)(POINTS * (job->sc * job->rc + tiles * (job->sc + job->rc))) * sizeof(float);
}

size_t ISO_CPU(winograd_workspace)(const struct iso_window *w, int64_t filters)
{
    const struct job forward = forward_job(w, filters), backward = input_gradient_job(w, filters);
    return iso_max_size(job_bytes(&forward), job_bytes(&backward));
}

static void lay_out(struct job *job, void *workspace)
{
    job->u = workspace;
    job->v = job->u + POINTS * job->sc * job->rc;
    job->m = job->v + POINTS * images_at_once(job) * job->th * job->tw * job->sc;
}

static void convolve(struct iso_team *team, struct job *job, void *workspace)
{
    const int64_t at_once = images_at_once(job), panels = job->rc / PANEL;
    lay_out(job, workspace);
    iso_team_run(team, panels, kernel_unit, job);
    for (job->first = 0; job->first < job->n; job->first += at_once) {
        job->count = iso_min64(at_once, job->n - job->first);
        job->tiles = job->count * job->th * job->tw;
        iso_team_run(team, job->count * job->th, source_unit, job);
        iso_team_run(team, POINTS * panels * iso_ceil_div(job->tiles, STRIP), product_unit, job);
        iso_team_run(team, job->count * job->th, result_unit, job);
    }
}

void ISO_CPU(winograd_forward)(struct iso_team *team, const struct iso_window *w, int64_t filters,
                               const float *x, const float *kernel, const float *bias, float *y,
                               void *workspace)
{
    struct job job = forward_job(w, filters);
    job.source = x;
    job.kernel = kernel;
    job.bias = bias;
    job.result = y;
    convolve(team, &job, workspace);
}

void ISO_CPU(winograd_input_gradient)(struct iso_team *team, const struct iso_window *w,
                                      int64_t filters, const float *dy, const float *kernel,
                                      bool add, float *dx, void *workspace)
{
    struct job job = input_gradient_job(w, filters);
    job.source = dy;
    job.kernel = kernel;
    job.add = add;
    job.result = dx;
    convolve(team, &job, workspace);
}

void ISO_CPU(winograd_kernel_gradient)(struct iso_team *team, const struct iso_window *w,
                                       int64_t filters, const float *x, const float *dy, bool add,
                                       float *dkernel, void *workspace)
{
    struct job job = forward_job(w, filters);
    const int64_t at_once = images_at_once(&job);
    job.source = x;
    job.dy = dy;
    job.add = add;
    job.result = dkernel;
    lay_out(&job, workspace);
    for (job.first = 0; job.first < job.n; job.first += at_once) {
        job.count = iso_min64(at_once, job.n - job.first);
        job.tiles = job.count * job.th * job.tw;
        iso_team_run(team, job.count * job.th, source_unit, &job);
        iso_team_run(team, job.count * job.th, pixels_unit, &job);
        iso_team_run(team, POINTS * (job.rc / PANEL), gradient_unit, &job);
    }
    iso_team_run(team, job.sc, taps_unit, &job);
}
