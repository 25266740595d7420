/* conv2d_weights_cpu.c: queues clkernels/conv2d_weights_cpu.cl, and the sum of its groups where a
 * unit has one of them. */
#include "clkernels/arguments.h"
#include "conv2d_weights_cpu.h"
#include "sums.h"
#include "window_cpu.h"

enum { MOST_FILTERS = 128, MOST_CHANNELS = 256, MOST_SUMS = 32768 }; /* per unit */

struct job {
    struct opencl_weights_cpu g;
    int64_t groups, results; /* work-groups; floats of the gradient */
};

static struct iso_rows rows_of(const struct opencl_weights_cpu *g)
{
    return (struct iso_rows){ g->rows, g->image };
}

static struct opencl_weights_cpu window_of(const struct iso_window *v, int64_t filters)
{
    const int64_t pw = (v->ow - 1) * v->sw + (v->kw - 1) * v->dw + 1;
    const int64_t ph = (v->oh - 1) * v->sh + (v->kh - 1) * v->dh + 1;
    return (struct opencl_weights_cpu){
        OPENCL_WINDOW_FIELDS(v),
        .pw = (iso_i32)pw,
        .filters = (iso_i32)filters,
        .rows = (iso_i32)(v->n * v->oh * v->ow),
        .image = (iso_i32)(v->oh * v->ow),
        .flat = v->kh * v->kw * v->sh * v->sw == 1 && v->oh == v->h && v->ow == v->w,
        .bordered = v->top > 0 || v->left > 0 || ph > v->h || pw > v->w,
    };
}

/* Sets the number of units along an axis of n results in steps of `step`, at most `most` a unit. */
static void set_units(int64_t n, int64_t units, int64_t step, iso_i32 *size, iso_i32 *count)
{
    *size = (iso_i32)(opencl_ceil64(opencl_ceil64(n, units), step) * step);
    *size = (iso_i32)opencl_least(*size, n);
    *count = (iso_i32)opencl_ceil64(n, *size);
}

/* Makes the units of an axis smaller by a step at least; they are larger than one. */
static void make_smaller(int64_t n, int64_t step, iso_i32 *size, iso_i32 *count)
{
    const int64_t smaller = (*size - 1) / step * step;
    set_units(n, opencl_ceil64(n, smaller), step, size, count);
}

/* Units of about equal size, a multiple for the processors; where there cannot be enough of them,
 * each group of rows is another unit. */
static void divide(const struct opencl *cl, struct opencl_weights_cpu *g)
{
    const int64_t vector = cl->tile.vector, cols = cl->tile.cols, processors = opencl_units(cl);
    const int64_t taps = (int64_t)g->kh * g->kw;
    set_units(g->filters, opencl_ceil64(g->filters, MOST_FILTERS), cols, &g->unit_filters,
              &g->filter_units);
    const int64_t fit = MOST_SUMS / (taps * g->unit_filters) / vector * vector;
    const int64_t most = opencl_least(MOST_CHANNELS, fit > vector ? fit : vector);
    set_units(g->c, opencl_ceil64(g->c, most), vector, &g->unit_channels, &g->channel_units);
    for (;;) {
        const int64_t units = (int64_t)g->channel_units * g->filter_units;
        if (units % processors == 0 || units >= 4 * processors)
            return;
        if (g->unit_channels > vector)
            make_smaller(g->c, vector, &g->unit_channels, &g->channel_units);
        else if (g->unit_filters > cols)
            make_smaller(g->filters, cols, &g->unit_filters, &g->filter_units);
        else
            break;
    }
    g->split = iso_group_count(rows_of(g)) > 1;
}

static void set_slice(const struct opencl *cl, struct opencl_weights_cpu *g)
{
    const int64_t block = opencl_least(g->rows, iso_block_rows(rows_of(g)));
    const int64_t images = g->image < ISO_BLOCK_ROWS ? opencl_ceil64(block, g->image) : 1;
    const int64_t across = opencl_least(g->oh, opencl_ceil64(block, g->ow) + 1);
    const int64_t lines = (across - 1) * g->sh + (g->kh - 1) * g->dh + 1;
    const int64_t columns = opencl_ceil64(g->unit_filters, cl->tile.cols) * cl->tile.cols;
    g->x_floats = g->bordered ? (iso_i32)(images * lines * g->pw * g->unit_channels) : 0;
    g->dy_floats = (iso_i32)(block * columns);
    g->sum_floats = (iso_i32)((int64_t)g->kh * g->kw * g->unit_channels * columns);
    g->slice = g->x_floats + g->dy_floats + 2 * g->sum_floats;
}

static struct job job_of(const struct opencl *cl, const struct iso_window *v, int64_t filters)
{
    struct job job = { .g = window_of(v, filters), .results = v->kh * v->kw * v->c * filters };
    divide(cl, &job.g);
    set_slice(cl, &job.g);
    const int64_t groups = job.g.split ? iso_group_count(rows_of(&job.g)) : 1;
    job.groups = opencl_cpu_groups(cl, (int64_t)job.g.channel_units * job.g.filter_units * groups);
    return job;
}

static int64_t sums_of(const struct job *job)
{
    return job->g.split ? iso_group_count(rows_of(&job->g)) * job->results : 0;
}

size_t opencl_weights_cpu_work(const struct opencl *cl, struct iso_window v, int64_t filters)
{
    int64_t most = 0;
    for (; v.n > 0; v.n--) {
        const struct job job = job_of(cl, &v, filters);
        const int64_t work = sums_of(&job) + job.groups * job.g.slice;
        most = most > work ? most : work;
    }
    return (size_t)most;
}

iso_rc opencl_weights_cpu(struct opencl *cl, const struct iso_call *call, struct iso_window v,
                          int64_t filters)
{
    struct job job = job_of(cl, &v, filters);
    const struct opencl_at none = { NULL, 0 }, dw = opencl_at(&call->dw[0]),
                           sums = opencl_work(call, 0),
                           slices = opencl_past(sums, (size_t)sums_of(&job));
    const struct opencl_total total = { .n = (size_t)job.results,
                                        .parts = (size_t)iso_group_count(rows_of(&job.g)),
                                        .first = true,
                                        .last = true,
                                        .add = call->add_dw[0] };
    job.g.add = call->add_dw[0] && !job.g.split;
    job.g.has_bias = call->dw[1].mem != NULL;
    job.g.add_bias = call->add_dw[1];
    opencl_counts(cl, 2.0 * (double)job.g.rows * (double)job.results);
    ISO_TRY(opencl_launch(
        cl, "conv2d_weights_cpu.cl", "conv2d_weights_cpu", opencl_cpu_grid(job.groups, 1),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]), arg_at(job.g.split ? sums : dw),
             arg_optional(&call->dw[1], &call->dw[0]), arg_at(slices),
             arg_struct(&job.g, sizeof job.g))));
    return job.g.split ? opencl_total(cl, &total, sums, sums, none, dw) : ISO_OK;
}
