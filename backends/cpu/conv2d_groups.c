/* conv2d_groups.c: convolution whose channels fall into groups. A sum has few terms, and its
 * operands are short rows: a group's filters stand side by side in vectors, and the input gradient
 * reads the kernel turned, so that its channels do, too. */
#include "conv2d_groups.h"
#include "sums.h"
#include "tile.h"

enum { WIDE = 64 }; /* results of a sum that are computed side by side */

struct work {
    struct iso_conv_groups g;
    struct iso_team *team;
    const float *x, *w, *bias, *dy; /* w of the input gradient: [group][tap][out][in] */
    struct iso_ending ending;       /* applied to y, or to dx */
    float *out, *sums;
    int64_t each; /* pixels of a unit */
    bool add;
};

/* n sums of products side by side, block by block. */
struct chains {
    int64_t terms;
    float chain[WIDE], total[WIDE];
};

ISO_CPU_INLINE void end_block(struct chains *s, int n)
{
    for (int j = 0; j < n; j++) {
        s->total[j] = s->total[j] + s->chain[j];
        s->chain[j] = 0.0f;
    }
    s->terms = 0;
}

/* Adds the products of x [terms], or of zeros where it is NULL, with the rows of w. */
ISO_CPU_INLINE void add_terms(struct chains *s, int n, const float *x, int64_t terms,
                              const float *restrict w, int64_t w_row)
{
    for (int64_t t = 0; t < terms; t++, w += w_row) {
        const float value = x != NULL ? x[t] : 0.0f;
        if (s->terms == ISO_BLOCK_TERMS)
            end_block(s, n);
        for (int j = 0; j < n; j++)
            s->chain[j] = iso_fma(value, w[j], s->chain[j]);
        s->terms++;
    }
}

/* ---- Forward ------------------------------------------------------------------------------- */

/* Results [first, first + n) of a pixel; they are one group's. */
ISO_CPU_INLINE void output(const struct work *w, int64_t n, int64_t oy, int64_t ox, int64_t first,
                           int width, float *y)
{
    const struct iso_window *v = &w->g.window;
    const float *x = w->x + first / w->g.out * w->g.in, *kernel = w->w + first;
    struct chains s = { 0 };
    for (int64_t ky = 0; ky < v->kh; ky++)
        for (int64_t kx = 0; kx < v->kw; kx++, kernel += w->g.in * w->g.filters) {
            const int64_t at = iso_conv_groups_input(v, n, oy, ox, ky, kx);
            add_terms(&s, width, at >= 0 ? x + at * v->c : NULL, w->g.in, kernel, w->g.filters);
        }
    end_block(&s, width);
    for (int j = 0; j < width; j++)
        y[first + j] = w->bias != NULL ? s.total[j] + w->bias[first + j] : s.total[j];
}

static void outputs(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *v = &w->g.window;
    const struct iso_range range = iso_cpu_range(unit, w->each, v->n * v->oh * v->ow);
    (void)thread;
    for (int64_t p = range.begin; p < range.end; p++) {
        const int64_t n = p / (v->oh * v->ow), oy = p / v->ow % v->oh, ox = p % v->ow;
        float *y = w->out + p * w->g.filters;
        for (int64_t o = 0; o < w->g.filters; o += w->g.out)
            for (int64_t j = 0, wide; j < w->g.out; j += wide) {
                wide = iso_min64(WIDE, w->g.out - j);
                switch (wide) { /* widths that are constants become vectors */
                case 4: output(w, n, oy, ox, o + j, 4, y); break;
                case 8: output(w, n, oy, ox, o + j, 8, y); break;
                case 16: output(w, n, oy, ox, o + j, 16, y); break;
                case WIDE: output(w, n, oy, ox, o + j, WIDE, y); break;
                default: output(w, n, oy, ox, o + j, (int)wide, y);
                }
            }
        ISO_CPU(end)(&w->ending, y, w->g.filters);
    }
}

