/* isocl train: trains a model and keeps the run in a folder. */
#include "train.h"

#include "commands.h"
#include "interrupt.h"

#include <stdio.h>

struct train_options {
    struct iso_job_options setup;
    int64_t epochs, steps;     /* -1: as the model file says */
    double checkpoint_minutes; /* -1: as the model file says */
    const char *weights, *out, *verify;
    bool resume, quiet, json;
};
static const struct iso_option options[] = {
    { "device", "DEVICE", ISO_OPTION_TEXT, offsetof(struct train_options, setup.device),
      "auto, gpu, or one that `isocl devices` lists (default auto); with mpirun a list, "
      "such as cpu,opencl:0 (isocl help ranks)",
      0 },
    ISO_OPTION_MODE(struct train_options),
    { "epochs", "N", ISO_OPTION_INT, offsetof(struct train_options, epochs),
      "epochs in all, over all phases, instead of the model file's", 1 },
    { "steps", "N", ISO_OPTION_INT, offsetof(struct train_options, steps),
      "N optimizer steps in all, over all phases, instead of epochs; leaves validation out", 1 },
    ISO_OPTION_BATCH(struct train_options),
    ISO_OPTION_SEED(struct train_options),
    ISO_OPTION_SET(struct train_options),
    ISO_OPTION_PHASE(struct train_options),
    ISO_OPTION_DATA(struct train_options),
    ISO_OPTION_LIMIT(struct train_options),
    { "out", "DIR", ISO_OPTION_TEXT, offsetof(struct train_options, out),
      "the run's folder (default runs/MODEL-NNN)", 0 },
    { "weights", "FILE", ISO_OPTION_TEXT, offsetof(struct train_options, weights),
      "safetensors file to begin with (default: initialized as the model file says)", 0 },
    { "resume", NULL, ISO_OPTION_FLAG, offsetof(struct train_options, resume),
      "continue the run in --out; it ends with the bits of a run that never stopped", 0 },
    { "checkpoint-minutes", "N", ISO_OPTION_REAL,
      offsetof(struct train_options, checkpoint_minutes),
      "minutes between saves within an epoch; 0: none (default: the model file's)", 0 },
    { "verify", "1/N|replay/N|P%", ISO_OPTION_TEXT, offsetof(struct train_options, verify),
      "have another device compute one step in N again, all steps, or single ones in P percent of "
      "the time, and stop if the numbers differ",
      0 },
    ISO_OPTION_THREADS(struct train_options),
    ISO_OPTION_TUNE(struct train_options),
    { "quiet", NULL, ISO_OPTION_FLAG, offsetof(struct train_options, quiet),
      "print only the result", 0 },
    { "json", NULL, ISO_OPTION_FLAG, offsetof(struct train_options, json),
      "print one JSON object per event", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* ---- Training ------------------------------------------------------------------------------ */

static iso_rc on_phase(void *self, const struct iso_trainer *trainer)
{
    struct training *t = self;
    t->console.graph = trainer->job.graph;
    iso_train_tell_phase(t);
    if (iso_trainer_reached_goal(trainer))
        iso_console_line(
            &t->console,
            "nothing is left to train; for more give --epochs or --steps, counted from the "
            "run's beginning");
    return ISO_OK;
}

static iso_rc on_features(void *self, const struct iso_trainer *trainer,
                          const struct iso_kept *kept)
{
    (void)trainer;
    iso_train_tell_features(self, kept);
    return ISO_OK;
}

/* A rank but the first trains and says nothing. All end together, so that each knows it if another
 * one fails at the end. */
static iso_rc train_alongside(struct training *t, struct iso_ranks *ranks)
{
    const struct iso_trainer_listener nobody = { .self = NULL };
    ISO_TRY(iso_train_tell_ranks(t));
    ISO_TRY(iso_trainer_run(&t->trainer, &nobody));
    ISO_TRY(iso_train_tell_messages(t));
    return iso_ranks_agree(ranks);
}

static iso_rc train(struct training *t, const char *model, const struct iso_trainer_options *o,
                    enum iso_console_style style)
{
    struct iso_trainer *trainer = &t->trainer;
    ISO_TRY(iso_trainer_open(trainer, o, model));
    iso_interrupts_catch(o->ranks != NULL && o->ranks->rank > 0
                             ? ""
                             : "stopping after this step; once more ends it at once\n");
    ISO_TRY(iso_trainer_begin(trainer));
    if (trainer->run == NULL)
        return train_alongside(t, o->ranks);
    t->console =
        (struct iso_console){ .style = style, .graph = trainer->job.graph, .run = trainer->run };
    const struct iso_trainer_listener listener = { .self = t,
                                                   .phase = on_phase,
                                                   .features = on_features,
                                                   .fit = iso_console_listener(&t->console) };
    iso_train_tell_start(t);
    ISO_TRY(iso_train_tell_ranks(t));
    ISO_TRY(iso_trainer_run(trainer, &listener));
    if (trainer->state.stopping.stopped)
        iso_console_line(&t->console, "early stopping after epoch %lld",
                         (long long)trainer->state.epoch);
    ISO_TRY(iso_train_tell_messages(t));
    ISO_TRY(iso_train_tell_end(t));
    return o->ranks != NULL ? iso_ranks_agree(o->ranks) : ISO_OK;
}

int iso_train(const struct iso_command *command, const char *model,
              struct iso_trainer_options wanted, enum iso_console_style style)
{
    struct training t = { .console = { .style = style } };
    struct iso_trainer *trainer = &t.trainer;
    char found[ISO_PATH];
    wanted.stop = &iso_interrupted;
    const iso_rc rc =
        train(&t, model != NULL ? iso_setup_path(model, found) : NULL, &wanted, style);
    iso_setup_tell_ranks(wanted.ranks, rc);
    int code = iso_report(command, rc, &trainer->job.faults);
    iso_trainer_end(trainer, rc);
    if ((rc == ISO_EIO || (rc != ISO_OK && wanted.ranks != NULL)) && trainer->run != NULL)
        iso_train_tell_checkpoint(&t);
    if (iso_verifier_strayed(trainer->verifier) != NULL)
        iso_train_tell_strayed(&t);
    if (code == ISO_EXIT_DONE && !iso_trainer_reached_goal(trainer)) {
        if (trainer->run != NULL)
            iso_train_tell_resume(&t);
        code = ISO_EXIT_FAILED;
    }
    iso_trainer_close(trainer);
    return code;
}

/* ---- The command --------------------------------------------------------------------------- */

void iso_train_command(const char *name, int argc, char **argv, char text[ISO_TRAIN_COMMAND])
{
    size_t n = (size_t)snprintf(text, ISO_TRAIN_COMMAND, "isocl %s", name);
    for (int i = 0; i < argc && n < ISO_TRAIN_COMMAND; i++)
        n += (size_t)snprintf(text + n, ISO_TRAIN_COMMAND - n, " %s", argv[i]);
}

/* Returns what is wrong with the options, or NULL. */
static const char *find_contradiction(const struct train_options *o, int models)
{
    if (o->resume && o->out == NULL)
        return "--resume needs the run's folder: --out DIR";
    if (!o->resume && models == 0)
        return "give it a model file";
    if (o->resume && (o->setup.set.n > 0 || o->setup.phase != NULL))
        return "--resume goes on with the run's own model: leave --set and --phase out";
    if (o->resume && o->weights != NULL)
        return "--resume goes on with the run's own weights: leave --weights out";
    if (o->epochs > 0 && o->steps > 0)
        return "--epochs and --steps exclude each other";
    return NULL;
}

/* Trains together with the ranks that mpirun has started, if it has. */
static int train_with_ranks(const struct iso_command *command, const char *model,
                            struct iso_trainer_options *o, enum iso_console_style style)
{
    struct iso_ranks *ranks = NULL;
    const iso_rc rc = iso_setup_ranks(&o->job, &ranks);
    if (rc != ISO_OK)
        return iso_report(command, rc, NULL);
    o->ranks = ranks;
    const int code = iso_train(command, model, *o, style);
    if (ranks != NULL)
        ranks->close(ranks, code);
    return code;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct train_options o = {
        .setup = ISO_SETUP_DEFAULTS, .epochs = -1, .steps = -1, .checkpoint_minutes = -1
    };
    struct iso_verify verify = { .kind = ISO_VERIFY_NONE };
    char text[ISO_TRAIN_COMMAND];
    int count, code;
    iso_train_command(command->name, argc, argv, text);
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    const char *contradiction = find_contradiction(&o, count);
    if (contradiction != NULL)
        return iso_usage(command, "%s", contradiction);
    if (o.verify != NULL && iso_verify_parse(o.verify, "--verify", &verify) != ISO_OK)
        return iso_usage(command, "%s", iso_error());
    struct iso_trainer_options wanted = { .job = o.setup,
                                          .epochs = o.epochs,
                                          .steps = o.steps,
                                          .checkpoint_minutes = o.checkpoint_minutes,
                                          .weights = o.weights,
                                          .run = o.out,
                                          .resume = o.resume,
                                          .command = text,
                                          .verify = verify };
    return train_with_ranks(command, count ? argv[0] : NULL, &wanted,
                            iso_console_style(o.json, o.quiet));
}

const struct iso_command iso_command_train = {
    .name = "train",
    .arguments = "MODEL.yaml",
    .doc = "trains a model and keeps the run in a folder",
    .more =
        "Prints a line for each epoch and, last, the run's folder and the SHA-256 of its\n"
        "weights: in exact mode the same on every device. The folder holds the model\n"
        "file, history.csv (a row per epoch), batches.csv (a row per step), the last and\n"
        "the best epoch's weights (weights.safetensors, best.safetensors), the state for\n"
        "--resume, log.txt, device.json, and run.json, which says what was trained on what.\n"
        "Ctrl-C saves and stops, and says how to go on.\n"
        "--set changes a key of the model file for this run, whose own model file then has\n"
        "it; `isocl help set` says how keys are written. In a model file with phases,\n"
        "--epochs and --steps count over all phases, one after the other; --phase trains\n"
        "one of them alone, from --weights.\n"
        "mpirun -n R isocl train ... trains with R ranks, each with shares of every step, to\n"
        "the same bits: `isocl help ranks`.\n"
        "--verify has cpu (for cpu, the reference) compute steps again from the same state\n"
        "and compares weights, optimizer slots, moving statistics, loss and metrics: bits\n"
        "in exact mode; in fast mode each op of the step by its bound, on the device's own\n"
        "inputs. Before the first step the device is asked for known answers. If it\n"
        "strays, the training ends with exit code 3 and names step, layer, op and pass,\n"
        "and the run stands before that step. 1/N sees a fault that stays within N steps,\n"
        "and a single one, such as a flipped bit, with a chance of 1/N only; replay/N sees\n"
        "that one, too, and takes as much time again as the other device needs. With ranks,\n"
        "1/N has two of them compute a shard of one step in N, and cpu decide.",
    .examples =
        "  isocl train models/demo.yaml                          needs no download\n"
        "  isocl train models/mnist/cnn.yaml --device opencl --epochs 3\n"
        "  isocl train models/demo.yaml --limit 1000 --steps 20 --mode exact\n"
        "  isocl train models/demo.yaml --set optimizer.learning_rate=0.01\n"
        "  isocl train models/demo.yaml --device opencl --verify 1/100\n"
        "  isocl train --resume --out runs/demo-001              goes on where it stopped\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1,
    .run = run,
};
