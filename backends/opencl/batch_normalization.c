/* batch_normalization.c: queues the row sums, then one kernel over channels and one over
 * elements. */
#include "chains.h"
#include "sums.h"
#include "core/ops/batch_normalization.h"

static const char program[] = "batch_normalization.cl";

/* Rows and channels of x, and blocks of the rows, as the kernels want them. */
struct layout {
    struct opencl *cl;
    size_t rows, per_image, group, blocks, channels, count;
};

static struct layout layout_of(struct iso_backend *be, const struct iso_call *call)
{
    struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    struct layout l = { .cl = opencl_of(be),
                        .rows = (size_t)r.rows,
                        .per_image = (size_t)r.per_image,
                        .channels = (size_t)r.channels };
    l.group = l.per_image > 1 ? l.per_image : l.rows;
    l.blocks = opencl_blocks(l.rows, l.per_image);
    l.count = l.rows * l.channels;
    return l;
}

/* The sums of the blocks, and two results: [channels] each. */
static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    struct layout l = layout_of(be, call);
    (void)pass;
    return (l.blocks + 2) * l.channels * sizeof(cl_float);
}

static struct iso_tensor work_tensor(const struct iso_call *call, size_t at, size_t n)
{
    return (struct iso_tensor){
        call->workspace.mem, opencl_work(call, at).at, ISO_REAL, { 1, { (int64_t)n } }
    };
}

static iso_rc batch_statistics(const struct layout *l, const struct iso_call *call)
{
    const struct iso_tensor *x = &call->x[0], *mean = &call->saved[ISO_BN_MEAN];
    struct iso_tensor sums = work_tensor(call, 0, l->blocks * l->channels);
    struct iso_tensor total = work_tensor(call, l->blocks * l->channels, l->channels);
    struct opencl_grid channels = opencl_elements(l->cl, l->channels);
    const double *s = call->scalars;
    ISO_TRY(opencl_sum_rows(l->cl, x, l->rows, l->channels, l->per_image, sums.mem, sums.offset,
                            &total, false));
    ISO_TRY(opencl_launch(l->cl, program, "bn_mean", channels,
                          ARGS(arg_tensor(&total), arg_tensor(mean), arg_int((int64_t)l->channels),
                               arg_real((double)l->rows))));
    ISO_TRY(opencl_launch(
        l->cl, program, "bn_squares", opencl_elements(l->cl, l->blocks * l->channels),
        ARGS(arg_tensor(x), arg_tensor(mean), arg_tensor(&sums), arg_int((int64_t)l->channels),
             arg_int((int64_t)l->group), arg_int((int64_t)l->blocks))));
    ISO_TRY(opencl_add_blocks(l->cl, sums.mem, sums.offset, l->blocks, l->channels, &total, false));
    return opencl_launch(
        l->cl, program, "bn_batch", channels,
        ARGS(arg_tensor(&total), arg_tensor(mean), arg_tensor(&call->saved[ISO_BN_INVERSE]),
             arg_tensor(&call->w[ISO_BN_MOVING_MEAN]), arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]),
             arg_int((int64_t)l->channels), arg_real((double)l->rows),
             arg_real(iso_bn_moving_rows(call->params, &x->shape)), arg_real(s[ISO_BN_MOMENTUM]),
             arg_real(s[ISO_BN_1_MOMENTUM]), arg_real(s[ISO_BN_EPSILON])));
}

static iso_rc moving_statistics(const struct layout *l, const struct iso_call *call)
{
    return opencl_launch(
        l->cl, program, "bn_moving", opencl_elements(l->cl, l->channels),
        ARGS(arg_tensor(&call->w[ISO_BN_MOVING_MEAN]), arg_tensor(&call->w[ISO_BN_MOVING_VARIANCE]),
             arg_tensor(&call->saved[ISO_BN_MEAN]), arg_tensor(&call->saved[ISO_BN_INVERSE]),
             arg_int((int64_t)l->channels), arg_real(call->scalars[ISO_BN_EPSILON])));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct layout l = layout_of(be, call);
    const struct iso_batch_normalization *p = call->params;
    const struct iso_tensor *x = &call->x[0], *y = &call->y[0];
    ISO_TRY(call->training ? batch_statistics(&l, call) : moving_statistics(&l, call));
    return opencl_launch(
        l.cl, program, "bn_forward", opencl_elements(l.cl, l.count),
        ARGS(arg_tensor(x), arg_tensor(&call->saved[ISO_BN_MEAN]),
             arg_tensor(&call->saved[ISO_BN_INVERSE]), arg_optional(&call->w[ISO_BN_GAMMA], x),
             arg_optional(&call->w[ISO_BN_BETA], x), arg_tensor(y), arg_uint(l.count),
             arg_uint(l.channels), arg_int(p->scale), arg_int(p->center)));
}

static iso_rc row_sums(const struct layout *l, const struct iso_call *call,
                       const struct iso_tensor *total, const struct iso_tensor *product)
{
    const struct iso_tensor *x = &call->x[0], *dy = &call->dy[0];
    struct iso_tensor sums = work_tensor(call, 0, l->blocks * l->channels);
    ISO_TRY(opencl_sum_rows(l->cl, dy, l->rows, l->channels, l->per_image, sums.mem, sums.offset,
                            total, false));
    ISO_TRY(opencl_launch(l->cl, program, "bn_products",
                          opencl_elements(l->cl, l->blocks * l->channels),
                          ARGS(arg_tensor(x), arg_tensor(dy), arg_tensor(&call->saved[ISO_BN_MEAN]),
                               arg_tensor(&sums), arg_int((int64_t)l->channels),
                               arg_int((int64_t)l->group), arg_int((int64_t)l->blocks))));
    return opencl_add_blocks(l->cl, sums.mem, sums.offset, l->blocks, l->channels, product, false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct layout l = layout_of(be, call);
    const struct iso_batch_normalization *p = call->params;
    const struct iso_tensor *dgamma = &call->dw[ISO_BN_GAMMA], *dbeta = &call->dw[ISO_BN_BETA];
    const struct iso_tensor *mean = &call->saved[ISO_BN_MEAN];
    const struct iso_tensor *inverse = &call->saved[ISO_BN_INVERSE];
    struct iso_tensor total = work_tensor(call, l.blocks * l.channels, l.channels);
    struct iso_tensor product = work_tensor(call, (l.blocks + 1) * l.channels, l.channels);
    ISO_TRY(row_sums(&l, call, &total, &product));
    ISO_TRY(opencl_launch(l.cl, program, "bn_channels", opencl_elements(l.cl, l.channels),
                          ARGS(arg_tensor(&total), arg_tensor(&product), arg_tensor(inverse),
                               arg_optional(dgamma, &total), arg_optional(dbeta, &total),
                               arg_int((int64_t)l.channels), arg_real((double)l.rows),
                               arg_int(call->training), arg_int(dgamma->mem != NULL),
                               arg_int(dbeta->mem != NULL), arg_int(call->add_dw[ISO_BN_GAMMA]),
                               arg_int(call->add_dw[ISO_BN_BETA]))));
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(l.cl, program, "bn_backward", opencl_elements(l.cl, l.count),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]), arg_tensor(mean),
                              arg_tensor(inverse),
                              arg_optional(&call->w[ISO_BN_GAMMA], &call->x[0]), arg_tensor(&total),
                              arg_tensor(&product), arg_tensor(&call->dx[0]), arg_uint(l.count),
                              arg_uint(l.channels), arg_int(p->scale), arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_batch_normalization = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "sums.cl" },
};
