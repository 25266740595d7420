/* in_child_task.c: the child's side: runs the ladder and sends what it finds. */
#include "in_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIXED = 15, MOST_TEXT = 1 << 24 };

struct sender {
    const struct iso_task *task;
    int unit;              /* this unit; -1: none yet */
    int first;             /* unit that another child has begun */
    int reported;          /* results of that unit that are known */
    int attempts, results; /* numbers within this unit */
    int pass;              /* the pass that ran last in this attempt; -1: none */
    const char *dead;      /* "3,7,": attempts of the first unit that end a child */
    bool lost;             /* the device has failed, and what follows would, too */
};

static void send_note(const struct sender *s, const struct iso_note *n)
{
    if (!iso_task_send(s->task, n, sizeof *n))
        _exit(EXIT_FAILURE); /* the parent has gone */
}

static struct iso_note *note_of(const struct iso_check *c, enum iso_note_kind kind,
                                struct iso_note *n)
{
    memset(n, 0, sizeof *n);
    n->kind = kind;
    n->rung = (int32_t)c->rung;
    n->pass = c->pass;
    n->number = c->number;
    n->mode = (int32_t)c->mode;
    n->values = c->distance.values;
    n->share = c->distance.share;
    snprintf(n->device, sizeof n->device, "%s", c->device);
    snprintf(n->subject, sizeof n->subject, "%s", c->subject);
    snprintf(n->repeat, sizeof n->repeat, "%s", c->repeat);
    snprintf(n->skipped, sizeof n->skipped, "%s", c->skipped != NULL ? c->skipped : "");
    snprintf(n->worst, sizeof n->worst, "%s", c->worst != NULL ? c->worst : "");
    if (c->op_case != NULL)
        iso_case_text(c->op_case, n->detail, sizeof n->detail);
    else
        snprintf(n->detail, sizeof n->detail, "%s", c->detail);
    return n;
}

/* ---- The hook ------------------------------------------------------------------------------ */

static bool begin_unit(void *self, int unit)
{
    struct sender *s = self;
    const struct iso_note n = { .kind = ISO_NOTE_UNIT, .number = unit };
    if (s->lost)
        return false;
    s->unit = unit;
    s->attempts = s->results = 0;
    send_note(s, &n);
    return true;
}

static bool is_dead(const struct sender *s, int attempt)
{
    if (s->unit != s->first)
        return false;
    for (const char *at = s->dead; *at != '\0'; at = strchr(at, ',') + 1)
        if (atoi(at) == attempt)
            return true;
    return false;
}

static iso_rc attempt(void *self, const struct iso_check *c)
{
    struct sender *s = self;
    struct iso_note n;
    const int number = s->attempts++;
    s->pass = -1;
    send_note(s, note_of(c, ISO_NOTE_ATTEMPT, &n));
    if (is_dead(s, number))
        return iso_fail(ISO_EDEVICE, "this check has ended a process");
    return ISO_OK;
}

static void send_work(void *self, int pass, enum iso_work work)
{
    struct sender *s = self;
    const struct iso_note n = { .kind = ISO_NOTE_WORK, .pass = pass, .number = (int32_t)work };
    s->pass = pass >= 0 ? pass : s->pass;
    send_note(s, &n);
}

/* Results that another child has sent before it ended are not sent again. */
static void send_check(void *self, const struct iso_check *c, iso_rc rc)
{
    struct sender *s = self;
    struct iso_note n;
    const int number = s->results++;
    note_of(c, ISO_NOTE_CHECK, &n);
    n.rc = (int32_t)rc;
    if (rc != ISO_OK)
        iso_error_take(n.message, sizeof n.message);
    if (rc != ISO_OK && rc != ISO_EUNSUP && n.pass < 0)
        n.pass = s->pass;
    if (s->unit == s->first && number < s->reported)
        return;
    s->lost |= rc == ISO_EDEVICE;
    send_note(s, &n);
}

static void send_opened(void *self, const struct iso_backend *device)
{
    const struct sender *s = self;
    const struct iso_note n = { .kind = ISO_NOTE_OPENED, .mode = (int32_t)device->mode };
    send_note(s, &n);
    iso_task_send(s->task, &device->device, sizeof device->device);
}

