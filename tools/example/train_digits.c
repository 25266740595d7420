/* train_digits.c: isocl as a library. Trains a model file, phase by phase, on the fastest device,
 * keeps the run in a folder as `isocl train` does, and prints the loss of each epoch and the hash
 * of the weights, which is that of `isocl train` in exact mode.
 *
 *   cc train_digits.c $(pkg-config --cflags --libs isocl) -o train_digits
 *   ./train_digits models/demo.yaml 2                     2: epochs, instead of the file's
 *   ./train_digits --resume runs/demo-001 4               goes on with a run, to 4 epochs
 *
 * What fails returns a code other than ISO_OK and leaves a message; ISO_TRY passes the code on. The
 * headers say of every function what it owns and how it fails: core/job/trainer.h is the one to
 * begin with.
 */
#include "core/job/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called when a phase begins; a model file without phases has one, without a name. */
static iso_rc print_phase(void *self, const struct iso_trainer *t)
{
    (void)self;
    if (*t->job.graph->training->name)
        printf("phase %s\n", t->job.graph->training->name);
    return ISO_OK;
}

/* Called after every epoch. */
static iso_rc print_epoch(void *self, const struct iso_fit_epoch *epoch,
                          const struct iso_fit_state *state)
{
    (void)self, (void)state;
    printf("epoch %lld  loss %.6f\n", (long long)epoch->epoch, iso_scores_loss(&epoch->train));
    return ISO_OK;
}

static iso_rc train(struct iso_trainer *t, const struct iso_trainer_options *options,
                    const char *model)
{
    char hash[65];
    const struct iso_trainer_listener listener = { .phase = print_phase,
                                                   .fit = { .epoch = print_epoch } };
    ISO_TRY(iso_trainer_open(t, options, model)); /* reads the model, the data, the device */
    ISO_TRY(iso_trainer_begin(t));                /* makes the run's folder, or takes it up */
    ISO_TRY(iso_trainer_run(t, &listener));
    ISO_TRY(iso_exec_hash(t->job.exec, hash));
    printf("run %s\n", iso_run_folder(t->run));
    printf("weights sha256 %s  %s\n", hash, t->job.backend->device.name);
    return ISO_OK;
}

int main(int argc, char **argv)
{
    static struct iso_trainer trainer; /* the list of faults is large */
    struct iso_trainer_options options = ISO_TRAINER_DEFAULTS;
    options.resume = argc > 2 && strcmp(argv[1], "--resume") == 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s MODEL.yaml [EPOCHS] | --resume RUN [EPOCHS]\n", argv[0]);
        return 2;
    }
    const char *model = options.resume ? NULL : argv[1], *epochs = argv[2 + options.resume];
    options.command = argv[0];
    options.job.mode = options.resume ? NULL : "exact";
    options.run = options.resume ? argv[2] : NULL; /* NULL: runs/MODEL-NNN, a new one */
    if (epochs != NULL)
        options.epochs = atoi(epochs);
    const iso_rc rc = train(&trainer, &options, model);
    iso_faults_print(&trainer.job.faults, stderr);
    if (rc != ISO_OK)
        fprintf(stderr, "%s\n", iso_error());
    iso_trainer_end(&trainer, rc);
    iso_trainer_close(&trainer);
    return rc == ISO_OK ? 0 : 1;
}
