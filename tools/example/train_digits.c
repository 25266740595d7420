/* train_digits.c: isocl as a library. Trains a model file phase by phase on the fastest device,
 * keeps the run in a folder as `isocl train` does, and prints the loss of each epoch and the hash
 * of the weights, which is that of `isocl train`. Ctrl-C stops it, and it can go on from there.
 * When all is trained, it says what it takes some digits for.
 *
 *   cc train_digits.c $(pkg-config --cflags --libs isocl) -o train_digits
 *   ./train_digits models/demo.yaml 2                     2: epochs, instead of the file's
 *   ./train_digits models/demo.yaml 2 100                 100: stops after about 100 steps
 *   ./train_digits --resume runs/demo-001 4               goes on with a run, to 4 epochs
 *
 * What fails returns a code other than ISOCL_OK and leaves a message; TRY passes the code on. */
#include <isocl.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(e)               \
    do {                     \
        isocl_rc rc_ = (e);  \
        if (rc_ != ISOCL_OK) \
            return rc_;      \
    } while (0)

struct example {
    isocl_options *options;
    isocl_model *model;
    isocl_training *training;
    isocl_rows *digits;
    isocl_network *network;
    long stop_after; /* steps; 0: never */
};

static isocl_training *running; /* for the signal handler */

static void stop(int signal_number)
{
    (void)signal_number;
    isocl_training_stop(running); /* NOLINT(bugprone-signal-handler): made for one */
}

/* ---- Training ------------------------------------------------------------------------------ */

static int print_phase(void *self, const isocl_log *log)
{
    (void)self;
    if (*log->phase)
        printf("phase %s\n", log->phase);
    return 0;
}

static int print_epoch(void *self, const isocl_log *log)
{
    (void)self;
    printf("epoch %lld", (long long)log->epoch);
    for (int i = 0; i < log->count; i++)
        printf("  %s %.6f", log->names[i], log->values[i]);
    printf("\n");
    return 0;
}

static int count_step(void *self, const isocl_log *log)
{
    const struct example *e = self;
    if (e->stop_after > 0 && log->step >= e->stop_after)
        isocl_training_stop(e->training);
    return 0;
}

static isocl_rc train(struct example *e)
{
    char hash[65];
    TRY(isocl_training_open(e->model, e->options, &e->training));
    isocl_training_on_phase(e->training, print_phase, NULL);
    isocl_training_on_step(e->training, count_step, e);
    isocl_training_on_epoch(e->training, print_epoch, NULL);
    running = e->training;
    signal(SIGINT, stop);
    TRY(isocl_training_run(e->training));
    signal(SIGINT, SIG_DFL);
    TRY(isocl_training_hash(e->training, hash));
    printf("run %s\nweights sha256 %s\n", isocl_training_folder(e->training), hash);
    return ISOCL_OK;
}

/* ---- Prediction ---------------------------------------------------------------------------- */

enum { DIGITS = 5, CLASSES = 10 };

static int best_of(const float *numbers)
{
    int best = 0;
    for (int i = 1; i < CLASSES; i++)
        best = numbers[i] > numbers[best] ? i : best;
    return best;
}

/* The weights are those of the run's folder: the same that any other program reads there. */
static isocl_rc predict(struct example *e)
{
    const char *folder = isocl_training_folder(e->training);
    float numbers[DIGITS * CLASSES];
    int64_t dim[4], count;
    isocl_model_free(e->model);
    e->model = NULL;
    TRY(isocl_model_read(folder, &e->model));
    TRY(isocl_options_set(e->options, "limit", "5"));
    TRY(isocl_network_open(e->model, folder, e->options, &e->network));
    TRY(isocl_rows_load("builtin:digits", "test", NULL, &e->digits));
    TRY(isocl_network_rows(e->network, "test", e->digits, &count));
    if (isocl_network_output(e->network, dim) != 1 || dim[0] != CLASSES || count != DIGITS)
        return ISOCL_OK; /* it was not trained on digits */
    TRY(isocl_network_predict(e->network, numbers));
    for (int i = 0; i < DIGITS; i++) {
        const float *row = numbers + i * CLASSES;
        printf("digit %d is taken for %d, with probability %.4f\n",
               (int)isocl_rows_about(e->digits)->labels[i], best_of(row), row[best_of(row)]);
    }
    return ISOCL_OK;
}

/* ---- The program --------------------------------------------------------------------------- */

static isocl_rc run(struct example *e, int argc, char **argv)
{
    const int resume = strcmp(argv[1], "--resume") == 0;
    const char *epochs = argc > 2 + resume ? argv[2 + resume] : NULL;
    e->stop_after = argc > 3 + resume ? atol(argv[3 + resume]) : 0;
    TRY(isocl_options_new(&e->options));
    if (resume) {
        TRY(isocl_options_set(e->options, "run", argv[2]));
        TRY(isocl_options_set(e->options, "resume", "true"));
    } else {
        TRY(isocl_model_read(argv[1], &e->model));
    }
    if (epochs != NULL)
        TRY(isocl_options_set(e->options, "epochs", epochs));
    TRY(train(e));
    if (isocl_training_finished(e->training))
        return predict(e);
    printf("stopped; go on with: %s --resume %s\n", argv[0], isocl_training_folder(e->training));
    return ISOCL_OK;
}

int main(int argc, char **argv)
{
    struct example e = { 0 };
    if (argc < 2 || (argc < 3 && strcmp(argv[1], "--resume") == 0)) {
        fprintf(stderr, "usage: %s MODEL.yaml|--resume RUN [EPOCHS [STEPS]]\n", argv[0]);
        return 2;
    }
    const isocl_rc rc = run(&e, argc, argv);
    if (rc != ISOCL_OK)
        fprintf(stderr, "%s\n", isocl_error());
    isocl_network_free(e.network);
    isocl_rows_free(e.digits);
    isocl_training_free(e.training);
    isocl_model_free(e.model);
    isocl_options_free(e.options);
    return rc == ISOCL_OK ? 0 : 1;
}
