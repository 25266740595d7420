/* conv2d_groups.c: queues convolutions whose channels fall into groups. */
#include "conv2d_groups.h"
#include "clkernels/arguments.h"
#include "sums.h"

#include <stdio.h>

static const char program[] = "conv2d_groups.cl";

static struct opencl_grouped arguments_of(const struct iso_conv_groups *g,
                                          const struct iso_call *call)
{
    const struct iso_window *v = &g->window;
    return (struct opencl_grouped){
        .v = { (iso_i32)v->h, (iso_i32)v->w, (iso_i32)v->c, (iso_i32)v->oh, (iso_i32)v->ow,
               (iso_i32)v->kh, (iso_i32)v->kw, (iso_i32)v->sh, (iso_i32)v->sw, (iso_i32)v->dh,
               (iso_i32)v->dw, (iso_i32)v->top, (iso_i32)v->left },
        .filters = (iso_i32)g->filters,
        .in = (iso_i32)g->in,
        .out = (iso_i32)g->out,
        .rows = (iso_i32)g->rows.rows,
        .has_bias = call->w[1].mem != NULL,
    };
}

static size_t kernel_size(const struct iso_conv_groups *g)
{
    return (size_t)(g->taps * g->in * g->filters);
}

static size_t group_sums(const struct iso_conv_groups *g)
{
    return (size_t)iso_group_count(g->rows) * kernel_size(g);
}

bool opencl_conv2d_groups_fits(const struct iso_call *call, char *why, size_t n)
{
    const struct iso_conv_groups g = iso_conv_groups(call);
    if (group_sums(&g) <= INT32_MAX)
        return true;
    snprintf(why, n,
             "the kernel's gradient needs more than 2^31 - 1 sums of groups of rows: use a smaller "
             "batch");
    return false;
}

size_t opencl_conv2d_groups_work(const struct iso_call *call, enum iso_pass pass)
{
    const struct iso_conv_groups g = iso_conv_groups(call);
    return pass == ISO_FORWARD ? 0 : group_sums(&g);
}

/* Returns a grid of a work-item for each of `cols` results of each of `rows` pixels, or terms, of
 * each of `deep` images, or groups of rows. */
static struct opencl_grid grid_of(const struct opencl *cl, int64_t cols, int64_t rows, int64_t deep)
{
    struct opencl_grid grid = opencl_matrix_grid(cl, (size_t)cols, (size_t)rows);
    grid.groups[2] = (size_t)deep;
    return grid;
}

iso_rc opencl_conv2d_groups_forward(struct opencl *cl, const struct iso_call *call)
{
    const struct iso_conv_groups g = iso_conv_groups(call);
    const struct opencl_grouped a = arguments_of(&g, call);
    return opencl_launch(cl, program, "conv2d_groups_forward",
                         grid_of(cl, g.filters, g.window.oh * g.window.ow, g.window.n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->w[0]),
                              arg_optional(&call->w[1], &call->w[0]), arg_tensor(&call->y[0]),
                              arg_struct(&a, sizeof a)));
}

iso_rc opencl_conv2d_groups_input(struct opencl *cl, const struct iso_call *call)
{
    const struct iso_conv_groups g = iso_conv_groups(call);
    struct opencl_grouped a = arguments_of(&g, call);
    a.add = call->add_dx[0];
    return opencl_launch(cl, program, "conv2d_groups_input",
                         grid_of(cl, g.window.c, g.window.h * g.window.w, g.window.n),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->w[0]),
                              arg_tensor(&call->dx[0]), arg_struct(&a, sizeof a)));
}

iso_rc opencl_conv2d_groups_kernel(struct opencl *cl, const struct iso_call *call)
{
    const struct iso_conv_groups g = iso_conv_groups(call);
    const struct opencl_grouped a = arguments_of(&g, call);
    const struct opencl_at work = opencl_work(call, 0), dw = opencl_at(&call->dw[0]);
    const struct opencl_at none = { NULL, 0 };
    const struct opencl_total total = { .n = kernel_size(&g),
                                        .parts = (size_t)iso_group_count(g.rows),
                                        .first = true,
                                        .last = true,
                                        .add = call->add_dw[0] };
    ISO_TRY(opencl_launch(cl, program, "conv2d_groups_kernel",
                          grid_of(cl, g.filters, g.taps * g.in, (int64_t)total.parts),
                          ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]), arg_at(work),
                               arg_struct(&a, sizeof a))));
    return opencl_total(cl, &total, work, dw, none, dw);
}
