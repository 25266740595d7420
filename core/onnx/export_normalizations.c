/* export_normalizations.c: what normalizations are in ONNX's operators. */
#include "export_build.h"
#include "core/ops/batch_normalization.h"
#include "core/ops/group_normalization.h"
#include "core/ops/layer_normalization.h"
#include "core/ops/local_response_normalization.h"

/* Returns the weight, or a constant of equal numbers if the layer has none. */
static const char *weight_or(struct iso_onnx_exporter *e, const struct iso_node *n, int w,
                             float value, const char *suffix, int64_t count)
{
    const char *name = iso_onnx_weight(e, n, w);
    if (name != NULL)
        return name;
    name = iso_onnx_subname(e, suffix);
    float *values = iso_onnx_constant(e, name, 1, &count);
    for (int64_t i = 0; values != NULL && i < count; i++)
        values[i] = value;
    return name;
}

/* ONNX would take the second axis for the channels. */
static void refuse_rows(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    iso_fail(ISO_EDATA,
             "%s '%s' of rows of rows cannot be exported; put a reshape before and behind it",
             iso_ops[n->op].name, e->layer);
    e->failed = true;
}

void iso_onnx_export_batch_normalization(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_batch_normalization *p = n->params;
    const struct iso_shape *shape = iso_onnx_shape(e, n->x[0]);
    const bool first = shape->ndim == 4;
    const int64_t channels = shape->dim[shape->ndim - 1];
    if (shape->ndim == 3) {
        refuse_rows(e, n);
        return;
    }
    const char *x = iso_onnx_as(e, n->x[0], first);
    const char *gamma = weight_or(e, n, ISO_BN_GAMMA, 1, "ones", channels);
    const char *beta = weight_or(e, n, ISO_BN_BETA, 0, "zeros", channels);
    const char *mean = iso_onnx_weight(e, n, ISO_BN_MOVING_MEAN);
    const char *variance = iso_onnx_weight(e, n, ISO_BN_MOVING_VARIANCE);
    struct iso_onnx_node *node =
        iso_onnx_add_for(e, "BatchNormalization", e->layer, n->y[0], first);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, gamma);
    iso_onnx_input(e, node, beta);
    iso_onnx_input(e, node, mean);
    iso_onnx_input(e, node, variance);
    iso_onnx_real(e, node, "epsilon", p->epsilon);
    iso_onnx_real(e, node, "momentum", p->momentum);
}

void iso_onnx_export_layer_normalization(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_layer_normalization *p = n->params;
    const struct iso_shape *shape = iso_onnx_shape(e, n->x[0]);
    const char *x = iso_onnx_as(e, n->x[0], false);
    const char *gamma = weight_or(e, n, ISO_LN_GAMMA, 1, "ones", shape->dim[shape->ndim - 1]);
    const char *beta = iso_onnx_weight(e, n, ISO_LN_BETA);
    struct iso_onnx_node *node =
        iso_onnx_add_for(e, "LayerNormalization", e->layer, n->y[0], false);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, gamma);
    if (beta != NULL)
        iso_onnx_input(e, node, beta);
    iso_onnx_int(e, node, "axis", -1);
    iso_onnx_real(e, node, "epsilon", p->epsilon);
}

/* The first version of GroupNormalization with a gamma for each channel. */
enum { GROUPS_OPSET = 21 };

void iso_onnx_export_group_normalization(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_group_normalization *p = n->params;
    const struct iso_shape *shape = iso_onnx_shape(e, n->x[0]);
    const struct iso_normalized_sets s = iso_group_normalization_sets(p, shape);
    const bool first = shape->ndim == 4, instance = s.size == 1 && first;
    if (shape->ndim == 3) {
        refuse_rows(e, n);
        return;
    }
    const char *x = iso_onnx_as(e, n->x[0], first);
    const char *gamma = weight_or(e, n, ISO_LN_GAMMA, 1, "ones", iso_sets_channels(&s));
    const char *beta = weight_or(e, n, ISO_LN_BETA, 0, "zeros", iso_sets_channels(&s));
    struct iso_onnx_node *node = iso_onnx_add_for(
        e, instance ? "InstanceNormalization" : "GroupNormalization", e->layer, n->y[0], first);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, gamma);
    iso_onnx_input(e, node, beta);
    iso_onnx_real(e, node, "epsilon", p->epsilon);
    if (instance)
        return;
    iso_onnx_int(e, node, "num_groups", s.groups);
    if (e->m->opset < GROUPS_OPSET)
        e->m->opset = GROUPS_OPSET;
}

void iso_onnx_export_local_response_normalization(struct iso_onnx_exporter *e,
                                                  const struct iso_node *n)
{
    const struct iso_local_response_normalization *p = n->params;
    const char *x = iso_onnx_as(e, n->x[0], true);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "LRN", e->layer, n->y[0], true);
    iso_onnx_input(e, node, x);
    iso_onnx_int(e, node, "size", p->size);
    iso_onnx_real(e, node, "alpha", p->alpha);
    iso_onnx_real(e, node, "beta", p->beta);
    iso_onnx_real(e, node, "bias", p->bias);
}
