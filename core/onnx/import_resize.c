/* import_resize.c: ONNX's operators that enlarge images. */
#include "import_build.h"
#include "core/ops/up_sampling2d.h"

#include <math.h>
#include <string.h>

/* Returns the attribute's word, or what it is when left out. */
static const char *word(const struct iso_onnx_importer *im, const char *name, const char *left_out)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, name);
    return a != NULL && a->text != NULL ? a->text : left_out;
}

/* Sets whole factors of height and width. */
static iso_rc set_factors(const struct iso_onnx_importer *im, const double *factor, int64_t size[2])
{
    for (int i = 0; i < 2; i++) {
        if (!(factor[i] >= 1 && factor[i] <= 1024) || factor[i] != floor(factor[i]))
            return iso_onnx_refuse(im, "enlarges %s %g times; isocl has whole numbers, up to 1024",
                                   i == 0 ? "the height" : "the width", factor[i]);
        size[i] = (int64_t)factor[i];
    }
    return ISO_OK;
}

/* The factors, from input `at`: four numbers with the channels second. */
static iso_rc from_scales(const struct iso_onnx_importer *im, int at, int64_t size[2])
{
    const struct iso_onnx_tensor *t = iso_onnx_c(im, at);
    const float *scales = t != NULL ? iso_onnx_floats(im, t, 4) : NULL;
    if (scales == NULL)
        return ISO_EDATA;
    if (scales[0] != 1 || scales[1] != 1)
        return iso_onnx_refuse(im, "changes the number of rows or channels");
    const double factor[2] = { (double)scales[2], (double)scales[3] };
    return set_factors(im, factor, size);
}

static iso_rc from_sizes(const struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                         int64_t size[2])
{
    int64_t to[4];
    int n = 4;
    ISO_TRY(iso_onnx_get_list(im, 3, "sizes", &n, to));
    if (n != 4 || to[1] != x->shape.dim[3])
        return iso_onnx_refuse(im, "changes the number of channels");
    const double factor[2] = { (double)to[2] / (double)x->shape.dim[1],
                               (double)to[3] / (double)x->shape.dim[2] };
    return set_factors(im, factor, size);
}

static iso_rc enlarge(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                      const int64_t size[2], int interpolation)
{
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_up_sampling2d, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_up_sampling2d *p = l->params;
    memcpy(p->size, size, sizeof p->size);
    p->interpolation = interpolation;
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

/* Checks where pixels lie. With whole factors, nearest pixels are the same for middles that are
 * rounded and for corners that are rounded down; lines are drawn between the middles. */
static iso_rc check_mode(const struct iso_onnx_importer *im, bool nearest)
{
    const char *places = word(im, "coordinate_transformation_mode", "half_pixel");
    const char *rounding = word(im, "nearest_mode", "round_prefer_floor");
    const bool middles = strcmp(places, "half_pixel") == 0 ||
                         strcmp(places, "half_pixel_symmetric") == 0 ||
                         strcmp(places, "pytorch_half_pixel") == 0;
    const bool corners = strcmp(places, "asymmetric") == 0;
    if (nearest ? !(middles && strncmp(rounding, "round", 5) == 0) &&
                      !(corners && strcmp(rounding, "floor") == 0)
                : !middles)
        return iso_onnx_refuse(im,
                               "attribute coordinate_transformation_mode: isocl has lines "
                               "between the middles of pixels, and whole pixels, not '%.40s' "
                               "with nearest_mode '%.40s'",
                               places, rounding);
    if (iso_onnx_get_int(im, "antialias", 0) != 0 ||
        iso_onnx_get_int(im, "exclude_outside", 0) != 0)
        return iso_onnx_refuse(im, "attributes antialias and exclude_outside are not understood");
    return ISO_OK;
}

static iso_rc resize(struct iso_onnx_importer *im, bool old)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const char *mode = word(im, "mode", "nearest");
    const bool nearest = strcmp(mode, "nearest") == 0;
    int64_t size[2];
    if (x == NULL)
        return ISO_EDATA;
    if (x->order != ISO_ONNX_FIRST)
        return iso_onnx_refuse(im, "enlarges what is no image with its channels first");
    if (!nearest && (old || strcmp(mode, "linear") != 0))
        return iso_onnx_refuse(im, "attribute mode: isocl has nearest and linear%s, not '%.20s'",
                               old ? " of newer versions" : "", mode);
    if (!old)
        ISO_TRY(check_mode(im, nearest));
    const int scales = old ? 1 : 2;
    if (iso_onnx_has(im, scales))
        ISO_TRY(from_scales(im, scales, size));
    else
        ISO_TRY(from_sizes(im, x, size));
    return enlarge(im, x, size, nearest ? ISO_UP_NEAREST : ISO_UP_BILINEAR);
}

iso_rc iso_onnx_resize(struct iso_onnx_importer *im) { return resize(im, false); }

iso_rc iso_onnx_upsample(struct iso_onnx_importer *im) { return resize(im, true); }
