/* api_weights.c: the weights of a network, one by one, and from and to files. */
#include "api_network.h"

#include "core/system/file.h"
#include "core/ccode/c_write.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "core/text/suggest.h"
#include "core/train/keras_weights.h"
#include "core/train/weights.h"

#include <stdlib.h>
#include <string.h>

/* ---- One by one ---------------------------------------------------------------------------- */

static iso_rc tell_weight(const struct iso_job *job, const char *name, isocl_weight_fn *told,
                          void *self)
{
    struct iso_tensor t;
    isocl_weight weight = { .name = name };
    if (!iso_exec_tensor(job->exec, name, &t))
        return ISO_OK; /* never: the names are the executor's */
    float *values = iso_alloc((size_t)iso_shape_count(&t.shape), sizeof *values);
    if (values == NULL)
        return ISO_ENOMEM;
    weight.values = values;
    weight.ndim = t.shape.ndim;
    memcpy(weight.dim, t.shape.dim, sizeof weight.dim);
    iso_rc rc = iso_tensor_read_f32(job->backend, &t, values);
    if (rc == ISO_OK)
        rc = iso_api_told(told(self, &weight), "weights");
    free(values);
    return rc;
}

isocl_rc isocl_network_weights(isocl_network *n, isocl_weight_fn *told, void *self)
{
    const struct iso_job *job = &n->prediction.job;
    iso_rc rc = ISO_OK;
    for (int i = 0; i < iso_exec_nweights(job->exec) && rc == ISO_OK; i++)
        rc = tell_weight(job, iso_exec_weight(job->exec, i), told, self);
    return iso_api_end(rc, NULL);
}

static bool is_weight(const struct iso_exec *exec, const char *name, struct iso_suggest *near)
{
    iso_suggest_begin(near, name);
    for (int i = 0; i < iso_exec_nweights(exec); i++) {
        if (strcmp(iso_exec_weight(exec, i), name) == 0)
            return true;
        iso_suggest_try(near, iso_exec_weight(exec, i));
    }
    return false;
}

static iso_rc set_weight(const struct iso_job *job, const char *name, const float *values,
                         int64_t count)
{
    struct iso_tensor t;
    struct iso_suggest near;
    char hint[160];
    if (!is_weight(job->exec, name, &near) || !iso_exec_tensor(job->exec, name, &t))
        return iso_fail(ISO_EUSAGE, "there is no weight '%.90s'%s", name,
                        iso_suggest_text(&near, hint, sizeof hint));
    if (iso_shape_count(&t.shape) != count)
        return iso_fail(ISO_ESHAPE, "%s has %lld numbers, not %lld", name,
                        (long long)iso_shape_count(&t.shape), (long long)count);
    return iso_tensor_write_f32(job->backend, &t, values);
}

isocl_rc isocl_network_set_weight(isocl_network *n, const char *name, const float *values,
                                  int64_t count)
{
    return iso_api_end(set_weight(&n->prediction.job, name, values, count), NULL);
}

isocl_rc isocl_network_hash(isocl_network *n, char hex[65])
{
    return iso_api_end(iso_exec_hash(n->prediction.job.exec, hex), NULL);
}

/* ---- Files --------------------------------------------------------------------------------- */

static iso_rc take_weights(struct iso_job *job, const struct iso_keras_file *file, const char *path,
                           int by_order)
{
    struct iso_keras_taken taken;
    return iso_keras_load(job->exec, file, path, by_order ? ISO_KERAS_BY_ORDER : ISO_KERAS_BY_NAME,
                          &job->faults, &taken);
}

static iso_rc import_onnx(struct iso_job *job, const char *path, int by_order)
{
    struct iso_onnx *onnx = NULL;
    struct iso_onnx_network *network = NULL;
    ISO_TRY(iso_onnx_read(path, &onnx));
    iso_rc rc = iso_onnx_import(onnx, path, &network);
    if (rc == ISO_OK)
        rc = take_weights(job, &network->weights, path, by_order);
    iso_onnx_network_free(network);
    iso_onnx_free(onnx);
    return rc;
}

static iso_rc import_keras(struct iso_job *job, const char *path, int by_order)
{
    struct iso_keras_file *file = NULL;
    ISO_TRY(iso_keras_open(path, &file));
    const iso_rc rc = take_weights(job, file, path, by_order);
    iso_keras_close(file);
    return rc;
}

isocl_rc isocl_network_import(isocl_network *n, const char *path, int by_order)
{
    struct iso_job *job = &n->prediction.job;
    const iso_rc rc = iso_ends_in(path, ".onnx") ? import_onnx(job, path, by_order)
                                                 : import_keras(job, path, by_order);
    return iso_api_end(rc, &job->faults);
}

static iso_rc export_onnx(const struct isocl_network *n, const char *path)
{
    const struct iso_onnx_export_options o = { .preprocessing = n->options.with_preprocessing };
    struct iso_onnx *onnx = NULL;
    if (!iso_onnx_supported())
        return iso_onnx_write(path, NULL);
    ISO_TRY(iso_onnx_export(n->prediction.job.exec, &o, &onnx));
    const iso_rc rc = iso_onnx_write(path, onnx);
    iso_onnx_free(onnx);
    return rc;
}

isocl_rc isocl_network_export(isocl_network *n, const char *path)
{
    const char *const metadata[] = { "isocl", ISO_VERSION, NULL };
    struct iso_exec *exec = n->prediction.job.exec;
    enum iso_keras_form form;
    struct iso_c_about c;
    iso_rc rc;
    if (iso_ends_in(path, ".safetensors"))
        rc = iso_weights_save(exec, path, false, metadata);
    else if (iso_keras_form_of(path, &form))
        rc = iso_keras_save(exec, path, form);
    else if (iso_ends_in(path, ".onnx"))
        rc = export_onnx(n, path);
    else if (iso_ends_in(path, ".c"))
        rc = iso_c_write(exec, path, NULL, &c);
    else
        rc = iso_fail(ISO_EUSAGE,
                      "%s: the name of a file to write ends in .safetensors, .keras, "
                      ".weights.h5, .h5, .onnx or .c",
                      path);
    return iso_api_end(rc, NULL);
}