/* Has the parent put a hash into its record. */
static iso_rc relay(void *self, const char *device, const char *key, const char *hex,
                    const char *elements)
{
    const struct sender *s = self;
    struct iso_note n = { .kind = ISO_NOTE_RECORD };
    size_t size;
    snprintf(n.device, sizeof n.device, "%s", device);
    snprintf(n.subject, sizeof n.subject, "%s", key);
    snprintf(n.repeat, sizeof n.repeat, "%s", hex);
    send_note(s, &n);
    iso_task_send(s->task, elements, strlen(elements));
    if (!iso_task_receive(s->task, &n, sizeof n, &size) || size != sizeof n || !iso_note_check(&n))
        _exit(EXIT_FAILURE);
    return n.rc == ISO_OK ? ISO_OK : iso_error_put((iso_rc)n.rc, n.message);
}

/* ---- The tasks ----------------------------------------------------------------------------- */

static iso_rc receive_text(const struct iso_task *task, char **out)
{
    uint64_t size;
    size_t n;
    if (!iso_task_receive(task, &size, sizeof size, &n) || n != sizeof size || size > MOST_TEXT)
        return iso_fail(ISO_EIO, "the text of the model does not come");
    *out = iso_alloc(size + 1, 1);
    if (*out == NULL)
        return ISO_ENOMEM;
    if (!iso_task_receive(task, *out, size, &n))
        return iso_fail(ISO_EIO, "the text of the model does not come");
    return ISO_OK;
}

static const char *or_null(const char *text) { return *text != '\0' ? text : NULL; }

/* Words 3 to 13: mode, case, steps, seed, quick, record, bounds, unit, reported, text, most. */
static iso_rc check_units(const struct iso_task *task, struct sender *s, char *text)
{
    long long v[11];
    for (int i = 0; i < 11; i++)
        v[i] = strtoll(task->argv[3 + i], NULL, 10);
    const char *const devices[] = { task->argv[0], NULL };
    const struct iso_parity_options o = {
        .devices = devices,
        .ops = or_null(task->argv[1]),
        .cases = or_null(task->argv[2]),
        .mode = (enum iso_mode)v[0],
        .number = (int)v[1],
        .steps = v[2],
        .seed = (uint64_t)v[3],
        .quick = v[4] != 0,
        .most = (int)v[10],
        .models = task->argc > FIXED ? (const char *const *)&task->argv[FIXED] : NULL,
        .text = text,
    };
    const struct iso_report_hook hook = {
        begin_unit, attempt, send_work, send_check, send_opened, s
    };
    struct iso_record *record = NULL;
    if (v[5] != 0)
        ISO_TRY(iso_record_relay(relay, s, &record));
    return iso_parity_units(&o, &hook, record, (int)v[7], v[6] != 0);
}

iso_rc iso_parity_check_task(const struct iso_task *task)
{
    char *text = NULL;
    const struct iso_note end = { .kind = ISO_NOTE_END };
    if (task->argc < FIXED)
        return iso_fail(ISO_EUSAGE, "the task is given too few arguments");
    struct sender s = { .task = task,
                        .unit = -1,
                        .first = atoi(task->argv[10]),
                        .reported = atoi(task->argv[11]),
                        .dead = task->argv[14] };
    if (s.first > 0 || s.reported > 0)
        setenv("ISOCL_QUIET", "1", 1); /* the child before has said what there is to say */
    iso_rc rc = atoi(task->argv[12]) != 0 ? receive_text(task, &text) : ISO_OK;
    if (rc == ISO_OK)
        rc = check_units(task, &s, text);
    free(text);
    if (rc == ISO_OK && !s.lost)
        send_note(&s, &end);
    return rc;
}

iso_rc iso_parity_list_task(const struct iso_task *task)
{
    enum { MOST = 64 };
    int n = 0;
    if (task->argc < 1)
        return iso_fail(ISO_EUSAGE, "the task is given no backend");
    struct iso_device *found = iso_alloc(MOST, sizeof *found);
    iso_rc rc = found == NULL ? ISO_ENOMEM : ISO_OK;
    for (int i = 0; rc == ISO_OK && iso_backends[i] != NULL; i++)
        if (strcmp(iso_backends[i]->name, task->argv[0]) == 0)
            rc = iso_backends[i]->list(found, MOST, &n);
    for (int i = 0; rc == ISO_OK && i < n; i++)
        if (!iso_task_send(task, &found[i], sizeof found[i]))
            break;
    free(found);
    return rc;
}