/* ---- Input gradient ------------------------------------------------------------------------ */

static void turn_kernel(const struct work *w, float *to)
{
    const struct iso_conv_groups *g = &w->g;
    for (int64_t group = 0; group < g->groups; group++)
        for (int64_t t = 0; t < g->taps; t++)
            for (int64_t o = 0; o < g->out; o++)
                for (int64_t i = 0; i < g->in; i++)
                    *to++ = w->w[(t * g->in + i) * g->filters + group * g->out + o];
}

/* Channels [first, first + width) of an input pixel; they are one group's. */
ISO_CPU_INLINE void input(const struct work *w, int64_t n, int64_t iy, int64_t ix, int64_t first,
                          int width, float *dx)
{
    const struct iso_window *v = &w->g.window;
    const int64_t group = first / w->g.in;
    const float *kernel = w->sums + group * w->g.taps * w->g.out * w->g.in + first % w->g.in;
    struct chains s = { 0 };
    for (int64_t ky = 0; ky < v->kh; ky++)
        for (int64_t kx = 0; kx < v->kw; kx++, kernel += w->g.out * w->g.in) {
            int64_t at;
            if (!iso_conv_groups_output(v, n, iy, ix, ky, kx, &at))
                continue;
            const float *dy = w->dy + at * w->g.filters + group * w->g.out;
            add_terms(&s, width, at >= 0 ? dy : NULL, w->g.out, kernel, w->g.in);
        }
    end_block(&s, width);
    for (int j = 0; j < width; j++)
        dx[first + j] = iso_cpu_put(dx[first + j], s.total[j], w->add);
}

static void inputs(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_window *v = &w->g.window;
    const struct iso_range range = iso_cpu_range(unit, w->each, v->n * v->h * v->w);
    (void)thread;
    for (int64_t p = range.begin; p < range.end; p++) {
        const int64_t n = p / (v->h * v->w), iy = p / v->w % v->h, ix = p % v->w;
        float *dx = w->out + p * v->c;
        for (int64_t c = 0; c < v->c; c += w->g.in)
            for (int64_t i = 0, wide; i < w->g.in; i += wide) {
                wide = iso_min64(WIDE, w->g.in - i);
                switch (wide) {
                case 4: input(w, n, iy, ix, c + i, 4, dx); break;
                case 8: input(w, n, iy, ix, c + i, 8, dx); break;
                case 16: input(w, n, iy, ix, c + i, 16, dx); break;
                case WIDE: input(w, n, iy, ix, c + i, WIDE, dx); break;
                default: input(w, n, iy, ix, c + i, (int)wide, dx);
                }
            }
        ISO_CPU(end)(&w->ending, dx, v->c);
    }
}

/* ---- Kernel gradient ----------------------------------------------------------------------- */

/* Adds the products of channel i of a tap with filters [first, first + n) over the rows of a
 * block. */
static void add_block(const struct work *w, struct iso_range rows, int64_t tap, int64_t i,
                      int64_t first, int64_t n, float *restrict total)
{
    const struct iso_window *v = &w->g.window;
    const int64_t channel = first / w->g.out * w->g.in + i, image = v->oh * v->ow;
    float chain[WIDE] = { 0.0f };
    for (int64_t r = rows.begin; r < rows.end; r++) {
        const int64_t at = iso_conv_groups_input(v, r / image, r / v->ow % v->oh, r % v->ow,
                                                 tap / v->kw, tap % v->kw);
        const float x = at >= 0 ? w->x[at * v->c + channel] : 0.0f;
        const float *restrict dy = w->dy + r * w->g.filters + first;
        for (int64_t j = 0; j < n; j++)
            chain[j] = iso_fma(x, dy[j], chain[j]);
    }
    for (int64_t j = 0; j < n; j++)
        total[j] = total[j] + chain[j];
}

