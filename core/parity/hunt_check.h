/* hunt_check.h (private): one random case: drawn, compared on a device, made smaller, written. */
#ifndef ISO_HUNT_CHECK_H
#define ISO_HUNT_CHECK_H
#include "hunt_draw.h"

struct iso_hunted { /* a random case */
    int64_t number; /* from 1 */
    bool model;
    enum iso_op op; /* the op, unless it is a model */
    char *text;     /* YAML; owned */
};
struct iso_outcome { /* the checks of one case on one device */
    struct iso_parity_totals totals;
    struct iso_report_line line[ISO_RUNGS];
    char rung[16], message[512]; /* those of the first check that failed, or "" */
};
struct iso_hunter { /* backends that devices are compared with; all borrowed */
    struct iso_backend *reference, *portable, *judge;
    const struct iso_backend
        *first; /* the device on which the reference's own bounds are checked */
    uint64_t seed;
    const char *ops; /* as iso_hunt_options has them: which case a number means depends on them */
    FILE *nowhere;
};
/* Returns the seed of the data of a case. */
uint64_t iso_hunted_seed(uint64_t seed, int64_t number);
/* Draws the case of this number: of one of the ops or, with models, every 32nd a model. The caller
 * frees out->text. */
iso_rc iso_hunt_draw(uint64_t seed, int64_t number, const enum iso_op *ops, int nops, bool models,
                     struct iso_hunted *out);
/* Compares the device with the reference on `text`, which takes the place of d->text. Fails with
 * ISO_EMODEL if the text cannot be read or is too large, and with codes other than ISO_EPARITY if
 * it could not be run. */
iso_rc iso_hunted_check(const struct iso_hunter *, struct iso_backend *device,
                        const struct iso_hunted *d, const char *text, struct iso_outcome *);

enum { ISO_HUNT_COMMAND = 2048 };
/* Makes a case that failed smaller, writes it into a folder, which is made, and writes the command
 * that repeats it. outcome is that of the failure; its message becomes that of the smaller case. */
iso_rc iso_hunted_write(const struct iso_hunter *, struct iso_backend *device, struct iso_hunted *,
                        const char *folder, struct iso_outcome *outcome,
                        char command[ISO_HUNT_COMMAND]);
#endif
