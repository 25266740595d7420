/* in_child.h (private): the checks of a device whose driver may crash or hang, done by a child
 * process. The child runs the ladder and sends what it would report; the parent reports it, knows
 * what was running when the child ended, and starts another one that goes on behind it. */
#ifndef ISO_PARITY_IN_CHILD_H
#define ISO_PARITY_IN_CHILD_H
#include "core/system/child.h"
#include "harness.h"
#include "parity.h"

#define ISO_PARITY_CHECK_TASK "parity-check"
#define ISO_PARITY_LIST_TASK "parity-list"

/* ---- What a child says --------------------------------------------------------------------- */

/* A unit is a case of an op, or a model: units are counted over all selected cases, then models. */
enum iso_note_kind {
    ISO_NOTE_OPENED = 1, /* device, name, platform, driver and options are set */
    ISO_NOTE_UNIT,       /* the unit `number` begins */
    ISO_NOTE_ATTEMPT,    /* a check begins */
    ISO_NOTE_WORK,   /* the driver begins to work on a pass, or ends: `number` is enum iso_work */
    ISO_NOTE_CHECK,  /* its result */
    ISO_NOTE_RECORD, /* hash and elements of a result; the parent answers with rc and message */
    ISO_NOTE_END     /* all units are done */
};
enum { ISO_NOTE_DETAIL = 320, ISO_NOTE_REPEAT = 640, ISO_NOTE_ELEMENTS = 1 << 17 };
struct iso_note {
    uint32_t kind;
    int32_t rung, pass, number, mode, rc;
    int64_t values;
    double share;
    char device[32], subject[ISO_NAME], detail[ISO_NOTE_DETAIL], repeat[ISO_NOTE_REPEAT];
    char message[ISO_CHILD_MESSAGE]; /* message of rc */
    char worst[128];                 /* as in struct iso_check; empty: not known */
    char skipped[128];               /* reason; empty: it ran */
};
/* Ends every text, and returns false if a number is not one that the child may send. */
bool iso_note_check(struct iso_note *);

/* ---- The parent ---------------------------------------------------------------------------- */

struct iso_watch {
    const struct iso_parity_options *options;
    struct iso_report *report;
    const struct iso_cases *cases;
    struct iso_record *record; /* NULL: none */
    bool bounds;               /* also check the reference's own results */
};
/* Returns true for a device of drivers that others made, by its name in --device. */
bool iso_watch_wanted(const char *device);
/* Runs all checks of the device and reports them. Fails with the child's own error if the device
 * cannot be opened, and with ISO_EUNSUP, before any report, where no child can be started. */
iso_rc iso_watch_device(const struct iso_watch *, const char *device);
/* Lists a backend's devices. Reports a crash or a hang as a check, and lists none then. */
iso_rc iso_watch_list(const struct iso_watch *, const char *backend, struct iso_device *out,
                      int max, int *count);

/* ---- The child ----------------------------------------------------------------------------- */

/* Runs parity on one device from a unit on, and hands each result to the report's hook. */
iso_rc iso_parity_units(const struct iso_parity_options *, const struct iso_report_hook *,
                        struct iso_record *, int first, bool bounds);
/* Tasks of child_tasks.c. Arguments: as in_child.c sends them. */
iso_rc iso_parity_check_task(const struct iso_task *);
iso_rc iso_parity_list_task(const struct iso_task *);
#endif
