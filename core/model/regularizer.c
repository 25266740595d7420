/* regularizer.c: names and parameters as Keras has them. */
#include "regularizer.h"

#define AT(member) offsetof(struct iso_regularizer, member)
#define L1(dflt)                                                                      \
    {                                                                                 \
        "l1", ISO_FIELD_REAL, AT(l1), dflt, 0, 1e30, NULL, "factor of the sum of |w|" \
    }
#define L2(dflt)                                                                      \
    {                                                                                 \
        "l2", ISO_FIELD_REAL, AT(l2), dflt, 0, 1e30, NULL, "factor of the sum of w^2" \
    }
static const struct iso_field none[] = { { 0 } };
static const struct iso_field l1[] = { L1("0.01"), { 0 } };
static const struct iso_field l2[] = { L2("0.01"), { 0 } };
static const struct iso_field l1_l2[] = { L1("0"), L2("0"), { 0 } };
#undef L2
#undef L1
#undef AT

const struct iso_named_doc iso_regularizer_docs[ISO_REGULARIZERS] = {
    [ISO_REGULARIZE_NONE] = { "none", "no penalty", none },
    [ISO_REGULARIZE_L1] = { "l1", "adds l1 times the sum of |w| to the loss", l1 },
    [ISO_REGULARIZE_L2] = { "l2", "adds l2 times the sum of w^2 to the loss", l2 },
    [ISO_REGULARIZE_L1_L2] = { "l1_l2", "adds both to the loss", l1_l2 },
};

enum iso_regularizer_kind iso_regularizer_kind(const struct iso_regularizer *r)
{
    return r->l1 > 0 && r->l2 > 0 ? ISO_REGULARIZE_L1_L2
           : r->l1 > 0            ? ISO_REGULARIZE_L1
           : r->l2 > 0            ? ISO_REGULARIZE_L2
                                  : ISO_REGULARIZE_NONE;
}
