/* isocl train: trains a model and keeps the run in a folder. */
#include "commands.h"
#include "core/data/class_names.h"
#include "core/train/carry.h"
#include "interrupt.h"
#include "train.h"

#include <stdio.h>

static const struct iso_option options[] = {
    ISO_OPTION_DEVICE(struct train_options),
    ISO_OPTION_MODE(struct train_options),
    { "epochs", "N", ISO_OPTION_INT, offsetof(struct train_options, epochs),
      "epochs in all, instead of the model file's", 1 },
    { "steps", "N", ISO_OPTION_INT, offsetof(struct train_options, steps),
      "train N optimizer steps in all instead of epochs; leaves validation out", 1 },
    ISO_OPTION_BATCH(struct train_options),
    ISO_OPTION_SEED(struct train_options),
    ISO_OPTION_DATA(struct train_options),
    ISO_OPTION_LIMIT(struct train_options),
    { "out", "DIR", ISO_OPTION_TEXT, offsetof(struct train_options, out),
      "the run's folder (default runs/MODEL-NNN)", 0 },
    { "weights", "FILE", ISO_OPTION_TEXT, offsetof(struct train_options, weights),
      "safetensors file to begin with (default: as the model file initializes them)", 0 },
    { "resume", NULL, ISO_OPTION_FLAG, offsetof(struct train_options, resume),
      "go on with the run in --out; ends with the bits of a run that never stopped", 0 },
    { "checkpoint-minutes", "N", ISO_OPTION_REAL,
      offsetof(struct train_options, checkpoint_minutes),
      "save within an epoch this often, 0: never (default: as the model file says)", 0 },
    ISO_OPTION_THREADS(struct train_options),
    ISO_OPTION_TUNE(struct train_options),
    { "quiet", NULL, ISO_OPTION_FLAG, offsetof(struct train_options, quiet), "only the result", 0 },
    { "json", NULL, ISO_OPTION_FLAG, offsetof(struct train_options, json),
      "one JSON object an event", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* ---- Preparing ----------------------------------------------------------------------------- */

static iso_rc load_data(struct training *t)
{
    const struct iso_setup_options *o = &t->options->setup;
    ISO_TRY(iso_setup_data(&t->setup, "train", o, &t->train));
    return t->setup.model->validation.given
               ? iso_setup_data(&t->setup, "validation", o, &t->validation)
               : ISO_OK;
}

/* Graph and executor of a phase; weights and data are not there yet. */
static iso_rc open_phase(struct training *t, int phase)
{
    iso_setup_close_exec(&t->setup);
    iso_model_choose(t->setup.model, phase);
    return iso_setup_exec(&t->setup, &(struct iso_exec_options){ .training = true,
                                                                 .seed = t->setup.model->seed,
                                                                 .log_steps = ISO_FIT_LOG_STEPS });
}

/* Opens every phase that is still to come, the nearest last, so that what is wrong with one, or
 * what its device lacks, is known before the first step. */
static iso_rc open_phases(struct training *t)
{
    const struct iso_model *model = t->setup.model;
    if (t->state.phase >= model->nphases)
        return iso_fail(ISO_EDATA,
                        "the run's state is in phase %lld and its model file has %d; "
                        "train anew",
                        (long long)t->state.phase + 1, model->nphases);
    for (int phase = model->nphases - 1; phase >= (int)t->state.phase; phase--)
        ISO_TRY(open_phase(t, phase));
    return ISO_OK;
}

static iso_rc put_data(struct training *t)
{
    ISO_TRY(iso_exec_data(t->setup.exec, 0, t->train));
    return t->validation != NULL ? iso_exec_data(t->setup.exec, 1, t->validation) : ISO_OK;
}

static iso_rc settle(struct training *t)
{
    const struct train_options *o = t->options;
    const struct iso_model *model = t->setup.model;
    struct iso_run_settings settings = {
        .seed = model->seed,
        .batch = model->batch_size,
        .limit = o->setup.limit,
        .rows = t->train->rows,
        .validation_rows = t->validation != NULL ? t->validation->rows : 0,
        .epochs = o->epochs > 0 ? o->epochs : iso_model_phase_end(model, model->nphases - 1),
        .steps = o->steps > 0 ? o->steps : 0,
        .fast = t->setup.backend->mode == ISO_MODE_FAST,
    };
    if (o->resume && settings.rows != t->settings.rows)
        return iso_fail(
            ISO_EDATA,
            "the run was begun on %lld training rows and there are %lld now; give the --data "
            "of then",
            (long long)t->settings.rows, (long long)settings.rows);
    t->settings = settings;
    return ISO_OK;
}

static iso_rc make_about(const struct training *t, struct iso_about *out)
{
    *out = (struct iso_about){ .command = t->command,
                               .backend = t->setup.backend,
                               .data = { t->train, t->validation },
                               .settings = t->settings,
                               .step = t->state.step };
    for (int i = 0; i < 2; i++)
        if (out->data[i] != NULL)
            ISO_TRY(iso_data_sums(out->data[i], &out->sums[i]));
    return ISO_OK;
}

/* Writes what the folder has besides what training needs. */
static iso_rc describe_run(struct training *t, const struct iso_about *about)
{
    const char *folder = iso_run_folder(t->run);
    ISO_TRY(iso_about_begin(folder, about));
    ISO_TRY(iso_image_sums_open(folder, about->data, &t->sums));
    return iso_class_names_save(folder, t->train->class_names, t->train->classes);
}

static iso_rc prepare(struct training *t, const char *model)
{
    struct train_options *o = t->options;
    struct iso_about about;
    if (o->resume)
        ISO_TRY(iso_train_read_run(t, model));
    ISO_TRY(iso_setup_model(&t->setup, o->resume ? t->path : model, &o->setup));
    ISO_TRY(iso_setup_backend(&t->setup, &o->setup));
    ISO_TRY(open_phases(t));
    ISO_TRY(load_data(t));
    ISO_TRY(settle(t));
    ISO_TRY(put_data(t));
    ISO_TRY(iso_exec_initialize(t->setup.exec));
    ISO_TRY(make_about(t, &about));
    iso_interrupts_catch("stopping after this step; once more ends it at once\n");
    if (o->resume) {
        ISO_TRY(iso_about_check(o->out, &about));
        ISO_TRY(iso_run_resume(o->out, t->setup.exec, &t->settings, &t->state, &t->setup.faults,
                               &t->run));
        return describe_run(t, &about);
    }
    if (o->weights != NULL)
        ISO_TRY(iso_setup_weights(&t->setup, o->weights));
    if (t->setup.model->training.shuffle_weights)
        ISO_TRY(iso_shuffle_weights(t->setup.exec, 0));
    ISO_TRY(iso_run_start(o->out, t->setup.exec, &t->settings, &t->run));
    return describe_run(t, &about);
}

bool iso_train_reached_goal(const struct training *t)
{
    if (t->state.stopping.stopped)
        return true;
    return t->settings.steps ? t->state.step >= t->settings.steps
                             : t->state.epoch >= t->settings.epochs;
}

/* ---- Phases -------------------------------------------------------------------------------- */

static iso_rc begin_phase(struct training *t, int phase, const struct iso_carried *carried)
{
    ISO_TRY(open_phase(t, phase));
    ISO_TRY(put_data(t));
    ISO_TRY(iso_exec_initialize(t->setup.exec));
    ISO_TRY(iso_carry_give(carried, t->setup.exec));
    return t->setup.model->training.shuffle_weights ? iso_shuffle_weights(t->setup.exec, phase)
                                                    : ISO_OK;
}

/* From the phase that has ended to another one, on the same weights. */
static iso_rc next_phase(struct training *t, int phase)
{
    const struct iso_training *next = &t->setup.model->phases[phase];
    struct iso_carried *carried = NULL;
    ISO_TRY(iso_carry_take(t->setup.exec, next->keep_slots, &carried));
    const iso_rc rc = begin_phase(t, phase, carried);
    iso_carry_free(carried);
    ISO_TRY(rc);
    t->state.phase = phase;
    t->state.plateau = (struct iso_plateau){ 0 };
    if (!next->keep_steps)
        t->state.first_step = t->state.step;
    iso_run_phase(t->run, t->setup.exec);
    t->console.graph = t->setup.graph;
    iso_train_tell_phase(t);
    return ISO_OK;
}

static iso_rc keep_features(struct training *t)
{
    struct iso_exec *e = t->setup.exec;
    const struct iso_kept *kept = iso_exec_kept(e);
    if (!t->setup.model->keep_features || kept->nodes > 0)
        return ISO_OK;
    iso_console_line(&t->console, "features   computing what is not trained, once for each image");
    ISO_TRY(iso_exec_keep(e, iso_run_folder(t->run)));
    iso_console_line(&t->console, "features   %lld rows of %lld numbers kept (%.1f MiB), %s on%s",
                     (long long)kept->rows, (long long)kept->size,
                     (double)(kept->rows * kept->size) * (double)t->setup.backend->real_size /
                         1048576,
                     t->setup.graph->values[kept->value].name,
                     iso_exec_streams(e, 0) ? "; in a file, read in every epoch" : "");
    return ISO_OK;
}

/* Trains phase after phase until the goal is reached or Ctrl-C pressed. */
static iso_rc train_phases(struct training *t, struct iso_fit_options *fit)
{
    const struct iso_model *model = t->setup.model;
    while (!iso_train_reached_goal(t) && !iso_interrupted) {
        const int phase = iso_model_phase_at(model, t->state.epoch);
        if (phase != t->state.phase)
            ISO_TRY(next_phase(t, phase));
        ISO_TRY(keep_features(t));
        fit->until = phase + 1 < model->nphases ? iso_model_phase_end(model, phase) : 0;
        ISO_TRY(iso_fit(t->setup.exec, fit, &t->state));
    }
    return ISO_OK;
}

/* ---- The command --------------------------------------------------------------------------- */

static iso_rc train(struct training *t, const char *model)
{
    ISO_TRY(prepare(t, model));
    t->console =
        (struct iso_console){ .style = iso_console_style(t->options->json, t->options->quiet),
                              .graph = t->setup.graph,
                              .run = t->run };
    iso_train_tell_start(t);
    iso_train_tell_phase(t);
    if (iso_train_reached_goal(t))
        iso_console_line(
            &t->console,
            "nothing is left to train; for more give --epochs or --steps, counted from the "
            "run's beginning");
    const struct iso_fit_listener listeners[] = { iso_console_listener(&t->console),
                                                  iso_run_listener(t->run),
                                                  iso_image_sums_listener(&t->sums) };
    struct iso_fit_options fit = {
        .epochs = t->settings.epochs,
        .steps = t->settings.steps,
        .rows = t->settings.rows,
        .validation_rows = t->settings.validation_rows,
        .seed = t->settings.seed,
        .checkpoint_seconds =
            60 * (t->options->checkpoint_minutes >= 0 ? t->options->checkpoint_minutes
                                                      : t->setup.model->checkpoint_minutes),
        .stop = &iso_interrupted,
        .listeners = listeners,
        .nlisteners = sizeof listeners / sizeof *listeners,
    };
    ISO_TRY(train_phases(t, &fit));
    if (t->state.stopping.stopped)
        iso_console_line(&t->console, "early stopping after epoch %lld", (long long)t->state.epoch);
    if (iso_train_reached_goal(t))
        ISO_TRY(iso_run_restore(t->run, &t->setup.faults));
    return iso_train_tell_end(t);
}

static void join_arguments(int argc, char **argv, char *text, size_t size)
{
    size_t n = (size_t)snprintf(text, size, "isocl train");
    for (int i = 0; i < argc && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, " %s", argv[i]);
}

/* Writes how the training ended. A failure to do so has been told, or shows nothing that matters to
 * the training. */
static void note_end(const struct training *t, iso_rc rc)
{
    char result[1024] = "stopped", why[1000];
    if (t->run == NULL)
        return;
    if (rc != ISO_OK)
        snprintf(result, sizeof result, "failed: %s", iso_error_take(why, sizeof why));
    else if (iso_train_reached_goal(t))
        snprintf(result, sizeof result, "finished");
    if (iso_about_end(iso_run_folder(t->run), t->state.step, result) != ISO_OK)
        iso_error_clear(); /* as said above */
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct train_options o = {
        .setup = ISO_SETUP_DEFAULTS, .epochs = -1, .steps = -1, .checkpoint_minutes = -1
    };
    struct training t = { .options = &o };
    int count, code;
    join_arguments(argc, argv, t.command, sizeof t.command);
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.resume && o.out == NULL)
        return iso_usage(command, "--resume needs the run's folder: --out DIR");
    if (!o.resume && count == 0)
        return iso_usage(command, "give it a model file");
    if (o.resume && o.weights != NULL)
        return iso_usage(command,
                         "--resume goes on with the run's own weights: leave --weights "
                         "out");
    if (o.epochs > 0 && o.steps > 0)
        return iso_usage(command, "--epochs and --steps exclude each other");
    const iso_rc rc = train(&t, count ? argv[0] : NULL);
    code = iso_report(command, rc, &t.setup.faults);
    note_end(&t, rc);
    if (rc == ISO_EIO && t.run != NULL)
        iso_train_tell_checkpoint(&t);
    if (code == ISO_EXIT_DONE && !iso_train_reached_goal(&t)) {
        iso_train_tell_resume(&t);
        code = ISO_EXIT_FAILED;
    }
    iso_run_close(t.run);
    iso_setup_free(&t.setup); /* the executor may be reading the data */
    iso_dataset_free(t.train);
    iso_dataset_free(t.validation);
    return code;
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
        "Ctrl-C saves and stops, and says how to go on.",
    .examples =
        "  isocl train models/demo.yaml                          needs no download\n"
        "  isocl train models/mnist/cnn.yaml --device opencl --epochs 3\n"
        "  isocl train models/demo.yaml --limit 1000 --steps 20 --mode exact\n"
        "  isocl train --resume --out runs/demo-001              goes on where it stopped\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1,
    .run = run,
};