/* Unit: a group of rows and a tap. */
static void kernel_sums(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_conv_groups *g = &w->g;
    const int64_t group = unit / g->taps, tap = unit % g->taps;
    const struct iso_range rows = iso_cpu_group(g->rows, group);
    float *sums = w->sums + unit * g->in * g->filters;
    (void)thread;
    memset(sums, 0, (size_t)(g->in * g->filters) * sizeof *sums);
    for (int64_t b = rows.begin, end; b < rows.end; b = end) {
        end = iso_block_end(g->rows, b);
        for (int64_t i = 0; i < g->in; i++)
            for (int64_t o = 0; o < g->filters; o += g->out)
                for (int64_t j = 0; j < g->out; j += WIDE)
                    add_block(w, (struct iso_range){ b, end }, tap, i, o + j,
                              iso_min64(WIDE, g->out - j), sums + i * g->filters + o + j);
    }
}

/* ---- Calls --------------------------------------------------------------------------------- */

static struct work work_of(struct iso_backend *b, const struct iso_call *call)
{
    return (struct work){
        .g = iso_conv_groups(call),
        .team = iso_cpu_team(b),
        .x = iso_cpu_f32(&call->x[0]),
        .w = iso_cpu_f32(&call->w[0]),
        .bias = iso_cpu_f32(&call->w[1]),
        .dy = iso_cpu_f32(&call->dy[0]),
    };
}

static int64_t kernel_size(const struct iso_conv_groups *g) { return g->taps * g->in * g->filters; }

size_t ISO_CPU(conv2d_groups_workspace)(const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_conv_groups g = iso_conv_groups(call);
    if (pass == ISO_FORWARD)
        return 0;
    return (size_t)(iso_group_count(g.rows) * kernel_size(&g)) * sizeof(float);
}

void ISO_CPU(conv2d_groups_forward)(struct iso_backend *b, const struct iso_call *call)
{
    struct work w = work_of(b, call);
    const struct iso_window *v = &w.g.window;
    w.out = iso_cpu_f32(&call->y[0]);
    w.ending = ISO_CPU(forward_ending)(call);
    w.each = iso_cpu_unit_rows(kernel_size(&w.g));
    iso_team_run(w.team, iso_ceil_div(v->n * v->oh * v->ow, w.each), outputs, &w);
}

static void input_gradient(const struct iso_call *call, struct work *w)
{
    const struct iso_window *v = &w->g.window;
    w->sums = (float *)(void *)iso_cpu_u8(&call->workspace);
    w->out = iso_cpu_f32(&call->dx[0]);
    w->ending = ISO_CPU(gradient_ending)(call);
    w->add = call->add_dx[0];
    w->each = iso_cpu_unit_rows(kernel_size(&w->g));
    turn_kernel(w, w->sums);
    iso_team_run(w->team, iso_ceil_div(v->n * v->h * v->w, w->each), inputs, w);
}

void ISO_CPU(conv2d_groups_backward)(struct iso_backend *b, const struct iso_call *call)
{
    struct work w = work_of(b, call);
    const int64_t groups = iso_group_count(w.g.rows);
    if (call->dx[0].mem != NULL)
        input_gradient(call, &w);
    if (call->dw[0].mem != NULL) {
        w.sums = (float *)(void *)iso_cpu_u8(&call->workspace);
        iso_team_run(w.team, groups * w.g.taps, kernel_sums, &w);
        ISO_CPU(add_groups)(w.team, w.sums, groups, kernel_size(&w.g), call->add_dw[0],
                            iso_cpu_f32(&call->dw[0]));
    }
    if (call->dw[1].mem != NULL)
        ISO_CPU(sum_rows)(w.team, w.g.rows.rows, w.g.rows.image, w.g.filters, w.dy, call->add_dw[1],
                          iso_cpu_f32(&call->dw[1]), iso_cpu_u8(&call->workspace));
}
