/* isocl report: one HTML page on a run, or on several beside each other. */
#include "commands.h"
#include "setup.h"
#include "tools/report/files.h"
#include "tools/report/measured.h"
#include "tools/report/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct report_options {
    struct iso_measure_options measure;
    const char *out, *png;
};
#define SETUP measure.setup
static const struct iso_option options[] = {
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct report_options, out),
      "the page (default RUN/report.html; of several runs report.html)", 0 },
    { "png", "DIR", ISO_OPTION_TEXT, offsetof(struct report_options, png),
      "also write the pictures as files: SVG and, with rsvg-convert, PNG", 0 },
    { "history", NULL, ISO_OPTION_FLAG, offsetof(struct report_options, measure.history),
      "use only the run's files: no data needed, nothing measured", 0 },
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

static iso_rc read_runs(struct iso_told *t, int n, char **folders)
{
    for (int i = 0; i < n; i++) {
        ISO_TRY(iso_told_read(folders[i], &t[i]));
        iso_told_batches(&t[i]);
        iso_told_hash(&t[i]);
    }
    iso_told_distinguish(t, n);
    return ISO_OK;
}

static iso_rc make_page(struct iso_page *p, const struct iso_told *t, int n,
                        const struct report_options *o)
{
    struct iso_measured *m;
    if (n > 1)
        return iso_page_of_runs(p, t, n);
    m = iso_alloc(1, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_measure(t, &o->measure, m);
    if (rc == ISO_OK)
        rc = iso_page_of_run(p, t, m);
    iso_measured_free(m);
    free(m);
    return rc;
}

static iso_rc report(const struct report_options *o, int n, char **folders, struct iso_told *t,
                     struct iso_page *p)
{
    char path[ISO_PATH];
    ISO_TRY(read_runs(t, n, folders));
    if (o->out != NULL || n > 1)
        snprintf(path, sizeof path, "%s", o->out != NULL ? o->out : "report.html");
    else
        ISO_TRY(iso_path(path, folders[0], "report.html"));
    ISO_TRY(iso_file_may_replace(path));
    ISO_TRY(make_page(p, t, n, o));
    ISO_TRY(iso_file_write(path, p->text, p->size));
    printf("page %s\n", path);
    if (o->png == NULL)
        return ISO_OK;
    ISO_TRY(iso_write_pictures(p->picture, p->npictures, o->png));
    printf("pictures %s: %d, as SVG and PNG\n", o->png, p->npictures);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct report_options o = { .measure = { .setup = ISO_SETUP_DEFAULTS } };
    struct iso_page page = { .out = NULL };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.out != NULL && strlen(o.out) >= ISO_PATH)
        return iso_usage(command, "the path of --out is too long");
    struct iso_told *told = iso_alloc((size_t)count, sizeof *told);
    code =
        iso_report(command, told != NULL ? report(&o, count, argv, told, &page) : ISO_ENOMEM, NULL);
    for (int i = 0; told != NULL && i < count; i++)
        iso_told_free(&told[i]);
    free(told);
    iso_page_free(&page);
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
        "curves and lists their differences.",
    .examples =
        "  isocl report runs/demo-001\n"
        "  isocl report runs/demo-001 --png pictures            as files, too\n"
        "  isocl report runs/demo-001 runs/demo-002 --out both.html\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 64,
    .run = run,
};
