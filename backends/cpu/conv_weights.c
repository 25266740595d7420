/* conv_weights.c: the gradient of a convolution's kernel, and of a dense kernel:
 *
 *   dw[(ky, kx, c), f] = sum over rows (n, oy, ox) of x[n, oy, ox, (ky, kx, c)] dy[row, f]
 *
 * in blocks and groups of rows (core/arithmetic/order.h). A tile holds some (kx, channel) by some
 * filters; a block is one chain, whose segments lie in the image rows that it covers.
 *
 * Work is divided over the results: a unit is a slice of input channels, and a share of the filters
 * where there are few channels. It copies its channels, with their border, and adds up its own
 * share of the gradient, so that threads share nothing they write. Where there are too few results
 * for the threads, work is divided over groups: their sums go to memory and are added up
 * afterwards. */
#include "conv_weights.h"

enum { RESULTS_PER_UNIT = 256 };

/* ---- Copies -------------------------------------------------------------------------------- */

/* n pixels, `channels` of each, which lie `step` floats apart. */
static void copy_pixels(float *to, const float *from, int64_t n, int64_t channels, int64_t step)
{
    if (channels == step) {
        memcpy(to, from, (size_t)(n * step) * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i++, to += channels, from += step) {
        int64_t j = 0;
        for (; j + ISO_VEC <= channels; j += ISO_VEC)
            iso_vstore(to + j, iso_vload(from + j));
        for (; j < channels; j++)
            to[j] = from[j];
    }
}

/* One plane of an image, [ph][pw][channels], from x's channel on: columns from `left` on, `step`
 * apart; zeros outside. */
static void copy_plane(const struct iso_conv_weights *job, const float *x, int64_t left,
                       int64_t step, int64_t channels, float *to)
{
    const struct iso_window *w = &job->w;
    const int64_t before = left < 0 ? iso_min64(job->pw, iso_ceil_div(-left, step)) : 0;
    const int64_t inside = w->w - left - before * step; /* columns from the first on */
    const int64_t n = iso_max64(0, iso_min64(job->pw - before, iso_ceil_div(inside, step)));
    const int64_t after = job->pw - before - n;
    for (int64_t r = 0; r < job->ph; r++, to += after * channels) {
        const int64_t y = r - w->top;
        const bool empty = y < 0 || y >= w->h || n == 0;
        memset(to, 0, (size_t)((empty ? before + n : before) * channels) * sizeof *to);
        to += before * channels;
        if (!empty)
            copy_pixels(to, x + (y * w->w + left + before * step) * w->c, n, channels, step * w->c);
        to += n * channels;
        memset(to, 0, (size_t)(after * channels) * sizeof *to);
    }
}

/* Lots of x, channels from c0 on. */
static void copy_images(const struct iso_conv_weights *job, int64_t first, int64_t end, int64_t c0,
                        int64_t channels, float *to)
{
    const struct iso_window *w = &job->w;
    const int64_t last = iso_min64(w->n, end * job->members);
    for (int64_t i = first * job->members; i < last; i++)
        for (int64_t kx = 0; kx < job->planes; kx++, to += job->ph * job->pw * channels)
            copy_plane(job, job->x + i * w->h * w->w * w->c + c0, kx * w->dw - w->left,
                       job->spread ? w->sw : 1, channels, to);
}

/* Returns where a tile finds rows [begin, end) of panel p of dy: packed into `panel`, or dy itself.
 */
static const float *panel_of(const struct iso_conv_weights *job, int64_t begin, int64_t end,
                             int64_t p, float *panel)
{
    const struct iso_gemm dy = { .n = job->filters,
                                 .ldw = job->filters,
                                 .w = job->dy + begin * job->filters };
    if (!job->packed)
        return dy.w + p * job->width;
    ISO_CPU(pack)(&dy, p * job->width, job->width, 0, end - begin, panel);
    return panel;
}

/* The rows of all lots before this one. */
static int64_t rows_before(const struct iso_conv_weights *job, int64_t lot)
{
    return lot < job->lots ? lot * job->rows : (lot - 1) * job->rows + job->tail;
}

/* ---- Work ---------------------------------------------------------------------------------- */

/* A thread's work: some lots, a slice and a panel. group and total have the layout
 * [tap_lines][taps][channels][width]. */
struct share {
    const struct iso_conv_segments *segments;
    const float *image;                /* a lot of x, or its copy */
    const float *panel;                /* a block of dy: packed, or dy itself */
    const float *ahead;                /* data to prefetch: dy, or x if NULL */
    float *x, *packed, *group, *total; /* the thread's scratch */
    int64_t c0, p;                     /* channel; panel */
};

static struct share share_of(const struct iso_conv_weights *job, int thread)
{
    float *x = job->scratch + thread * job->scratch_floats, *packed = x + job->x_floats;
    return (struct share){ .x = x,
                           .packed = packed,
                           .group = packed + job->panel_floats,
                           .total = packed + job->panel_floats + job->sum_floats };
}

/* Returns where the first tap of a line begins in a copy. */
static int64_t line_start(const struct iso_conv_weights *job, int64_t channels, int64_t line)
{
    const struct iso_window *w = &job->w;
    const int64_t ky = line * job->taps / w->kw, kx = line * job->taps % w->kw;
    const int64_t row = (job->spread ? kx * job->ph : 0) + ky * w->dh;
    return (row * job->pw + (job->spread ? 0 : kx * w->dw)) * channels;
}

/* The segments of a block of the last lot, which may have fewer images: *tail is the length of the
 * last of them. */
static int shorten(const struct iso_conv_weights *job, struct iso_tile *t, int n, int64_t *tail)
{
    if (job->nblocks > 1 || job->tail == job->rows)
        return n;
    *tail = job->tail;
    if (n == 1)
        t->len = tail;
    return n == 1 ? 1 : (int)(job->tail / job->line);
}

/* Returns the filters of panel p. */
static int64_t columns_of(const struct iso_conv_weights *job, int64_t p)
{
    return iso_min64(job->width, job->filters - p * job->width);
}

/* One block of a lot, for every line of taps. x and dy of a block stay in the nearest cache. */
static void add_block(const struct iso_conv_weights *job, const struct share *share, int64_t lot,
                      int64_t block, bool add)
{
    const struct iso_conv_segments *segments = share->segments;
    const int64_t s = segments->block[block], rows = job->taps * segments->channels;
    const int64_t cs = job->one_block ? job->filters : job->width;
    const int64_t line = job->one_block ? job->taps * job->w.c * cs : rows * cs;
    int64_t tail;
    struct iso_tile t = { .as = 1,
                          .ak = segments->column,
                          .b = share->panel,
                          .bk = job->packed ? job->width : job->filters,
                          .c = share->group,
                          .cs = cs,
                          .cols = (int)(job->one_block ? columns_of(job, share->p) : job->width),
                          .rows = (int)rows,
                          .block = ISO_BLOCK_ROWS,
                          .streams = job->in_place || job->one_block,
                          .a_is_near = !job->in_place,
                          .ahead = share->ahead,
                          .step = job->filters,
                          .leap = 16 * job->filters,
                          .add = add,
                          .aoff = segments->aoff + s,
                          .boff = segments->boff + s,
                          .len = segments->len + s,
                          .nsegments = (int)(segments->block[block + 1] - s) };
    if (lot == job->lots - 1)
        t.nsegments = shorten(job, &t, t.nsegments, &tail);
    for (int64_t r = 0; r < job->tap_lines; r++, t.c += line) {
        t.a = share->image + line_start(job, segments->channels, r);
        ISO_CPU(tile_run)(&t, job->vectors);
    }
}

static void add_group(const struct iso_conv_weights *job, const struct share *share, bool first)
{
    const int64_t n = job->tap_lines * job->taps * share->segments->channels * job->width;
    iso_cpu_store(share->total, share->group, n, !first);
}

/* Copies sums between a share and the whole gradient. */
static void move_sums(const struct iso_conv_weights *job, const struct share *share, float *own,
                      float *whole, bool store)
{
    const int64_t j0 = share->p * job->width, cols = columns_of(job, share->p);
    for (int64_t tap = 0; tap < job->tap_lines * job->taps; tap++) {
        float *row = whole + (tap * job->w.c + share->c0) * job->filters + j0;
        for (int64_t i = 0; i < share->segments->channels;
             i++, own += job->width, row += job->filters)
            memcpy(store ? row : own, store ? own : row, (size_t)cols * sizeof *own);
    }
}

/* ---- By result ------------------------------------------------------------------------------- */

/* Sums one panel over the lots [first, end), whose copy has been made. */
static void add_lots(const struct iso_conv_weights *job, struct share *share, int64_t first,
                     int64_t end)
{
    const int64_t bk = job->packed ? job->width : job->filters;
    const float *panel =
        panel_of(job, rows_before(job, first), rows_before(job, end), share->p, share->packed);
    for (int64_t g = first; g < end; g += job->group_lots)
        for (int64_t b = 0; b < job->nblocks; b += job->group_blocks) {
            const int64_t lots = iso_min64(end, g + job->group_lots);
            const int64_t blocks = iso_min64(job->nblocks, b + job->group_blocks);
            for (int64_t lot = g; lot < lots; lot++)
                for (int64_t i = b; i < blocks; i++) {
                    const int64_t row = (lot - first) * job->rows + i * ISO_BLOCK_ROWS;
                    share->image = share->x + (lot - first) * share->segments->lot;
                    share->panel = panel + row * bk;
                    add_block(job, share, lot, i, lot > g || i > b);
                }
            add_group(job, share, g + b == 0);
        }
}

/* Sums one panel over all lots, which are one block, in the gradient itself. */
static void add_only_block(const struct iso_conv_weights *job, struct share *share)
{
    share->group = job->dkernel + share->c0 * job->filters + share->p * job->width;
    share->image = share->x;
    share->panel = panel_of(job, 0, job->tail, share->p, share->packed);
    add_block(job, share, 0, 0, job->add);
}

/* Sums one panel over the lots [first, end), and keeps the sums in the whole gradient. */
static void continue_sums(const struct iso_conv_weights *job, struct share *share, int64_t first,
                          int64_t end)
{
    if (first > 0)
        move_sums(job, share, share->total, job->total, false);
    add_lots(job, share, first, end);
    move_sums(job, share, share->total, job->total, true);
}

/* A slice of channels and some panels of filters, over all lots. */
static void result_unit(void *data, int64_t index, int thread)
{
    const struct iso_conv_weights *job = data;
    const int64_t g = index / job->splits, s = index % job->splits;
    const int64_t p1 = (s + 1) * job->panels / job->splits;
    const int64_t channels = iso_min64(job->channels, job->w.c - g * job->channels);
    struct share share = share_of(job, thread);
    share.c0 = g * job->channels;
    share.segments = &job->segments[channels != job->channels];
    for (int64_t first = 0, end; first < job->lots; first = end) {
        end = iso_min64(job->lots, first + job->at_once);
        copy_images(job, first, end, share.c0, channels, share.x);
        for (share.p = s * job->panels / job->splits; share.p < p1; share.p++)
            if (job->one_block)
                add_only_block(job, &share);
            else
                continue_sums(job, &share, first, end);
    }
}

/* ---- By group -------------------------------------------------------------------------------- */

/* Returns the dy of the panel after p, which may be the first one of the next block of rows. */
static const float *next_panel(const struct iso_conv_weights *job, int64_t begin, int64_t end,
                               int64_t p)
{
    return p + 1 < job->panels ? job->dy + begin * job->filters + (p + 1) * job->width
                               : job->dy + end * job->filters;
}

/* One block, for all panels, each of which has sums of its own. */
static void add_panels(const struct iso_conv_weights *job, struct share *share, int64_t lot,
                       int64_t block, bool add)
{
    float *const sums = share->group;
    const int64_t begin = lot * job->rows + block * ISO_BLOCK_ROWS;
    const int64_t end = iso_min64(begin + ISO_BLOCK_ROWS, rows_before(job, lot + 1));
    for (int64_t p = 0; p < job->panels; p++) {
        share->panel = panel_of(job, begin, end, p, share->packed);
        if (job->packed && job->filters > job->w.c)
            share->ahead = next_panel(job, begin, end, p);
        share->group = sums + p * job->sum_floats;
        add_block(job, share, lot, block, add);
    }
    share->group = sums;
}

static void store_group(const struct iso_conv_weights *job, struct share *share, float *to)
{
    for (share->p = 0; share->p < job->panels; share->p++)
        move_sums(job, share, share->group + share->p * job->sum_floats, to, true);
}

/* The groups that begin in some lots. */
static void group_unit(void *data, int64_t index, int thread)
{
    const struct iso_conv_weights *job = data;
    const int64_t results = job->depth * job->filters;
    const int64_t first = job->first + index * job->group_lots;
    const int64_t end = iso_min64(job->lots, first + job->group_lots);
    float *to = job->groups + index * iso_conv_groups(job, 1) * results;
    struct share share = share_of(job, thread);
    share.segments = job->segments;
    for (int64_t lot = first; lot < end; lot++) {
        share.image = job->in_place ? job->x + lot * job->segments->lot : share.x;
        if (!job->in_place)
            copy_images(job, lot, lot + 1, 0, job->channels, share.x);
        for (int64_t b = 0; b < job->nblocks; b++) {
            add_panels(job, &share, lot, b, lot > first || b % job->group_blocks > 0);
            const bool whole = (b + 1) % job->group_blocks == 0 || b + 1 == job->nblocks;
            if (whole && lot + 1 == end)
                store_group(job, &share, to + b / job->group_blocks * results);
        }
    }
}

static void for_results(const struct iso_conv_weights *job, int64_t unit, int64_t *first,
                        int64_t *last)
{
    *first = unit * RESULTS_PER_UNIT;
    *last = iso_min64(job->depth * job->filters, *first + RESULTS_PER_UNIT);
}

/* total += the sums of the groups of the lots [first, end), in ascending order. */
static void reduce_unit(void *data, int64_t unit, int thread)
{
    const struct iso_conv_weights *job = data;
    const int64_t ngroups = iso_conv_groups(job, job->end - job->first);
    int64_t first, last;
    (void)thread;
    for_results(job, unit, &first, &last);
    for (int64_t g = 0; g < ngroups; g++)
        for (int64_t i = first; i < last; i++)
            job->total[i] += job->groups[g * job->depth * job->filters + i];
}

static void finish_unit(void *data, int64_t unit, int thread)
{
    const struct iso_conv_weights *job = data;
    int64_t first, last;
    (void)thread;
    for_results(job, unit, &first, &last);
    for (int64_t i = first; i < last; i++)
        job->dkernel[i] = job->add ? job->dkernel[i] + job->total[i] : job->total[i];
}

static void run_by_group(struct iso_team *team, struct iso_conv_weights *job, int64_t units)
{
    memset(job->total, 0, (size_t)(job->depth * job->filters) * sizeof *job->total);
    for (job->first = 0; job->first < job->lots; job->first = job->end) {
        job->end = iso_min64(job->lots, job->first + job->at_once);
        iso_team_run(team, iso_ceil_div(job->end - job->first, job->group_lots), group_unit, job);
        iso_team_run(team, units, reduce_unit, job);
    }
}

void ISO_CPU(conv_kernel_gradient)(struct iso_team *team, const struct iso_window *w,
                                   int64_t filters, const float *x, const float *dy, bool add,
                                   float *dkernel, void *workspace)
{
    struct iso_conv_weights job;
    ISO_CPU(plan_conv_weights)(&job, w, filters, add, iso_team_size(team));
    job.x = x;
    job.dy = dy;
    job.dkernel = dkernel;
    ISO_CPU(lay_out_conv_weights)(&job, workspace, iso_team_size(team));
    const int64_t units = iso_ceil_div(job.depth * filters, RESULTS_PER_UNIT);
    if (job.by_group)
        run_by_group(team, &job, units);
    else
        iso_team_run(team, job.slices * job.splits, result_unit, &job);
    if (job.total != dkernel)
        iso_team_run(team, units, finish_unit, &job);
}
