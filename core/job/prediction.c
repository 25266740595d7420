#include "prediction.h"

#include "core/data/class_map.h"
#include "core/data/image.h"
#include "core/data/image_list.h"
#include "core/data/pad.h"
#include "core/suggest.h"
#include "core/train/fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Images -------------------------------------------------------------------------------- */

/* A model of rows of numbers says nothing of their geometry: the first image does. */
static iso_rc guess_geometry(int64_t numbers, const char *path, struct iso_image_list_request *r)
{
    struct iso_image image;
    ISO_TRY(iso_image_read(path, &r->options, true, &image));
    const int64_t pixels = (int64_t)image.height * image.width;
    if (pixels != numbers && 3 * pixels != numbers)
        return iso_fail(ISO_EDATA,
                        "%s has %dx%d pixels (height x width), the model takes rows of "
                        "%lld numbers: give images of as many, grey or coloured",
                        path, image.height, image.width, (long long)numbers);
    r->height = image.height;
    r->width = image.width;
    r->channels = pixels == numbers ? 1 : 3;
    return ISO_OK;
}

/* Finds what image files become before the model's own padding and repeating. */
static iso_rc find_geometry(const struct iso_model *m, const char *first,
                            struct iso_image_list_request *r)
{
    const struct iso_shape *in = &m->input;
    if (in->ndim == 2)
        return guess_geometry(in->dim[1], first, r);
    r->height = (int)(in->dim[1] - m->pad[0] - m->pad[1]);
    r->width = (int)(in->dim[2] - m->pad[2] - m->pad[3]);
    r->channels = m->repeat_channels > 1 ? 1 : (int)in->dim[3];
    if (r->channels == 1 || r->channels == 3)
        return ISO_OK;
    return iso_fail(ISO_EDATA, "%s takes %d channels; image files have 1 (grey) or 3 (colours)",
                    m->name, r->channels);
}

static iso_rc load_images(struct iso_prediction *p, const struct iso_prediction_options *o)
{
    const struct iso_model *m = p->job.model;
    struct iso_dataset **data = &p->job.data[1];
    struct iso_image_list_request r = { .resize = o->resize || m->train.options.resize[0] > 0,
                                        .options = m->train.options.image,
                                        .threads = (int)o->job.threads,
                                        .progress = o->job.progress };
    if (o->job.limit > 0 && o->job.limit < p->images.n)
        iso_names_cut(&p->images, o->job.limit);
    ISO_TRY(find_geometry(m, p->images.name[0], &r));
    ISO_TRY(iso_image_list_load(&p->images, &r, data));
    return iso_dataset_pad(*data, m->pad, m->repeat_channels);
}

/* ---- Classes ------------------------------------------------------------------------------- */

/* The names that the data set or the run has, or that the model file gives. */
static iso_rc find_names(struct iso_prediction *p)
{
    const struct iso_dataset *d = p->job.data[1];
    const struct iso_class_map *map = p->job.model->train.classes;
    const struct iso_trained_classes *trained = &p->job.classes;
    const bool known = d->class_names == NULL && trained->name != NULL;
    if (d->class_names == NULL && !known && map == NULL)
        return ISO_OK;
    p->nnames = d->class_names != NULL ? d->classes : known ? trained->n : map->classes;
    p->names = iso_alloc((size_t)p->nnames, sizeof *p->names);
    if (p->names == NULL)
        return ISO_ENOMEM;
    if (d->class_names == NULL && !known)
        iso_class_map_names(map, p->names);
    else
        memcpy(p->names, known ? trained->name : d->class_names,
               (size_t)p->nnames * sizeof *p->names);
    return ISO_OK;
}

/* ---- The network --------------------------------------------------------------------------- */

static iso_rc check_layer(const struct iso_model *m, const char *layer)
{
    struct iso_suggest near;
    char hint[128];
    iso_suggest_begin(&near, layer);
    for (int i = 0; i < m->nlayers; i++) {
        if (strcmp(m->layers[i].name, layer) == 0)
            return ISO_OK;
        iso_suggest_try(&near, m->layers[i].name);
    }
    return iso_fail(ISO_EUSAGE, "%s has no layer '%s'%s; `isocl summary %s` lists them", m->name,
                    layer, iso_suggest_text(&near, hint, sizeof hint), m->file);
}

iso_rc iso_prediction_network(struct iso_prediction *p, const char *weights,
                              const struct iso_prediction_options *o)
{
    struct iso_job *job = &p->job;
    if (o->layer != NULL)
        ISO_TRY(check_layer(job->model, o->layer));
    const int64_t rows = job->data[1] != NULL ? job->data[1]->rows : 0;
    char name[ISO_NAME + 2];
    if (o->layer != NULL)
        snprintf(name, sizeof name, "%s/y", o->layer);
    const struct iso_exec_options exec = { .seed = job->model->seed,
                                           .log_steps = ISO_FIT_LOG_STEPS,
                                           .readable = o->layer != NULL ? name : NULL };
    ISO_TRY(iso_job_backend(job, &o->job));
    ISO_TRY(iso_job_exec(job, iso_job_last_phase(job), rows < job->model->batch_size ? rows : 0,
                         &exec));
    p->value = o->layer != NULL ? iso_graph_find(job->graph, name) : job->graph->output;
    ISO_TRY(weights != NULL ? iso_job_weights(job, weights) : iso_exec_initialize(job->exec));
    return iso_job_classes(job, weights);
}

iso_rc iso_prediction_open(struct iso_prediction *p, const char *model, const char *weights,
                           const struct iso_prediction_options *o)
{
    struct iso_job *job = &p->job;
    ISO_TRY(iso_job_model(job, model, &o->job));
    if (o->layer != NULL) /* before images are read */
        ISO_TRY(check_layer(job->model, o->layer));
    if (p->images.n > 0)
        ISO_TRY(load_images(p, o));
    ISO_TRY(iso_prediction_network(p, weights, o));
    if (job->data[1] == NULL)
        ISO_TRY(iso_job_data(job, o->split, &o->job, &job->data[1]));
    ISO_TRY(iso_exec_data(job->exec, 1, job->data[1]));
    return find_names(p);
}

void iso_prediction_close(struct iso_prediction *p)
{
    iso_job_free(&p->job);
    iso_names_free(&p->images);
    free(p->names);
}
