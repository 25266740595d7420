/* trainer.h: what the tests of training share: a small model on drawn digits, on the reference, in
 * a folder of its own. */
#ifndef ISO_TEST_TRAINER_H
#define ISO_TEST_TRAINER_H
#include "core/train/run.h"
#include "folder.h"

enum { ROWS = 230, VALIDATION_ROWS = 60, BATCH = 50, EPOCH_STEPS = 5, MOST = 64 };

struct trainer {
    struct iso_model *model;
    struct iso_backend *backend;
    struct iso_graph *graph;
    struct iso_exec *exec;
    struct iso_dataset *train, *validation;
    struct iso_fit_state state;
    double checkpoint_seconds;
    struct iso_fit_listener more; /* called last */
    /* events that the listener received */
    struct iso_fit_batch batches[MOST];
    int nbatches;
    struct iso_fit_epoch epochs[MOST];
    int nepochs;
    volatile sig_atomic_t stop;
    int64_t stop_after; /* steps; 0: never */
};
extern char trainer_folder[FOLDER]; /* made anew for each test */
extern const char *trainer_metrics; /* metrics of the model that is opened next */
extern const char *trainer_hidden;  /* more keys of its hidden layer, ", trainable: false" */
int trainer_setup(void **state);
int trainer_teardown(void **state);
/* The folder's file of this name, until the next call. */
const char *trainer_path(const char *name);
/* units: of the hidden layer. */
void trainer_open(struct trainer *, int units, uint64_t seed);
void trainer_close(struct trainer *);
/* Trains to a goal of epochs or steps; run NULL: kept nowhere. */
iso_rc trainer_fit(struct trainer *, int64_t epochs, int64_t steps, struct iso_run *run);
void trainer_hash(struct trainer *, char hex[65]);
#endif
