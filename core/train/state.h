/* state.h: the file `state` in a run's folder: everything needed to resume, as tensors (weights,
 * optimizer slots, counts) and as numbers in the file's metadata. */
#ifndef ISO_STATE_H
#define ISO_STATE_H
#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "fit.h"

struct iso_run_settings { /* settings that must not change when a run is resumed */
    uint64_t seed;
    int64_t batch, limit, rows, validation_rows; /* limit 0: all rows */
    int64_t epochs, steps;                       /* the goal; may be raised when resuming */
    int64_t fast;                                /* 1: fast mode, 0: exact */
    int64_t arithmetic;    /* ISO_ARITH_VERSION of the run; set by iso_state_read only */
    char model_sha256[65]; /* iso_model_sha256; "": not known */
    char data_sha256[65];  /* iso_data_sha256 (run_json.h); "": not known */
};
struct iso_run_best { /* the epoch in best.safetensors */
    char monitor[64]; /* a column of history.csv; "": none yet, or not known */
    double value;     /* the monitored number */
    int64_t epoch;    /* from 1 */
    double goodness;  /* value, or -value where less is better; -INFINITY: none */
};
struct iso_run_state {
    struct iso_run_settings settings;
    struct iso_fit_state fit;
    struct iso_run_best best;
};

/* Writes folder/state like iso_file_write: a reader finds the old or the new file. */
iso_rc iso_state_save(const char *folder, const struct iso_run_state *, struct iso_exec *);
/* Reads the state of the run in folder, whatever its arithmetic version. *tensors: its tensors, to
 * be closed with iso_st_close; NULL: not wanted. */
iso_rc iso_state_read(const char *folder, struct iso_run_state *, struct iso_st_file **tensors);
/* Fails with ISO_EDATA if the run in folder has another arithmetic version than this isocl:
 * resuming would give weights that no isocl computes. */
iso_rc iso_state_resumable(const char *folder, const struct iso_run_settings *);
#endif
