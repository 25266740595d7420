/* in_child.c: the parent's side: reports what a child has checked, and starts another one when the
 * driver has ended it. */
#include "in_child.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPEN_SECONDS = 90,
    OWN_SECONDS = 1800,
    MODEL_LIMITS = 10,
    LIMIT_SECONDS = 300, /* some compilers take minutes for the first product */
    DEAD_MOST = 3,
    DEATHS_MOST = 3,
    WORDS = 16
};
static const double GLANCE = 0.2; /* seconds between looks at options.stop */

struct watched { /* one device */
    const struct iso_watch *watch;
    const char *device; /* as --device takes it */
    char id[32];        /* its own, after it has been opened */
    enum iso_mode mode;
    struct iso_child *child;
    bool opened, done, garbled;
    iso_rc rc;                            /* failure here */
    int unit, reported;                   /* this unit, and the number of its results so far */
    int attempts, dead[DEAD_MOST], ndead; /* attempts of this unit that ended a child */
    double seconds; /* time until the next note: the driver's, or else that of isocl's own sums */
    bool works;     /* the driver works */
    bool running;   /* a check is under way: */
    struct iso_note now;
    char op[ISO_NAME]; /* subject of the last death, and number of its deaths */
    int deaths;
};

static double limit_of(const struct watched *w)
{
    const double limit = w->watch->options->limit;
    return limit > 0 ? limit : LIMIT_SECONDS;
}

/* ---- Notes --------------------------------------------------------------------------------- */

bool iso_note_check(struct iso_note *n)
{
    n->device[sizeof n->device - 1] = n->subject[sizeof n->subject - 1] = '\0';
    n->detail[sizeof n->detail - 1] = n->repeat[sizeof n->repeat - 1] = '\0';
    n->message[sizeof n->message - 1] = n->skipped[sizeof n->skipped - 1] = '\0';
    n->worst[sizeof n->worst - 1] = '\0';
    return n->kind >= ISO_NOTE_OPENED && n->kind <= ISO_NOTE_END && n->rung >= 0 &&
           n->rung < ISO_RUNGS && n->pass >= -1 && n->pass <= ISO_UPDATE && n->number >= 0 &&
           n->values >= 0 && n->rc <= ISO_OK && n->rc >= ISO_EPARITY &&
           (n->mode == ISO_MODE_EXACT || n->mode == ISO_MODE_FAST || n->mode == ISO_MODE_DEFAULT);
}

static struct iso_check check_of(const struct iso_note *n)
{
    return (struct iso_check){
        .rung = (enum iso_rung)n->rung,
        .device = n->device,
        .subject = n->subject,
        .detail = n->detail,
        .repeat = n->repeat,
        .worst = n->worst,
        .skipped = *n->skipped != '\0' ? n->skipped : NULL,
        .number = n->number,
        .pass = n->pass,
        .mode = (enum iso_mode)n->mode,
        .distance = { .values = n->values, .share = n->share },
    };
}

static void take_check(struct watched *w, const struct iso_note *n)
{
    const struct iso_check check = check_of(n);
    w->running = w->works = false;
    w->seconds = OWN_SECONDS;
    w->reported++;
    iso_report_check(w->watch->report, &check,
                     n->rc == ISO_OK ? ISO_OK : iso_error_put((iso_rc)n->rc, n->message));
    if (n->rc == ISO_EDEVICE) { /* the child ends after this unit: a lost device stays lost */
        w->deaths = strcmp(w->op, n->subject) == 0 ? w->deaths + 1 : 1;
        snprintf(w->op, sizeof w->op, "%s", n->subject);
    }
}

static void take_unit(struct watched *w, int unit)
{
    if (unit != w->unit)
        w->reported = w->ndead = 0;
    w->unit = unit;
    w->attempts = 0;
    w->running = w->works = false;
    w->seconds = OWN_SECONDS;
}

