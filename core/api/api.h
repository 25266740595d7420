/* api.h (private): what stands behind the opaque types of isocl.h, for the files of core/api. They
 * translate: what isocl does, it does in core/job and below. */
#ifndef ISO_API_H
#define ISO_API_H
#include "core/isocl.h"
#include "core/job/trainer.h"

/* ---- Failures ------------------------------------------------------------------------------ */

/* Returns rc as the caller of isocl.h gets it. On a failure the message is set: the faults, a line
 * each, or if there are none the one that is there. faults may be NULL; none are left. */
isocl_rc iso_api_end(iso_rc rc, struct iso_faults *faults);
/* Returns ISO_OK if a callback gave 0; otherwise fails, and says whose it was. */
iso_rc iso_api_told(int value, const char *whose);

/* ---- Options ------------------------------------------------------------------------------- */

enum { ISO_API_SPLITS = 3 };
struct isocl_options {
    char device[128], devices[512], data[ISO_PATH], run[ISO_PATH], weights[ISO_PATH];
    char layer[ISO_NAME], ops[512], cases[ISO_PATH], command[512], verify[64];
    int mode, tune; /* 0: not set */
    int64_t threads, limit, batch_size, seed, epochs, steps;
    double checkpoint_minutes;
    bool resume, quick, with_preprocessing;
    const struct iso_dataset *rows[ISO_API_SPLITS];
};
/* Copies the options, or the defaults for NULL. */
iso_rc iso_api_options(const struct isocl_options *, struct isocl_options *out);
/* Returns the options of a job; texts are borrowed. text: of the model file, NULL: none. */
struct iso_job_options iso_api_job(const struct isocl_options *, const char *text);
/* Returns the index of a split, or -1 with the message set. */
int iso_api_split(const char *split);

/* ---- Objects ------------------------------------------------------------------------------- */

struct isocl_rows {
    struct iso_dataset *set; /* in memory */
    struct isocl_rows_shape shape;
};
struct isocl_model {
    char path[ISO_PATH]; /* or name */
    char name[64];
    char *text;
};
/* Writes the path of a file of weights: weights itself, or the last of the run in that folder. */
iso_rc iso_api_weights(const char *weights, char path[ISO_PATH]);

/* ---- Logs ---------------------------------------------------------------------------------- */

struct iso_api_log { /* zeroed: empty */
    struct isocl_log log;
    int room;
    char (*text)[ISO_NAME + 8];
    const char **names;
    double *values; /* [room], as the others; count of them are set */
};
/* Makes room for what is known of the graph's epochs, and empties it. */
iso_rc iso_api_log_begin(struct iso_api_log *, const struct iso_graph *);
void iso_api_log_add(struct iso_api_log *, const char *prefix, const char *name, double value);
/* Adds loss and metrics: "loss", or with prefix "val_" "val_loss". */
void iso_api_log_scores(struct iso_api_log *, const char *prefix, const struct iso_graph *,
                        const struct iso_scores *);
/* Tells what was added. told NULL: nobody. */
iso_rc iso_api_log_tell(struct iso_api_log *, isocl_log_fn *told, void *self, const char *whose);
void iso_api_log_free(struct iso_api_log *);
#endif
