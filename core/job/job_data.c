/* job_data.c: the data of a job; whatever is read, its classes have the numbers of training. */
#include "job.h"

#include "core/data/class_match.h"
#include "core/data/class_names.h"
#include "core/data/data_name.h"
#include "core/data/name_lines.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The rows that are given for a split, or NULL. */
static const struct iso_dataset *find_rows(const struct iso_job_options *options, const char *split)
{
    static const char *const splits[] = { "train", "validation", "test" };
    for (int i = 0; i < 3; i++)
        if (strcmp(splits[i], split) == 0)
            return options->rows[i];
    return NULL;
}

bool iso_job_validates(const struct iso_job *job, const struct iso_job_options *options)
{
    return options->rows[1] != NULL || (options->rows[0] == NULL && job->model->validation.given);
}

/* Requests rows that are given, whole, with the frame that the model's input has around them. */
static void request_rows(const struct iso_model *m, const char *split,
                         const struct iso_dataset *rows, struct iso_dataset_request *out)
{
    *out = (struct iso_dataset_request){ .name = rows->name,
                                         .split = split,
                                         .rows = rows,
                                         .input = &m->input,
                                         .pad = { m->pad[0], m->pad[1], m->pad[2], m->pad[3] },
                                         .repeat_channels = m->repeat_channels };
}

/* Returns what is known of the data that the model was trained on; NULL: nothing. */
static const struct iso_trained_classes *known_classes(const struct iso_job *job)
{
    return job->classes.n > 0 || job->classes.columns.n > 0 ? &job->classes : NULL;
}

iso_rc iso_job_request(const struct iso_job *job, const char *split,
                       const struct iso_job_options *options, struct iso_dataset_request *out)
{
    const struct iso_dataset *rows = find_rows(options, split);
    if (rows != NULL)
        request_rows(job->model, split, rows, out);
    else
        ISO_TRY(iso_model_data(job->model, split, out));
    out->folder = options->data;
    out->origin = &job->origin;
    out->threads = (int)options->threads;
    out->progress = options->progress;
    out->limit = options->limit;
    out->trained = known_classes(job);
    out->labels_optional = options->labels_optional && strcmp(split, "train") != 0;
    return ISO_OK;
}

/* Without test data in the model file, the test split of the training data stands in; if there is
 * none either, the message says what can be asked for instead. */
static iso_rc explain_test(const struct iso_job *job, const char *split, iso_rc rc)
{
    const struct iso_model *m = job->model;
    char why[ISO_PATH];
    if (rc != ISO_EDATA || strcmp(split, "test") != 0 || m->test.given)
        return rc;
    iso_error_take(why, sizeof why);
    return iso_fail(rc,
                    "%s names no test data: --split %s takes its %s data, and `data: {test: "
                    "{dataset: ...}}` would name some. (The test split of its training data would "
                    "do, but: %s)",
                    m->file, m->validation.given ? "validation" : "train",
                    m->validation.given ? "validation" : "training", why);
}

static iso_rc load_data(struct iso_job *job, const char *split,
                        const struct iso_job_options *options, struct iso_dataset **out)
{
    struct iso_dataset_request request;
    ISO_TRY(iso_job_request(job, split, options, &request));
    ISO_TRY(explain_test(job, split, iso_dataset_load(&request, out)));
    if (strcmp(split, "train") != 0 || job->classes.n > 0)
        return ISO_OK;
    return iso_trained_classes_take(&job->classes, *out);
}

/* ---- Classes ------------------------------------------------------------------------------- */

/* Reads the names of the columns of a table that the weights were trained on. */
static iso_rc read_columns(struct iso_job *job, const char *const *beside, int files)
{
    char folder[ISO_PATH], path[ISO_PATH];
    for (int i = 0; i < files && job->classes.columns.n == 0; i++) {
        ISO_TRY(iso_path_folder(folder, beside[i]));
        ISO_TRY(iso_name_lines_load(folder, ISO_COLUMNS_FILE, path, &job->classes.columns));
    }
    return ISO_OK;
}

iso_rc iso_job_classes(struct iso_job *job, const char *weights)
{
    const char *const beside[] = { job->path, weights };
    const int n = (int)job->graph->classes, files = weights != NULL ? 2 : 1;
    iso_trained_classes_free(&job->classes);
    for (int i = 0; i < files && job->classes.name == NULL; i++) {
        char folder[ISO_PATH];
        ISO_TRY(iso_path_folder(folder, beside[i]));
        ISO_TRY(iso_class_names_load(folder, n, &job->classes.name));
    }
    job->classes.n = job->classes.name != NULL ? n : 0;
    return read_columns(job, beside, files);
}

