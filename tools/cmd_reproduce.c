/* isocl reproduce: trains models that name a source, and sets its figures beside ours. */
#include "commands.h"
#include "core/shipped.h"
#include "core/train/fit.h"
#include "core/train/run.h"
#include "setup.h"
#include "source_figures.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODELS = 256, FIGURES = 2048, ARGUMENTS = 24 };
struct reproduce_options {
    struct iso_setup_options setup;
    int64_t epochs; /* -1: as the model file says */
    const char *out, *csv;
    bool report, quiet;
};
static const struct iso_option options[] = {
    { "out", "DIR", ISO_OPTION_TEXT, offsetof(struct reproduce_options, out),
      "folder of the runs, one a model; those in it are taken up (default runs/reproduce)", 0 },
    { "csv", "FILE", ISO_OPTION_TEXT, offsetof(struct reproduce_options, csv),
      "write the table as CSV, too", 0 },
    { "report", NULL, ISO_OPTION_FLAG, offsetof(struct reproduce_options, report),
      "train nothing: show what the runs have reached so far", 0 },
    { "epochs", "N", ISO_OPTION_INT, offsetof(struct reproduce_options, epochs),
      "epochs in all of each model, instead of its file's", 1 },
    ISO_OPTION_DEVICE(struct reproduce_options),
    ISO_OPTION_MODE(struct reproduce_options),
    ISO_OPTION_DATA(struct reproduce_options),
    ISO_OPTION_LIMIT(struct reproduce_options),
    ISO_OPTION_THREADS(struct reproduce_options),
    { "quiet", NULL, ISO_OPTION_FLAG, offsetof(struct reproduce_options, quiet),
      "no line for each epoch", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

struct list {
    char *path[MODELS];
    int n;
};
struct table {
    struct iso_figure figure[FIGURES];
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

/* ---- Training ------------------------------------------------------------------------------ */

/* How far the run in a folder is; -1 when there is none. Fails where it could not be resumed: it is
 * not to be mistaken for one of ours, nor trained over. */
static iso_rc epochs_done(const char *folder, int64_t *epochs)
{
    char path[ISO_PATH];
    struct iso_run_settings settings;
    struct iso_fit_state state;
    *epochs = -1;
    ISO_TRY(iso_path(path, folder, "state"));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_run_read(folder, &settings, &state));
    ISO_TRY(iso_state_resumable(folder, &settings));
    *epochs = state.epoch;
    return ISO_OK;
}

/* Runs `isocl train` on the model, or on with its run. */
static int train(const struct reproduce_options *o, char *model, char *folder, bool resume,
                 int64_t epochs)
{
    char number[3][24];
    char *argv[ARGUMENTS];
    int n = 0;
    const struct {
        const char *key, *value;
    } texts[] = {
        { "--device", o->setup.device },
        { "--mode", o->setup.mode },
        { "--data", o->setup.data },
    };
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        { "--epochs", epochs },
        { "--limit", o->setup.limit },
        { "--threads", o->setup.threads },
    };
    argv[n++] = model;
    argv[n++] = (char *)"--out";
    argv[n++] = folder;
    if (resume)
        argv[n++] = (char *)"--resume";
    if (o->quiet)
        argv[n++] = (char *)"--quiet";
    for (int i = 0; i < 3; i++) {
        if (texts[i].value != NULL) {
            argv[n++] = (char *)texts[i].key;
            argv[n++] = (char *)texts[i].value;
        }
        if (numbers[i].value > 0) {
            snprintf(number[i], sizeof number[i], "%" PRId64, numbers[i].value);
            argv[n++] = (char *)numbers[i].key;
            argv[n++] = number[i];
        }
    }
    argv[n] = NULL;
    return iso_command_train.run(&iso_command_train, n, argv);
}

/* ---- Figures ------------------------------------------------------------------------------- */

/* Scores of the run's last weights on the test data. */
static iso_rc score_test(struct iso_setup *s, const struct reproduce_options *o, const char *run,
                         struct iso_dataset **data, struct iso_scores *scores)
{
    char weights[ISO_PATH];
    ISO_TRY(iso_path(weights, run, "weights.safetensors"));
    ISO_TRY(iso_setup_backend(s, &o->setup));
    ISO_TRY(iso_setup_exec(
        s, s->model->nphases - 1,
        &(struct iso_exec_options){ .seed = s->model->seed, .log_steps = ISO_FIT_LOG_STEPS }));
    ISO_TRY(iso_setup_weights(s, weights));
    ISO_TRY(iso_setup_data(s, "test", &o->setup, data));
    ISO_TRY(iso_exec_data(s->exec, 1, *data));
    return iso_evaluate(s->exec, 1, (*data)->rows, scores);
}

static void add_figure(struct table *t, const char *name, double source, double ours)
{
    if (isnan(source) || t->n == FIGURES)
        return;
    struct iso_figure f = t->figure[t->n - 1];
    f.name = name;
    f.source = source;
    f.ours = ours;
    t->figure[t->n++] = f;
}

/* Adds what the history does not hold: parameters, and scores on the test data after the last
 * phase. */
static iso_rc add_measured(struct iso_setup *s, const struct reproduce_options *o, const char *run,
                           struct table *t)
{
    const struct iso_expect *e = &s->model->phases[s->model->nphases - 1].expect;
    struct iso_dataset *data = NULL;
    struct iso_scores scores = { 0 };
    iso_rc rc = ISO_OK;
    if (!isnan(e->parameters)) {
        ISO_TRY(iso_graph_build(s->model, s->model->nphases - 1, s->model->batch_size, &s->faults,
                                &s->graph));
        add_figure(t, "parameters", e->parameters, (double)iso_setup_parameters(s->graph, false));
        iso_setup_close_exec(s);
    }
    if (!isnan(e->test_accuracy) || !isnan(e->test_loss)) {
        rc = score_test(s, o, run, &data, &scores);
        const int first = rc == ISO_OK ? iso_metric_first(s->graph) : -1;
        add_figure(t, "test_accuracy", e->test_accuracy,
                   first >= 0 ? iso_scores_metric(s->graph, &scores, first) : NAN);
        add_figure(t, "test_loss", e->test_loss, rc == ISO_OK ? iso_scores_loss(&scores) : NAN);
    }
    iso_setup_close_exec(s); /* the executor may be reading the data */
    iso_dataset_free(data);
    return rc;
}

/* Epochs of a phase when `goal` are trained in all. */
static int64_t planned_of(const struct iso_model *m, int phase, int64_t goal)
{
    const int64_t begin = phase ? iso_model_phase_end(m, phase - 1) : 0;
    const int64_t end = phase + 1 < m->nphases && goal > iso_model_phase_end(m, phase)
                            ? iso_model_phase_end(m, phase)
                            : goal;
    return end > begin ? end - begin : 0;
}

static iso_rc add_run(struct iso_setup *s, const struct reproduce_options *o, const char *run,
                      int64_t goal, struct table *t)
{
    for (int phase = 0; phase < s->model->nphases; phase++) {
        int n = 0;
        ISO_TRY(iso_figures_of_phase(s->model, phase, run, planned_of(s->model, phase, goal),
                                     t->figure + t->n, FIGURES - t->n, &n));
        t->n += n;
    }
    return t->n > 0 ? add_measured(s, o, run, t) : ISO_OK;
}

/* ---- The command --------------------------------------------------------------------------- */

/* A run belongs to one model file, byte by byte. */
static iso_rc check_file(const struct iso_model *m, const char *folder)
{
    char path[ISO_PATH], *text = NULL;
    size_t n = 0;
    ISO_TRY(iso_path(path, folder, "model.yaml"));
    ISO_TRY(iso_file_read(path, &text, &n));
    const bool same = n == m->text_size && memcmp(text, m->text, n) == 0;
    free(text);
    if (same)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s is not the model file that the run %s was begun with; move that "
                    "run away, or use another --out",
                    m->file, folder);
}

