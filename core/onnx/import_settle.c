/* import_settle.c: layers that do what a view does: crop an image, or make channels of its blocks.
 */
#include "import_build.h"
#include "core/ops/cropping2d.h"
#include "core/ops/space_to_depth.h"

#include <string.h>

/* Makes the value one of a layer of its own, that reads what it was of. */
static iso_rc replace(struct iso_onnx_importer *im, struct iso_onnx_known *x, enum iso_op op,
                      const void *params, const struct iso_onnx_seen *seen)
{
    const struct iso_op_def *def = iso_ops[op].def;
    const struct iso_onnx_known *px = x;
    struct iso_onnx_layer *l = iso_onnx_layer(im, op, x->name, 1, &px);
    if (l == NULL)
        return ISO_ENOMEM;
    memcpy(l->params, params, def->params_size);
    l->shape = seen->v.base;
    x->layer = (int)(l - im->layers);
    return iso_onnx_set_view(im, x, seen);
}

/* Returns true if the view is a part of the image, in either order; then sets the lines around. */
static bool is_crop(const struct iso_onnx_view *v, struct iso_cropping2d *crop,
                    struct iso_onnx_seen *seen)
{
    const struct iso_shape *s = &v->base;
    const int64_t line = s->dim[2] * s->dim[3],
                  at[2] = { v->offset / line, v->offset % line / s->dim[3] };
    for (int order = 0; order < 2 && v->n == 4; order++) {
        struct iso_onnx_view part = iso_onnx_view_whole(s, v->rows, (enum iso_onnx_whole)order);
        struct iso_shape base = *s;
        bool inside = true;
        for (int i = 0; i < 2; i++) {
            const int axis = 1 + i + order;
            base.dim[1 + i] = iso_onnx_view_dim(v, axis);
            crop->cropping[2 * i] = at[i];
            crop->cropping[2 * i + 1] = s->dim[1 + i] - at[i] - base.dim[1 + i];
            inside = inside && crop->cropping[2 * i] <= 4096 && crop->cropping[2 * i + 1] <= 4096 &&
                     iso_onnx_view_cut(&part, axis, at[i], base.dim[1 + i], 1);
        }
        seen->v = iso_onnx_view_whole(&base, v->rows, (enum iso_onnx_whole)order);
        if (inside && iso_onnx_view_equal(&part, v))
            return true;
    }
    return false;
}

/* Returns true if each pixel of the view is a block of pixels, line by line or column by column. */
static bool is_blocks(const struct iso_onnx_view *v, struct iso_space_to_depth *blocks,
                      struct iso_onnx_seen *seen)
{
    const struct iso_shape *s = &v->base;
    const int64_t h = s->dim[1], w = s->dim[2], c = s->dim[3];
    const int64_t size = v->n == 4 ? h / iso_onnx_view_dim(v, 1) : 0;
    if (size < 2 || h % size != 0 || w % size != 0)
        return false;
    blocks->block_size = size;
    for (int columns = 0; columns < 2; columns++) {
        const struct iso_shape base = { 4, { 1, h / size, w / size, c * size * size } };
        struct iso_onnx_view was = iso_onnx_view_begin(s, v->rows),
                             is = iso_onnx_view_begin(&base, v->rows);
        const int64_t before[6] = { h * w * c,           size * w * c,        size * c,
                                    columns ? c : w * c, columns ? w * c : c, 1 };
        const int64_t after[6] = { h * w * c,
                                   w * size * c,
                                   size * size * c,
                                   columns ? c : size * c,
                                   columns ? size * c : c,
                                   1 };
        const int64_t n[6] = { v->rows, h / size, w / size, size, size, c };
        for (int i = 0; i < 6; i++) {
            iso_onnx_view_add(&was, n[i], before[i]);
            iso_onnx_view_add(&is, n[i], after[i]);
            if (i < 3 || i == 5) {
                iso_onnx_view_end(&was);
                iso_onnx_view_end(&is);
            }
        }
        seen->v = is;
        if (iso_onnx_view_equal(&was, v))
            return true;
    }
    return false;
}

iso_rc iso_onnx_settle(struct iso_onnx_importer *im, struct iso_onnx_known *x)
{
    struct iso_onnx_seen seen = { .factor = 1 };
    struct iso_cropping2d crop;
    struct iso_space_to_depth blocks;
    if (x->order != ISO_ONNX_VIEW || x->seen->factor != 1 || x->seen->unit)
        return ISO_OK;
    if (is_crop(&x->seen->v, &crop, &seen))
        return replace(im, x, ISO_OP_cropping2d, &crop, &seen);
    if (is_blocks(&x->seen->v, &blocks, &seen))
        return replace(im, x, ISO_OP_space_to_depth, &blocks, &seen);
    return ISO_OK;
}
