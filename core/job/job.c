#include "job.h"

#include "core/data/class_match.h"
#include "core/formats/safetensors.h"
#include "core/train/fit.h"
#include "core/train/run_check.h"
#include "core/train/run_json.h"
#include "core/train/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- Model, device, executor --------------------------------------------------------------- */

/* A model file without a name has that of its path; the copy in a run has the one of the training.
 */
static iso_rc find_name(struct iso_job *job, const char *folder)
{
    char name[sizeof job->model->name];
    ISO_TRY(iso_about_model(folder, name, sizeof name));
    if (*name)
        strcpy(job->model->name, name);
    return ISO_OK;
}

/* A run knows where its data were; the copy of the model file in it is beside none of them. */
static iso_rc find_origin(struct iso_job *job)
{
    char folder[ISO_PATH];
    ISO_TRY(iso_path_folder(folder, job->path));
    ISO_TRY(iso_about_origin(folder, &job->origin));
    if (!*job->origin.model)
        strcpy(job->origin.model, folder);
    return job->model->named ? ISO_OK : find_name(job, folder);
}

/* Makes the text that a fault shows for each change. */
static iso_rc label_changes(struct iso_job *job, const struct iso_job_options *options,
                            struct iso_changes *out)
{
    for (int i = 0; i < options->set.n; i++) {
        const size_t size = strlen(options->set.text[i]) + sizeof "--set ";
        job->set[i] = iso_alloc(size, 1);
        if (job->set[i] == NULL)
            return ISO_ENOMEM;
        snprintf(job->set[i], size, "--set %s", options->set.text[i]);
    }
    out->set = (const char *const *)job->set;
    out->n = options->set.n;
    return ISO_OK;
}

/* The file of a run's folder must be as the run was trained with it, before changes to it. */
static iso_rc check_model(struct iso_job *job, const struct iso_job_options *options)
{
    char folder[ISO_PATH];
    struct iso_model *whole = NULL;
    ISO_TRY(iso_path_folder(folder, job->path));
    if (options->text != NULL || !iso_run_is(folder))
        return ISO_OK;
    if (options->set.n == 0 && options->phase == NULL)
        return iso_run_check_model(folder, job->model);
    iso_rc rc = iso_model_load(job->path, &job->faults, &whole);
    if (rc == ISO_OK)
        rc = iso_run_check_model(folder, whole);
    iso_model_free(whole);
    return rc;
}

/* The first rows that a program gives say whether rows have targets. */
static void look_at_rows(const struct iso_job_options *options, struct iso_model *m)
{
    for (int i = 0; i < 3 && !m->rows_given; i++)
        if (options->rows[i] != NULL) {
            const struct iso_dataset *rows = options->rows[i];
            m->rows_given = rows->labels != NULL || rows->targets != NULL;
            m->rows_have_targets = rows->targets != NULL;
        }
}

iso_rc iso_job_model(struct iso_job *job, const char *path, const struct iso_job_options *options)
{
    if (snprintf(job->path, sizeof job->path, "%s", path) >= (int)sizeof job->path)
        return iso_fail(ISO_EIO, "the path %.60s... is too long", path);
    struct iso_changes changes = { .phase = options->phase };
    ISO_TRY(label_changes(job, options, &changes));
    ISO_TRY(iso_model_load_changed(job->path, options->text, &changes, &job->faults, &job->model));
    ISO_TRY(check_model(job, options));
    look_at_rows(options, job->model);
    ISO_TRY(find_origin(job));
    job->unhashed = options->unhashed;
    if (options->batch > 0)
        job->model->batch_size = options->batch;
    if (options->seed >= 0)
        job->model->seed = (uint64_t)options->seed;
    return ISO_OK;
}

/* Measuring pays on a GPU; a processor that plays one would take minutes for it. */
static enum iso_tuning tuning_of(const struct iso_job_options *options,
                                 const struct iso_backend *backend)
{
    if (options->tune == NULL)
        return backend->device.gpu ? ISO_TUNE_AUTO : ISO_TUNE_NEEDED;
    return strcmp(options->tune, "off") == 0 ? ISO_TUNE_OFF : ISO_TUNE_AUTO;
}

