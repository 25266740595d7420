/* import_means.c: attention without projections, as isocl writes it. */
#include "import_build.h"
#include "core/ops/dot_product_attention.h"

#include <math.h>
#include <string.h>

/* The nodes of (softmax of q k scale) v, and what makes the heads of q, k and v. */
enum {
    Q_SPLIT,
    Q_TURN,
    K_SPLIT,
    K_TURN,
    V_SPLIT,
    V_TURN,
    SCORES,
    SCALE,
    CHANCES,
    MEANS,
    BACK,
    MEANS_NODES
};
static bool find_means(const struct iso_onnx_importer *im, const struct iso_onnx_node *end,
                       const struct iso_onnx_node *at[MEANS_NODES])
{
    static const int64_t plain[4] = { 0, 2, 1, 3 }, turned[4] = { 0, 2, 3, 1 };
    if (strcmp(end->op, "Reshape") != 0)
        return false;
    at[BACK] = iso_onnx_before(im, end, 0, "Transpose");
    at[MEANS] = iso_onnx_before(im, at[BACK], 0, "MatMul");
    at[CHANCES] = iso_onnx_before(im, at[MEANS], 0, "Softmax");
    at[SCALE] = iso_onnx_before(im, at[CHANCES], 0, "Mul");
    at[SCORES] = iso_onnx_before(im, at[SCALE], 0, "MatMul");
    at[Q_TURN] = iso_onnx_before(im, at[SCORES], 0, "Transpose");
    at[K_TURN] = iso_onnx_before(im, at[SCORES], 1, "Transpose");
    at[V_TURN] = iso_onnx_before(im, at[MEANS], 1, "Transpose");
    for (int i = Q_SPLIT; i <= V_SPLIT; i += 2) {
        at[i] = iso_onnx_before(im, at[i + 1], 0, "Reshape");
        if (at[i] == NULL || at[i]->nx != 2 ||
            !iso_onnx_perm_is(at[i + 1], 4, i == K_SPLIT ? turned : plain))
            return false;
    }
    return iso_onnx_perm_is(at[BACK], 4, plain);
}

bool iso_onnx_mark_means(struct iso_onnx_importer *im, const struct iso_onnx_node *end)
{
    const struct iso_onnx_node *at[MEANS_NODES];
    if (!find_means(im, end, at))
        return false;
    for (int i = 0; i < MEANS_NODES; i++)
        iso_onnx_pass_over(im, at[i]);
    return true;
}

/* Returns the heads of `channels` channels, or 0 if the constants say something else. */
static int64_t heads_of(const struct iso_onnx_importer *im,
                        const struct iso_onnx_node *const at[MEANS_NODES], int64_t channels)
{
    int64_t heads = 0;
    for (int i = Q_SPLIT; i <= V_SPLIT; i += 2) {
        const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, at[i], 1);
        if (t == NULL || t->type != ISO_ONNX_INT64 || iso_onnx_count(t) != 4)
            return 0;
        const int64_t *dim = t->data;
        heads = i == Q_SPLIT ? dim[2] : heads;
        if (dim[2] != heads || heads < 1 || dim[3] * heads != channels)
            return 0;
    }
    return heads;
}

iso_rc iso_onnx_take_means(struct iso_onnx_importer *im)
{
    const struct iso_onnx_node *at[MEANS_NODES];
    const struct iso_onnx_known *x[3];
    if (!find_means(im, im->node, at))
        return iso_onnx_refuse(im, "ends an attention that is not understood");
    for (int i = 0; i < 3; i++) {
        x[i] = iso_onnx_value(im, at[2 * i]->x[0]);
        if (x[i] == NULL)
            return ISO_EDATA;
        if (x[i]->constant != NULL || x[i]->shape.ndim != 4 || x[i]->order != x[0]->order ||
            (x[i]->order != ISO_ONNX_LAST && x[i]->order != ISO_ONNX_TOKENS))
            return iso_onnx_refuse(im, "ends an attention of what are no tokens");
    }
    const int64_t heads = heads_of(im, at, x[0]->shape.dim[3]);
    double scale = 0;
    if (heads == 0 || !iso_onnx_number_of(im, at[SCALE], &scale) || !(scale > 0) || scale > 1e6)
        return iso_onnx_refuse(im, "ends an attention whose heads or scale isocl does not see");
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, ISO_OP_dot_product_attention, im->node->name, 3, x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_dot_product_attention *p = l->params;
    p->heads = heads;
    if (fabs(scale * sqrt((double)(x[0]->shape.dim[3] / heads)) - 1) > 1e-6)
        p->scale = scale;
    return iso_onnx_result(im, l, x[0]->order);
}
