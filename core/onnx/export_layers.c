/* export_layers.c: what each op is in ONNX's operators. */
#include "export_build.h"
#include "core/ops/activation.h"
#include "core/ops/channel_shuffle.h"
#include "core/ops/cropping2d.h"
#include "core/ops/permute.h"
#include "core/ops/pooling2d.h"
#include "core/ops/slice.h"
#include "core/ops/space_to_depth.h"
#include "core/ops/zero_padding2d.h"

#include <stdlib.h>
#include <string.h>

typedef void emitter(struct iso_onnx_exporter *, const struct iso_node *);

/* The axis of the channels. */
static int64_t channel_axis(const struct iso_onnx_exporter *e, int value, bool channels_first)
{
    return channels_first ? 1 : iso_onnx_shape(e, value)->ndim - 1;
}

/* ---- Elements ------------------------------------------------------------------------------- */

static void activation(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    iso_onnx_export_activation(e, n->params, n->x[0], n->y[0]);
}

/* Dropout: the identity outside training. */
static void dropout(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    e->names[n->y[0]] = e->names[n->x[0]];
}

/* ---- Several inputs, and shapes ------------------------------------------------------------ */

/* The inputs' common order of axes: that of the first. ONNX's Add takes two. */
static void add(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const char *sum = iso_onnx_as(e, n->x[0], first);
    for (int i = 1; i < n->nx; i++) {
        const bool last = i + 1 == n->nx;
        const char *x = iso_onnx_as(e, n->x[i], first);
        char suffix[16] = { 's', 'u', 'm', '_', (char)('0' + i), '\0' };
        const char *name = last ? e->layer : iso_onnx_subname(e, suffix);
        struct iso_onnx_node *node = last ? iso_onnx_add_for(e, "Add", name, n->y[0], first)
                                          : iso_onnx_add(e, "Add", name, name);
        iso_onnx_input(e, node, sum);
        iso_onnx_input(e, node, x);
        sum = name;
    }
}

/* x, and the weight of one number a channel in the shape that follows x's axes. */
static void per_channel(struct iso_onnx_exporter *e, const struct iso_node *n, const char *op)
{
    const struct iso_value *w = &e->graph->values[n->w[0]];
    const int64_t channels = iso_shape_count(&w->shape), dim[3] = { channels, 1, 1 };
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const char *x = iso_onnx_as(e, n->x[0], first);
    float *from = iso_onnx_weight_read(e, n->w[0]);
    float *to = from != NULL ? iso_onnx_constant(e, w->name, first ? 3 : 1, dim) : NULL;
    if (to != NULL)
        memcpy(to, from, (size_t)channels * sizeof *to);
    free(from);
    struct iso_onnx_node *node = iso_onnx_add_for(e, op, e->layer, n->y[0], first);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, w->name);
}

static void layer_scale(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    per_channel(e, n, "Mul");
}

static void prelu(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    per_channel(e, n, "PRelu");
}

/* The part of x from `starts` to `ends` along each of n axes; first: the order of x's axes. */
static void part(struct iso_onnx_exporter *e, const struct iso_node *node, bool first, int n,
                 const int64_t *starts, const int64_t *ends, const int64_t *axes)
{
    const char *x[4] = { iso_onnx_as(e, node->x[0], first),
                         iso_onnx_numbers(e, "starts", n, starts),
                         iso_onnx_numbers(e, "ends", n, ends),
                         iso_onnx_numbers(e, "axes", n, axes) };
    struct iso_onnx_node *slice = iso_onnx_add_for(e, "Slice", e->layer, node->y[0], first);
    for (int i = 0; i < 4; i++)
        iso_onnx_input(e, slice, x[i]);
}

static void slice(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_slice_params *p = n->params;
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const int64_t axis = channel_axis(e, n->x[0], first), end = p->start + p->size;
    part(e, n, first, 1, &p->start, &end, &axis);
}

static void cropping2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_frame f = iso_cropping2d_frame(n->params, iso_onnx_shape(e, n->x[0]));
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const int64_t starts[2] = { f.top, f.left }, ends[2] = { f.top + f.h, f.left + f.w };
    const int64_t images[2] = { 2, 3 }, pixels[2] = { 1, 2 };
    part(e, n, first, 2, starts, ends, first ? images : pixels);
}

static void permute(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_shape *dims = &((const struct iso_permute *)n->params)->dims;
    const char *x = iso_onnx_as(e, n->x[0], false);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Transpose", e->layer, n->y[0], false);
    iso_onnx_input(e, node, x);
    iso_onnx_ints(e, node, "perm", dims->ndim, dims->dim); /* dim[0], the rows, is 0 */
}

/* ONNX has images with their channels first, and isocl's order of a block's. */
static void space_to_depth(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const char *x = iso_onnx_as(e, n->x[0], true);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "SpaceToDepth", e->layer, n->y[0], true);
    iso_onnx_input(e, node, x);
    iso_onnx_int(e, node, "blocksize", ((const struct iso_space_to_depth *)n->params)->block_size);
}

/* Gathers the channels in their new order. */
static void channel_shuffle(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const int64_t groups = ((const struct iso_channel_shuffle *)n->params)->groups;
    const struct iso_shape *shape = iso_onnx_shape(e, n->x[0]);
    const int64_t channels = shape->dim[shape->ndim - 1], size = channels / groups;
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const char *x = iso_onnx_as(e, n->x[0], first);
    int64_t *order = iso_alloc((size_t)channels, sizeof *order);
    for (int64_t c = 0; order != NULL && c < channels; c++)
        order[c] = c % groups * size + c / groups;
    const char *indices = order != NULL ? iso_onnx_numbers(e, "indices", (int)channels, order)
                                        : NULL;
    free(order);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Gather", e->layer, n->y[0], first);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, indices);
    iso_onnx_int(e, node, "axis", channel_axis(e, n->x[0], first));
}

