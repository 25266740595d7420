#include "setup.h"

#include "choice.h"
#include "core/data/safetensors.h"
#include "core/machine.h"
#include "core/shipped.h"
#include "core/train/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *iso_setup_path(const char *given, char found[ISO_PATH])
{
    if (!iso_shipped(given, found) || strcmp(given, found) == 0)
        return given; /* as it stands; where it is nowhere, reading it says so */
    fprintf(stderr, "isocl: there is no %s here; taking %s\n", given, found);
    return found;
}

iso_rc iso_setup_model(struct iso_setup *setup, const char *path,
                       const struct iso_setup_options *options)
{
    ISO_TRY(iso_model_load(iso_setup_path(path, setup->path), &setup->faults, &setup->model));
    if (options->batch > 0)
        setup->model->batch_size = options->batch;
    if (options->seed >= 0)
        setup->model->seed = (uint64_t)options->seed;
    return ISO_OK;
}

iso_rc iso_setup_backend(struct iso_setup *setup, const struct iso_setup_options *options)
{
    enum iso_mode mode = options->mode == NULL                 ? ISO_MODE_DEFAULT
                         : strcmp(options->mode, "exact") == 0 ? ISO_MODE_EXACT
                                                               : ISO_MODE_FAST;
    char id[128], why[ISO_CHOICE_WHY];
    const char *device = options->device != NULL ? options->device : "auto";
    const bool chooses = strcmp(device, "auto") == 0;
    if (chooses) {
        ISO_TRY(iso_backend_choose(device, id, sizeof id, why, sizeof why));
        device = id;
    }
    ISO_TRY(iso_backend_open(device, mode, (int)options->threads, &setup->backend));
    if (chooses)
        iso_choice_tell(setup->backend, why, mode);
    const bool off = options->tune != NULL && strcmp(options->tune, "off") == 0;
    setup->backend->tuning = off ? ISO_TUNE_OFF : ISO_TUNE_AUTO;
    return ISO_OK;
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

static iso_rc load_data(const struct iso_setup *setup, const char *split,
                        const struct iso_setup_options *options, struct iso_dataset **out)
{
    struct iso_dataset_request request;
    ISO_TRY(iso_model_data(setup->model, split, &request));
    request.folder = options->data;
    request.threads = (int)options->threads;
    request.progress = iso_setup_progress;
    request.limit = options->limit;
    return iso_dataset_load(&request, out);
}

/* The numbers of `mean: auto` and `std: auto` are those of the training rows, whatever is asked
 * for. */
static iso_rc measure(const struct iso_setup *setup, const struct iso_setup_options *options)
{
    struct iso_dataset *train = NULL;
    ISO_TRY(load_data(setup, "train", options, &train));
    const iso_rc rc = iso_model_measure(setup->model, train, iso_setup_progress);
    iso_dataset_free(train);
    return rc;
}

iso_rc iso_setup_data(const struct iso_setup *setup, const char *split,
                      const struct iso_setup_options *options, struct iso_dataset **out)
{
    const bool train = strcmp(split, "train") == 0;
    if (!train && iso_model_measures(setup->model))
        ISO_TRY(measure(setup, options));
    ISO_TRY(load_data(setup, split, options, out));
    return train ? iso_model_measure(setup->model, *out, iso_setup_progress) : ISO_OK;
}

iso_rc iso_setup_files(const char *argument, const char *weights, char model[ISO_PATH],
                       char path[ISO_PATH])
{
    const bool folder = iso_folder_exists(argument);
    if (!folder && weights == NULL)
        return iso_fail(ISO_EUSAGE,
                        "%s is not a run's folder; name one, or give the weights for a "
                        "model file: --weights FILE",
                        argument);
    if (folder)
        ISO_TRY(iso_path(model, argument, "model.yaml"));
    else
        snprintf(model, ISO_PATH, "%s", argument);
    if (weights == NULL)
        return iso_path(path, argument, "weights.safetensors");
    snprintf(path, ISO_PATH, "%s", weights);
    return ISO_OK;
}

iso_rc iso_setup_best(const char *run, char path[ISO_PATH])
{
    if (!iso_folder_exists(run))
        return iso_fail(ISO_EUSAGE,
                        "--best is for the folder of a run, which %s is not: give "
                        "--weights FILE",
                        run);
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
    if (faults != NULL && faults->count > 0) {
        iso_faults_print(faults, stderr);
        fprintf(stderr, "%d fault%s\n", faults->count, faults->count == 1 ? "" : "s");
        return ISO_EXIT_FAILED;
    }
    fprintf(stderr, "isocl %s: %s\n", command->name, *iso_error() ? iso_error() : iso_rc_text(rc));
    return rc == ISO_EUSAGE ? ISO_EXIT_USAGE : ISO_EXIT_FAILED;
}
