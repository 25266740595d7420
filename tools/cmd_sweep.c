/* isocl sweep: trains a model with each of several values and seeds, each once. */
#include "commands.h"
#include "core/job/training_key.h"
#include "interrupt.h"
#include "sweep_table.h"
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SEEDS = 1000, KEY_DIGITS = 12 };
struct sweep_options {
    struct iso_job_options setup;
    struct iso_text_list over;
    int64_t seeds, epochs;
    const char *out, *csv;
    const char *command; /* as it was typed */
};
#define AT(member) offsetof(struct sweep_options, member)
static const struct iso_option options[] = {
    { "over", "KEY=A,B,...", ISO_OPTION_LIST, AT(over),
      "values of a key of the model file; given several times, all combinations", 0 },
    { "seeds", "N", ISO_OPTION_INT, AT(seeds),
      "train each with the seeds 1 to N (default: the model file's seed)", 1 },
    { "epochs", "N", ISO_OPTION_INT, AT(epochs), "epochs in all, instead of the model file's", 1 },
    { "out", "DIR", ISO_OPTION_TEXT, AT(out), "folder of the runs (default runs/sweep)", 0 },
    { "csv", "FILE", ISO_OPTION_TEXT, AT(csv), "write a row for each run, too", 0 },
    ISO_OPTION_SET(struct sweep_options),
    ISO_OPTION_DEVICE(struct sweep_options),
    ISO_OPTION_MODE(struct sweep_options),
    ISO_OPTION_DATA(struct sweep_options),
    ISO_OPTION_LIMIT(struct sweep_options),
    ISO_OPTION_THREADS(struct sweep_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* ---- One run ------------------------------------------------------------------------------- */

static struct iso_trainer_options training_of(const struct sweep_options *o,
                                              const struct iso_sweep_row *row, int64_t seed)
{
    struct iso_trainer_options t = { .job = o->setup,
                                     .epochs = o->epochs,
                                     .steps = -1,
                                     .checkpoint_minutes = -1,
                                     .command = o->command };
    t.job.seed = seed;
    for (int i = 0; i < o->over.n && t.job.set.n < ISO_TEXTS; i++)
        t.job.set.text[t.job.set.n++] = row->set[i];
    return t;
}

/* Finds the run's folder, whose name the training's key is; *done: true if it has reached its goal;
 * *begun: true if it can go on. */
static iso_rc find_run(const char *out, const struct iso_trainer *t, char folder[ISO_PATH],
                       bool *begun, bool *done)
{
    char hex[65], name[96], path[ISO_PATH];
    struct iso_run_settings settings;
    struct iso_fit_state state;
    ISO_TRY(iso_training_key(t, hex));
    snprintf(name, sizeof name, "%s-%.*s", t->job.model->name, KEY_DIGITS, hex);
    ISO_TRY(iso_path(folder, out, name));
    ISO_TRY(iso_path(path, folder, "state"));
    *begun = *done = false;
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_run_read(folder, &settings, &state));
    *begun = true;
    *done = state.stopping.stopped || state.epoch >= settings.epochs;
    return ISO_OK;
}

/* Trains one of them, unless it has been; returns the exit code. */
static int train_one(const struct iso_command *command, const struct sweep_options *o,
                     const char *model, struct iso_sweep_row *row, int64_t seed)
{
    struct iso_trainer_options wanted = training_of(o, row, seed);
    struct iso_trainer *t = iso_alloc(1, sizeof *t);
    char folder[ISO_PATH];
    bool begun = false, done = false;
    iso_rc rc = t != NULL ? iso_trainer_open(t, &wanted, model) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = find_run(o->out, t, folder, &begun, &done);
    int code = iso_report(command, rc, t != NULL ? &t->job.faults : NULL);
    if (t != NULL)
        iso_trainer_close(t);
    free(t);
    if (code != ISO_EXIT_DONE)
        return code;
    wanted.run = folder;
    wanted.resume = begun;
    fprintf(stderr, "isocl sweep: %s %s%s%s\n",
            done    ? "there is already"
            : begun ? "going on with"
                    : "training",
            folder, *row->text ? "  " : "", row->text);
    if (!done)
        code = iso_train(&iso_command_train, begun ? NULL : model, wanted, ISO_CONSOLE_QUIET);
    return code != ISO_EXIT_DONE ? code
                                 : iso_report(command, iso_sweep_add(row, folder, seed), NULL);
}

/* ---- All of them --------------------------------------------------------------------------- */

static int train_all(const struct iso_command *command, const struct sweep_options *o,
                     const char *model, struct iso_sweep *sweep)
{
    const int64_t seeds = o->seeds > 0 ? o->seeds : 1;
    for (int i = 0; i < sweep->n; i++)
        for (int64_t seed = 1; seed <= seeds && !iso_interrupted; seed++) {
            const int code =
                train_one(command, o, model, &sweep->rows[i], o->seeds > 0 ? seed : -1);
            if (code != ISO_EXIT_DONE)
                return code;
        }
    return ISO_EXIT_DONE;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct sweep_options o = { .setup = ISO_SETUP_DEFAULTS, .epochs = -1, .out = "runs/sweep" };
    struct iso_sweep sweep = { .n = 0 };
    char text[ISO_TRAIN_COMMAND], found[ISO_PATH];
    int count, code;
    iso_train_command(command->name, argc, argv, text);
    o.command = text;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.over.n == 0 && o.seeds == 0)
        return iso_usage(command, "say what to vary: --over KEY=A,B or --seeds N");
    if (o.seeds > MOST_SEEDS || o.over.n + o.setup.set.n > ISO_TEXTS)
        return iso_usage(command, "that is more than anybody waits for");
    code = iso_report(command, iso_sweep_plan(&o.over, &sweep), NULL);
    if (code == ISO_EXIT_DONE)
        code = train_all(command, &o, iso_setup_path(argv[0], found), &sweep);
    if (code == ISO_EXIT_DONE)
        iso_sweep_print(&sweep, &o.over);
    if (code == ISO_EXIT_DONE && o.csv != NULL)
        code = iso_report(command, iso_sweep_csv(&sweep, o.csv), NULL);
    iso_sweep_free(&sweep);
    return code;
}

const struct iso_command iso_command_sweep = {
    .name = "sweep",
    .arguments = "MODEL.yaml",
    .doc = "trains a model with several values and seeds, and compares them",
    .more =
        "Every combination of the values is trained with every seed, in a run's folder that\n"
        "has the SHA-256 of the checked model, seed, data and arithmetic in its name. What is\n"
        "there is not trained again: the same command goes on where it stopped, and a larger\n"
        "one takes up the runs of a smaller. The table has means over the seeds and, behind\n"
        "them, the standard deviation (of n - 1).\n"
        "Keys and values are those of --set; a list is written in brackets.",
    .examples =
        "  isocl sweep models/demo.yaml --over optimizer.learning_rate=0.01,0.001 --seeds 3\n"
        "  isocl sweep models/demo.yaml --over layers.0.filters=8,16 --over "
        "train.batch_size=25,50\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
