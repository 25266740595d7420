/* exec_views.c: test-time augmentation: the output of each image is the mean over several views of
 * it: windows of the image, as torchvision's FiveCrop and TenCrop have them, and mirror images. The
 * host makes the views and adds up what the network gives for them, in their order. A loss that
 * absorbs an activation then gets the mean's logits, so that it and all metrics see the mean. */
#include "exec_private.h"

#include "core/arithmetic/formulas.h"
#include "core/ops/activation.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOWS = 5 };

struct iso_views {
    int windows, count; /* windows of an image; views: flip and ten_crop mirror the last half */
    int64_t top[WINDOWS], left[WINDOWS]; /* first pixel of each window */
    float *images, *view, *sum; /* those of a shard, one view of them, sum of the outputs */
};

static const struct {
    const char *name;
    int windows, count;
} kinds[] = { { "flip", 1, 2 },
              { "five_crop", WINDOWS, WINDOWS },
              { "ten_crop", WINDOWS, 2 * WINDOWS } };

/* ---- What the views are --------------------------------------------------------------------- */

static const struct iso_shape *shape_of(const struct iso_exec *e, int value)
{
    return &e->graph->values[value].shape;
}

/* Fails unless images can be seen so: the windows are those of one random_crop. */
static iso_rc check(const struct iso_exec *e, const char *name, int windows)
{
    const struct iso_graph *g = e->graph;
    const struct iso_shape *whole = shape_of(e, g->input), *part = shape_of(e, g->augmented);
    int crops = 0;
    for (int i = 0; i < g->training->naugmentations; i++)
        crops += g->training->augmentations[i].op == ISO_OP_random_crop;
    if (whole->ndim != 4)
        return iso_fail(ISO_EUSAGE, "--tta %s is for images, and the input is rows of numbers",
                        name);
    const bool smaller = part->dim[1] < whole->dim[1] || part->dim[2] < whole->dim[2];
    if (part->dim[1] > whole->dim[1] || part->dim[2] > whole->dim[2] || crops > 1)
        return iso_fail(ISO_EUSAGE,
                        "--tta %s: the network sees more than a window of each image: leave out "
                        "--tta, or all but one random_crop",
                        name);
    if (windows > 1 && !smaller)
        return iso_fail(ISO_EUSAGE,
                        "--tta %s takes windows of each image, and the network sees whole images: "
                        "use --tta flip, or train with a random_crop to a smaller size",
                        name);
    if (e->first_node > 0)
        return iso_fail(ISO_EUSAGE, "--tta %s: features are kept, so that images are not seen",
                        name);
    return ISO_OK;
}

/* The corners in torchvision's order, then the middle, which random_crop takes outside training. */
static void place_windows(const struct iso_exec *e, struct iso_views *v)
{
    const struct iso_shape *whole = shape_of(e, e->graph->input),
                           *part = shape_of(e, e->graph->augmented);
    const int64_t below = whole->dim[1] - part->dim[1], right = whole->dim[2] - part->dim[2];
    for (int i = 0; i < WINDOWS - 1; i++) {
        v->top[i] = i / 2 * below;
        v->left[i] = i % 2 * right;
    }
    v->top[v->windows - 1] = below / 2;
    v->left[v->windows - 1] = right / 2;
}

iso_rc iso_exec_use_views(struct iso_exec *e, const char *name)
{
    int kind = 0;
    if (name == NULL)
        return ISO_OK;
    while (strcmp(kinds[kind].name, name) != 0)
        kind++;
    ISO_TRY(check(e, name, kinds[kind].windows));
    struct iso_views *v = e->views = iso_alloc(1, sizeof *v);
    if (v == NULL)
        return ISO_ENOMEM;
    v->windows = kinds[kind].windows;
    v->count = kinds[kind].count;
    place_windows(e, v);
    v->images = iso_alloc((size_t)iso_shape_count(shape_of(e, e->graph->input)), sizeof(float));
    v->view = iso_alloc((size_t)iso_shape_count(shape_of(e, e->graph->augmented)), sizeof(float));
    v->sum = iso_alloc(2 * (size_t)iso_shape_count(shape_of(e, e->graph->output)), sizeof(float));
    return v->images != NULL && v->view != NULL && v->sum != NULL ? ISO_OK : ISO_ENOMEM;
}

