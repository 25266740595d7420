/* measure_augmented.c: the model's first training images after its augmentations, computed by the
 * same ops as in training. */
#include "measured.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 16 };

/* Converts the first layer's input back to bytes: the inverse of gather_images. */
static uint8_t byte_of(const struct iso_gather_images *p, double value, int channel)
{
    const double std = p->std.v[channel < p->std.n ? channel : 0];
    const double mean = p->mean.v[channel < p->mean.n ? channel : 0];
    const double byte = (value * std + mean) / p->scale + 0.5;
    return (uint8_t)(byte >= 255 ? 255 : byte >= 0 ? byte : 0);
}

static void to_bytes(struct iso_shown_rows *r, const struct iso_gather_images *p, const float *x)
{
    const int channels = r->size[2];
    const int64_t pixels = (int64_t)r->n * r->size[0] * r->size[1];
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < channels; c++) {
            const int to = p->reverse ? channels - 1 - c : c;
            r->pixels[i * channels + to] = byte_of(p, (double)x[i * channels + c], c);
        }
}

static iso_rc read_batch(struct iso_measured *m, struct iso_shown_rows *r)
{
    const struct iso_graph *g = m->job.graph;
    struct iso_tensor t;
    if (!iso_exec_tensor(m->job.exec, g->values[g->augmented].name, &t))
        return iso_fail(ISO_EDEVICE, "the executor does not keep the augmented images");
    const int64_t n = iso_shape_count(&t.shape);
    float *x = iso_alloc((size_t)n, sizeof *x);
    r->pixels = iso_alloc((size_t)n, 1);
    iso_rc rc = x != NULL && r->pixels != NULL ? iso_tensor_read_f32(m->job.backend, &t, x)
                                               : ISO_ENOMEM;
    if (rc == ISO_OK)
        to_bytes(r, &m->job.model->images, x);
    free(x);
    return rc;
}

/* The first rows, as step 0 of a training would change them. */
static iso_rc augment(struct iso_measured *m, const struct iso_dataset *d, int phase,
                      struct iso_shown_rows *r)
{
    const struct iso_exec_options options = {
        .training = true, .keep_all = true, .seed = m->job.model->seed, .log_steps = 1
    };
    struct iso_dataset first = *d;
    first.rows = d->rows < SAMPLES ? d->rows : SAMPLES;
    *r = (struct iso_shown_rows){ .n = (int)first.rows,
                                  .size = { d->height, d->width, d->channels } };
    for (int i = 0; i < r->n; i++) {
        r->row[i] = i;
        iso_shown_row_truth(r, i, d, i);
    }
    ISO_TRY(iso_job_exec(&m->job, phase, first.rows, &options));
    ISO_TRY(iso_exec_initialize(m->job.exec));
    ISO_TRY(iso_exec_data(m->job.exec, 0, &first));
    ISO_TRY(iso_exec_gather(m->job.exec, 0, 0, first.rows));
    ISO_TRY(iso_exec_forward(m->job.exec, true, 0, 0));
    return read_batch(m, r);
}

static void name_ops(const struct iso_training *t, struct iso_augmented *a)
{
    size_t n = 0;
    snprintf(a->phase, sizeof a->phase, "%s", t->name);
    for (int i = 0; i < t->naugmentations && n < sizeof a->ops; i++)
        n += (size_t)snprintf(a->ops + n, sizeof a->ops - n, "%s%s", i ? ", " : "",
                              iso_ops[t->augmentations[i].op].name);
}

/* True if a phase takes its augmentations over from the one before. */
static bool same_as_before(const struct iso_model *model, int phase)
{
    const struct iso_training *a = &model->phases[phase], *b = a - 1;
    if (phase == 0 || a->naugmentations != b->naugmentations)
        return false;
    for (int i = 0; i < a->naugmentations; i++)
        if (a->augmentations[i].params != b->augmentations[i].params)
            return false;
    return true;
}

iso_rc iso_measure_augmented(struct iso_measured *m, const struct iso_dataset *d)
{
    const struct iso_model *model = m->job.model;
    enum { MOST = sizeof m->augmented / sizeof m->augmented[0] };
    for (int phase = 0; phase < model->nphases && m->naugmented < MOST; phase++) {
        struct iso_augmented *a = &m->augmented[m->naugmented];
        if (model->phases[phase].naugmentations == 0 || same_as_before(model, phase))
            continue;
        name_ops(&model->phases[phase], a);
        m->naugmented++;
        ISO_TRY(iso_measure_note(m, augment(m, d, phase, &a->rows), m->no_augmented, ""));
        if (*m->no_augmented) {
            m->naugmented--;
            free(a->rows.pixels);
            a->rows = (struct iso_shown_rows){ .n = 0 };
        }
    }
    return ISO_OK;
}