/* A description of the device follows. */
static iso_rc take_opened(struct watched *w, const struct iso_note *n)
{
    struct iso_device d;
    const struct iso_parity_options *o = w->watch->options;
    if (!iso_child_receive_all(w->child, &d, sizeof d))
        return ISO_OK; /* the child has ended */
    d.id[sizeof d.id - 1] = d.name[sizeof d.name - 1] = d.platform[sizeof d.platform - 1] = '\0';
    d.driver[sizeof d.driver - 1] = d.note[sizeof d.note - 1] = '\0';
    const struct iso_parity_device opened = { d.id,     d.name, d.platform,
                                              d.driver, d.note, (enum iso_mode)n->mode };
    const bool again = w->opened;
    w->opened = true;
    w->mode = (enum iso_mode)n->mode;
    memcpy(w->id, d.id, sizeof w->id);
    if (again)
        return ISO_OK;
    if (o->opened != NULL)
        o->opened(o->self, &opened);
    return iso_record_device(w->watch->record, &opened);
}

/* Puts the hash into the record here, where there is one for all devices, and answers. */
static void take_record(struct watched *w, struct iso_note *n)
{
    char *elements = iso_alloc(ISO_NOTE_ELEMENTS + 1, 1);
    size_t size = 0;
    if (elements == NULL || !iso_child_receive(w->child, elements, ISO_NOTE_ELEMENTS, &size)) {
        free(elements);
        return;
    }
    elements[size] = '\0';
    n->rc = iso_record_put(w->watch->record, n->device, n->subject, n->repeat, elements);
    if (n->rc != ISO_OK)
        iso_error_take(n->message, sizeof n->message);
    free(elements);
    iso_child_send(w->child, n, sizeof *n);
}

static void take_work(struct watched *w, const struct iso_note *n)
{
    const double limit = limit_of(w);
    w->works = n->number != ISO_WORK_ENDS;
    w->seconds = n->number == ISO_WORK_PASS    ? limit
                 : n->number == ISO_WORK_MODEL ? MODEL_LIMITS * limit
                                               : OWN_SECONDS;
    if (n->pass >= 0)
        w->now.pass = n->pass;
}

static void take_note(struct watched *w, struct iso_note *n)
{
    switch ((enum iso_note_kind)n->kind) {
    case ISO_NOTE_OPENED: w->rc = take_opened(w, n); break;
    case ISO_NOTE_UNIT: take_unit(w, n->number); break;
    case ISO_NOTE_ATTEMPT:
        w->attempts++;
        w->now = *n;
        w->running = true;
        w->seconds = OWN_SECONDS;
        break;
    case ISO_NOTE_WORK: take_work(w, n); break;
    case ISO_NOTE_CHECK: take_check(w, n); break;
    case ISO_NOTE_RECORD:
        if (w->watch->record != NULL)
            take_record(w, n);
        break;
    case ISO_NOTE_END: w->done = true; break;
    }
}

/* ---- A child ------------------------------------------------------------------------------- */

/* Returns a list of the arguments of iso_parity_check_task, which free() frees; numbers: memory for
 * some of them. */
static const char **arguments_of(const struct watched *w, char numbers[WORDS][32])
{
    const struct iso_parity_options *o = w->watch->options;
    int models = 0, n = 0;
    while (o->models != NULL && o->models[models] != NULL)
        models++;
    const char **list = iso_alloc((size_t)(WORDS + models + 1), sizeof *list);
    if (list == NULL)
        return NULL;
    const int64_t values[] = { o->mode,          o->number, o->steps,
                               (int64_t)o->seed, o->quick,  w->watch->record != NULL,
                               w->watch->bounds, w->unit,   w->reported,
                               o->text != NULL,  o->most };
    list[n++] = w->device;
    list[n++] = o->ops != NULL ? o->ops : "";
    list[n++] = o->cases != NULL ? o->cases : "";
    for (size_t i = 0; i < sizeof values / sizeof *values; i++, n++) {
        snprintf(numbers[n], sizeof numbers[n], "%" PRId64, values[i]);
        list[n] = numbers[n];
    }
    numbers[n][0] = '\0';
    for (int i = 0; i < w->ndead; i++) {
        const size_t used = strlen(numbers[n]);
        snprintf(numbers[n] + used, sizeof numbers[n] - used, "%d,", w->dead[i]);
    }
    list[n] = numbers[n];
    n++;
    for (int i = 0; i < models; i++)
        list[n++] = o->models[i];
    return list;
}

