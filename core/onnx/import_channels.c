/* import_channels.c: ONNX's operators that scale, choose or reorder channels. */
#include "import_build.h"
#include "core/ops/channel_shuffle.h"
#include "core/ops/cropping2d.h"
#include "core/ops/slice.h"
#include "core/ops/space_to_depth.h"

#include <string.h>

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

iso_rc iso_onnx_prelu(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *slope = x != NULL ? iso_onnx_c(im, 1) : NULL;
    if (slope == NULL)
        return ISO_EDATA;
    if (!iso_onnx_per_channel(x, slope))
        return iso_onnx_refuse(im, "slope '%.60s' has not one number for each channel",
                               slope->name);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_prelu, slope->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_onnx_channel_weight(im, l, 0, slope, x));
    if (x->shape.ndim == 4) /* Keras's shape of alpha */
        l->w[0].shape = (struct iso_shape){ 3, { 1, 1, x->shape.dim[3] } };
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

/* ---- Parts --------------------------------------------------------------------------------- */

/* Counted from the end if below 0, and no further than one may go in the direction of the steps. */
static int64_t bound(int64_t at, int64_t size, int64_t step)
{
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    at += at < 0 ? size : 0;
    return at < low ? low : at > high ? high : at;
}

static struct iso_onnx_cut bounds(int axis, int64_t size, int64_t from, int64_t to, int64_t step)
{
    int64_t start = bound(from, size, step);
    start += step < 0 && start < 0 ? 1 : 0;
    const int64_t way = step > 0 ? bound(to, size, step) - start : start - bound(to, size, step);
    const int64_t stride = step > 0 ? step : -step;
    const int64_t count = size > 0 && way > 0 ? (way - 1) / stride + 1 : 0;
    return (struct iso_onnx_cut){ axis, start, count, step };
}

iso_rc iso_onnx_read_cuts(const struct iso_onnx_importer *im, int ndim, const int64_t *dim,
                          struct iso_onnx_cut *cut, int *n)
{
    int64_t list[4][ISO_ONNX_DIMS]; /* starts, ends, axes, steps */
    static const char *const names[] = { "starts", "ends", "axes", "steps" };
    int count[4] = { ISO_ONNX_DIMS, ISO_ONNX_DIMS, ISO_ONNX_DIMS, ISO_ONNX_DIMS };
    for (int k = 0; k < 4; k++)
        ISO_TRY(iso_onnx_get_list(im, k + 1, names[k], &count[k], list[k]));
    *n = count[0];
    for (int i = 0; i < *n; i++) {
        const int64_t axis = count[2] == 0 ? i : i < count[2] ? list[2][i] : ndim;
        const int at = (int)(axis < 0 ? axis + ndim : axis);
        const int64_t step = i < count[3] ? list[3][i] : 1;
        if (count[1] != *n || axis < -ndim || axis >= ndim || step == 0 || step < -INT32_MAX ||
            step > INT32_MAX)
            return iso_onnx_refuse(im, "starts, ends, axes and steps do not fit");
        cut[i] = bounds(at, dim[at], list[0][i], list[1][i], step);
    }
    return ISO_OK;
}

/* Channels from `start` on, as the node's result `k`. */
static iso_rc take_channels(struct iso_onnx_importer *im, const struct iso_onnx_known *from, int k,
                            int64_t start, int64_t size)
{
    const struct iso_onnx_known x = *from, *const px = &x;
    if (x.order == ISO_ONNX_ROW_FIRST)
        return iso_onnx_refuse(im, "takes a part of an image's row");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_slice, im->node->name, 1, &px);
    if (l == NULL)
        return ISO_ENOMEM;
    *(struct iso_slice_params *)l->params =
        (struct iso_slice_params){ .start = start, .size = size };
    l->shape = x.shape;
    l->shape.dim[x.shape.ndim - 1] = size;
    const struct iso_onnx_known y = {
        .name = im->node->y[k], .layer = (int)(l - im->layers), .shape = l->shape, .order = x.order
    };
    return iso_onnx_know(im, &y);
}

