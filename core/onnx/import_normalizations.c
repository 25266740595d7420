/* import_normalizations.c: ONNX's normalizations. */
#include "import_build.h"
#include "core/ops/batch_normalization.h"
#include "core/ops/group_normalization.h"
#include "core/ops/layer_normalization.h"
#include "core/ops/local_response_normalization.h"

#include <string.h>

/* True if every number of a constant is this one. */
static bool all_are(const struct iso_onnx_tensor *t, float value)
{
    if (t->type != ISO_ONNX_FLOAT || t->data == NULL)
        return false;
    for (int64_t i = 0; i < iso_onnx_count(t); i++)
        if (((const float *)t->data)[i] != value)
            return false;
    return true;
}

/* isocl writes ones or zeros, under such a name, where a layer has no gamma or beta. */
static bool stands_in(const struct iso_onnx_tensor *t, const char *suffix, float value)
{
    const char *end = strrchr(t->name, '/');
    return end != NULL && strcmp(end + 1, suffix) == 0 && all_are(t, value);
}

iso_rc iso_onnx_batch_normalization(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *t[4] = { NULL };
    for (int i = 0; i < 4; i++)
        if (x == NULL || (t[i] = iso_onnx_c(im, i + 1)) == NULL)
            return ISO_EDATA;
    if (x->shape.ndim != 2 && x->order != ISO_ONNX_FIRST)
        return iso_onnx_refuse(im,
                               "reads what has its channels last, where the operator has them "
                               "second");
    if (iso_onnx_get_int(im, "training_mode", 0) != 0 || iso_onnx_get_int(im, "spatial", 1) != 1 ||
        (im->m->opset < 7 && iso_onnx_get_int(im, "is_test", 0) == 0))
        return iso_onnx_refuse(im,
                               "attributes training_mode and spatial: only inference, over "
                               "whole channels, is understood");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_batch_normalization, t[0]->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_batch_normalization *p = l->params;
    p->epsilon = iso_onnx_get_real(im, "epsilon", 1e-5);
    p->momentum = iso_onnx_get_real(im, "momentum", 0.9);
    p->scale = !stands_in(t[0], "ones", 1);
    p->center = !stands_in(t[1], "zeros", 0);
    for (int i = 0; i < 4; i++)
        if (!(i == ISO_BN_GAMMA && !p->scale) && !(i == ISO_BN_BETA && !p->center))
            ISO_TRY(iso_onnx_channel_weight(im, l, i, t[i], x));
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

iso_rc iso_onnx_layer_normalization(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *gamma = x != NULL ? iso_onnx_c(im, 1) : NULL, *beta = NULL;
    if (gamma == NULL || (iso_onnx_has(im, 2) && (beta = iso_onnx_c(im, 2)) == NULL))
        return ISO_EDATA;
    const int64_t axis = iso_onnx_get_int(im, "axis", -1), last = x->shape.ndim - 1;
    if (x->order == ISO_ONNX_FIRST || (axis != -1 && axis != last))
        return iso_onnx_refuse(im,
                               "attribute axis is %lld; isocl's runs over the channels, which "
                               "must be last",
                               (long long)axis);
    for (int i = 1; i < im->node->ny; i++)
        if (*im->node->y[i] && iso_onnx_readers(im, im->node->y[i]) > 0)
            return iso_onnx_refuse(im, "its result %d, '%.60s', is read", i, im->node->y[i]);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_layer_normalization, gamma->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_layer_normalization *p = l->params;
    p->epsilon = iso_onnx_get_real(im, "epsilon", 1e-5);
    p->scale = !stands_in(gamma, "ones", 1);
    p->center = beta != NULL;
    if (p->scale)
        ISO_TRY(iso_onnx_channel_weight(im, l, ISO_LN_GAMMA, gamma, x));
    if (beta != NULL)
        ISO_TRY(iso_onnx_channel_weight(im, l, ISO_LN_BETA, beta, x));
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

/* ---- Groups of channels --------------------------------------------------------------------- */

bool iso_onnx_makes_groups(const struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                           int64_t *groups)
{
    const struct iso_onnx_node *norm =
        iso_onnx_only_reader(im, im->node->y[0], "InstanceNormalization");
    int64_t dim[ISO_DIMS];
    int n = ISO_DIMS;
    if (x->order != ISO_ONNX_FIRST || norm == NULL || norm->ny < 1 ||
        iso_onnx_only_reader(im, norm->y[0], "Reshape") == NULL)
        return false;
    if (iso_onnx_get_list(im, 1, "shape", &n, dim) != ISO_OK) {
        iso_error_clear();
        return false;
    }
    const int64_t channels = x->shape.dim[3], all = x->shape.dim[1] * x->shape.dim[2] * channels;
    *groups = n == 3 ? dim[1] : 0;
    return n == 3 && (dim[0] == 0 || dim[0] == im->rows || (dim[0] == 1 && im->rows < 0)) &&
           *groups > 0 && channels % *groups == 0 && (dim[2] == -1 || dim[2] == all / *groups);
}

/* gamma or beta: one number for each channel or, as ONNX had it at first, for each group. */
static iso_rc group_weight(struct iso_onnx_importer *im, struct iso_onnx_layer *l, int w,
                           const struct iso_onnx_tensor *t, const struct iso_onnx_known *x)
{
    const int64_t channels = x->shape.dim[x->shape.ndim - 1];
    const int64_t groups = ((const struct iso_group_normalization *)l->params)->groups;
    if (iso_onnx_count(t) == channels || groups < 1 || iso_onnx_count(t) != groups)
        return iso_onnx_channel_weight(im, l, w, t, x);
    const float *from = iso_onnx_floats(im, t, groups);
    float *to = from != NULL ? iso_onnx_new_weight(im, l, w, 1, &channels) : NULL;
    for (int64_t c = 0; to != NULL && c < channels; c++)
        to[c] = from[c / (channels / groups)];
    return to != NULL ? ISO_OK : from != NULL ? ISO_ENOMEM : ISO_EDATA;
}

/* groups -1: each channel is one. */
static iso_rc normalize_groups(struct iso_onnx_importer *im, int64_t groups)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *gamma = x != NULL ? iso_onnx_c(im, 1) : NULL;
    const struct iso_onnx_tensor *beta = gamma != NULL ? iso_onnx_c(im, 2) : NULL;
    if (beta == NULL)
        return ISO_EDATA;
    const int64_t channels = x->shape.dim[x->shape.ndim - 1];
    if (x->order == ISO_ONNX_GROUPED)
        groups = x->groups;
    else if (x->shape.ndim != 2 && x->order != ISO_ONNX_FIRST)
        return iso_onnx_refuse(im,
                               "reads what has its channels last, where the operator has them "
                               "second");
    if (groups != -1 && (groups < 1 || channels % groups != 0))
        return iso_onnx_refuse(im, "attribute num_groups: %lld do not divide %lld channels",
                               (long long)groups, (long long)channels);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_group_normalization, gamma->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_group_normalization *p = l->params;
    p->groups = groups;
    p->epsilon = iso_onnx_get_real(im, "epsilon", 1e-5);
    p->scale = !(x->order == ISO_ONNX_GROUPED ? all_are(gamma, 1) : stands_in(gamma, "ones", 1));
    p->center = !(x->order == ISO_ONNX_GROUPED ? all_are(beta, 0) : stands_in(beta, "zeros", 0));
    if (p->scale)
        ISO_TRY(group_weight(im, l, ISO_LN_GAMMA, gamma, x));
    if (p->center)
        ISO_TRY(group_weight(im, l, ISO_LN_BETA, beta, x));
    const struct iso_shape image = x->image; /* x may move */
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = image;
    return ISO_OK;
}

iso_rc iso_onnx_instance_normalization(struct iso_onnx_importer *im)
{
    return normalize_groups(im, -1);
}

iso_rc iso_onnx_group_normalization(struct iso_onnx_importer *im)
{
    return normalize_groups(im, iso_onnx_get_int(im, "num_groups", 0));
}

bool iso_onnx_takes_gamma(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          const struct iso_onnx_tensor *t, int w, iso_rc *rc)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    bool *scale, *center;
    if (l != NULL && l->op == ISO_OP_group_normalization) {
        struct iso_group_normalization *p = l->params;
        scale = &p->scale, center = &p->center;
    } else if (l != NULL && l->op == ISO_OP_layer_normalization) {
        struct iso_layer_normalization *p = l->params;
        scale = &p->scale, center = &p->center;
    } else {
        return false;
    }
    if (*center || (w == ISO_LN_GAMMA && *scale) || !iso_onnx_per_channel(x, t) ||
        iso_onnx_uses(im, x) != 1)
        return false;
    *(w == ISO_LN_GAMMA ? scale : center) = true;
    *rc = iso_onnx_channel_weight(im, l, w, t, x);
    if (*rc == ISO_OK)
        *rc = iso_onnx_same(im, x);
    return true;
}

iso_rc iso_onnx_lrn(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_image(im);
    const int64_t size = iso_onnx_get_int(im, "size", 0);
    if (x == NULL)
        return ISO_EDATA;
    if (size < 1 || size > 1023 || size % 2 == 0)
        return iso_onnx_refuse(im, "attribute size is %lld; isocl sums an odd number of channels",
                               (long long)size);
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, ISO_OP_local_response_normalization, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    *(struct iso_local_response_normalization *)l->params =
        (struct iso_local_response_normalization){
            .size = size,
            .alpha = iso_onnx_get_real(im, "alpha", 1e-4),
            .beta = iso_onnx_get_real(im, "beta", 0.75),
            .bias = iso_onnx_get_real(im, "bias", 1),
        };
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}