int iso_exec_views(const struct iso_exec *e) { return e->views != NULL ? e->views->count : 1; }

void iso_exec_free_views(struct iso_exec *e)
{
    if (e->views == NULL)
        return;
    free(e->views->images);
    free(e->views->view);
    free(e->views->sum);
    free(e->views);
    e->views = NULL;
}

/* ---- A shard -------------------------------------------------------------------------------- */

/* Copies a row of pixels, in the other direction if mirrored. */
static void copy_line(const float *from, float *to, int64_t pixels, int64_t channels, bool mirrored)
{
    for (int64_t j = 0; j < pixels; j++)
        memcpy(to + j * channels, from + (mirrored ? pixels - 1 - j : j) * channels,
               (size_t)channels * sizeof *to);
}

static void make_view(const struct iso_exec *e, const struct iso_views *v, int number)
{
    const struct iso_shape *whole = shape_of(e, e->graph->input),
                           *part = shape_of(e, e->graph->augmented);
    const int64_t channels = whole->dim[3];
    const int window = number % v->windows;
    for (int64_t n = 0; n < e->rows; n++)
        for (int64_t i = 0; i < part->dim[1]; i++) {
            const int64_t line = (n * whole->dim[1] + v->top[window] + i) * whole->dim[2];
            copy_line(v->images + (line + v->left[window]) * channels,
                      v->view + (n * part->dim[1] + i) * part->dim[2] * channels, part->dim[2],
                      channels, number >= v->windows);
        }
}

static iso_rc run_nodes(struct iso_exec *e, int from, int to, int64_t log_row)
{
    struct iso_pass_walk w = { e, false, 0, log_row };
    for (int i = from; i < to; i++)
        if (iso_exec_runs(e, i, ISO_FORWARD))
            ISO_TRY(iso_exec_run_node(&w, i, ISO_FORWARD));
    return ISO_OK;
}

/* Turns mean probabilities into what the loss reads. They are held so that logits are finite. */
static void to_logits(int absorbs, float *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float held = iso_hold(p[i], FLT_MIN, absorbs == ISO_SIGMOID ? 1 - 0x1p-24f : 1);
        p[i] = iso_log(held) - (absorbs == ISO_SIGMOID ? iso_log(1 - held) : 0);
    }
}

iso_rc iso_exec_score_views(struct iso_exec *e, int64_t log_row)
{
    const struct iso_graph *g = e->graph;
    const struct iso_views *v = e->views;
    const struct iso_tensor images = iso_exec_value(e, g->input), y = iso_exec_value(e, g->output),
                            seen = iso_exec_value(e, g->augmented);
    const int absorbs = iso_ops[g->training->loss.op].def->absorbs;
    const int64_t n = iso_shape_count(&y.shape);
    float *one = v->sum + n;
    ISO_TRY(iso_tensor_read_f32(e->backend, &images, v->images));
    memset(v->sum, 0, (size_t)n * sizeof *v->sum);
    for (int i = 0; i < v->count; i++) {
        make_view(e, v, i);
        ISO_TRY(iso_tensor_write_f32(e->backend, &seen, v->view));
        ISO_TRY(run_nodes(e, g->training->naugmentations, g->loss_node + 1, log_row));
        ISO_TRY(iso_tensor_read_f32(e->backend, &y, one));
        for (int64_t k = 0; k < n; k++)
            v->sum[k] += one[k];
    }
    for (int64_t k = 0; k < n; k++)
        v->sum[k] = iso_div(v->sum[k], (float)v->count);
    if (absorbs != ISO_LINEAR)
        to_logits(absorbs, v->sum, n);
    const struct iso_tensor mean = iso_exec_value(e, g->nodes[g->loss_node].x[0]);
    ISO_TRY(iso_tensor_write_f32(e->backend, &mean, v->sum));
    return run_nodes(e, g->loss_node, g->first_penalty, log_row);
}
