/* api_model.c: model files, and what their layers are. */
#include "api.h"

#include "core/model/layer_about.h"
#include "core/onnx/import.h"
#include "core/system/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Making one ---------------------------------------------------------------------------- */

/* Reads and checks the file, or its text where that is given. */
static iso_rc check_text(struct isocl_model *m, const char *text, struct iso_faults *faults)
{
    struct iso_model *model = NULL;
    ISO_TRY(iso_model_parse(m->path, text, faults, &model));
    snprintf(m->name, sizeof m->name, "%s", model->name);
    m->text = model->text;
    model->text = NULL;
    iso_model_free(model);
    return ISO_OK;
}

static isocl_rc new_model(const char *path, const char *text, isocl_model **out)
{
    struct isocl_model *m = iso_alloc(1, sizeof *m);
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    iso_rc rc = m != NULL && faults != NULL ? ISO_OK : ISO_ENOMEM;
    if (rc == ISO_OK && snprintf(m->path, sizeof m->path, "%s", path) >= (int)sizeof m->path)
        rc = iso_path_too_long(path);
    if (rc == ISO_OK)
        rc = check_text(m, text, faults);
    rc = (iso_rc)iso_api_end(rc, faults); /* the faults borrow m->path */
    if (rc == ISO_OK)
        *out = m;
    else
        free(m);
    free(faults);
    return (isocl_rc)rc;
}

isocl_rc isocl_model_read(const char *path, isocl_model **out)
{
    char file[ISO_PATH];
    if (!iso_folder_exists(path))
        return new_model(iso_shipped(path, file) ? file : path, NULL, out);
    const iso_rc rc = iso_path(file, path, "model.yaml");
    return rc == ISO_OK ? new_model(file, NULL, out) : iso_api_end(rc, NULL);
}

isocl_rc isocl_model_parse(const char *text, const char *name, isocl_model **out)
{
    return new_model(name, text, out);
}

isocl_rc isocl_model_import(const char *path, isocl_model **out)
{
    struct iso_onnx *onnx = NULL;
    struct iso_onnx_network *network = NULL;
    iso_rc rc = iso_onnx_read(path, &onnx);
    if (rc == ISO_OK)
        rc = iso_onnx_import(onnx, path, &network);
    if (rc == ISO_OK)
        rc = (iso_rc)new_model(path, network->yaml, out);
    iso_onnx_network_free(network);
    iso_onnx_free(onnx);
    return iso_api_end(rc, NULL);
}

const char *isocl_model_name(const isocl_model *m) { return m->name; }

const char *isocl_model_text(const isocl_model *m) { return m->text; }

void isocl_model_free(isocl_model *m)
{
    if (m == NULL)
        return;
    free(m->text);
    free(m);
}

/* ---- Layers -------------------------------------------------------------------------------- */

static iso_rc tell_layer(const struct iso_graph *g, int i, isocl_layer_fn *told, void *self)
{
    const struct iso_value *v = iso_layer_value(g, i);
    const struct iso_layer *l = i >= 0 ? &g->model->layers[i] : NULL;
    isocl_layer layer = { .name = l != NULL ? l->name : "input",
                          .op = l != NULL ? iso_ops[l->op].name : "",
                          .ndim = v != NULL ? v->shape.ndim - 1 : 0,
                          .parameters = iso_layer_parameters(g, i, false),
                          .trainable = iso_layer_parameters(g, i, true) };
    if (i < 0)
        layer.parameters = layer.trainable = 0;
    for (int k = 0; k < layer.ndim; k++)
        layer.dim[k] = v->shape.dim[k + 1];
    return iso_api_told(told(self, &layer), "layers");
}

static iso_rc tell_layers(struct iso_job *job, const isocl_model *m, isocl_layer_fn *told,
                          void *self)
{
    const struct iso_job_options options = { .text = m->text, .batch = 1, .seed = -1 };
    ISO_TRY(iso_job_model(job, m->path, &options));
    ISO_TRY(iso_graph_build(job->model, iso_job_last_phase(job), 1, &job->faults, &job->graph));
    for (int i = -1; i < job->model->nlayers; i++)
        ISO_TRY(tell_layer(job->graph, i, told, self));
    return ISO_OK;
}

isocl_rc isocl_model_layers(const isocl_model *m, isocl_layer_fn *told, void *self)
{
    struct iso_job *job = iso_alloc(1, sizeof *job);
    if (job == NULL)
        return iso_api_end(ISO_ENOMEM, NULL);
    const isocl_rc rc = iso_api_end(tell_layers(job, m, told, self), &job->faults);
    iso_job_free(job);
    free(job);
    return rc;
}
