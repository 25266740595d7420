/* isocl runs: lists the runs in a folder with their results, and compares runs. */
#include "commands.h"
#include "core/system/file.h"
#include "core/text/json.h"
#include "runs_differ.h"
#include "tools/report/runs_table.h"
#include "setup.h"
#include "tools/report/made.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 1024 };
struct runs_options {
    const char *sort;
    bool reverse, json;
};
static const struct iso_option options[] = {
    { "sort", "COLUMN", ISO_OPTION_TEXT, offsetof(struct runs_options, sort),
      "sort by a column of the table, such as val_acc (default: as given, or by folder)", 0 },
    { "reverse", NULL, ISO_OPTION_FLAG, offsetof(struct runs_options, reverse),
      "sort the largest first", 0 },
    { "json", NULL, ISO_OPTION_FLAG, offsetof(struct runs_options, json),
      "print one JSON object per run", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

struct runs {
    struct iso_told *list;
    int n;
};

/* ---- Reading ------------------------------------------------------------------------------- */

/* Asks without memory, whose lack must not make a run look like none. */
static bool is_run(const char *folder)
{
    char path[ISO_PATH];
    const bool is = iso_path(path, folder, "state") == ISO_OK && access(path, R_OK) == 0;
    iso_error_clear(); /* a path that is too long cannot be a run */
    return is;
}

/* A run that cannot be read, as one of an older isocl, is told of and left out. */
static iso_rc add_run(struct runs *runs, const char *folder)
{
    char why[1024];
    if (runs->n == RUNS)
        return iso_fail(ISO_EUSAGE, "more than %d runs; name those wanted", RUNS);
    struct iso_told *t = &runs->list[runs->n];
    const iso_rc rc = iso_told_read(folder, t);
    if (rc == ISO_OK && t->has_state) {
        runs->n++;
        return iso_told_hash(t);
    }
    if (rc == ISO_OK)
        snprintf(why, sizeof why, "%s", t->faults);
    else
        iso_error_take(why, sizeof why);
    iso_told_free(t);
    if (rc == ISO_ENOMEM)
        return rc;
    fprintf(stderr, "isocl runs: left out: %s\n", why);
    return ISO_OK;
}

static int by_folder(const void *a, const void *b)
{
    return strcmp(((const struct iso_told *)a)->folder, ((const struct iso_told *)b)->folder);
}

static iso_rc scan(struct runs *runs, const char *folder)
{
    const int first = runs->n;
    DIR *dir = opendir(folder);
    iso_rc rc = ISO_OK;
    if (dir == NULL)
        return iso_file_fail("read the folder", folder);
    for (struct dirent *d; rc == ISO_OK && (d = readdir(dir)) != NULL;) {
        char path[ISO_PATH];
        if (d->d_name[0] == '.')
            continue;
        if (iso_path(path, folder, d->d_name) != ISO_OK)
            iso_error_clear(); /* as in is_run */
        else if (is_run(path))
            rc = add_run(runs, path);
    }
    closedir(dir);
    qsort(runs->list + first, (size_t)(runs->n - first), sizeof *runs->list, by_folder);
    return rc;
}

static iso_rc find(struct runs *runs, int argc, char **argv)
{
    if (argc == 0 && !iso_folder_exists("runs"))
        return iso_fail(ISO_EUSAGE, "there is no folder runs here; name a folder of runs, or runs");
    if (argc == 0)
        return scan(runs, "runs");
    for (int i = 0; i < argc; i++)
        ISO_TRY(is_run(argv[i]) ? add_run(runs, argv[i]) : scan(runs, argv[i]));
    return ISO_OK;
}

/* ---- Telling ------------------------------------------------------------------------------- */

static json_t *json_or_null(double value) { return isnan(value) ? json_null() : json_real(value); }

static void add_made(json_t *o, const struct iso_told *t)
{
    char driver[512], verified[1024];
    iso_json_set(o, "weights_sha256", *t->hash ? iso_json_string(t->hash) : json_null());
    iso_json_set(o, "device_name", iso_json_string(t->device.name));
    iso_json_set(o, "driver", iso_json_string(iso_made_driver(t, driver, sizeof driver)));
    iso_json_set(o, "seconds", json_or_null(iso_told_seconds(t)));
    iso_made_verified(t, verified, sizeof verified);
    iso_json_set(o, "verified", *verified ? iso_json_string(verified) : json_null());
}

static double best_accuracy(const struct iso_told *t)
{
    int64_t row;
    return iso_table_best(&t->epochs, iso_table_find(&t->epochs, "validation_accuracy"), false,
                          &row);
}

/* same: the run whose bits it has; NULL: none. */
static iso_rc print_json(const struct iso_told *t, const char *same)
{
    static const char *const columns[] = { "loss", "accuracy", "validation_loss",
                                           "validation_accuracy" };
    json_t *o = json_pack("{s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:I}", "run",
                          iso_json_string(t->folder), "model", iso_json_string(t->model), "mode",
                          t->settings.fast ? "fast" : "exact", "device",
                          iso_json_string(*t->device.id ? t->device.id : "-"), "seed",
                          (json_int_t)t->settings.seed, "batch", (json_int_t)t->settings.batch,
                          "epoch", (json_int_t)t->state.epoch, "step", (json_int_t)t->state.step);
    for (size_t i = 0; o != NULL && i < sizeof columns / sizeof *columns; i++)
        iso_json_set(o, columns[i], json_or_null(iso_runs_last(t, columns[i])));
    if (o != NULL)
        iso_json_set(o, "best_validation_accuracy", json_or_null(best_accuracy(t)));
    if (o != NULL && *t->best.monitor)
        iso_json_set(o, "best",
                     json_pack("{s:s, s:o, s:I}", "monitor", t->best.monitor, "value",
                               json_or_null(t->best.value), "epoch", (json_int_t)t->best.epoch));
    add_made(o, t);
    iso_json_set(o, "same_bits_as", same != NULL ? iso_json_string(same) : json_null());
    return iso_json_line(o, JSON_COMPACT | JSON_REAL_PRECISION(9), stdout);
}

/* argc: of the arguments; runs that were named one by one are compared with the first. */
static iso_rc tell(struct runs *runs, const struct runs_options *o, int argc)
{
    if (runs->n == 0)
        return iso_fail(ISO_EUSAGE, "there are no runs to show; `isocl train` makes them");
    if (o->sort != NULL)
        ISO_TRY(iso_runs_sort(runs->list, runs->n, o->sort, o->reverse));
    for (int i = 0; o->json && i < runs->n; i++) {
        const int same = iso_runs_same_bits(runs->list, i);
        ISO_TRY(print_json(&runs->list[i], same < 0 ? NULL : runs->list[same].folder));
    }
    if (o->json)
        return ISO_OK;
    iso_runs_print(runs->list, runs->n);
    for (int i = 0; argc > 1 && runs->n == argc && i < runs->n; i++) {
        ISO_TRY(iso_told_batches(&runs->list[i]));
        if (i > 0)
            iso_runs_differ(&runs->list[0], &runs->list[i]);
    }
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct runs_options o = { 0 };
    struct runs runs = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.reverse && o.sort == NULL)
        return iso_usage(command, "--reverse needs --sort COLUMN");
    runs.list = iso_alloc(RUNS, sizeof *runs.list);
    iso_rc rc = runs.list != NULL ? find(&runs, count, argv) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = tell(&runs, &o, count);
    for (int i = 0; i < runs.n; i++)
        iso_told_free(&runs.list[i]);
    free(runs.list);
    return iso_report(command, rc, NULL);
}

const struct iso_command iso_command_runs = {
    .name = "runs",
    .arguments = "[DIR|RUN...]",
    .doc = "lists runs with their results, and compares runs",
    .more =
        "Loss and accuracy are those of the last epoch. BEST is the best value, and its\n"
        "epoch, of the number that selects best.safetensors: validation accuracy, unless\n"
        "another name is shown. WEIGHTS is the beginning of the sha256 that training\n"
        "prints; a run whose weights have the same bits as those of one above it says so.\n"
        "Without arguments, lists the runs in the folder runs. For runs that are named\n"
        "one by one, also shows their differences: lines of their model files, data,\n"
        "isocl's version, machine, device and driver; and where their numbers first\n"
        "diverge: step, epoch and tensor. If both folders have a trace.safetensors\n"
        "(`isocl trace`), names the first tensor that differs, in the order of\n"
        "computation.",
    .examples =
        "  isocl runs\n"
        "  isocl runs --sort val_acc --reverse                 the best first\n"
        "  isocl runs runs/cnn-001 runs/cnn-002                how they differ\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1000,
    .run = run,
};
