/* import_patterns.c: networks of nodes that exporters write for one layer. They are found before
 * any node is taken: the last node of one becomes the layer, when all constants are known, and
 * those before it are passed over. */
#include "import_build.h"
#include "core/ops/local_response_normalization.h"

#include <string.h>

const struct iso_onnx_node *iso_onnx_giver(const struct iso_onnx_importer *im, const char *value,
                                           const char *op)
{
    for (int i = 0; i < im->m->nnodes; i++)
        for (int k = 0; k < im->m->nodes[i].ny; k++)
            if (strcmp(im->m->nodes[i].y[k], value) == 0)
                return op == NULL || strcmp(im->m->nodes[i].op, op) == 0 ? &im->m->nodes[i] : NULL;
    return NULL;
}

const struct iso_onnx_node *iso_onnx_before(const struct iso_onnx_importer *im,
                                            const struct iso_onnx_node *node, int input,
                                            const char *op)
{
    return node != NULL && input < node->nx ? iso_onnx_giver(im, node->x[input], op) : NULL;
}

void iso_onnx_pass_over(struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    im->roles[node - im->m->nodes] = ISO_ONNX_INSIDE;
}

bool iso_onnx_perm_is(const struct iso_onnx_node *node, int n, const int64_t *perm)
{
    const struct iso_onnx_attribute *a = node != NULL ? iso_onnx_attribute(node, "perm") : NULL;
    return a != NULL && a->kind == ISO_ONNX_INTS && a->n == n &&
           memcmp(a->ints, perm, (size_t)n * sizeof *perm) == 0;
}

const struct iso_onnx_tensor *iso_onnx_constant_of(const struct iso_onnx_importer *im,
                                                   const struct iso_onnx_node *node, int input)
{
    const struct iso_onnx_known *v =
        node != NULL && input < node->nx ? iso_onnx_find(im, node->x[input]) : NULL;
    return v != NULL && v->constant != NULL && v->constant->data != NULL ? v->constant : NULL;
}

bool iso_onnx_number_of(const struct iso_onnx_importer *im, const struct iso_onnx_node *node,
                        double *number)
{
    for (int i = 0; node != NULL && i < node->nx; i++) {
        const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, node, i);
        if (t != NULL && t->type == ISO_ONNX_FLOAT && iso_onnx_count(t) == 1) {
            *number = iso_onnx_decimal(*(const float *)t->data);
            return true;
        }
    }
    return false;
}

/* ---- PyTorch's local response normalization ------------------------------------------------- */

/* x / (bias + alpha mean)^beta, with the mean of squares by a pooling of three dimensions. */
enum { SQUARE, VIEW, PAD, POOL, SQUEEZE, TIMES, PLUS, POWER, LRN_NODES };
static bool find_lrn(const struct iso_onnx_importer *im, const struct iso_onnx_node *div,
                     const struct iso_onnx_node *at[LRN_NODES])
{
    static const char *const ops[] = { "Mul",     "Reshape", "Pad", "AveragePool",
                                       "Squeeze", "Mul",     "Add", "Pow" };
    if (strcmp(div->op, "Div") != 0 || div->nx != 2)
        return false;
    at[POWER] = iso_onnx_before(im, div, 1, ops[POWER]);
    for (int i = POWER - 1; i >= 0; i--)
        at[i] = iso_onnx_before(im, at[i + 1], 0, ops[i]);
    return at[SQUARE] != NULL && at[SQUARE]->nx == 2 && strcmp(at[SQUARE]->x[0], div->x[0]) == 0 &&
           strcmp(at[SQUARE]->x[1], div->x[0]) == 0;
}

/* Returns the number of channels in the pooling's window if that, with its padding, is what isocl
 * sums; else 0. */
static int64_t lrn_size(const struct iso_onnx_importer *im,
                        const struct iso_onnx_node *const at[LRN_NODES])
{
    const struct iso_onnx_attribute *window = iso_onnx_attribute(at[POOL], "kernel_shape");
    const struct iso_onnx_tensor *pads = iso_onnx_constant_of(im, at[PAD], 1);
    if (window == NULL || window->n != 3 || window->ints[1] != 1 || window->ints[2] != 1 ||
        window->ints[0] % 2 == 0 || pads == NULL || pads->type != ISO_ONNX_INT64 ||
        iso_onnx_count(pads) != 10)
        return 0;
    const int64_t size = window->ints[0], *pad = pads->data;
    for (int i = 0; i < 10; i++)
        if (pad[i] != (i == 2 || i == 7 ? size / 2 : 0))
            return 0;
    return size;
}

static iso_rc take_lrn(struct iso_onnx_importer *im)
{
    const struct iso_onnx_node *at[LRN_NODES];
    const struct iso_onnx_known *x = iso_onnx_image(im);
    double alpha = 0, beta = 0, bias = 0;
    if (x == NULL)
        return ISO_EDATA;
    const int64_t size = find_lrn(im, im->node, at) ? lrn_size(im, at) : 0;
    if (size == 0 || !iso_onnx_number_of(im, at[TIMES], &alpha) ||
        !iso_onnx_number_of(im, at[PLUS], &bias) || !iso_onnx_number_of(im, at[POWER], &beta))
        return iso_onnx_refuse(im,
                               "ends a local response normalization whose numbers are unusual: "
                               "isocl sums an odd number of channels");
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, ISO_OP_local_response_normalization, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    *(struct iso_local_response_normalization *)l->params =
        (struct iso_local_response_normalization){
            .size = size, .alpha = alpha, .beta = beta, .bias = bias
        };
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

static bool mark_lrn(struct iso_onnx_importer *im, const struct iso_onnx_node *end)
{
    const struct iso_onnx_node *at[LRN_NODES];
    if (!find_lrn(im, end, at))
        return false;
    for (int i = 0; i < LRN_NODES; i++)
        iso_onnx_pass_over(im, at[i]);
    return true;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static const struct {
    enum iso_onnx_role role;
    bool (*mark)(struct iso_onnx_importer *, const struct iso_onnx_node *end);
    iso_onnx_handler *take;
} patterns[] = {
    { ISO_ONNX_ENDS_LRN, mark_lrn, take_lrn },
    { ISO_ONNX_ENDS_ATTENTION, iso_onnx_mark_attention, iso_onnx_take_attention },
    { ISO_ONNX_ENDS_MEANS, iso_onnx_mark_means, iso_onnx_take_means },
    { ISO_ONNX_ENDS_UNIT, iso_onnx_mark_unit, iso_onnx_take_unit },
};
enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

iso_rc iso_onnx_find_patterns(struct iso_onnx_importer *im)
{
    im->roles = iso_onnx_alloc(im->m, (size_t)im->m->nnodes + 1, sizeof *im->roles);
    if (im->roles == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < im->m->nnodes; i++)
        for (int k = 0; k < PATTERNS && !*im->m->nodes[i].domain; k++)
            if (im->roles[i] == ISO_ONNX_ALONE && patterns[k].mark(im, &im->m->nodes[i]))
                im->roles[i] = (unsigned char)patterns[k].role;
    return ISO_OK;
}

iso_rc iso_onnx_take_pattern(struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    const int role = im->roles[node - im->m->nodes];
    im->node = node;
    if (node->ny < 1)
        return iso_onnx_refuse(im, "has no result");
    for (int k = 0; k < PATTERNS; k++)
        if ((int)patterns[k].role == role)
            return patterns[k].take(im);
    return ISO_OK;
}