/* Returns true if the cut is of an image's height or width; then sets the lines that it takes off.
 */
static bool crop(const struct iso_onnx_known *x, const struct iso_onnx_cut *cut, int64_t sides[4])
{
    const int height = x->order == ISO_ONNX_FIRST ? 2 : 1, way = cut->axis - height;
    if (x->shape.ndim != 4 || way < 0 || way > 1 || sides[2 * way] + sides[2 * way + 1] > 0)
        return false;
    sides[2 * way] = cut->start;
    sides[2 * way + 1] = x->shape.dim[1 + way] - cut->start - cut->size;
    return true;
}

static iso_rc take_inside(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          const int64_t sides[4])
{
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_cropping2d, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < 4; i++)
        if (sides[i] > 4096)
            return iso_onnx_refuse(im, "takes off %lld lines", (long long)sides[i]);
    memcpy(((struct iso_cropping2d *)l->params)->cropping, sides, 4 * sizeof *sides);
    return iso_onnx_result(im, l, x->order);
}

iso_rc iso_onnx_slice(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    struct iso_onnx_cut cut[ISO_ONNX_DIMS], *only = NULL;
    int64_t dim[ISO_DIMS], sides[4] = { 0 };
    int n, crops = 0;
    if (x == NULL)
        return ISO_EDATA;
    iso_onnx_dims(x, dim);
    ISO_TRY(iso_onnx_read_cuts(im, x->shape.ndim, dim, cut, &n));
    for (int i = 0; i < n; i++) {
        if (cut[i].axis > 0 && cut[i].step == 1 && cut[i].size == dim[cut[i].axis])
            continue; /* all of it */
        if (cut[i].step != 1 || cut[i].size == 0)
            return iso_onnx_refuse(im, "isocl takes neighbouring channels, or lines, only");
        if (is_channels(x, cut[i].axis) && only == NULL)
            only = &cut[i];
        else if (crop(x, &cut[i], sides))
            crops++;
        else
            return iso_onnx_refuse(im,
                                   "isocl takes channels once, and lines of height and width of "
                                   "images only");
    }
    if (only != NULL && crops > 0)
        return iso_onnx_refuse(im, "takes channels and lines at once: use two Slices");
    if (crops > 0)
        return take_inside(im, x, sides);
    return only != NULL ? take_channels(im, x, 0, only->start, only->size) : iso_onnx_same(im, x);
}

iso_rc iso_onnx_split(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t size[ISO_OPERANDS * 2], start = 0;
    int n = ISO_OPERANDS * 2;
    if (x == NULL)
        return ISO_EDATA;
    ISO_TRY(iso_onnx_get_list(im, 1, "split", &n, size));
    const int64_t channels = x->shape.dim[x->shape.ndim - 1], parts = im->node->ny;
    if (!is_channels(x, iso_onnx_get_int(im, "axis", 0)) || parts > ISO_OPERANDS * 2 ||
        (n != 0 && n != parts))
        return iso_onnx_refuse(im, "isocl parts the channels only, in at most %d",
                               ISO_OPERANDS * 2);
    const struct iso_onnx_known from = *x;
    for (int i = 0; i < parts; i++) {
        const int64_t even = (channels + parts - 1) / parts; /* the last may have fewer */
        if (n == 0)
            size[i] = even < channels - start ? even : channels - start;
        if (size[i] < 1 || size[i] > channels - start)
            return iso_onnx_refuse(im, "parts %lld channels in other sizes", (long long)channels);
        ISO_TRY(take_channels(im, &from, i, start, size[i]));
        start += size[i];
    }
    return start == channels ? ISO_OK : iso_onnx_refuse(im, "leaves channels out");
}

/* ---- Order --------------------------------------------------------------------------------- */

