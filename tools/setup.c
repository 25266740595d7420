#include "setup.h"

#include "core/data/safetensors.h"
#include "core/train/fit.h"
#include "core/train/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

iso_rc iso_setup_model(struct iso_setup *setup, const char *path,
                       const struct iso_setup_options *options)
{
    ISO_TRY(iso_model_load(path, &setup->faults, &setup->model));
    if (options->batch > 0)
        setup->model->batch_size = options->batch;
    if (options->seed >= 0)
        setup->model->seed = (uint64_t)options->seed;
    return ISO_OK;
}

iso_rc iso_setup_backend(struct iso_setup *setup, const struct iso_setup_options *options)
{
    enum iso_mode mode = !options->mode ? ISO_MODE_DEFAULT
                       : strcmp(options->mode, "exact") == 0 ? ISO_MODE_EXACT : ISO_MODE_FAST;
    return iso_backend_open(options->device ? options->device : "auto", mode, (int)options->threads,
                            &setup->backend);
}

iso_rc iso_setup_exec(struct iso_setup *setup, const struct iso_exec_options *options)
{
    ISO_TRY(iso_graph_build(setup->model, setup->model->batch_size, &setup->faults, &setup->graph));
    return iso_exec_new(setup->graph, setup->backend, options, &setup->exec);
}

void iso_setup_close_exec(struct iso_setup *setup)
{
    iso_exec_free(setup->exec);
    iso_graph_free(setup->graph);
    setup->exec = NULL;
    setup->graph = NULL;
}

void iso_setup_free(struct iso_setup *setup)
{
    iso_setup_close_exec(setup);
    iso_backend_close(setup->backend);
    iso_model_free(setup->model);
}

static iso_rc find_spec(const struct iso_model *model, const char *split,
                        struct iso_data_spec *spec)
{
    const bool test = strcmp(split, "test") == 0;
    if (test && model->test.given) {
        *spec = model->test;
    } else if (test && model->validation.given && strcmp(model->validation.split, "test") == 0) {
        *spec = model->validation;
    } else if (test) {
        *spec = model->train;
        spec->count = 0;
        spec->part[0] = spec->part[1] = 0;
        snprintf(spec->split, sizeof spec->split, "test");
    } else {
        *spec = strcmp(split, "train") == 0 ? model->train : model->validation;
    }
    if (!spec->given)
        return iso_fail(ISO_EMODEL,
                        "%s names no %s data; add  data: {%s: {dataset: mnist, split: %s}}",
                        model->file, split, test ? "train" : split,
                        strcmp(split, "validation") == 0 ? "test" : split);
    return ISO_OK;
}

void iso_setup_progress(int64_t done, int64_t total)
{
    static double begun, told;
    const double now = iso_clock();
    if (done == 0)
        begun = told = now;
    if (now - begun < 1 || now - told < 0.2 || !isatty(STDERR_FILENO))
        return;
    told = now;
    fprintf(stderr, "\r\033[Kreading images: %lld of %lld\r", (long long)done, (long long)total);
}

iso_rc iso_setup_data(const struct iso_setup *setup, const char *split,
                      const struct iso_setup_options *options, struct iso_dataset **out)
{
    struct iso_data_spec spec;
    const struct iso_model *model = setup->model;
    ISO_TRY(find_spec(model, split, &spec));
    const struct iso_dataset_request request = {
        .name = spec.dataset, .split = spec.split, .folder = options->data, .count = spec.count,
        .part = { spec.part[0], spec.part[1], spec.stratified, spec.part_seed },
        .coarse = spec.labels == 1, .classes = spec.classes,
        .input = &model->input,
        .pad = { model->pad[0], model->pad[1], model->pad[2], model->pad[3] },
        .repeat_channels = model->repeat_channels,
        .label_column = *spec.label_column ? spec.label_column : NULL,
        .resize = { spec.resize[0], spec.resize[1] },
        .threads = (int)options->threads, .progress = iso_setup_progress, .limit = options->limit,
        .stream = spec.stream,
    };
    return iso_dataset_load(&request, out);
}

iso_rc iso_setup_files(const char *argument, const char *weights, char model[ISO_PATH],
                       char path[ISO_PATH])
{
    const bool folder = iso_folder_exists(argument);
    if (!folder && !weights)
        return iso_fail(ISO_EUSAGE, "%s is not a run's folder; name one, or give the weights for a "
                        "model file: --weights FILE", argument);
    if (folder)
        ISO_TRY(iso_path(model, argument, "model.yaml"));
    else
        snprintf(model, ISO_PATH, "%s", argument);
    if (!weights)
        return iso_path(path, argument, "weights.safetensors");
    snprintf(path, ISO_PATH, "%s", weights);
    return ISO_OK;
}

iso_rc iso_setup_best(const char *run, char path[ISO_PATH])
{
    if (!iso_folder_exists(run))
        return iso_fail(ISO_EUSAGE, "--best is for the folder of a run, which %s is not: give "
                        "--weights FILE", run);
    return iso_path(path, run, "best.safetensors");
}

iso_rc iso_setup_weights(struct iso_setup *setup, const char *path)
{
    struct iso_st_file *file = NULL;
    ISO_TRY(iso_st_open(path, &file));
    iso_rc rc = iso_weights_load(setup->exec, file, path, false, &setup->faults);
    iso_st_close(file);
    return rc;
}

const char *iso_setup_where(const struct iso_backend *backend, char *buf, size_t n)
{
    snprintf(buf, n, "%s  %s (%s)", backend->mode == ISO_MODE_EXACT ? "exact" : "fast",
             backend->device.id, backend->device.name);
    return buf;
}

int64_t iso_setup_parameters(const struct iso_graph *graph, bool trainable)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->nvalues; i++)
        if (graph->values[i].role == ISO_ROLE_WEIGHT && (graph->values[i].trainable || !trainable))
            sum += iso_shape_count(&graph->values[i].shape);
    return sum;
}

int iso_report(const struct iso_command *command, iso_rc rc, const struct iso_faults *faults)
{
    if (rc == ISO_OK)
        return ISO_EXIT_DONE;
    if (faults && faults->count > 0) {
        iso_faults_print(faults, stderr);
        fprintf(stderr, "%d fault%s\n", faults->count, faults->count == 1 ? "" : "s");
        return ISO_EXIT_FAILED;
    }
    fprintf(stderr, "isocl %s: %s\n", command->name, *iso_error() ? iso_error() : iso_rc_text(rc));
    return rc == ISO_EUSAGE ? ISO_EXIT_USAGE : ISO_EXIT_FAILED;
}