enum iso_mode iso_job_mode(const char *name)
{
    return name == NULL                 ? ISO_MODE_DEFAULT
           : strcmp(name, "exact") == 0 ? ISO_MODE_EXACT
                                        : ISO_MODE_FAST;
}

iso_rc iso_job_backend(struct iso_job *job, const struct iso_job_options *options)
{
    const enum iso_mode mode = iso_job_mode(options->mode);
    char id[128], why[ISO_CHOICE_WHY];
    const char *device = options->device != NULL ? options->device : "auto";
    const bool chooses = strcmp(device, "auto") == 0;
    if (chooses) {
        ISO_TRY(iso_backend_choose(device, id, sizeof id, why, sizeof why));
        device = id;
    }
    ISO_TRY(iso_backend_open(device, mode, (int)options->threads, &job->backend));
    if (chooses && options->chosen != NULL)
        options->chosen(job->backend, why, mode);
    job->backend->tuning = tuning_of(options, job->backend);
    return ISO_OK;
}

iso_rc iso_job_exec(struct iso_job *job, int phase, int64_t batch,
                    const struct iso_exec_options *options)
{
    iso_job_close_exec(job);
    ISO_TRY(iso_graph_build(job->model, phase, batch > 0 ? batch : job->model->batch_size,
                            &job->faults, &job->graph));
    return iso_exec_new(job->graph, job->backend, options, &job->exec);
}

int iso_job_last_phase(const struct iso_job *job) { return job->model->nphases - 1; }

/* Weights in a run's folder must be as its training wrote them. */
static iso_rc check_weights(const struct iso_job *job, const char *path,
                            const struct iso_st_file *file)
{
    char folder[ISO_PATH];
    ISO_TRY(iso_path_folder(folder, path));
    if (iso_run_is(folder))
        ISO_TRY(iso_run_check_tensors(folder, path, file, NULL));
    else if (!*file->sha256 && job->unhashed != NULL)
        job->unhashed(path);
    return iso_weights_finite(file, path);
}

iso_rc iso_job_weights(struct iso_job *job, const char *path)
{
    struct iso_st_file *file = NULL;
    ISO_TRY(iso_st_open(path, &file));
    iso_rc rc = check_weights(job, path, file);
    if (rc == ISO_OK)
        rc = iso_weights_load(job->exec, file, path, false, &job->faults);
    iso_st_close(file);
    return rc;
}

const char *iso_job_where(const struct iso_backend *backend, char *buf, size_t n)
{
    snprintf(buf, n, "%s  %s (%s)", backend->mode == ISO_MODE_EXACT ? "exact" : "fast",
             backend->device.id, backend->device.name);
    return buf;
}

void iso_job_close_exec(struct iso_job *job)
{
    iso_exec_free(job->exec);
    iso_graph_free(job->graph);
    job->exec = NULL;
    job->graph = NULL;
}

void iso_job_free(struct iso_job *job)
{
    iso_job_close_exec(job); /* first: it may be reading the data */
    for (int i = 0; i < 2; i++)
        iso_dataset_free(job->data[i]);
    iso_backend_close(job->backend);
    iso_model_free(job->model);
    for (int i = 0; i < ISO_TEXTS; i++)
        free(job->set[i]);
    iso_trained_classes_free(&job->classes);
}

/* ---- Runs and weights ---------------------------------------------------------------------- */

static iso_rc best_weights(const char *run, char path[ISO_PATH])
{
    if (!iso_folder_exists(run))
        return iso_fail(ISO_EUSAGE,
                        "--best is for the folder of a run, which %s is not: give "
                        "--weights FILE",
                        run);
    return iso_path(path, run, "best.safetensors");
}

