/* isocl report: one HTML page on a run, or on several beside each other. */
#include "commands.h"
#include "core/train/run_check.h"
#include "interrupt.h"
#include "setup.h"
#include "tools/report/events.h"
#include "tools/report/files.h"
#include "tools/report/measured.h"
#include "tools/report/numbers_csv.h"
#include "tools/report/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 64 };
struct report_options {
    struct iso_measure_options measure;
    const char *out, *png, *tensorboard, *csv;
    bool watch;
    int64_t every; /* seconds between two looks */
};
struct report { /* the page and files in the making */
    const struct report_options *options;
    int n;
    char **folders;
    char path[ISO_PATH]; /* the page */
    struct iso_told told[RUNS];
    struct iso_events events[RUNS];
    struct iso_page page;
};
#define SETUP measure.setup
static const struct iso_option options[] = {
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct report_options, out),
      "the page (default RUN/report.html; of several runs report.html)", 0 },
    { "png", "DIR", ISO_OPTION_TEXT, offsetof(struct report_options, png),
      "also write the pictures as files: SVG and, with rsvg-convert, PNG", 0 },
    { "history", NULL, ISO_OPTION_FLAG, offsetof(struct report_options, measure.history),
      "use only the run's files: no data needed, nothing measured", 0 },
    { "watch", NULL, ISO_OPTION_FLAG, offsetof(struct report_options, watch),
      "write the page anew while the run trains; it reads itself anew, too", 0 },
    { "every", "SECONDS", ISO_OPTION_INT, offsetof(struct report_options, every),
      "how often, with --watch (default 5)", 1 },
    { "tensorboard", "DIR", ISO_OPTION_TEXT, offsetof(struct report_options, tensorboard),
      "write event files for TensorBoard, too: DIR/NAME/train, DIR/NAME/validation", 0 },
    { "csv", "FILE", ISO_OPTION_TEXT, offsetof(struct report_options, csv),
      "write all numbers, too, a number a line: run,step,epoch,split,metric,value", 0 },
    { "device", "DEVICE", ISO_OPTION_TEXT, offsetof(struct report_options, SETUP.device),
      "device to measure on (default: the run's, if this machine has it)", 0 },
    { "mode", "exact|fast", ISO_OPTION_CHOICE, offsetof(struct report_options, SETUP.mode),
      "mode to compute in (default: the run's)", 0 },
    { "data", "DIR", ISO_OPTION_TEXT, offsetof(struct report_options, SETUP.data),
      "folder of the data sets (default: ISOCL_DATA, then ~/.local/share/isocl)", 0 },
    { "limit", "N", ISO_OPTION_INT, offsetof(struct report_options, SETUP.limit),
      "take only the first N rows of every split (default: as in the run)", 1 },
    { "threads", "N", ISO_OPTION_INT, offsetof(struct report_options, SETUP.threads),
      "processor threads, on devices that take them (default: all)", 1 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* ---- Once ---------------------------------------------------------------------------------- */

static void free_runs(struct report *r)
{
    for (int i = 0; i < r->n; i++) {
        iso_told_free(&r->told[i]);
        r->told[i] = (struct iso_told){ .yaml = NULL };
    }
    iso_page_free(&r->page);
    r->page = (struct iso_page){ .out = NULL };
}

/* Files that are missing, and faults of a model file, are for the page to tell. */
static iso_rc check(const char *folder)
{
    char model[ISO_PATH];
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    const iso_rc rc = faults != NULL && iso_run_is(folder)
                          ? iso_run_check(folder, model, faults, NULL, NULL)
                      : faults != NULL ? ISO_OK
                                       : ISO_ENOMEM;
    free(faults);
    if (rc != ISO_EMODEL && rc != ISO_EIO)
        return rc;
    iso_error_clear(); /* as said above */
    return ISO_OK;
}

/* hashes: of the weights, which takes reading them. */
static iso_rc read_runs(struct report *r, bool hashes)
{
    for (int i = 0; i < r->n; i++) {
        ISO_TRY(check(r->folders[i]));
        ISO_TRY(iso_told_read(r->folders[i], &r->told[i]));
        ISO_TRY(iso_told_batches(&r->told[i]));
        if (hashes)
            ISO_TRY(iso_told_hash(&r->told[i]));
    }
    iso_told_distinguish(r->told, r->n);
    return ISO_OK;
}

static iso_rc make_page(struct report *r, const struct iso_measure_options *o)
{
    struct iso_measured *m;
    if (r->n > 1)
        return iso_page_of_runs(&r->page, r->told, r->n);
    m = iso_alloc(1, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_measure(r->told, o, m);
    if (rc == ISO_OK)
        rc = iso_page_of_run(&r->page, r->told, m);
    iso_measured_free(m);
    free(m);
    return rc;
}

static iso_rc write_files(struct report *r)
{
    ISO_TRY(iso_file_write(r->path, r->page.text, r->page.size));
    for (int i = 0; r->options->tensorboard != NULL && i < r->n; i++)
        ISO_TRY(iso_events_write(&r->events[i], r->options->tensorboard, &r->told[i]));
    return r->options->csv != NULL ? iso_numbers_csv(r->told, r->n, r->options->csv) : ISO_OK;
}

/* Makes the page and all other files of what the runs say now. */
static iso_rc report(struct report *r)
{
    const struct report_options *o = r->options;
    struct iso_measure_options measure = o->measure;
    measure.history = measure.history || iso_interrupted != 0;
    ISO_TRY(read_runs(r, true));
    ISO_TRY(iso_file_may_replace(r->path));
    ISO_TRY(make_page(r, &measure));
    ISO_TRY(write_files(r));
    printf("page %s\n", r->path);
    if (o->tensorboard != NULL)
        printf("events %s\n", o->tensorboard);
    if (o->csv != NULL)
        printf("numbers %s\n", o->csv);
    if (o->png == NULL)
        return ISO_OK;
    ISO_TRY(iso_write_pictures(r->page.picture, r->page.npictures, o->png));
    printf("pictures %s: %d, as SVG and PNG\n", o->png, r->page.npictures);
    return ISO_OK;
}

/* ---- Again and again ----------------------------------------------------------------------- */

static bool is_running(const struct report *r)
{
    for (int i = 0; i < r->n; i++)
        if (iso_told_running(r->folders[i]))
            return true;
    return false;
}

static iso_rc look(struct report *r)
{
    struct iso_measure_options history = r->options->measure;
    history.watched = true;
    r->page.again = (int)r->options->every;
    ISO_TRY(read_runs(r, false));
    ISO_TRY(make_page(r, &history));
    return write_files(r);
}

/* Writes what is there while somebody trains in one of the folders. */
static iso_rc watch(struct report *r)
{
    bool told = false;
    ISO_TRY(iso_file_may_replace(r->path));
    while (!iso_interrupted && is_running(r)) {
        const iso_rc rc = look(r);
        free_runs(r);
        ISO_TRY(rc);
        if (!told)
            printf("watching: %s is written every %d seconds while the run trains\n", r->path,
                   (int)r->options->every);
        told = true;
        fflush(stdout);
        for (int64_t i = 0; i < r->options->every && !iso_interrupted && is_running(r); i++)
            sleep(1);
    }
    return ISO_OK;
}

static iso_rc watch_and_report(struct report *r)
{
    const struct report_options *o = r->options;
    if (o->out != NULL || r->n > 1)
        snprintf(r->path, sizeof r->path, "%s", o->out != NULL ? o->out : "report.html");
    else
        ISO_TRY(iso_path(r->path, r->folders[0], "report.html"));
    if (o->watch) {
        iso_interrupts_catch("stopping; the page says what is known now\n");
        ISO_TRY(watch(r));
    }
    return report(r);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct report_options o = { .measure = { .setup = ISO_SETUP_DEFAULTS }, .every = 5 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.out != NULL && strlen(o.out) >= ISO_PATH)
        return iso_usage(command, "the path of --out is too long");
    struct report *r = iso_alloc(1, sizeof *r);
    if (r == NULL)
        return iso_report(command, ISO_ENOMEM, NULL);
    r->options = &o;
    r->n = count;
    r->folders = argv;
    code = iso_report(command, watch_and_report(r), NULL);
    free_runs(r);
    free(r);
    return code;
}

const struct iso_command iso_command_report = {
    .name = "report",
    .arguments = "RUN...",
    .doc = "writes an HTML page on a run, or on several",
    .more =
        "The page needs no network connection and no other file. For one run it shows its\n"
        "history and, with its model, weights, data and device, scores, confusion matrix,\n"
        "samples, predictions, the time of each op and a short parity check; a note\n"
        "replaces each part that cannot be made. For several runs it overlays their\n"
        "curves and lists their differences.\n"
        "--watch follows a run that another isocl trains: until it ends, the page shows its\n"
        "history and reads itself anew. Event files have Keras's tags, epoch_loss, batch_loss\n"
        "and so on; the step of an epoch is its number, from 1.",
    .examples =
        "  isocl report runs/demo-001\n"
        "  isocl report runs/demo-001 --png pictures            as files, too\n"
        "  isocl report runs/demo-001 --watch                   while it trains\n"
        "  isocl report runs/demo-001 --tensorboard logs        then: tensorboard --logdir logs\n"
        "  isocl report runs/demo-001 runs/demo-002 --out both.html\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = RUNS,
    .run = run,
};
