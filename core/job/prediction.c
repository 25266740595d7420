#include "prediction.h"

#include "core/data/class_map.h"
#include "core/image/image.h"
#include "core/data/image_list.h"
#include "core/data/pad.h"
#include "core/text/number.h"
#include "core/text/suggest.h"
#include "invert_paper.h"
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

static void invert_images(struct iso_prediction *p, const char *invert)
{
    struct iso_dataset *set = p->job.data[1];
    const struct iso_model *m = p->job.model;
    const bool all = invert != NULL && strcmp(invert, "yes") == 0;
    const bool never = invert != NULL && strcmp(invert, "no") == 0;
    if (set->channels == 1 && !never && (all || iso_dataset_light_on_dark(m->train.dataset)))
        p->inverted = iso_paper_invert(set, all);
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
    invert_images(p, o->invert);
    return iso_dataset_pad(*data, m->pad, m->repeat_channels);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static iso_rc load_rows(struct iso_prediction *p, const struct iso_prediction_options *o)
{
    struct iso_job_options options = o->job;
    struct iso_dataset **data = &p->job.data[1];
    options.labels_optional = true;
    if (o->table == NULL)
        return iso_job_data(&p->job, o->split, &options, data);
    return iso_job_table(&p->job, o->table, o->split != NULL ? o->split : "", &options, data);
}

static iso_rc bad_rows(const char *list)
{
    return iso_fail(ISO_EUSAGE,
                    "--rows takes numbers and ranges from 0 with commas between, such as "
                    "3,17,100-120, not '%s'",
                    list);
}

/* Reads the number at *at, and goes past it. */
static bool read_number(const char **at, int64_t *out)
{
    char text[24];
    const size_t n = strspn(*at, "0123456789");
    if (n == 0 || n >= sizeof text)
        return false;
    memcpy(text, *at, n);
    text[n] = '\0';
    *at += n;
    return iso_number_int(text, out) == ISO_NUMBER_OK;
}

/* Marks the rows of a list. */
static iso_rc mark_rows(const char *list, const struct iso_dataset *set, bool *wanted)
{
    for (const char *at = list;; at++) {
        int64_t first, last;
        if (!read_number(&at, &first))
            return bad_rows(list);
        last = first;
        if (*at == '-' && (at++, !read_number(&at, &last) || last < first))
            return bad_rows(list);
        if (last >= set->rows)
            return iso_fail(ISO_EUSAGE, "there is no row %lld: %s has %lld, counted from 0",
                            (long long)last, set->name, (long long)set->rows);
        for (int64_t i = first; i <= last; i++)
            wanted[i] = true;
        if (*at == '\0')
            return ISO_OK;
        if (*at != ',')
            return bad_rows(list);
    }
}

/* Keeps the rows of a list, in their order, and their numbers. */
static iso_rc keep_rows(struct iso_prediction *p, const char *list)
{
    struct iso_dataset *set = p->job.data[1];
    int64_t count = 0;
    bool *wanted = iso_alloc((size_t)set->rows, sizeof *wanted);
    p->numbers = iso_alloc((size_t)set->rows, sizeof *p->numbers);
    iso_rc rc = wanted != NULL && p->numbers != NULL ? mark_rows(list, set, wanted) : ISO_ENOMEM;
    for (int64_t i = 0; rc == ISO_OK && i < set->rows; i++)
        if (wanted[i])
            p->numbers[count++] = (int32_t)i;
    free(wanted);
    return rc == ISO_OK ? iso_dataset_keep_rows(set, p->numbers, count) : rc;
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
                                           .readable = o->layer != NULL ? name : NULL,
                                           .ranks = o->job.ranks };
    struct iso_job_options own = o->job;
    char device[128];
    if (own.ranks != NULL)
        ISO_TRY(iso_job_share_machine(own.ranks, &own, device, sizeof device));
    ISO_TRY(iso_job_backend(job, &own));
    ISO_TRY(iso_job_exec(job, iso_job_last_phase(job), rows < job->model->batch_size ? rows : 0,
                         &exec));
    ISO_TRY(iso_exec_use_views(job->exec, o->job.tta));
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
        ISO_TRY(load_rows(p, o));
    if (o->rows != NULL)
        ISO_TRY(keep_rows(p, o->rows));
    ISO_TRY(iso_job_compare_ranks(job, o->job.ranks));
    ISO_TRY(iso_exec_data(job->exec, 1, job->data[1]));
    return find_names(p);
}

void iso_prediction_close(struct iso_prediction *p)
{
    iso_job_free(&p->job);
    iso_names_free(&p->images);
    free(p->names);
    free(p->numbers);
}
