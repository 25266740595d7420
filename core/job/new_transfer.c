#include "new_model.h"
#include "core/system/file.h"

#include "core/formats/safetensors.h"
#include "core/model/section.h"
#include "core/train/weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHANGES = ISO_LAYERS_MAX + 32 };
struct changes { /* changes of the network's model file, each "--set KEY=VALUE"; owned */
    char *set[CHANGES];
    int n;
};

static iso_rc add(struct changes *c, const char *fmt, ...) ISO_PRINTF(2, 3);
static iso_rc add(struct changes *c, const char *fmt, ...)
{
    char *text = NULL;
    size_t n = 0;
    va_list arguments;
    FILE *out = c->n < CHANGES ? open_memstream(&text, &n) : NULL;
    if (out == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory, or too many layers");
    va_start(arguments, fmt);
    fprintf(out, "--set ");
    vfprintf(out, fmt, arguments);
    va_end(arguments);
    ISO_TRY(iso_text_end(out, &text));
    c->set[c->n++] = text;
    return ISO_OK;
}

/* ---- The network that is taken over -------------------------------------------------------- */

iso_rc iso_transfer_open(const char *from, const char *weights, struct iso_job *job,
                         struct iso_transfer *t)
{
    const struct iso_job_options options = ISO_JOB_DEFAULTS;
    const bool best = weights == NULL && iso_folder_exists(from);
    ISO_TRY(iso_job_files(from, weights, best, t->model, t->weights));
    ISO_TRY(iso_job_model(job, t->model, &options));
    const struct iso_shape *input = &job->model->input;
    const int64_t *pad = job->model->pad;
    t->side = input->ndim == 4 ? input->dim[1] : 0;
    t->channels = input->ndim == 4 ? input->dim[3] : 0;
    t->framed = pad[0] + pad[1] + pad[2] + pad[3] > 0 || job->model->repeat_channels > 1;
    return ISO_OK;
}

/* The op of an entry of `layers`; "" where it is none that is understood here. */
static const char *op_of(const struct iso_yaml *entry)
{
    return entry->kind == ISO_YAML_SCALAR    ? entry->text
           : entry->kind == ISO_YAML_MAPPING ? entry->keys[0]->text
                                             : "";
}

/* True of an op with weights, and of a layer block. */
static bool may_have_weights(const char *op)
{
    for (int i = 0; i < ISO_OP_COUNT; i++)
        if (strcmp(iso_ops[i].name, op) == 0)
            return iso_ops[i].def->weights != NULL;
    return true;
}

/* Every layer stays as it is, but for the last with weights, which tells the new classes apart. */
static iso_rc change_layers(const struct iso_yaml *layers, const struct iso_new_data *d,
                            struct changes *c)
{
    int last = layers->count - 1;
    while (last >= 0 && !may_have_weights(op_of(layers->items[last])))
        last--;
    const bool targets = *d->targets != '\0';
    if (last < 0 || strcmp(op_of(layers->items[last]), "dense") != 0 ||
        (targets && last != layers->count - 1))
        return iso_fail(ISO_EDATA,
                        "the last layer with weights is no dense layer, which could be "
                        "exchanged; write the model file by hand");
    for (int i = 0; i < last; i++)
        if (may_have_weights(op_of(layers->items[i])))
            ISO_TRY(add(c, "layers.%d.trainable=false", i));
    ISO_TRY(add(c, "layers.%d.units=%d", last, d->classes));
    if (targets)
        ISO_TRY(add(c, "layers.%d.activation=%s", last, d->labels ? "sigmoid" : "linear"));
    return add(c, "layers.%d.name=new_head", last);
}

/* The new data have the size of the network's input already; their grey may be too few channels. */
static iso_rc change_input(const struct iso_transfer *t, const struct iso_new_data *d,
                           struct changes *c)
{
    const bool repeats = d->channels == 1 && t->channels > 1;
    if (t->framed) {
        ISO_TRY(add(c, "input.pad=0"));
        ISO_TRY(add(c, "input.repeat_channels=1"));
    }
    return repeats ? add(c, "input.repeat_channels=%lld", (long long)t->channels) : ISO_OK;
}

static iso_rc change_training(const struct iso_new_data *d, const char *name, struct changes *c)
{
    static const char *const gone[] = { "phases",     "expect",   "class_weight",
                                        "checkpoint", "schedule", "augmentation" };
    char *data = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&data, &n);
    if (out != NULL)
        iso_new_write_data(d, out);
    ISO_TRY(iso_text_end(out, &data));
    iso_rc rc = add(c, "data=%s", data);
    free(data);
    for (size_t i = 0; i < sizeof gone / sizeof gone[0] && rc == ISO_OK; i++)
        rc = add(c, "%s=null", gone[i]);
    ISO_TRY(rc);
    ISO_TRY(add(c, "model=%s", name));
    ISO_TRY(add(c, "loss=%s", iso_new_loss(d)));
    ISO_TRY(add(c, "optimizer={adam: {learning_rate: 0.001}}"));
    ISO_TRY(add(c, "early_stopping={patience: 10, restore_best_weights: true}"));
    ISO_TRY(add(c, "metrics=[%s]", iso_new_metrics(d)));
    return add(c, "train={batch_size: 16, epochs: 60, seed: 1, keep_features: true}");
}

