/* train_digits.c: isocl as a library. Trains a model file on the fastest device and prints the loss
 * of each epoch and the hash of the weights, which is that of `isocl train` in exact mode. (Of a
 * file with phases only the first is trained; tools/cmd_train.c has all that can be done.)
 *
 *   cc train_digits.c $(pkg-config --cflags --libs isocl) -o train_digits
 *   ./train_digits models/demo.yaml 2                     2: epochs, instead of the file's
 *
 * What fails returns a code other than ISO_OK and leaves a message; ISO_TRY passes the code on. The
 * headers say of every function what it owns and how it fails: core/iso.h is the one to begin with.
 */
#include "core/train/fit.h"

#include <stdio.h>
#include <stdlib.h>

struct job {                  /* all that a training needs; freed in main */
    struct iso_faults faults; /* of the model file, each with line and column */
    struct iso_model *model;  /* the file, read and checked */
    struct iso_backend *device;
    struct iso_graph *graph; /* the network for a batch, with every shape */
    struct iso_exec *exec;   /* the network on the device, with its memory */
    struct iso_dataset *images;
};

/* Called after every epoch. */
static iso_rc print_epoch(void *self, const struct iso_fit_epoch *epoch,
                          const struct iso_fit_state *state)
{
    (void)self, (void)state;
    printf("epoch %lld  loss %.6f\n", (long long)epoch->epoch, iso_scores_loss(&epoch->train));
    return ISO_OK;
}

static iso_rc train(struct job *j, const char *path, int64_t epochs)
{
    char hash[65];
    struct iso_dataset_request data;
    struct iso_fit_state state = { 0 }; /* nothing is trained yet */
    const struct iso_fit_listener listener = { .epoch = print_epoch };
    ISO_TRY(iso_model_load(path, &j->faults, &j->model));
    ISO_TRY(iso_model_data(j->model, "train", &data));
    ISO_TRY(iso_dataset_load(&data, &j->images));
    ISO_TRY(iso_backend_open("auto", ISO_MODE_EXACT, 0, &j->device));
    ISO_TRY(iso_graph_build(j->model, 0, j->model->batch_size, &j->faults, &j->graph));
    const struct iso_exec_options options = { .training = true,
                                              .seed = j->model->seed,
                                              .log_steps = ISO_FIT_LOG_STEPS };
    ISO_TRY(iso_exec_new(j->graph, j->device, &options, &j->exec));
    ISO_TRY(iso_exec_initialize(j->exec));
    ISO_TRY(iso_exec_data(j->exec, 0, j->images)); /* 0: what is trained on */
    const struct iso_fit_options fit = {
        .epochs = epochs ? epochs : j->model->phases[0].epochs,
        .rows = j->images->rows,
        .seed = j->model->seed,
        .listeners = &listener,
        .nlisteners = 1,
    };
    ISO_TRY(iso_fit(j->exec, &fit, &state));
    ISO_TRY(iso_exec_hash(j->exec, hash));
    printf("weights sha256 %s  %s\n", hash, j->device->device.name);
    return ISO_OK;
}

int main(int argc, char **argv)
{
    static struct job job; /* the list of faults is large */
    if (argc < 2) {
        fprintf(stderr, "usage: %s MODEL.yaml [EPOCHS]\n", argv[0]);
        return 2;
    }
    const iso_rc rc = train(&job, argv[1], argc > 2 ? atoi(argv[2]) : 0);
    iso_faults_print(&job.faults, stderr);
    if (rc != ISO_OK)
        fprintf(stderr, "%s\n", iso_error());
    iso_exec_free(job.exec); /* NULL is fine for all of them */
    iso_graph_free(job.graph);
    iso_backend_close(job.device);
    iso_dataset_free(job.images);
    iso_model_free(job.model);
    return rc == ISO_OK ? 0 : 1;
}
