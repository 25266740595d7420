/* value_range.c: checks that an augmentation's value_range is the range of the input's values.
 * Another range would clamp most of them, or move them far outside, and no error would show it. */
#include "section.h"

#include <math.h>
#include <string.h>

/* Computes the range of the input values to which the bytes 0 to 255 are converted: the least and
 * the greatest over all channels. */
static void input_range(const struct iso_gather_images *images, double out[2])
{
    const struct iso_reals *mean = &images->mean, *std = &images->std;
    for (int c = 0; c < mean->n || c < std->n; c++) {
        const double m = mean->v[c < mean->n ? c : 0], s = std->v[c < std->n ? c : 0];
        const double least = (0 - m) / s, most = (255 * images->scale - m) / s;
        out[0] = c == 0 || least < out[0] ? least : out[0];
        out[1] = c == 0 || most > out[1] ? most : out[1];
    }
}

/* The params' value_range, NULL when the op has none. */
static double *range_of(const struct iso_op_use *use)
{
    if (use->params == NULL)
        return NULL;
    for (const struct iso_field *f = iso_ops[use->op].def->fields; f != NULL && f->key != NULL; f++)
        if (f->type == ISO_FIELD_REAL2 && strcmp(f->key, "value_range") == 0)
            return (double *)((char *)use->params + f->offset);
    return NULL;
}

/* ---- A range that is auto -------------------------------------------------------------------- */

static void settle_training(const struct iso_model *m, struct iso_training *t)
{
    for (int i = 0; i < t->naugmentations; i++)
        if (t->augmentations[i].auto_range)
            input_range(&m->images, range_of(&t->augmentations[i]));
}

/* (Params that phases share are set more than once, to the same numbers.) */
void iso_settle_value_ranges(struct iso_model *m)
{
    settle_training(m, &m->common);
    for (int i = 0; i < m->nphases; i++)
        settle_training(m, &m->phases[i]);
}

/* ---- A range that is given ------------------------------------------------------------------- */

static void check_range(struct iso_loader *l, const struct iso_op_use *use, const double *range)
{
    double in[2] = { 0, 0 };
    if (iso_model_measures(l->model)) {
        iso_faults_add(l->faults, use->location,
                       "%s: value_range is that of the input's values, "
                       "which mean: auto and std: auto leave open; say  value_range: auto",
                       iso_ops[use->op].name);
        return;
    }
    input_range(&l->model->images, in);
    const double width = in[1] - in[0], little = width / 1000; /* a few digits are enough */
    if (range[0] > in[0] + little || range[1] < in[1] - little || range[1] - range[0] > 2 * width)
        iso_faults_add(l->faults, use->location,
                       "%s: value_range is [%g, %g], but the input's values "
                       "are from %g to %g, after scale, mean and std; say  value_range: [%.4g, "
                       "%.4g], or auto",
                       iso_ops[use->op].name, range[0], range[1], in[0], in[1], in[0], in[1]);
}

static void check_use(struct iso_loader *l, struct iso_op_use *use)
{
    double *range = range_of(use);
    if (range != NULL && isnan(range[0])) {
        use->auto_range = true;
        range[0] = 0;
        range[1] = 1;
    } else if (range != NULL && range[0] < range[1] && !use->auto_range) {
        check_range(l, use, range); /* else it is a fault already */
    }
}

static void check_training(struct iso_loader *l, struct iso_training *t)
{
    for (int i = 0; i < t->naugmentations; i++)
        check_use(l, &t->augmentations[i]);
}

/* A phase that inherits augmentations shares the params of the file's. */
void iso_check_value_ranges(struct iso_loader *l)
{
    struct iso_model *m = l->model;
    if (m->input.ndim == 0)
        return; /* a fault already */
    check_training(l, &m->common);
    for (int i = 0; i < m->nphases; i++)
        if (l->phases != NULL && m->phases[i].augmentation_given)
            check_training(l, &m->phases[i]);
    if (!iso_model_measures(m))
        iso_settle_value_ranges(m);
}