static iso_rc start(struct watched *w)
{
    char numbers[WORDS][32];
    const struct iso_parity_options *o = w->watch->options;
    const char **arguments = arguments_of(w, numbers);
    if (arguments == NULL)
        return ISO_ENOMEM;
    const struct iso_child_job job = { ISO_PARITY_CHECK_TASK,
                                       arguments,
                                       { .seconds = OPEN_SECONDS < limit_of(w) ? limit_of(w)
                                                                               : OPEN_SECONDS } };
    const iso_rc rc = iso_child_start(&job, &w->child);
    free(arguments);
    if (rc == ISO_OK && o->text != NULL) {
        const uint64_t size = strlen(o->text);
        iso_child_send(w->child, &size, sizeof size);
        iso_child_send(w->child, o->text, size);
    }
    return rc;
}

/* Waits until the child has said something or is late; returns false if the user wants an end. */
static bool wait_for(struct watched *w)
{
    const volatile sig_atomic_t *stop = w->watch->options->stop;
    while (!iso_child_waits(w->child, GLANCE))
        if (stop != NULL && *stop != 0)
            break;
    if (stop != NULL && *stop != 0)
        w->watch->report->ended = true;
    return !w->watch->report->ended;
}

/* Takes what the child says until it ends. */
static void listen(struct watched *w)
{
    struct iso_note n;
    while (!w->done && w->rc == ISO_OK && wait_for(w) &&
           iso_child_receive_all(w->child, &n, sizeof n)) {
        if (!iso_note_check(&n)) {
            w->garbled = true;
            return;
        }
        take_note(w, &n);
        if (w->opened)
            iso_child_allow(w->child, w->seconds);
    }
    if (w->done)
        iso_child_finish(w->child);
}

/* ---- Its end ------------------------------------------------------------------------------- */

/* Says which check ended the child, or where between checks it ended. */
static void report_death(struct watched *w, const struct iso_child_verdict *v)
{
    char text[256];
    struct iso_note n = w->now;
    if (!w->running) {
        n.pass = -1;
        snprintf(n.detail, sizeof n.detail, "%s",
                 w->opened ? "between two checks" : "opening the device");
    }
    if (!w->opened || *n.subject == '\0') {
        n = (struct iso_note){ .pass = -1, .mode = (int32_t)w->watch->options->mode };
        snprintf(n.subject, sizeof n.subject, "all");
        snprintf(n.detail, sizeof n.detail, "opening the device");
        snprintf(n.device, sizeof n.device, "%s", w->device);
    }
    struct iso_check check = check_of(&n);
    check.died = v->end == ISO_CHILD_LATE ? ISO_LATE : ISO_CRASHED;
    iso_child_text(v, text, sizeof text);
    if (check.died == ISO_LATE)
        snprintf(text, sizeof text, "took longer than %g s and was killed",
                 w->opened ? w->seconds : OPEN_SECONDS);
    iso_report_check(w->watch->report, &check,
                     iso_fail(ISO_EDEVICE, "the driver's process %s", text));
    w->deaths = strcmp(w->op, n.subject) == 0 ? w->deaths + 1 : 1;
    snprintf(w->op, sizeof w->op, "%s", n.subject);
}

static void skip(struct watched *w, int unit, const char *why)
{
    const struct iso_cases *cases = w->watch->cases;
    char repeat[ISO_NAME + 64] = "";
    struct iso_check check = { .rung = ISO_RUNG_CONTRACT,
                               .device = w->id,
                               .pass = -1,
                               .subject = w->now.subject,
                               .detail = w->now.detail,
                               .repeat = w->now.repeat,
                               .mode = w->mode,
                               .skipped = why };
    if (unit < cases->n) {
        const struct iso_case *c = &cases->list[unit];
        check.op_case = c;
        check.subject = iso_ops[c->op].name;
        check.number = c->number;
        snprintf(repeat, sizeof repeat, "--ops %s --case %d", check.subject, c->number);
        check.repeat = repeat;
    }
    iso_report_check(w->watch->report, &check, ISO_OK);
}

/* Leaves out the op's other cases after it has ended several children: each of them costs time. */
static void give_op_up(struct watched *w)
{
    const struct iso_cases *cases = w->watch->cases;
    const int number = w->watch->options->number;
    if (w->deaths < DEATHS_MOST || w->unit - 1 >= cases->n || w->unit == 0)
        return;
    const enum iso_op op = cases->list[w->unit - 1].op;
    for (; w->unit < cases->n && cases->list[w->unit].op == op; w->unit++)
        if (number == 0 || cases->list[w->unit].number == number)
            skip(w, w->unit,
                 "this op's cases before it ended the driver's process; --case runs it");
}

