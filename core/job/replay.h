/* replay.h: trains a run again, in a folder of its own that is removed, and compares weights and
 * optimizer slots bit for bit: proof that they came from this model file and these data. */
#ifndef ISO_REPLAY_H
#define ISO_REPLAY_H
#include "job.h"

#include <signal.h>

struct iso_replay_options {
    const char *device, *data;         /* NULL: auto, and the places where the run's data were */
    int64_t threads;                   /* 0: one per processor */
    iso_progress *progress;            /* called while images are read; may be NULL */
    const volatile sig_atomic_t *stop; /* not 0: fail with ISO_EUSAGE after this step */
};
struct iso_replayed {
    int64_t steps;              /* computed again */
    int tensors;                /* compared, in both files */
    char differs[2 * ISO_NAME]; /* the first that differs; "": none */
    char file[32];              /* the file of the run that it is in */
    char where[256];            /* iso_job_where */
};
/* Replays the run in folder, which iso_run_check has found whole, up to where its state stands;
 * model: the path of its model file, as iso_run_check gives it. Fails with ISO_EDATA if the run
 * cannot be replayed: it was trained in fast mode, whose bits are promised on no device; its data
 * or the weights that it began with are others now. Differing numbers are no failure. */
iso_rc iso_replay(const char *folder, const char *model, const struct iso_replay_options *,
                  struct iso_replayed *out);
#endif