/* Trains one model and adds its figures; one that was not named only where it has a source. */
static iso_rc reproduce(const struct reproduce_options *o, char *path, bool named,
                        struct iso_setup *s, struct table *t)
{
    char folder[ISO_PATH];
    ISO_TRY(iso_setup_model(s, path, &o->setup));
    const struct iso_model *m = s->model;
    if (!named && !*m->common.expect.source)
        return ISO_OK;
    const int64_t goal = o->epochs > 0 ? o->epochs : iso_model_phase_end(m, m->nphases - 1);
    ISO_TRY(iso_path(folder, o->out, m->name));
    int64_t done;
    ISO_TRY(epochs_done(folder, &done));
    if (o->report && done < 0)
        return ISO_OK;
    if (done >= 0)
        ISO_TRY(check_file(m, folder));
    if (!o->report && done < goal) {
        fprintf(stderr, "isocl reproduce: %s %s: %lld of %lld epochs are done\n",
                done < 0 ? "training" : "going on with", path, (long long)(done < 0 ? 0 : done),
                (long long)goal);
        const int code = train(o, path, folder, done >= 0, goal);
        if (code != ISO_EXIT_DONE)
            return iso_fail(ISO_EDATA,
                            "%s was not trained to its end; the same command goes on "
                            "with it",
                            path);
    }
    return add_run(s, o, folder, goal, t);
}

static int reproduce_all(const struct iso_command *command, const struct reproduce_options *o,
                         const struct list *models, bool named, struct table *t)
{
    int worst = ISO_EXIT_DONE;
    for (int i = 0; i < models->n; i++) {
        struct iso_setup setup = { .faults = { 0 } };
        const int code =
            iso_report(command, reproduce(o, models->path[i], named, &setup, t), &setup.faults);
        worst = code > worst ? code : worst;
        iso_setup_free(&setup);
    }
    if (t->n == 0) {
        fprintf(stderr, "isocl reproduce: there is nothing to show%s\n",
                o->report ? "; leave --report out to train" : "");
        return ISO_EXIT_FAILED;
    }
    iso_figures_aligned(stdout, t->figure, t->n);
    if (o->csv != NULL) {
        const int code = iso_report(command, iso_figures_csv(o->csv, t->figure, t->n), NULL);
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
    struct list models = { .n = 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    struct table *table = iso_alloc(1, sizeof *table);
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
    .doc = "trains published experiments and sets their figures beside ours",
    .more =
        "A model file's expect: says what its source reached. Each model is trained in\n"
        "a folder of its own below --out; one that is there is taken up: a finished run is\n"
        "only read, an unfinished one goes on where it stopped. Ours is the mean over the\n"
        "last_epochs that it names. Without MODEL, all files below models/ that name\n"
        "a source. S/E is seconds an epoch, the source's on its own machine.",
    .examples =
        "  isocl reproduce models/mnist/linear.yaml\n"
        "  isocl reproduce models/cifar10 --data ~/data --csv cifar10.csv\n"
        "  isocl reproduce --report                              what there is so far\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = MODELS,
    .run = run,
};
