#include "input_scaling.h"

/* One number is a float's own; several are quotients, which must become floats again. */
static void put_reals(FILE *out, const char *key, const double *v, int n)
{
    fprintf(out, ", %s: %s", key, n > 1 ? "[" : "");
    for (int i = 0; i < n; i++)
        fprintf(out, "%s%.*g", i ? ", " : "", n > 1 ? 17 : 9, v[i]);
    fprintf(out, "%s", n > 1 ? "]" : "");
}

/* x factor + offset, which isocl computes as x scale / std - mean / std. */
void iso_input_scaling_put(FILE *out, const struct iso_input_scaling *s)
{
    double mean[ISO_REALS], std[ISO_REALS];
    for (int i = 0; i < ISO_REALS; i++) {
        std[i] = 1 / s->factor[i];
        mean[i] = -s->offset[i] * std[i];
    }
    if (s->n == 1) {
        put_reals(out, "scale", s->factor, 1);
        if (s->offset[0] != 0)
            put_reals(out, "mean", (double[]){ -s->offset[0] }, 1);
    } else if (s->n > 1) {
        put_reals(out, "mean", mean, s->n);
        put_reals(out, "std", std, s->n);
    }
}