static void multiply(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const char *x[2] = { iso_onnx_as(e, n->x[0], first), iso_onnx_as(e, n->x[1], first) };
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Mul", e->layer, n->y[0], first);
    iso_onnx_input(e, node, x[0]);
    iso_onnx_input(e, node, x[1]);
}

static void concatenate(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const char *x[ISO_OPERANDS];
    for (int i = 0; i < n->nx; i++)
        x[i] = iso_onnx_as(e, n->x[i], first);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Concat", e->layer, n->y[0], first);
    for (int i = 0; i < n->nx; i++)
        iso_onnx_input(e, node, x[i]);
    iso_onnx_int(e, node, "axis", channel_axis(e, n->x[0], first));
}

static void zero_padding2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const int64_t *p = ((const struct iso_zero_padding2d *)n->params)->padding;
    const bool first = iso_onnx_lies_first(e, n->x[0]);
    const int64_t images[8] = { 0, 0, p[0], p[2], 0, 0, p[1], p[3] };
    const int64_t pixels[8] = { 0, p[0], p[2], 0, 0, p[1], p[3], 0 };
    const char *x = iso_onnx_as(e, n->x[0], first);
    const char *pads = iso_onnx_numbers(e, "pads", 8, first ? images : pixels);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Pad", e->layer, n->y[0], first);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, pads);
}

static void reshape(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_shape *shape = iso_onnx_shape(e, n->y[0]);
    int64_t dim[ISO_DIMS] = { 0 }; /* 0: as many rows as there are */
    for (int i = 1; i < shape->ndim; i++)
        dim[i] = shape->dim[i];
    const char *x = iso_onnx_as(e, n->x[0], false);
    const char *target = iso_onnx_numbers(e, "shape", shape->ndim, dim);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Reshape", e->layer, n->y[0], false);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, target);
}

/* A row of pixels of one channel, or of the channels of one pixel, is the same in both orders. */
static void flatten(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_shape *s = iso_onnx_shape(e, n->x[0]);
    const bool same = s->ndim == 4 && (s->dim[3] == 1 || s->dim[1] * s->dim[2] == 1);
    const char *x = iso_onnx_as(e, n->x[0], same && iso_onnx_lies_first(e, n->x[0]));
    iso_onnx_input(e, iso_onnx_add_for(e, "Flatten", e->layer, n->y[0], false), x);
}

/* ---- All ops ------------------------------------------------------------------------------- */

static emitter *const emitters[ISO_OP_COUNT] = {
    [ISO_OP_dense] = iso_onnx_export_dense,
    [ISO_OP_conv2d] = iso_onnx_export_conv2d,
    [ISO_OP_conv2d_transpose] = iso_onnx_export_conv2d_transpose,
    [ISO_OP_depthwise_conv2d] = iso_onnx_export_depthwise_conv2d,
    [ISO_OP_separable_conv2d] = iso_onnx_export_separable_conv2d,
    [ISO_OP_max_pooling2d] = iso_onnx_export_max_pooling2d,
    [ISO_OP_average_pooling2d] = iso_onnx_export_average_pooling2d,
    [ISO_OP_global_average_pooling2d] = iso_onnx_export_global_average_pooling2d,
    [ISO_OP_global_max_pooling2d] = iso_onnx_export_global_max_pooling2d,
    [ISO_OP_activation] = activation,
    [ISO_OP_dropout] = dropout,
    [ISO_OP_spatial_dropout2d] = dropout,
    [ISO_OP_batch_normalization] = iso_onnx_export_batch_normalization,
    [ISO_OP_layer_normalization] = iso_onnx_export_layer_normalization,
    [ISO_OP_group_normalization] = iso_onnx_export_group_normalization,
    [ISO_OP_local_response_normalization] = iso_onnx_export_local_response_normalization,
    [ISO_OP_unit_normalization] = iso_onnx_export_unit_normalization,
    [ISO_OP_dot_product_attention] = iso_onnx_export_dot_product_attention,
    [ISO_OP_class_token] = iso_onnx_export_class_token,
    [ISO_OP_position_embedding] = iso_onnx_export_position_embedding,
    [ISO_OP_add] = add,
    [ISO_OP_stochastic_depth] = dropout,
    [ISO_OP_layer_scale] = layer_scale,
    [ISO_OP_prelu] = prelu,
    [ISO_OP_slice] = slice,
    [ISO_OP_channel_shuffle] = channel_shuffle,
    [ISO_OP_multiply] = multiply,
    [ISO_OP_concatenate] = concatenate,
    [ISO_OP_zero_padding2d] = zero_padding2d,
    [ISO_OP_cropping2d] = cropping2d,
    [ISO_OP_permute] = permute,
    [ISO_OP_space_to_depth] = space_to_depth,
    [ISO_OP_up_sampling2d] = iso_onnx_export_up_sampling2d,
    [ISO_OP_reshape] = reshape,
    [ISO_OP_flatten] = flatten,
};

bool iso_onnx_exports(enum iso_op op) { return emitters[op] != NULL; }

void iso_onnx_export_node(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    emitters[n->op](e, n);
}
