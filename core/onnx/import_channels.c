/* import_channels.c: ONNX's operators that scale, choose or reorder channels. */
#include "import_build.h"
#include "core/ops/channel_shuffle.h"
#include "core/ops/normalized_sets.h"
#include "core/ops/slice.h"

/* Returns true if the axis, counted from either end, is that of the channels. */
static bool is_channels(const struct iso_onnx_known *x, int64_t axis)
{
    const int64_t last = x->shape.ndim - 1;
    axis += axis < 0 ? last + 1 : 0;
    return x->order != ISO_ONNX_ROW_FIRST && axis == (x->order == ISO_ONNX_FIRST ? 1 : last);
}

bool iso_onnx_per_channel(const struct iso_onnx_known *x, const struct iso_onnx_tensor *t)
{
    const int64_t channels = x->shape.dim[x->shape.ndim - 1];
    const int axis = x->order == ISO_ONNX_FIRST ? 3 : 1; /* axis of t, counted from its end */
    return iso_onnx_count(t) == channels && t->ndim >= axis && t->dim[t->ndim - axis] == channels;
}

/* A layer with one weight of a number for each channel. */
static iso_rc channel_layer(struct iso_onnx_importer *im, enum iso_op op,
                            const struct iso_onnx_known *x, const struct iso_onnx_tensor *t)
{
    struct iso_onnx_layer *l = iso_onnx_layer(im, op, t->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_onnx_channel_weight(im, l, 0, t, x));
    if (op == ISO_OP_prelu && x->shape.ndim == 4) /* Keras's shape of alpha */
        l->w[0].shape = (struct iso_shape){ 3, { 1, 1, x->shape.dim[3] } };
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

iso_rc iso_onnx_scale_channels(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                               const struct iso_onnx_tensor *t)
{
    iso_rc rc;
    if (iso_onnx_takes_gamma(im, x, t, ISO_LN_GAMMA, &rc))
        return rc;
    if (x->layer < 0 || !iso_onnx_per_channel(x, t))
        return iso_onnx_scale_input(im, x, t, ISO_ONNX_MULTIPLIES);
    return channel_layer(im, ISO_OP_layer_scale, x, t);
}

iso_rc iso_onnx_prelu(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *slope = x != NULL ? iso_onnx_c(im, 1) : NULL;
    if (slope == NULL)
        return ISO_EDATA;
    if (!iso_onnx_per_channel(x, slope))
        return iso_onnx_refuse(im, "slope '%.60s' has not one number for each channel",
                               slope->name);
    return channel_layer(im, ISO_OP_prelu, x, slope);
}

iso_rc iso_onnx_slice(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t start[1] = { 0 }, end[1] = { 0 }, axis[1] = { 0 }, step[1] = { 1 };
    int n[4] = { 1, 1, 1, 1 };
    if (x == NULL)
        return ISO_EDATA;
    ISO_TRY(iso_onnx_get_list(im, 1, "starts", &n[0], start));
    ISO_TRY(iso_onnx_get_list(im, 2, "ends", &n[1], end));
    ISO_TRY(iso_onnx_get_list(im, 3, "axes", &n[2], axis));
    ISO_TRY(iso_onnx_get_list(im, 4, "steps", &n[3], step));
    const int64_t channels = x->shape.dim[x->shape.ndim - 1];
    start[0] += start[0] < 0 ? channels : 0;
    end[0] = end[0] < 0 ? end[0] + channels : end[0] > channels ? channels : end[0];
    if (n[0] != 1 || n[1] != 1 || !is_channels(x, axis[0]) || step[0] != 1 || start[0] < 0 ||
        start[0] >= end[0])
        return iso_onnx_refuse(im, "isocl's slice takes neighbouring channels only");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_slice, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    *(struct iso_slice_params *)l->params =
        (struct iso_slice_params){ .start = start[0], .size = end[0] - start[0] };
    return iso_onnx_result(im, l, x->order);
}

/* Returns the groups that this order of channels deals out, or 0. */
static int64_t groups_of(const int64_t *order, int64_t channels)
{
    int64_t groups = 1;
    while (groups < channels && order[groups] != 1)
        groups++;
    for (int64_t c = 0; c < channels; c++)
        if (channels % groups != 0 || order[c] != c % groups * (channels / groups) + c / groups)
            return 0;
    return groups;
}

iso_rc iso_onnx_gather(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *t = x != NULL ? iso_onnx_c(im, 1) : NULL;
    if (t == NULL)
        return ISO_EDATA;
    const int64_t channels = x->shape.dim[x->shape.ndim - 1];
    const bool whole = is_channels(x, iso_onnx_get_int(im, "axis", 0)) && t->data != NULL &&
                       t->type == ISO_ONNX_INT64 && iso_onnx_count(t) == channels;
    const int64_t groups = whole ? groups_of(t->data, channels) : 0;
    if (groups == 0)
        return iso_onnx_refuse(im, "isocl gathers channels only as channel_shuffle orders them");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_channel_shuffle, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_channel_shuffle *)l->params)->groups = groups;
    return iso_onnx_result(im, l, x->order);
}
