/* state.h: the file `state` of a run's folder: all that going on with it needs, as tensors
 * (weights, optimizer slots, counts) and, in the file's metadata, as numbers. */
#ifndef ISO_STATE_H
#define ISO_STATE_H
#include "core/data/safetensors.h"
#include "core/file.h"
#include "fit.h"

struct iso_run_settings { /* what a resumed run shares with its beginning */
    uint64_t seed;
    int64_t batch, limit, rows, validation_rows; /* limit 0: all rows */
    int64_t epochs, steps;                       /* the goal; may be raised when resuming */
    int64_t fast;                                /* 1: fast mode, 0: exact */
    int64_t arithmetic; /* ISO_ARITH_VERSION of then; set by iso_state_read only */
};
struct iso_run_best { /* what best.safetensors is */
    char monitor[64]; /* a column of history.csv; "": none yet, or not known */
    double value;     /* of it */
    int64_t epoch;    /* after which */
    double goodness;  /* value, or -value where less is better; -INFINITY: none */
};
struct iso_run_state {
    struct iso_run_settings settings;
    struct iso_fit_state fit;
    struct iso_run_best best;
};

/* Writes folder/state, as iso_file_write does: a reader finds the old one or the new one. */
iso_rc iso_state_save(const char *folder, const struct iso_run_state *, struct iso_exec *);
/* Reads the state of the run in folder, whichever arithmetic it is of. *tensors: its tensors, to be
 * closed with iso_st_close; NULL when they are not wanted. */
iso_rc iso_state_read(const char *folder, struct iso_run_state *, struct iso_st_file **tensors);
/* Fails with ISO_EDATA where the run in folder has another arithmetic than this isocl, which would
 * go on with it to weights that no isocl gives. */
iso_rc iso_state_resumable(const char *folder, const struct iso_run_settings *);
#endif
