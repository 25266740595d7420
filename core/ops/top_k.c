/* top_k.c: counts the rows that have the target's class among their k largest predictions. */
#include "metric.h"
#include "top_k.h"

#include <stdio.h>

static const struct iso_field fields[] = {
    { "k", ISO_FIELD_INT, offsetof(struct iso_top_k, k), "5", 1, 1 << 24, NULL,
      "number of most probable classes that count; classes equal to the k-th count, too" },
    { 0 }
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_top_k *p = params;
    ISO_TRY(iso_metric_infer(x, out));
    if (p->k >= x[0].dim[1])
        return iso_fail(ISO_ESHAPE,
                        "k is %lld and there are %lld classes, so that every row would "
                        "count: make k smaller",
                        (long long)p->k, (long long)x[0].dim[1]);
    return ISO_OK;
}

static void label(const char *name, const void *params, char *buf, size_t n)
{
    (void)name;
    snprintf(buf, n, "top_%lld", (long long)((const struct iso_top_k *)params)->k);
}

const struct iso_op_def iso_def_top_k = {
    .doc = "share of rows whose target is among the k most probable classes",
    .topic = "metrics",
    .params_size = sizeof(struct iso_top_k),
    .fields = fields,
    .nx = 2,
    .of_class = true,
    .infer = infer,
    .cost = iso_metric_cost,
    .label = label,
};
