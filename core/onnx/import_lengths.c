/* import_lengths.c: the division of each row of channels by its length, of the nodes that PyTorch's
 * normalize is, x / (ReduceL2 of x, limited, and perhaps repeated), or as isocl writes it, x / (the
 * root of the sum of x x, limited). */
#include "import_build.h"
#include "core/ops/unit_normalization.h"

#include <math.h>
#include <string.h>

/* SUM: ReduceL2, or the sum of SQUARES, of whose limit ROOT is the root. NULL: missing. */
enum { SQUARES, SUM, LIMIT, ROOT, REPEAT, NODES };
static bool find(const struct iso_onnx_importer *im, const struct iso_onnx_node *end,
                 const struct iso_onnx_node *at[NODES])
{
    if (strcmp(end->op, "Div") != 0 || end->nx != 2)
        return false;
    at[REPEAT] = iso_onnx_before(im, end, 1, "Expand");
    at[ROOT] = iso_onnx_before(im, end, 1, "Sqrt");
    at[SQUARES] = NULL;
    at[LIMIT] = at[REPEAT] != NULL ? iso_onnx_before(im, at[REPEAT], 0, "Clip")
                : at[ROOT] != NULL ? iso_onnx_before(im, at[ROOT], 0, "Clip")
                                   : iso_onnx_before(im, end, 1, "Clip");
    at[SUM] = iso_onnx_before(im, at[LIMIT], 0, at[ROOT] != NULL ? "ReduceSum" : "ReduceL2");
    const struct iso_onnx_node *from = at[SUM];
    if (at[ROOT] != NULL) {
        from = at[SQUARES] = iso_onnx_before(im, at[SUM], 0, "Mul");
        if (from == NULL || from->nx != 2 || strcmp(from->x[0], from->x[1]) != 0)
            return false;
    }
    return from != NULL && from->nx > 0 && strcmp(from->x[0], end->x[0]) == 0;
}

bool iso_onnx_mark_unit(struct iso_onnx_importer *im, const struct iso_onnx_node *end)
{
    const struct iso_onnx_node *at[NODES];
    if (!find(im, end, at))
        return false;
    for (int i = 0; i < NODES; i++)
        if (at[i] != NULL)
            iso_onnx_pass_over(im, at[i]);
    return true;
}

/* Reads the axis of the sums, and the least square of a length. */
static iso_rc read(struct iso_onnx_importer *im, const struct iso_onnx_known *x, double *epsilon)
{
    const struct iso_onnx_node *at[NODES], *end = im->node;
    int64_t axis = -1;
    int n = 1;
    if (!find(im, end, at))
        return iso_onnx_refuse(im, "ends a division by a length that is not understood");
    const struct iso_onnx_tensor *limit = iso_onnx_constant_of(im, at[LIMIT], 1);
    im->node = at[SUM];
    const iso_rc rc = iso_onnx_get_list(im, 1, "axes", &n, &axis);
    const bool keeps = iso_onnx_get_int(im, "keepdims", 1) == 1;
    im->node = end;
    ISO_TRY(rc);
    if (n != 1 || (axis != -1 && axis != iso_onnx_rank(x) - 1) || !keeps || limit == NULL ||
        limit->type != ISO_ONNX_FLOAT || iso_onnx_count(limit) != 1 ||
        (at[LIMIT]->nx > 2 && *at[LIMIT]->x[2]))
        return iso_onnx_refuse(im,
                               "ends a division by lengths: isocl's are those of the channels, "
                               "which must be last, and have a least value");
    const double least = iso_onnx_decimal(*(const float *)limit->data);
    *epsilon = fmax(at[ROOT] != NULL ? least : least * least, 1e-37);
    return *epsilon <= 1 ? ISO_OK : iso_onnx_refuse(im, "divides by lengths of more than 1");
}

iso_rc iso_onnx_take_unit(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    double epsilon = 0;
    if (x == NULL || x->unknown)
        return ISO_EDATA;
    ISO_TRY(read(im, x, &epsilon));
    if (x->order == ISO_ONNX_VIEW) {
        struct iso_onnx_seen seen = *x->seen;
        seen.factor = 1;
        seen.unit = true;
        seen.epsilon = epsilon;
        return iso_onnx_know_view(im, x->layer, &seen, 0);
    }
    if (x->order != ISO_ONNX_LAST)
        return iso_onnx_refuse(im, "divides by lengths of channels that are not last");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_unit_normalization, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_unit_normalization *)l->params)->epsilon = epsilon;
    return iso_onnx_result(im, l, ISO_ONNX_LAST);
}
