/* isocl check: reads all data of a model file, or a folder of images, and lists what is wrong with
 * them, without training. */
#include "commands.h"
#include "exit_code.h"
#include "core/data/data_name.h"
#include "core/image/image_options.h"
#include "core/data/left_out.h"
#include "core/data/named_sets.h"
#include "setup.h"

#include "core/text/printable.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct check_options {
    struct iso_job_options setup;
};
static const struct iso_option options[] = { ISO_OPTION_DATA(struct check_options),
                                             ISO_OPTION_THREADS(struct check_options),
                                             { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 } };

/* ---- One data set --------------------------------------------------------------------------- */

/* Prints the messages of all damaged files, and a line for each other reason. */
static void print_left_out(const struct iso_left_out *left)
{
    char text[1024];
    for (int reason = 0; reason < ISO_LEFT_DAMAGED; reason++)
        if (iso_left_out_text(left, (enum iso_left_reason)reason, text, sizeof text))
            printf("  left out  %s\n", iso_printable(text, false));
    for (int64_t i = 0; i < left->names[ISO_LEFT_DAMAGED].n; i++)
        printf("  damaged   %s\n",
               iso_shown(left->names[ISO_LEFT_DAMAGED].name[i], text, sizeof text));
}

/* Prints what numbers each target has: the share of ones, or the smallest, mean and largest. */
static void print_targets(const struct iso_dataset *set)
{
    for (int i = 0; set->targets != NULL && i < set->classes; i++) {
        double least = INFINITY, most = -INFINITY, sum = 0;
        bool labels = true;
        char name[2 * ISO_CLASS_NAME];
        for (int64_t row = 0; row < set->rows; row++) {
            const double value = (double)set->targets[row * set->classes + i];
            labels = labels && (value == 0 || value == 1);
            least = value < least ? value : least;
            most = value > most ? value : most;
            sum += value;
        }
        iso_shown(set->class_names[i], name, sizeof name);
        if (labels)
            printf("  target    %s: 1 in %.0f rows, 0 in %.0f\n", name, sum,
                   (double)set->rows - sum);
        else
            printf("  target    %s: from %g to %g, mean %g\n", name, least, most,
                   sum / (double)set->rows);
    }
}

/* Adds the number of damaged files to *damaged. Images of any size are read, and none is kept. */
static iso_rc check_set(const char *what, struct iso_dataset_request *r, int64_t *damaged)
{
    struct iso_dataset *set = NULL;
    r->options.image.damaged = ISO_DAMAGED_SKIP;
    r->progress = iso_setup_progress;
    r->memory = 1;
    ISO_TRY(iso_dataset_load(r, &set));
    const int64_t bad = set->left != NULL ? set->left->names[ISO_LEFT_DAMAGED].n : 0;
    printf("%-10s %s, %s: %lld rows %s %d %s can be read, %lld cannot\n", what, set->name,
           *set->split ? set->split : "all", (long long)set->rows,
           set->targets != NULL ? "with" : "in", set->classes,
           set->targets != NULL ? "targets" : "classes", (long long)bad);
    print_targets(set);
    if (set->left != NULL)
        print_left_out(set->left);
    *damaged += bad;
    iso_dataset_free(set);
    return ISO_OK;
}

/* ---- What is named -------------------------------------------------------------------------- */

static iso_rc check_model(struct iso_job *job, const char *path, const struct check_options *o,
                          int64_t *damaged)
{
    static const char *const splits[] = { "train", "validation", "test" };
    ISO_TRY(iso_setup_model(job, path, &o->setup));
    const struct iso_data_spec *specs[] = { &job->model->train, &job->model->validation,
                                            &job->model->test };
    int found = 0;
    for (int i = 0; i < 3; i++) {
        struct iso_dataset_request request;
        if (!specs[i]->given)
            continue;
        ISO_TRY(iso_job_request(job, splits[i], &o->setup, &request));
        ISO_TRY(check_set(splits[i], &request, damaged));
        found++;
    }
    if (found > 0)
        return ISO_OK;
    return iso_fail(ISO_EMODEL, "%s names no data; add  data: {train: {dataset: ...}}", path);
}

/* The splits that the data have, or all of them. */
static iso_rc check_data(const char *data, const struct check_options *o, int64_t *damaged)
{
    char name[ISO_DATASET_NAME];
    struct iso_splits there;
    const struct iso_data_origin here = { .model = "." };
    struct iso_dataset_request r = { .name = name,
                                     .origin = &here,
                                     .folder = o->setup.data,
                                     .threads = (int)o->setup.threads,
                                     .labels_optional = true };
    ISO_TRY(iso_data_name(data, name));
    if (iso_dataset_fields(name) == iso_folder_files.options) {
        r.options.resize[0] = r.options.resize[1] = 32;
        r.options.image.interpolation = ISO_INTERPOLATE_NEAREST;
    }
    ISO_TRY(iso_dataset_splits(&r, &there));
    for (int i = 0; i < ISO_SPLITS; i++) {
        r.split = there.one ? "" : iso_split_names[i];
        if (*there.name[i] || (there.one && i == 0))
            ISO_TRY(check_set(there.one ? "all" : iso_split_names[i], &r, damaged));
    }
    return ISO_OK;
}

/* Data have a kind or a name; a run's folder, and any other file, is a model's. */
static iso_rc is_data(const char *argument, bool *data)
{
    char name[ISO_DATASET_NAME], model[ISO_PATH];
    const iso_rc rc = iso_data_name(argument, name);
    if (rc == ISO_ENOMEM)
        return rc;
    *data = rc == ISO_OK &&
            (iso_path(model, argument, "model.yaml") != ISO_OK || access(model, F_OK) != 0);
    iso_error_clear();
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct check_options o = { .setup = ISO_SETUP_DEFAULTS };
    struct iso_job job = { 0 };
    int64_t damaged = 0;
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    bool data = false;
    iso_rc rc = is_data(argv[0], &data);
    if (rc == ISO_OK)
        rc = data ? check_data(argv[0], &o, &damaged) : check_model(&job, argv[0], &o, &damaged);
    code = iso_report(command, rc, &job.faults);
    iso_job_free(&job);
    return code == 0 && damaged > 0 ? iso_exit_code(ISO_EDATA) : code;
}

const struct iso_command iso_command_check = {
    .name = "check",
    .arguments = "DATA|MODEL.yaml",
    .doc = "reads all data and lists the damaged files, without training",
    .more =
        "DATA is a folder of pictures with a folder for each class, or with train, validation and\n"
        "test that have such folders; a .csv, .npy or .npz file; or the name of a data set, as\n"
        "`isocl help datasets` lists them.\n"
        "Ends with exit code 4 if a file is damaged; `damaged: skip` in a model file's data\n"
        "leaves damaged files out of a training.\n",
    .examples =
        "  isocl check photos\n"
        "  isocl check test.csv\n"
        "  isocl check models/photos.yaml\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