/* A network that another framework wrote has to be imported first. */
static bool is_foreign(const char *path)
{
    static const char *const ends[] = { ".onnx", ".keras", ".h5", ".hdf5", ".pt", ".pth" };
    const char *dot = strrchr(iso_path_base(path), '.');
    for (size_t i = 0; dot != NULL && i < sizeof ends / sizeof ends[0]; i++)
        if (strcasecmp(dot, ends[i]) == 0)
            return true;
    return false;
}

static iso_rc no_run(const char *path)
{
    if (is_foreign(path))
        return iso_fail(ISO_EUSAGE,
                        "%s is a network or weights of another framework; `isocl import` makes a "
                        "model file and weights of it (isocl help import), which then are given: "
                        "MODEL.yaml --weights FILE",
                        path);
    return iso_fail(ISO_EUSAGE,
                    "%s is not a run's folder; name one, or give the weights for a "
                    "model file: --weights FILE",
                    path);
}

iso_rc iso_job_files(const char *argument, const char *weights, bool best, char model[ISO_PATH],
                     char path[ISO_PATH])
{
    const bool folder = iso_folder_exists(argument);
    if (access(argument, F_OK) != 0)
        return iso_fail(ISO_EIO, "there is no run and no model file %s; `isocl runs` lists runs",
                        argument);
    if (best)
        ISO_TRY(best_weights(argument, path));
    else if (!folder && weights == NULL)
        return no_run(argument);
    if (folder)
        ISO_TRY(iso_path(model, argument, "model.yaml"));
    else
        snprintf(model, ISO_PATH, "%s", argument);
    if (best)
        return ISO_OK;
    if (weights == NULL)
        return iso_path(path, argument, "weights.safetensors");
    snprintf(path, ISO_PATH, "%s", weights);
    return ISO_OK;
}

/* ---- Evaluation ---------------------------------------------------------------------------- */

iso_rc iso_job_share_machine(const struct iso_ranks *ranks, struct iso_job_options *o, char *device,
                             size_t n)
{
    ISO_TRY(iso_ranks_device(ranks, o->device, device, n));
    o->device = device;
    if (o->threads == 0)
        o->threads = iso_ranks_threads(ranks);
    return ISO_OK;
}

iso_rc iso_job_compare_ranks(struct iso_job *job, struct iso_ranks *ranks)
{
    char text[160], hex[65];
    if (ranks == NULL)
        return ISO_OK;
    snprintf(text, sizeof text, "%s, arithmetic %d", ISO_VERSION, ISO_ARITH_VERSION);
    ISO_TRY(iso_ranks_same(ranks, "isocl", text));
    snprintf(text, sizeof text, "%.60s, %.20s: %lld rows in batches of %lld", job->data[1]->name,
             job->data[1]->split, (long long)job->data[1]->rows, (long long)job->graph->batch);
    ISO_TRY(iso_ranks_same(ranks, "data set", text));
    ISO_TRY(iso_exec_hash(job->exec, hex));
    return iso_ranks_same(ranks, "set of weights", hex);
}

iso_rc iso_job_evaluate(struct iso_job *job, const char *weights, const char *split,
                        const struct iso_job_options *options, struct iso_scores *out)
{
    const struct iso_exec_options exec = { .seed = job->model->seed,
                                           .log_steps = ISO_FIT_LOG_STEPS,
                                           .ranks = options->ranks };
    struct iso_job_options own = *options;
    char device[128];
    if (own.ranks != NULL)
        ISO_TRY(iso_job_share_machine(own.ranks, &own, device, sizeof device));
    ISO_TRY(iso_job_backend(job, &own));
    ISO_TRY(iso_job_exec(job, iso_job_last_phase(job), 0, &exec));
    ISO_TRY(iso_exec_use_views(job->exec, own.tta));
    ISO_TRY(iso_job_weights(job, weights));
    ISO_TRY(iso_job_classes(job, weights));
    ISO_TRY(iso_job_data(job, split, options, &job->data[1]));
    ISO_TRY(iso_job_compare_ranks(job, own.ranks));
    ISO_TRY(iso_exec_data(job->exec, 1, job->data[1]));
    return iso_evaluate(job->exec, 1, job->data[1]->rows, out);
}
