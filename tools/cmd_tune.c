/* isocl tune: measures which kernels compute a model's products fastest on a device. */
#include "commands.h"
#include "setup.h"

#include <stdio.h>
#include <string.h>

struct tune_options {
    struct iso_job_options setup;
    bool known;
};
static const struct iso_option options[] = { ISO_OPTION_DEVICE(struct tune_options),
                                             ISO_OPTION_MODE(struct tune_options),
                                             ISO_OPTION_BATCH(struct tune_options),
                                             ISO_OPTION_SET(struct tune_options),
                                             ISO_OPTION_PHASE(struct tune_options),
                                             { "known", NULL, ISO_OPTION_FLAG,
                                               offsetof(struct tune_options, known),
                                               "measure nothing, print the known results", 0 },
                                             { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 } };

struct table {
    char product[128]; /* product of the last row */
    int products, rows;
};

/* Prints a row for each candidate; the first row of a product has its name. */
static void print_row(void *self, const struct iso_tuned *t)
{
    struct table *table = self;
    const bool first = strcmp(table->product, t->product) != 0;
    if (table->rows++ == 0)
        printf("%-36s %-16s %10s %10s\n", "PRODUCT", "CANDIDATE", "ms", "GFLOP/s");
    table->products += first;
    snprintf(table->product, sizeof table->product, "%s", t->product);
    printf("%-36s %-16s ", first ? t->product : "", t->candidate);
    if (t->seconds > 0)
        printf("%10.3f %10.1f%s\n", 1e3 * t->seconds, 1e-9 * t->flops / t->seconds,
               t->chosen ? "  chosen" : "");
    else
        printf("%s\n", t->verdict);
}

static iso_rc tune(struct iso_job *job, const struct tune_options *o, const char *path)
{
    struct table table = { .rows = 0 };
    char where[256];
    ISO_TRY(iso_setup_model(job, path, &o->setup));
    ISO_TRY(iso_job_backend(job, &o->setup));
    const struct iso_backend_ops *ops = job->backend->ops;
    job->backend->tuning = o->known ? ISO_TUNE_OFF : ISO_TUNE_ALL;
    ISO_TRY(iso_job_exec(
        job, 0, 0,
        &(struct iso_exec_options){ .training = true, .seed = job->model->seed, .log_steps = 1 }));
    if (ops->tuned != NULL)
        ISO_TRY(ops->tuned(job->backend, print_row, &table));
    iso_job_where(job->backend, where, sizeof where);
    if (table.rows == 0)
        printf("%s: there is nothing to choose from\n", where);
    else
        printf("%d products, %d candidates: %s\n", table.products, table.rows, where);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct tune_options o = { .setup = ISO_SETUP_DEFAULTS };
    struct iso_job job = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    code = iso_report(command, tune(&job, &o, argv[0]), &job.faults);
    iso_job_free(&job);
    return code;
}

const struct iso_command iso_command_tune = {
    .name = "tune",
    .arguments = "MODEL.yaml",
    .doc = "measures which kernels compute a model's products fastest on a device",
    .more =
        "Training does this by itself, for some seconds, at the first use of a model on a\n"
        "device (`--tune off` turns it off). This command measures every candidate. Each\n"
        "runs in a process of its own and must be right before its time counts: in exact\n"
        "mode it must give the same bits, so that the choice changes no result. A\n"
        "candidate that crashed or hung is not tried again with the same driver. Results\n"
        "are kept in a text file, tuner-*.txt, in the folder isocl of XDG_CACHE_HOME or\n"
        "~/.cache.",
    .examples =
        "  isocl tune models/mnist/cnn.yaml --device opencl   measure, and print a table\n"
        "  isocl tune models/mnist/cnn.yaml --known           print what is known",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