static void go_behind(struct watched *w)
{
    w->unit++;
    w->reported = w->ndead = 0;
    give_op_up(w);
}

/* Decides where the next child begins. */
static void after_death(struct watched *w)
{
    if (!w->running) {
        go_behind(w);
        return;
    }
    w->reported++;
    w->dead[w->ndead++] = w->attempts - 1;
    if (w->ndead == DEAD_MOST || (w->deaths >= DEATHS_MOST && w->unit < w->watch->cases->n)) {
        skip(w, w->unit, "the checks before them ended the driver's process: the rest of this one");
        go_behind(w);
    }
}

/* Returns ISO_OK to go on. Sets done if there is nothing to go on with. */
static iso_rc take_end(struct watched *w)
{
    struct iso_child_verdict v = *iso_child_verdict(w->child);
    if (w->garbled)
        v.end = ISO_CHILD_GARBLED;
    w->garbled = false;
    const bool returned = v.end == ISO_CHILD_DONE || (v.end == ISO_CHILD_LIMITED && v.rc != ISO_OK);
    if (w->done || w->watch->report->ended) {
        w->done = true;
        return ISO_OK;
    }
    if (returned && v.rc != ISO_OK) { /* its own error, not the driver's */
        w->done = true;
        return iso_error_put(v.rc, v.message);
    }
    if (returned) {
        go_behind(w);
        return ISO_OK;
    }
    report_death(w, &v);
    w->done = !w->opened;
    after_death(w);
    return ISO_OK;
}

bool iso_watch_wanted(const char *device)
{
    static const char *const foreign[] = { "opencl", "gpu", "auto" };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        const size_t n = strlen(foreign[i]);
        if (strncmp(device, foreign[i], n) == 0 && (device[n] == '\0' || device[n] == ':'))
            return true;
    }
    return false;
}

iso_rc iso_watch_device(const struct iso_watch *watch, const char *device)
{
    struct watched *w = iso_alloc(1, sizeof *w);
    iso_rc rc = w == NULL ? ISO_ENOMEM : ISO_OK;
    if (w != NULL)
        *w = (struct watched){ .watch = watch, .device = device };
    for (bool first = true; rc == ISO_OK && !w->done; first = false) {
        w->running = w->works = false;
        w->seconds = OWN_SECONDS;
        rc = start(w);
        if (rc != ISO_OK) {
            rc = first && rc == ISO_EIO ? ISO_EUNSUP : rc;
            break;
        }
        listen(w);
        if (!w->done && !w->garbled && w->rc == ISO_OK && !w->watch->report->ended)
            iso_child_finish(w->child);
        rc = w->rc != ISO_OK ? w->rc : take_end(w);
        iso_child_free(w->child);
        w->child = NULL;
    }
    free(w);
    return rc;
}

iso_rc iso_watch_list(const struct iso_watch *watch, const char *backend, struct iso_device *out,
                      int max, int *count)
{
    const char *const arguments[] = { backend, NULL };
    const struct iso_child_job job = { ISO_PARITY_LIST_TASK,
                                       arguments,
                                       { .seconds = OPEN_SECONDS } };
    struct watched w = { .watch = watch, .device = backend };
    if (iso_child_start(&job, &w.child) != ISO_OK)
        return ISO_EUNSUP;
    while (*count < max && wait_for(&w) &&
           iso_child_receive_all(w.child, &out[*count], sizeof *out)) {
        struct iso_device *d = &out[(*count)++];
        d->id[sizeof d->id - 1] = d->name[sizeof d->name - 1] = '\0';
        d->note[sizeof d->note - 1] = '\0';
    }
    if (!watch->report->ended)
        iso_child_finish(w.child);
    const struct iso_child_verdict v = *iso_child_verdict(w.child);
    iso_child_free(w.child);
    if (v.end == ISO_CHILD_DONE)
        return v.rc == ISO_OK ? ISO_OK : iso_error_put(v.rc, v.message);
    *count = 0;
    if (!watch->report->ended)
        report_death(&w, &v);
    return ISO_OK;
}
