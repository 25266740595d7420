/* RandAugment: the levels of its pictures are the bytes of the images, whatever mean and std each
 * channel has. (torchvision's results: test_golden; other devices: parity.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arithmetic/formulas.h"
#include "core/model/model.h"
#include "core/ops/rand_augment.h"

static const char yaml[] =
    "model: levels\n"
    "input: {shape: [8, 8, 3], %s}\n"
    "augmentation: [rand_augment]\n"
    "layers: [flatten, {dense: {units: 2, activation: softmax}}]\n"
    "loss: categorical_crossentropy\n"
    "optimizer: sgd\n";

/* Loads the model, and gives the numbers of a call of its augmentation and of its input. */
static struct iso_model *load(const char *input, iso_rand_augment *k, double scalars[ISO_SCALARS])
{
    struct iso_faults faults = { 0 };
    struct iso_model *m = NULL;
    char text[sizeof yaml + 256];
    snprintf(text, sizeof text, yaml, input);
    if (iso_model_parse("levels.yaml", text, &faults, &m) != ISO_OK)
        fail_msg("%s", iso_error());
    struct iso_call call = { .params = m->common.augmentations[0].params };
    call.x[0].shape = (struct iso_shape){ .ndim = 4, .dim = { 1, 8, 8, 3 } };
    iso_ops[ISO_OP_rand_augment].def->scalars(call.params, 0, call.scalars);
    *k = iso_rand_augment_of(&call);
    iso_ops[ISO_OP_gather_images].def->scalars(&m->images, 0, scalars);
    return m;
}

static void the_bytes_are_the_levels(void **state)
{
    static const char *const inputs[] = {
        "scale: 1/255",
        "scale: 1",
        "scale: 1/127.5, mean: 1",
        "scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]",
        "scale: 1, mean: [103.939, 116.779, 123.68]",
        "scale: 1/255, std: [0.1, 1, 10]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        const double rounding = 255 * 0x1p-22; /* two products and an offset, in levels */
        double s[ISO_SCALARS];
        iso_rand_augment k;
        struct iso_model *m = load(inputs[i], &k, s);
        for (int c = 0; c < 3; c++)
            for (int byte = 0; byte < 256; byte++) {
                const float x = iso_pixel((float)byte, (float)s[c], (float)s[ISO_REALS + c]);
                assert_int_equal(iso_level_of(k, c, x), byte);
                assert_float_equal(iso_value_of_level(k, c, byte), x, rounding * fabs(s[c]));
            }
        iso_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_the_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
