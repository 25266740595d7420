/* parity.h: proves that devices compute the same numbers.
 *
 * The ladder, cheapest rung first. Cases come from models/ops/<op>.yaml and from model files; the
 * reference defines the result, the double reference is the judge of accuracy.
 *   exact      0 differing bits against the reference (fast mode: of ops without sums of products)
 *   integer    fast mode: 0 differing bits on small integers, where any order of summation agrees
 *   bounded    |d| <= c eps sqrt(k) S against the double reference (core/bounds.h): the device's
 *              sums of products in fast mode, the reference's own in exact mode
 *   gradient   central differences on the double reference
 *   contract   guard zones, unchanged inputs, accumulate or overwrite, same bits twice, no NaN left
 *   lockstep   a model, node by node, each fed the reference's inputs: names the guilty layer
 *   training   a model trained freely for some steps: weights equal, or as near as one ULP moves
 *              them
 *   inference  what the model says of a larger batch: equal, or as near as one ULP moves it
 *   record     the hashes that another machine has recorded */
#ifndef ISO_PARITY_H
#define ISO_PARITY_H
#include "core/iso.h"

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
    X(RECORD,   "record")
/* clang-format on */
#define ISO_RUNG_ENUM(name, text) ISO_RUNG_##name,
enum iso_rung { ISO_RUNG_MAP(ISO_RUNG_ENUM) ISO_RUNGS };
extern const char *const iso_rung_names[]; /* in that order; NULL at the end */

struct iso_parity_check { /* one, as it ended; borrowed */
    const char *device, *subject, *rung;
    const char *result;  /* passed, failed or skipped */
    const char *message; /* what failed, or why it was skipped */
    const char *repeat;  /* the command that repeats it */
    int64_t values;      /* that were compared */
};
struct iso_parity_options {              /* all zero: every op case on every usable device */
    const char *const *models;           /* paths, NULL at the end; NULL: none */
    const char *text;                    /* of the first model, whose file is not read then */
    const char *const *devices;          /* as --device takes them, NULL at the end; NULL: all */
    struct iso_backend *const *backends; /* or open ones instead of devices; borrowed */
    int nbackends;
    enum iso_mode mode;         /* DEFAULT: each device's own */
    const char *ops;            /* "conv2d,dense" or "all"; NULL: all, or none with models */
    int number;                 /* only this case of each op, counted from 1; 0: all */
    int64_t steps;              /* training steps of a model; 0: 3 */
    const char *record, *check; /* files; NULL: none. Only exact mode has records */
    const char *cases;          /* of op cases; NULL: models/ops, or the installed */
    uint64_t seed;              /* of the data; 0: 1 */
    bool json;                  /* one JSON object a line instead of the table */
    bool quiet;                 /* failures and the last line only */
    bool verbose;               /* a line a case instead of a line an op */
    bool quick;                 /* leaves out cases marked slow, and says so */
    void *out;                  /* FILE *; NULL: stdout */
    /* Told of each check, beside what is printed; false: no more is checked. NULL: nobody. */
    bool (*told)(void *self, const struct iso_parity_check *);
    void *self;
};
struct iso_parity_totals {
    long passed, failed, skipped;
    long failed_on[ISO_RUNGS];
};
/* Runs the ladder and prints it. ISO_OK when every check passed and there was at least one;
 * ISO_EPARITY with a message when one failed or there was none; other codes when it could not run
 * (no such device, unreadable cases). totals, which may be NULL, is filled in any case. */
iso_rc iso_parity_run(const struct iso_parity_options *, struct iso_parity_totals *totals);
#endif