static iso_rc make_changes(const struct iso_transfer *t, const struct iso_new_data *d,
                           const char *name, struct changes *c)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_yaml_doc *doc = NULL;
    char *text = NULL;
    size_t n = 0;
    iso_rc rc = faults != NULL ? iso_yaml_read(t->model, faults, &text, &n) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = iso_yaml_parse(t->model, text, n, faults, &doc);
    if (rc == ISO_OK)
        rc = change_layers(iso_yaml_get(doc->root, "layers"), d, c);
    if (rc == ISO_OK)
        rc = change_input(t, d, c);
    if (rc == ISO_OK)
        rc = change_training(d, name, c);
    iso_yaml_free(doc);
    free(text);
    free(faults);
    return rc;
}

/* ---- The new one --------------------------------------------------------------------------- */

static iso_rc take_weights(struct iso_job *job, const struct iso_transfer *t, const char *out,
                           int *taken)
{
    const struct iso_job_options options = { .device = "reference", .batch = -1, .seed = -1 };
    const char *const metadata[] = { "isocl", ISO_VERSION, "imported", t->weights, NULL };
    struct iso_st_file *file = NULL;
    ISO_TRY(iso_job_backend(job, &options));
    ISO_TRY(iso_job_exec(job, 0, 1, &(struct iso_exec_options){ .seed = job->model->seed }));
    ISO_TRY(iso_exec_initialize(job->exec));
    ISO_TRY(iso_st_open(t->weights, &file));
    iso_rc rc = iso_weights_take(job->exec, file, taken);
    iso_st_close(file);
    if (rc == ISO_OK && *taken == 0)
        rc = iso_fail(ISO_EDATA, "%s has no weight of %s", t->weights, t->model);
    return rc == ISO_OK ? iso_weights_save(job->exec, out, false, metadata) : rc;
}

static iso_rc write_text(const struct iso_transfer *t, const struct iso_model *m, const char *name,
                         const char *weights, char **text)
{
    size_t n = 0;
    FILE *out = open_memstream(text, &n);
    if (out == NULL)
        return iso_text_end(out, text);
    fprintf(out,
            "# The network of %s, with a new last layer for other data. Its other layers\n"
            "# stay as they are (trainable: false), and what they give for an image is computed "
            "once\n# (keep_features). Written by `isocl new --from`; train it with:\n#\n"
            "#   isocl train %s.yaml --weights %s\n#\n"
            "# A second phase that trains all layers, at a lower rate, may make it better:\n#\n"
            "#   phases:\n"
            "#     - {name: head, epochs: 30}\n"
            "#     - {name: fine, epochs: 10, unfreeze: all, optimizer: {adam: {learning_rate: "
            "0.00001}}}\n",
            t->model, name, weights);
    fwrite(m->text, 1, m->text_size, out);
    return iso_text_end(out, text);
}

iso_rc iso_transfer_make(const struct iso_transfer *t, const struct iso_new_data *d,
                         const char *name, const char *weights_out, char **text, int *taken)
{
    struct changes *c = iso_alloc(1, sizeof *c);
    struct iso_job *job = iso_alloc(1, sizeof *job);
    iso_rc rc = c != NULL && job != NULL ? make_changes(t, d, name, c) : ISO_ENOMEM;
    if (rc == ISO_OK) {
        const struct iso_changes changes = { .set = (const char *const *)c->set, .n = c->n };
        rc = iso_model_load_changed(t->model, NULL, &changes, &job->faults, &job->model);
        if (rc == ISO_EMODEL)
            rc = iso_fail(ISO_EDATA, "%s: %s", job->faults.list[0].location.file,
                          job->faults.list[0].text);
    }
    if (rc == ISO_OK)
        rc = take_weights(job, t, weights_out, taken);
    if (rc == ISO_OK)
        rc = write_text(t, job->model, name, weights_out, text);
    if (job != NULL)
        iso_job_free(job);
    for (int i = 0; c != NULL && i < c->n; i++)
        free(c->set[i]);
    free(c);
    free(job);
    return rc;
}
