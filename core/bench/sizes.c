/* sizes.c: matrix products and convolutions of the sizes that networks have, one op at a time. */
#include "bench.h"
#include "core/ops/conv2d.h"
#include "core/ops/dense.h"
#include "core/arithmetic/random.h"

#include <stdio.h>
#include <stdlib.h>

const struct iso_bench_size iso_bench_sizes[] = {
    { ISO_OP_dense, 512, 1, 1, 512, 512, 1 },    { ISO_OP_dense, 1024, 1, 1, 1024, 1024, 1 },
    { ISO_OP_dense, 2048, 1, 1, 2048, 2048, 1 }, { ISO_OP_dense, 100, 1, 1, 784, 1500, 1 },
    { ISO_OP_dense, 100, 1, 1, 1500, 1500, 1 },  { ISO_OP_dense, 128, 1, 1, 6272, 128, 1 },
    { ISO_OP_dense, 32, 1, 1, 288, 32768, 1 },   { ISO_OP_dense, 64, 1, 1, 576, 8192, 1 },
    { ISO_OP_dense, 128, 1, 1, 1152, 2048, 1 },  { ISO_OP_conv2d, 100, 28, 28, 1, 32, 5 },
    { ISO_OP_conv2d, 32, 32, 32, 3, 32, 3 },     { ISO_OP_conv2d, 32, 32, 32, 32, 32, 3 },
    { ISO_OP_conv2d, 32, 16, 16, 64, 64, 3 },    { ISO_OP_conv2d, 32, 8, 8, 128, 128, 3 },
    { ISO_OP_conv2d, 100, 14, 14, 32, 64, 5 },   { ISO_OP_conv2d, 64, 32, 32, 128, 128, 3 },
    { ISO_OP_conv2d, 64, 15, 15, 256, 256, 3 },  { ISO_OP_conv2d, 64, 6, 6, 512, 512, 3 },
};
const int iso_bench_nsizes = sizeof iso_bench_sizes / sizeof *iso_bench_sizes;

const char *iso_bench_size_text(const struct iso_bench_size *s, char *buf, size_t n)
{
    if (s->op == ISO_OP_dense)
        snprintf(buf, n, "%lld x %lld -> %lld", (long long)s->rows, (long long)s->in,
                 (long long)s->out);
    else
        snprintf(buf, n, "%lld x %lldx%lldx%lld -> %lld, %lldx%lld", (long long)s->rows,
                 (long long)s->height, (long long)s->width, (long long)s->in, (long long)s->out,
                 (long long)s->kernel, (long long)s->kernel);
    return buf;
}

struct op_bench { /* owns all memory that its call names */
    struct iso_backend *backend;
    enum iso_op op;
    void *params;
    struct iso_call call; /* every tensor in place */
    enum iso_bench_product product;
};

static iso_rc make_params(struct op_bench *o, const struct iso_bench_size *s)
{
    ISO_TRY(iso_params_default(s->op, &o->params));
    if (s->op == ISO_OP_dense) {
        struct iso_dense *p = o->params;
        p->units = s->out;
        p->use_bias = false;
        return ISO_OK;
    }
    struct iso_conv2d *p = o->params;
    p->filters = s->out;
    p->kernel_size[0] = p->kernel_size[1] = s->kernel;
    p->padding = ISO_PADDING_SAME;
    p->use_bias = false;
    return ISO_OK;
}

/* Random numbers in [-1/2, 1/2). */
static iso_rc make_tensor(struct op_bench *o, const struct iso_shape *shape, uint32_t use,
                          struct iso_tensor *t)
{
    const int64_t n = iso_shape_count(shape);
    *t = (struct iso_tensor){ .dtype = ISO_REAL, .shape = *shape };
    float *values = iso_alloc((size_t)n, sizeof *values);
    iso_rc rc = values != NULL
                    ? o->backend->ops->alloc(o->backend, (size_t)n * o->backend->real_size, &t->mem)
                    : ISO_ENOMEM;
    for (int64_t i = 0; rc == ISO_OK && i < n; i += 4) {
        const iso_u32x4 r = iso_philox((uint32_t)(i >> 2), 0, use, ISO_RANDOM_TEST, 1, 0);
        for (int64_t k = i; k < i + 4 && k < n; k++)
            values[k] = iso_unit(r.v[k - i]) - 0.5f;
    }
    if (rc == ISO_OK)
        rc = iso_tensor_write_f32(o->backend, t, values);
    free(values);
    return rc;
}

