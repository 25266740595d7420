/* dropout.c: parameters, shapes, cost and scalars of dropout. */
#include "dropout.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_dropout, member)
const struct iso_field iso_dropout_fields[] = { { "rate", ISO_FIELD_REAL, AT(rate), NULL, 0, 1,
                                                  NULL, "share to zero, at least 0 and below 1" },
                                                { 0 } };

iso_rc iso_dropout_check(const void *params)
{
    const struct iso_dropout *p = params;
    if (!(p->rate < 1))
        return iso_fail(ISO_EMODEL, "rate must be below 1; a rate of 1 would drop everything");
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){
        .ny = 1, .nsaved = 1, .y = { *x }, .saved = { *x }, .saved_dtype = { ISO_U8 }
    };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 1, 2.25, out);
}

void iso_dropout_scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_dropout *p = params;
    (void)step;
    double threshold = p->rate * 4294967296.0;
    out[ISO_DROPOUT_SCALE] = 1 / (1 - p->rate);
    out[ISO_DROPOUT_THRESHOLD] = threshold < 4294967295.0 ? (double)(uint32_t)threshold
                                                          : 4294967295.0;
}

static const char *const saved[] = { "mask", NULL };

const struct iso_op_def iso_def_dropout = {
    .doc = "in training, zeroes a random share of the elements and scales up the rest",
    .topic = "layers",
    .params_size = sizeof(struct iso_dropout),
    .fields = iso_dropout_fields,
    .nx = 1,
    .saved = saved,
    .random = true,
    .infer = infer,
    .cost = cost,
    .scalars = iso_dropout_scalars,
    .check = iso_dropout_check,
};
