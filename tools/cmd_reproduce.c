/* isocl reproduce: trains models that name a source, and sets its figures beside ours. */
#include "commands.h"
#include "core/job/reproduce.h"
#include "core/system/shipped.h"
#include "figures_show.h"
#include "interrupt.h"
#include "train.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODELS = 256 };
struct reproduce_options {
    struct iso_job_options setup;
    int64_t epochs; /* -1: as the model file says */
    const char *out, *csv;
    bool report, quiet;
    const char *command; /* as typed by the user */
};
static const struct iso_option options[] = {
    { "out", "DIR", ISO_OPTION_TEXT, offsetof(struct reproduce_options, out),
      "folder of the runs, one per model; existing ones are continued (default runs/reproduce)",
      0 },
    { "csv", "FILE", ISO_OPTION_TEXT, offsetof(struct reproduce_options, csv),
      "also write the table as CSV", 0 },
    { "report", NULL, ISO_OPTION_FLAG, offsetof(struct reproduce_options, report),
      "train nothing: show the results so far", 0 },
    { "epochs", "N", ISO_OPTION_INT, offsetof(struct reproduce_options, epochs),
      "total epochs of each model, instead of its file's", 1 },
    ISO_OPTION_DEVICE(struct reproduce_options),
    ISO_OPTION_MODE(struct reproduce_options),
    ISO_OPTION_DATA(struct reproduce_options),
    ISO_OPTION_LIMIT(struct reproduce_options),
    ISO_OPTION_THREADS(struct reproduce_options),
    { "quiet", NULL, ISO_OPTION_FLAG, offsetof(struct reproduce_options, quiet),
      "print no line for each epoch", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

struct list {
    char *path[MODELS];
    int n;
};

/* ---- Which models -------------------------------------------------------------------------- */

/* folder NULL: name is a path. */
static iso_rc add_path(struct list *l, const char *folder, const char *name)
{
    char path[ISO_PATH];
    if (folder == NULL)
        snprintf(path, sizeof path, "%s", name);
    else
        ISO_TRY(iso_path(path, folder, name));
    if (l->n == MODELS)
        return iso_fail(ISO_EUSAGE, "more than %d models; name those wanted", MODELS);
    l->path[l->n] = iso_alloc(strlen(path) + 1, 1);
    if (l->path[l->n] == NULL)
        return ISO_ENOMEM;
    strcpy(l->path[l->n++], path);
    return ISO_OK;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* The model files in a folder and, one level deep, in those below it. */
static iso_rc scan(struct list *l, const char *folder, bool deeper)
{
    DIR *dir = opendir(folder);
    iso_rc rc = ISO_OK;
    if (dir == NULL)
        return iso_file_fail("read the folder", folder);
    for (struct dirent *d; rc == ISO_OK && (d = readdir(dir)) != NULL;) {
        char below[ISO_PATH];
        if (ends_in(d->d_name, ".yaml"))
            rc = add_path(l, folder, d->d_name);
        else if (deeper && d->d_name[0] != '.' && strcmp(d->d_name, "ops") != 0 &&
                 iso_path(below, folder, d->d_name) == ISO_OK && iso_folder_exists(below))
            rc = scan(l, below, false);
    }
    closedir(dir);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static iso_rc scan_sorted(struct list *l, const char *folder)
{
    const int first = l->n;
    ISO_TRY(scan(l, folder, true));
    qsort(l->path + first, (size_t)(l->n - first), sizeof *l->path, by_path);
    return ISO_OK;
}

static iso_rc find_models(struct list *l, int argc, char **argv)
{
    char folder[ISO_PATH];
    for (int i = 0; i < argc; i++) {
        const char *path = iso_setup_path(argv[i], folder);
        ISO_TRY(iso_folder_exists(path) ? scan_sorted(l, path) : add_path(l, NULL, path));
    }
    if (argc > 0)
        return ISO_OK;
    if (!iso_shipped("models", folder))
        return iso_fail(ISO_EUSAGE,
                        "there is no folder models here; name model files, or a "
                        "folder that holds some");
    return scan_sorted(l, folder);
}

/* ---- The command --------------------------------------------------------------------------- */

static int train(const struct reproduce_options *o, const char *path,
                 const struct iso_reproduction *r)
{
    struct iso_trainer_options wanted = iso_reproduction_training(r, &o->setup);
    wanted.command = o->command;
    fprintf(stderr, "isocl reproduce: %s %s: %lld of %lld epochs are done\n",
            r->done < 0 ? "training" : "going on with", path,
            (long long)(r->done < 0 ? 0 : r->done), (long long)r->goal);
    const int code =
        iso_train(&iso_command_train, path, wanted, iso_console_style(false, o->quiet));
    if (code != ISO_EXIT_DONE)
        fprintf(stderr,
                "isocl reproduce: %s was not trained to its end; the same command goes on with "
                "it\n",
                path);
    return code;
}

/* *wanted: true for a model that was named, or has a source. */
static iso_rc find(const struct reproduce_options *o, const char *path, bool named,
                   struct iso_job *job, struct iso_reproduction *r, bool *wanted)
{
    ISO_TRY(iso_setup_model(job, path, &o->setup));
    *wanted = named || *job->model->common.expect.source;
    return *wanted ? iso_reproduction_find(job->model, o->out, o->epochs, r) : ISO_OK;
}

/* Trains one model and adds its figures; returns the exit code. */
static int reproduce(const struct iso_command *command, const struct reproduce_options *o,
                     const char *path, bool named, struct iso_job *job, struct iso_figures *t)
{
    struct iso_reproduction r;
    bool wanted = false;
    int code = iso_report(command, find(o, path, named, job, &r, &wanted), &job->faults);
    if (code != ISO_EXIT_DONE || !wanted || (o->report && r.done < 0))
        return code;
    if (!o->report && r.done < r.goal)
        code = train(o, path, &r);
    if (code != ISO_EXIT_DONE)
        return code;
    return iso_report(command, iso_reproduction_figures(job, &r, &o->setup, t), &job->faults);
}

static int reproduce_all(const struct iso_command *command, const struct reproduce_options *o,
                         const struct list *models, bool named, struct iso_figures *t)
{
    int worst = ISO_EXIT_DONE;
    for (int i = 0; i < models->n && !iso_interrupted; i++) {
        struct iso_job job = { 0 };
        const int code = reproduce(command, o, models->path[i], named, &job, t);
        worst = code > worst ? code : worst;
        iso_job_free(&job);
    }
    if (t->n == 0) {
        fprintf(stderr, "isocl reproduce: there is nothing to show%s\n",
                o->report ? "; leave --report out to train" : "");
        return worst != ISO_EXIT_DONE ? worst : ISO_EXIT_FILE;
    }
    iso_figures_aligned(stdout, t);
    if (o->csv != NULL) {
        const int code = iso_report(command, iso_figures_csv(o->csv, t), NULL);
        worst = code > worst ? code : worst;
        if (code == ISO_EXIT_DONE)
            printf("table %s\n", o->csv);
    }
    return worst;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct reproduce_options o = { .setup = ISO_SETUP_DEFAULTS,
                                   .epochs = -1,
                                   .out = "runs/reproduce" };
    char text[ISO_TRAIN_COMMAND];
    struct list models = { .n = 0 };
    int count, code;
    iso_train_command(command->name, argc, argv, text);
    o.command = text;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    struct iso_figures *table = iso_alloc(1, sizeof *table);
    code =
        iso_report(command, table != NULL ? find_models(&models, count, argv) : ISO_ENOMEM, NULL);
    if (code == ISO_EXIT_DONE)
        code = reproduce_all(command, &o, &models, count > 0, table);
    for (int i = 0; i < models.n; i++)
        free(models.path[i]);
    free(table);
    return code;
}

const struct iso_command iso_command_reproduce = {
    .name = "reproduce",
    .arguments = "[MODEL.yaml|DIR...]",
    .doc = "trains published experiments and compares their figures with ours",
    .more =
        "expect: in a model file gives the published results. Each model is trained in a\n"
        "folder of its own below --out; an existing run is used: a finished one is only\n"
        "read, an unfinished one is continued. Our figure is the mean over the\n"
        "last_epochs that the file names. Without MODEL, uses all files below models/\n"
        "that name a source. S/E is seconds per epoch, the source's on its own machine.",
    .examples =
        "  isocl reproduce models/mnist/linear.yaml\n"
        "  isocl reproduce models/cifar10 --data ~/data --csv cifar10.csv\n"
        "  isocl reproduce --report                              what there is so far\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = MODELS,
    .run = run,
};
