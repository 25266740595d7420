/* hunt.h: random ops and random models, drawn from a seed and compared on devices. What is drawn
 * comes from ops.def and from each op's table of fields, so that an op needs no line here. A case
 * that fails is made as small as it can be while it still fails, and written to a file with the
 * command that repeats it. The same seed draws the same cases on every machine. */
#ifndef ISO_HUNT_H
#define ISO_HUNT_H
#include "parity.h"

struct iso_hunt_doing {  /* the work that a hunt begins, which may take a while */
    int64_t number;      /* number of the case */
    const char *subject; /* its op, or "a model" */
    const char *device;
    bool shrinking; /* the case has failed, and is made smaller */
    uint64_t seed;
    const struct iso_parity_totals *totals; /* the results of all checks before */
};
struct iso_hunt_options {
    const char *const *devices;          /* as --device takes them, NULL at the end; NULL: all */
    struct iso_backend *const *backends; /* open ones, instead of devices; borrowed */
    int nbackends;
    enum iso_mode mode; /* DEFAULT: each device's own */
    const char *ops;    /* "conv2d,dense": only cases of these ops; NULL: of all, and models */
    uint64_t seed;      /* 0 means 1 */
    int64_t number;     /* only the case of this number, counted from 1; 0: all */
    int64_t count;      /* number of cases; 0: until the time is over */
    double seconds;     /* 0: no limit; with count 0: one minute */
    const char *folder; /* for failing cases; NULL: "hunt-SEED" */
    bool json;          /* print one JSON object per line instead of the table */
    bool quiet;         /* print failures and the last line only */
    bool verbose;       /* print each case before it runs */
    void *out;          /* FILE *; NULL: stdout */
    /* Called before each case with the number of cases so far, those wanted (0: no limit) and the
     * failures; returns false to end the hunt. May be NULL. */
    bool (*more)(void *self, int64_t done, int64_t count, long failed);
    void (*doing)(void *self, const struct iso_hunt_doing *); /* may be NULL */
    void *self;
};
/* Draws and compares cases until the count or the time is over, and prints the results. Every 32nd
 * case is a model. Returns ISO_OK if at least one check was made and all passed; fails with
 * ISO_EPARITY if a check failed or none was made, and with other codes if the hunt could not run.
 * Fills totals, which may be NULL. */
iso_rc iso_hunt_run(const struct iso_hunt_options *, struct iso_parity_totals *totals);
#endif