bool iso_onnx_deals(const struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                    int64_t *groups)
{
    const struct iso_onnx_node *turn = iso_onnx_only_reader(im, im->node->y[0], "Transpose");
    const struct iso_onnx_attribute *perm = turn != NULL ? iso_onnx_attribute(turn, "perm") : NULL;
    int64_t dim[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    if (x->order != ISO_ONNX_FIRST || perm == NULL || perm->kind != ISO_ONNX_INTS || perm->n != 5 ||
        turn->ny < 1 || iso_onnx_only_reader(im, turn->y[0], "Reshape") == NULL)
        return false;
    for (int i = 0; i < 5; i++)
        if (perm->ints[i] != (i == 1 ? 2 : i == 2 ? 1 : i))
            return false;
    if (iso_onnx_get_list(im, 1, "shape", &n, dim) != ISO_OK) {
        iso_error_clear();
        return false;
    }
    const int64_t channels = x->shape.dim[3];
    *groups = n == 5 ? dim[1] : 0;
    return n == 5 && *groups > 0 && channels % *groups == 0 &&
           (dim[2] == -1 || dim[2] == channels / *groups) && dim[3] == x->shape.dim[1] &&
           dim[4] == x->shape.dim[2];
}

iso_rc iso_onnx_shuffle(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                        int64_t groups)
{
    const enum iso_onnx_order order = x->order == ISO_ONNX_DEALT ? ISO_ONNX_FIRST : x->order;
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_channel_shuffle, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_channel_shuffle *)l->params)->groups = groups;
    return iso_onnx_result(im, l, order);
}

bool iso_onnx_flattens_all(const struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    int64_t dim[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    if (x->order != ISO_ONNX_FIRST || iso_onnx_only_reader(im, im->node->y[0], "Gather") == NULL)
        return false;
    if (iso_onnx_get_list(im, 1, "shape", &n, dim) == ISO_OK)
        return n == 1 && dim[0] == -1;
    iso_error_clear();
    return false;
}

/* Takes every number of all rows in order, so that the image is as it was before. */
static iso_rc restore(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                      const struct iso_onnx_tensor *t)
{
    struct iso_onnx_known y = *x;
    int64_t dim[ISO_DIMS];
    y.order = ISO_ONNX_FIRST;
    iso_onnx_dims(&y, dim);
    bool all = t->type == ISO_ONNX_INT64 && t->data != NULL && t->ndim == 4 &&
               t->dim[0] == iso_onnx_rows(im);
    for (int i = 1; i < 4; i++)
        all = all && t->dim[i] == dim[i];
    for (int64_t i = 0; all && i < iso_onnx_count(t); i++)
        all = ((const int64_t *)t->data)[i] == i;
    return all ? iso_onnx_same(im, &y)
               : iso_onnx_refuse(im, "gathers single numbers of all rows in another order");
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
    iso_rc rc;
    if (x->order == ISO_ONNX_FLAT)
        return restore(im, x, t);
    if (iso_onnx_takes_token(im, x, t, &rc))
        return rc;
    const int64_t channels = x->shape.dim[x->shape.ndim - 1];
    const bool whole = is_channels(x, iso_onnx_get_int(im, "axis", 0)) && t->data != NULL &&
                       t->type == ISO_ONNX_INT64 && iso_onnx_count(t) == channels;
    const int64_t groups = whole ? groups_of(t->data, channels) : 0;
    if (groups == 0)
        return iso_onnx_refuse(im, "isocl gathers channels only as channel_shuffle orders them");
    return iso_onnx_shuffle(im, x, groups);
}

/* ---- Blocks of pixels ---------------------------------------------------------------------- */

iso_rc iso_onnx_space_to_depth(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_image(im);
    if (x == NULL)
        return ISO_EDATA;
    const int64_t size = iso_onnx_get_int(im, "blocksize", 0);
    if (size < 1 || size > 4096)
        return iso_onnx_refuse(im, "attribute blocksize is %lld", (long long)size);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_space_to_depth, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_space_to_depth *)l->params)->block_size = size;
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}
