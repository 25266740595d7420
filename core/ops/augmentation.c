/* augmentation.c: functions shared by the descriptors of augmentations. */
#include "augmentation.h"
#include "infer.h"
#include "core/arithmetic/sampling.h"

#include <math.h>

const char *const iso_border_names[] = { "nearest", "constant", "reflect", "wrap", NULL };

const char *const iso_value_range_words[] = { "auto", NULL };

iso_rc iso_augmentation_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    if (x->dim[1] > ISO_SIDE_MOST || x->dim[2] > ISO_SIDE_MOST)
        return iso_fail(ISO_ESHAPE, "images of more than %d pixels a side cannot be augmented",
                        ISO_SIDE_MOST);
    return iso_expect_all_countable(out);
}

iso_rc iso_check_draw(const char *key, const double range[2])
{
    if (range[0] > range[1])
        return iso_fail(ISO_EMODEL, "%s: the first number must not exceed the second", key);
    return ISO_OK;
}

iso_rc iso_check_value_range(const double range[2])
{
    if (range[0] < range[1] || isnan(range[0]))
        return ISO_OK;
    return iso_fail(ISO_EMODEL, "value_range: the first number must be below the second");
}