/* A public data set has the same classes in all its splits. */
static bool same_classes(const struct iso_dataset_request *a, const struct iso_dataset_request *b)
{
    return strcmp(a->name, b->name) == 0 && !iso_dataset_is_file(a->name);
}

/* Finds the names of the classes in the training data, leaving images on disk if possible. Without
 * the data the names stay unknown, and why says what is wrong. */
static iso_rc learn_classes(struct iso_job *job, const char *split,
                            const struct iso_job_options *options, char why[ISO_PATH])
{
    struct iso_dataset_request wanted, train;
    struct iso_dataset *set = NULL;
    ISO_TRY(iso_job_request(job, split, options, &wanted));
    iso_rc rc = iso_job_request(job, "train", options, &train);
    if (rc == ISO_OK && same_classes(&wanted, &train))
        return ISO_OK;
    train.memory = 1;
    if (rc == ISO_OK)
        rc = iso_dataset_load(&train, &set);
    if (rc == ISO_OK)
        rc = iso_trained_classes_take(&job->classes, set);
    iso_dataset_free(set);
    if (rc == ISO_OK || rc == ISO_ENOMEM)
        return rc;
    iso_error_take(why, ISO_PATH);
    return ISO_OK;
}

/* Some of the classes, without the names of all, could be any. */
static iso_rc check_complete(const struct iso_job *job, const struct iso_dataset *set,
                             const char *why)
{
    const int wanted = job->graph != NULL ? (int)job->graph->classes : 0;
    if (!*why || set->class_names == NULL || set->classes >= wanted)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "data set '%s' has %d of the %d classes that the model tells apart, and which "
                    "ones they are the training data would say, but: %s",
                    set->name, set->classes, wanted, why);
}

/* ---- Splits -------------------------------------------------------------------------------- */

/* Computes `mean: auto` and `std: auto` from the training rows, whatever split is requested. */
static iso_rc measure(struct iso_job *job, const struct iso_job_options *options)
{
    struct iso_dataset *train = NULL;
    iso_rc rc = load_data(job, "train", options, &train);
    if (rc == ISO_OK)
        rc = iso_model_measure(job->model, train, options->progress);
    iso_dataset_free(train);
    return rc;
}

iso_rc iso_job_data(struct iso_job *job, const char *split, const struct iso_job_options *options,
                    struct iso_dataset **out)
{
    const bool train = strcmp(split, "train") == 0;
    char why[ISO_PATH] = "";
    if (!train && iso_model_measures(job->model))
        ISO_TRY(measure(job, options));
    if (!train && job->classes.n == 0 && find_rows(options, split) == NULL)
        ISO_TRY(learn_classes(job, split, options, why));
    ISO_TRY(load_data(job, split, options, out));
    ISO_TRY(check_complete(job, *out, why));
    return train ? iso_model_measure(job->model, *out, options->progress) : ISO_OK;
}

/* ---- Files to predict ---------------------------------------------------------------------- */

/* Takes over how the training data are read, except for the rows: columns and arrays by name if
 * they are of this kind, classes, and the frame of the model's input. */
static void describe_table(const struct iso_job *job, const char *kind,
                           const struct iso_job_options *options, struct iso_dataset_request *out)
{
    const struct iso_dataset none = { .name = "" };
    const struct iso_data_spec *train = &job->model->train;
    request_rows(job->model, "", &none, out);
    out->rows = NULL;
    out->classes = train->classes;
    const size_t n = strlen(kind);
    if (train->given && strncmp(train->dataset, kind, n) == 0 && train->dataset[n] == ':')
        out->options = train->options;
    out->folder = options->data;
    out->threads = (int)options->threads;
    out->progress = options->progress;
    out->limit = options->limit;
    out->trained = known_classes(job);
    out->labels_optional = true;
}

iso_rc iso_job_table(struct iso_job *job, const char *path, const char *split,
                     const struct iso_job_options *options, struct iso_dataset **out)
{
    const struct iso_data_origin here = { .model = "." };
    const char *kind = iso_table_kind(path);
    char name[ISO_DATASET_NAME];
    struct iso_dataset_request request;
    if (kind == NULL || access(path, R_OK) != 0)
        return iso_file_fail("read", path);
    if (snprintf(name, sizeof name, "%s:%s", kind, path) >= (int)sizeof name)
        return iso_path_too_long(path);
    if (iso_model_measures(job->model))
        ISO_TRY(measure(job, options));
    describe_table(job, kind, options, &request);
    request.name = name;
    request.split = split;
    request.origin = &here;
    return iso_dataset_load(&request, out);
}
