/* parity.h: proves that devices compute the same numbers. */

/* clang-format off */
/* The rungs of the ladder, cheapest first. Cases come from models/ops/<op>.yaml and from model
 * files; the reference defines the result, and the double reference judges accuracy.
 *   exact      0 bits differ from the reference (in fast mode, for ops without sums of products)
 *   integer    fast mode: 0 bits differ on small integers, whose sums are equal in any order
 *   bounded    |d| <= c eps sqrt(k) S against the double reference (core/arithmetic/bounds.h): the device's
 *              sums of products in fast mode, the reference's own in exact mode
 *   gradient   central differences on the double reference
 *   contract   guard zones and inputs unchanged, adds or overwrites, same bits twice, no NaN left
 *   lockstep   a model, node by node, each with the reference's inputs: names the faulty layer
 *   training   a model trained for some steps: weights, moving statistics and the optimizer's slots
 *              equal, or as near as a change of one ULP moves them; again with each step in
 *              shards: loss, metrics and gradients, too
 *   inference  the model's predictions for a larger batch: equal, or as near as a change of one ULP
 *              moves them
 *   ranks      a model's training in shards that several processes share: on each of them outputs,
 *              gradients, moving statistics, updated weights and slots equal
 *   record     the hashes that another machine has recorded */
/* clang-format on */
#ifndef ISO_PARITY_H
#define ISO_PARITY_H
#include "core/iso.h"

#include <signal.h>

struct iso_ranks;

/* clang-format off */
#define ISO_RUNG_MAP(X)                                 \
    X(EXACT,    "exact")                                \
    X(INTEGER,  "integer")                              \
    X(BOUNDED,  "bounded")                              \
    X(GRADIENT, "gradient")                             \
    X(CONTRACT, "contract")                             \
    X(LOCKSTEP, "lockstep")                             \
    X(TRAINING, "training")                             \
    X(INFERENCE, "inference")                           \
    X(RANKS,    "ranks")                                \
    X(RECORD,   "record")
/* clang-format on */
#define ISO_RUNG_ENUM(name, text) ISO_RUNG_##name,
enum iso_rung { ISO_RUNG_MAP(ISO_RUNG_ENUM) ISO_RUNGS };
extern const char *const iso_rung_names[]; /* in that order; NULL at the end */

/* clang-format off */
#define ISO_RESULT_MAP(X)                                \
    X(PASSED,  "passed")                                 \
    X(FAILED,  "failed")                                 \
    X(SKIPPED, "skipped")                                \
    X(CRASHED, "crashed")    /* it ended its process */  \
    X(LATE,    "timed out")
/* clang-format on */
#define ISO_RESULT_ENUM(name, text) ISO_##name,
enum iso_result { ISO_RESULT_MAP(ISO_RESULT_ENUM) ISO_RESULTS };
extern const char *const iso_result_names[ISO_RESULTS];

struct iso_parity_check { /* the result of one check; borrowed */
    const char *device, *subject, *rung;
    const char *result;  /* a name of iso_result_names */
    const char *message; /* the failure, or the reason for skipping it */
    const char *repeat;  /* the command that repeats it */
    int64_t values;      /* number of values compared */
    const char *pass;    /* forward, backward, update or all */
    const char *detail;  /* the case in words */
    int number;          /* number of the op's case; 0: none */
    const char *worst;   /* the first element that differs, or the one that used most of its bound,
                            as "y0[1,2,0,3]: 0.5 instead of 0.25"; "": not known */
    double share;        /* largest share of a bound that was used; 0: bits were compared */
    enum iso_mode mode;
};
/* The device that the checks which follow are of; borrowed. */
struct iso_parity_device {
    const char *id, *name, *platform, *driver;
    const char *note; /* how it is used: build options, or threads */
    enum iso_mode mode;
};
struct iso_parity_options {              /* all zero: every op case on every usable device */
    const char *const *models;           /* paths, NULL at the end; NULL: none */
    const char *text;                    /* text of the first model, whose file is then not read */
    const char *const *devices;          /* as --device takes them, NULL at the end; NULL: all */
    struct iso_backend *const *backends; /* open ones, instead of devices; borrowed */
    int nbackends;
    enum iso_mode mode;         /* DEFAULT: each device's own */
    const char *ops;            /* "conv2d,dense" or "all"; NULL: all, or none with models */
    int number;                 /* run only this case of each op, counted from 1; 0: all */
    int most;                   /* number of cases of each op, spread over its file; 0: all */
    int64_t steps;              /* training steps of a model; 0: 3 */
    const char *record, *check; /* files; NULL: none. Only exact mode has records */
    const char *cases;          /* folder of op cases; NULL: models/ops, or the installed one */
    uint64_t seed;              /* seed of the data; 0 means 1 */
    bool json;                  /* print one JSON object per line instead of the table */
    bool quiet;                 /* print failures and the last line only */
    bool verbose;               /* print a line per case instead of per op */
    bool quick;                 /* skip cases marked slow, and say so */
    bool same_process;          /* run the checks of every device in this process */
    bool silent;                /* print nothing */
    double limit;               /* seconds that one check of a driver may take; 0: 300 */
    /* Several processes, which all run the checks: only the rung of ranks, of models, each on its
     * one device, in this process. Borrowed; NULL: there is only this one. */
    struct iso_ranks *ranks;
    volatile sig_atomic_t *stop; /* not 0: end the checks, with a summary; NULL: never */
    void *out;                   /* FILE *; NULL: stdout */
    /* Called after each check, in addition to printing; returns false to end the checks. May be
     * NULL. */
    bool (*told)(void *self, const struct iso_parity_check *);
    /* Called when a device is opened. May be NULL. */
    void (*opened)(void *self, const struct iso_parity_device *);
    void *self;
};
struct iso_parity_totals {
    long passed, failed, skipped, crashed, late;
    long failed_on[ISO_RUNGS];
};
/* Runs the ladder and prints the results. The checks of an OpenCL device run in a child process,
 * which is started again after a crash or a hang. Returns ISO_OK if there was at least one check
 * and every check passed. Fails with ISO_EPARITY if a check failed or there was none, with
 * ISO_EDEVICE if none failed but some crashed or timed out, and with other codes if
 * the ladder could not run (no such device, unreadable cases). Always fills totals, which may be
 * NULL. */
iso_rc iso_parity_run(const struct iso_parity_options *, struct iso_parity_totals *totals);
#endif
