/* value_range.c: checks that an augmentation's value_range, or its black and white, which are
 * numbers of each channel, are the range of the input's values.
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

/* The params' field of that name and type, NULL when the op has none. */
static void *field_of(const struct iso_op_use *use, const char *key, enum iso_field_type type)
{
    if (use->params == NULL)
        return NULL;
    for (const struct iso_field *f = iso_ops[use->op].def->fields; f != NULL && f->key != NULL; f++)
        if (f->type == type && strcmp(f->key, key) == 0)
            return (char *)use->params + f->offset;
    return NULL;
}

static double *range_of(const struct iso_op_use *use)
{
    return field_of(use, "value_range", ISO_FIELD_REAL2);
}

static struct iso_reals *black_of(const struct iso_op_use *use)
{
    return field_of(use, "black", ISO_FIELD_REALS);
}

static struct iso_reals *white_of(const struct iso_op_use *use)
{
    return field_of(use, "white", ISO_FIELD_REALS);
}

/* ---- A range that is auto -------------------------------------------------------------------- */

/* Returns the number of channel c of what may have one number for all. */
static double given_of(const struct iso_reals *given, int c)
{
    return given->v[c < given->n ? c : 0];
}

/* Sets the values of a byte, one for each channel that has its own. */
static void values_of(const struct iso_gather_images *images, double byte, struct iso_reals *out)
{
    const struct iso_reals *mean = &images->mean, *std = &images->std;
    out->n = mean->n > std->n ? mean->n : std->n;
    for (int c = 0; c < out->n; c++)
        out->v[c] = (byte * images->scale - given_of(mean, c)) / given_of(std, c);
}

static void settle_use(const struct iso_model *m, const struct iso_op_use *use)
{
    if (range_of(use) != NULL)
        input_range(&m->images, range_of(use));
    if (black_of(use) != NULL) {
        values_of(&m->images, 0, black_of(use));
        values_of(&m->images, 255, white_of(use));
    }
}

static void settle_training(const struct iso_model *m, struct iso_training *t)
{
    for (int i = 0; i < t->naugmentations; i++)
        if (t->augmentations[i].auto_range)
            settle_use(m, &t->augmentations[i]);
}

/* (Params that phases share are set more than once, to the same numbers.) */
void iso_settle_value_ranges(struct iso_model *m)
{
    settle_training(m, &m->common);
    for (int i = 0; i < m->nphases; i++)
        settle_training(m, &m->phases[i]);
}

/* ---- A range that is given ------------------------------------------------------------------- */

static void left_open(struct iso_loader *l, const struct iso_op_use *use, const char *what,
                      const char *say)
{
    iso_faults_add(l->faults, use->location,
                   "%s: %s those of the input's values, which mean: auto and std: auto leave open; "
                   "say  %s",
                   iso_ops[use->op].name, what, say);
}

static void check_range(struct iso_loader *l, const struct iso_op_use *use, const double *range)
{
    double in[2] = { 0, 0 };
    if (iso_model_measures(l->model)) {
        left_open(l, use, "the ends of value_range are", "value_range: auto");
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

static void check_levels(struct iso_loader *l, const struct iso_op_use *use)
{
    struct iso_reals black, white;
    const struct iso_reals *own[2] = { black_of(use), white_of(use) };
    if (iso_model_measures(l->model)) {
        left_open(l, use, "black and white are", "black: auto, white: auto");
        return;
    }
    values_of(&l->model->images, 0, &black);
    values_of(&l->model->images, 255, &white);
    for (int c = 0; c < black.n || c < own[0]->n || c < own[1]->n; c++) {
        const double from = given_of(&black, c), to = given_of(&white, c);
        const double little = (to - from) / 1000;
        if (fabs(given_of(own[0], c) - from) > little || fabs(given_of(own[1], c) - to) > little) {
            iso_faults_add(
                l->faults, use->location,
                "%s: black and white of channel %d are %g and %g, but the input's values "
                "are from %g to %g, after scale, mean and std; leave both out",
                iso_ops[use->op].name, c, given_of(own[0], c), given_of(own[1], c), from, to);
            return;
        }
    }
}

static void check_use(struct iso_loader *l, struct iso_op_use *use)
{
    double *range = range_of(use);
    const struct iso_reals *black = black_of(use), *white = white_of(use);
    if (black != NULL && black->n == 0 && white->n == 0)
        use->auto_range = true;
    else if (black != NULL && black->n > 0 && white->n > 0 && !use->auto_range)
        check_levels(l, use);
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