static iso_rc make_workspace(struct op_bench *o, const struct iso_kernel *k)
{
    size_t bytes = 0;
    for (int pass = ISO_FORWARD; k->workspace != NULL && pass <= ISO_BACKWARD; pass++) {
        const size_t needs = k->workspace(o->backend, &o->call, (enum iso_pass)pass);
        bytes = needs > bytes ? needs : bytes;
    }
    o->call.workspace = (struct iso_tensor){ NULL, 0, ISO_U8, { 1, { (int64_t)bytes } } };
    return bytes ? o->backend->ops->alloc(o->backend, bytes, &o->call.workspace.mem) : ISO_OK;
}

static iso_rc prepare(struct op_bench *o, const struct iso_bench_size *s, double *flops)
{
    const struct iso_op_def *def = iso_ops[s->op].def;
    const struct iso_kernel *k = o->backend->kernels[s->op];
    struct iso_shape x = { 2, { s->rows, s->in } };
    struct iso_call *c = &o->call;
    struct iso_shapes shapes = { 0 };
    struct iso_cost cost;
    char why[192] = "it has no kernel for it";
    if (s->op == ISO_OP_conv2d)
        x = (struct iso_shape){ 4, { s->rows, s->height, s->width, s->in } };
    ISO_TRY(make_params(o, s));
    ISO_TRY(def->infer(o->params, &x, &shapes));
    def->cost(o->params, &x, ISO_FORWARD, &cost);
    *flops = cost.flops;
    c->params = o->params;
    c->step_rows = s->rows;
    c->training = true;
    ISO_TRY(make_tensor(o, &x, 0, &c->x[0]));
    ISO_TRY(make_tensor(o, &shapes.w[0], 1, &c->w[0]));
    ISO_TRY(make_tensor(o, &shapes.y[0], 2, &c->dy[0]));
    ISO_TRY(make_tensor(o, &shapes.y[0], 3, &c->y[0]));
    ISO_TRY(make_tensor(o, &x, 4, &c->dx[0]));
    ISO_TRY(make_tensor(o, &shapes.w[0], 5, &c->dw[0]));
    if (k == NULL || (k->supports != NULL && !k->supports(o->backend, s->op, c, why, sizeof why)))
        return iso_fail(ISO_EUNSUP, "%s cannot run on %s: %s (choose other --devices)",
                        iso_ops[s->op].name, o->backend->device.id, why);
    ISO_TRY(k->prepare != NULL ? k->prepare(o->backend, c) : ISO_OK);
    ISO_TRY(o->backend->ops->settle != NULL ? o->backend->ops->settle(o->backend) : ISO_OK);
    return make_workspace(o, k);
}

static iso_rc run_op(void *data, int64_t times)
{
    const struct op_bench *o = data;
    struct iso_backend *b = o->backend;
    const struct iso_kernel *k = b->kernels[o->op];
    struct iso_call c = o->call;
    if (o->product != ISO_BENCH_INPUT_GRADIENT)
        c.dx[0].mem = NULL;
    if (o->product != ISO_BENCH_WEIGHT_GRADIENT)
        c.dw[0].mem = NULL;
    for (int64_t i = 0; i < times; i++)
        ISO_TRY(o->product == ISO_BENCH_FORWARD ? k->forward(b, &c) : k->backward(b, &c));
    return b->ops->sync(b);
}

static void free_op(struct op_bench *o)
{
    struct iso_tensor *const tensors[] = { &o->call.x[0],     &o->call.w[0],  &o->call.y[0],
                                           &o->call.dx[0],    &o->call.dw[0], &o->call.dy[0],
                                           &o->call.workspace };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        o->backend->ops->free(o->backend, tensors[i]->mem);
    free(o->params);
}

iso_rc iso_bench_op(struct iso_backend *backend, struct iso_gate *g, const struct iso_bench_size *s,
                    double seconds, struct iso_timing out[ISO_PRODUCTS], double *flops)
{
    struct op_bench o = { .backend = backend, .op = s->op };
    iso_rc rc = prepare(&o, s, flops);
    for (int product = 0; product < ISO_PRODUCTS && rc == ISO_OK; product++) {
        o.product = (enum iso_bench_product)product;
        rc = iso_gate_measure(g, seconds, run_op, NULL, &o, &out[product]);
    }
    free_op(&o);
    return rc;
}
