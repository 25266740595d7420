/* hunt.c: draws cases and sends them to the devices until the time is over. */
#include "hunt.h"
#include "core/system/file.h"
#include "core/text/json.h"
#include "core/system/machine.h"
#include "hunt_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MOST = 32, FAULTS_MOST = 64, OPS_MOST = 2048 };
static const double default_seconds = 60;

struct usage { /* one rung on one device */
    long checks, failed, skipped;
    int64_t values;
    double share; /* the largest of all shares of a bound, and where it was */
    int64_t number;
    char subject[ISO_NAME];
};
struct fault { /* one that has been shown */
    const struct iso_backend *device;
    enum iso_op op;
    bool model;
    char rung[16];
};
struct hunt {
    const struct iso_hunt_options *o;
    struct iso_hunter hunter;
    struct iso_backend *device[DEVICES_MOST];
    int ndevices;
    enum iso_op ops[OPS_MOST]; /* each as often as it is to be drawn */
    int nops;
    char folder[ISO_PATH];
    struct usage usage[DEVICES_MOST][ISO_RUNGS];
    struct fault fault[FAULTS_MOST];
    int nfaults;
    int64_t cases, models;
    struct iso_parity_totals totals;
};

static FILE *out_of(const struct hunt *h) { return h->o->out != NULL ? h->o->out : stdout; }

/* ---- What is printed ------------------------------------------------------------------------ */

static void print_drawn(const struct hunt *h, const struct iso_hunted *d)
{
    if (!h->o->verbose || h->o->json)
        return;
    fprintf(out_of(h), "%" PRId64 " %s%s%s\n", d->number, d->model ? "model" : iso_ops[d->op].name,
            d->model ? "\n" : " ", d->text);
    fflush(out_of(h));
}

static iso_rc print_fault(const struct hunt *h, const struct iso_backend *b,
                          const struct iso_hunted *d, const struct iso_outcome *x,
                          const char *command)
{
    const char *subject = d->model ? "model" : iso_ops[d->op].name;
    if (!h->o->json) {
        fprintf(out_of(h), "%-14s %-32s %-9s FAILED: %s\n    case %" PRId64 "\n    repeat: %s\n",
                b->device.id, subject, x->rung, x->message, d->number, command);
    } else {
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "event", "fault", "device",
                              b->device.id, "subject", subject, "rung", x->rung, "case",
                              (json_int_t)d->number, "message", x->message, "repeat", command);
        return iso_json_line(o, JSON_COMPACT | JSON_PRESERVE_ORDER, out_of(h));
    }
    fflush(out_of(h));
    return ISO_OK;
}

static void print_usage(const struct hunt *h, const struct iso_backend *b, enum iso_rung rung,
                        const struct usage *u)
{
    char verdict[ISO_NAME + 80] = "none differ";
    if (u->failed > 0)
        snprintf(verdict, sizeof verdict, "FAILED: %ld", u->failed);
    else if (u->share > 0)
        snprintf(verdict, sizeof verdict, "%.3f of the bound: %s, case %" PRId64, u->share,
                 u->subject, u->number);
    else if (u->checks == u->skipped)
        snprintf(verdict, sizeof verdict, "skipped");
    fprintf(out_of(h), "%-14s %-9s %8ld %14" PRId64 "  %s\n", b->device.id, iso_rung_names[rung],
            u->checks - u->skipped, u->values, verdict);
}

static void print_table(const struct hunt *h)
{
    if (h->o->quiet || h->o->json)
        return;
    fprintf(out_of(h), "%-14s %-9s %8s %14s  %s\n", "device", "rung", "checks", "values",
            "verdict");
    for (int i = 0; i < h->ndevices; i++)
        for (int rung = 0; rung < ISO_RUNGS; rung++)
            if (h->usage[i][rung].checks > 0)
                print_usage(h, h->device[i], (enum iso_rung)rung, &h->usage[i][rung]);
}

static iso_rc print_end(const struct hunt *h)
{
    const struct iso_parity_totals *t = &h->totals;
    print_table(h);
    if (h->o->json)
        fprintf(out_of(h),
                "{\"event\":\"end\",\"cases\":%" PRId64 ",\"models\":%" PRId64
                ",\"passed\":%ld,\"failed\":%ld,\"skipped\":%ld}\n",
                h->cases, h->models, t->passed, t->failed, t->skipped);
    else
        fprintf(out_of(h),
                "seed %" PRIu64 ": %" PRId64 " random cases, %" PRId64
                " random models\n"
                "%ld passed, %ld failed, %ld skipped\n",
                h->hunter.seed, h->cases, h->models, t->passed, t->failed, t->skipped);
    fflush(out_of(h));
    if (t->failed > 0)
        return iso_fail(ISO_EPARITY,
                        "%ld of %ld checks failed; the smallest case of each kind is in %s, with "
                        "the command above that repeats it",
                        t->failed, t->passed + t->failed, h->folder);
    return t->passed > 0 ? ISO_OK : iso_fail(ISO_EPARITY, "nothing was checked");
}

/* ---- One case ------------------------------------------------------------------------------- */

static void count_checks(struct hunt *h, int device, const struct iso_hunted *d,
                         const struct iso_outcome *x)
{
    h->totals.passed += x->totals.passed;
    h->totals.failed += x->totals.failed;
    h->totals.skipped += x->totals.skipped;
    for (int rung = 0; rung < ISO_RUNGS; rung++) {
        struct usage *u = &h->usage[device][rung];
        h->totals.failed_on[rung] += x->totals.failed_on[rung];
        u->checks += x->line[rung].checks;
        u->failed += x->line[rung].failed;
        u->skipped += x->line[rung].skipped;
        u->values += x->line[rung].most.values;
        if (!(x->line[rung].most.share > u->share))
            continue;
        u->share = x->line[rung].most.share;
        u->number = d->number;
        snprintf(u->subject, sizeof u->subject, "%s", d->model ? "model" : iso_ops[d->op].name);
    }
}

/* Returns true if a fault of this kind has been shown already, and notes it. */
static bool shown(struct hunt *h, const struct iso_backend *b, const struct iso_hunted *d,
                  const char *rung)
{
    for (int i = 0; i < h->nfaults; i++) {
        const struct fault *f = &h->fault[i];
        if (f->device == b && f->model == d->model && f->op == d->op && strcmp(f->rung, rung) == 0)
            return true;
    }
    if (h->nfaults == FAULTS_MOST)
        return true;
    struct fault *f = &h->fault[h->nfaults++];
    *f = (struct fault){ .device = b, .op = d->op, .model = d->model };
    snprintf(f->rung, sizeof f->rung, "%s", rung);
    return false;
}

static void tell_doing(const struct hunt *h, const struct iso_backend *b,
                       const struct iso_hunted *d, bool shrinking)
{
    const struct iso_hunt_doing doing = { .number = d->number,
                                          .subject = d->model ? "a model" : iso_ops[d->op].name,
                                          .device = b->device.id,
                                          .shrinking = shrinking,
                                          .seed = h->hunter.seed,
                                          .totals = &h->totals };
    if (h->o->doing != NULL)
        h->o->doing(h->o->self, &doing);
}

static iso_rc show_fault(struct hunt *h, struct iso_backend *b, const struct iso_hunted *d,
                         struct iso_outcome *x)
{
    char command[ISO_HUNT_COMMAND];
    struct iso_hunted smaller = *d;
    smaller.text = strdup(d->text);
    if (smaller.text == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory");
    tell_doing(h, b, d, true);
    iso_rc rc = iso_hunted_write(&h->hunter, b, &smaller, h->folder, x, command);
    if (rc == ISO_OK)
        rc = print_fault(h, b, &smaller, x, command);
    free(smaller.text);
    return rc;
}

static iso_rc check_on_all(struct hunt *h, const struct iso_hunted *d)
{
    for (int i = 0; i < h->ndevices; i++) {
        struct iso_outcome x;
        tell_doing(h, h->device[i], d, false);
        ISO_TRY(iso_hunted_check(&h->hunter, h->device[i], d, d->text, &x));
        count_checks(h, i, d, &x);
        if (x.totals.failed > 0 && !shown(h, h->device[i], d, x.rung))
            ISO_TRY(show_fault(h, h->device[i], d, &x));
    }
    return ISO_OK;
}

static iso_rc hunt_one(struct hunt *h, int64_t number)
{
    struct iso_hunted d;
    ISO_TRY(iso_hunt_draw(h->hunter.seed, number, h->ops, h->nops, h->o->ops == NULL, &d));
    print_drawn(h, &d);
    h->cases += !d.model;
    h->models += d.model;
    const iso_rc rc = check_on_all(h, &d);
    free(d.text);
    return rc;
}

static iso_rc hunt_all(struct hunt *h)
{
    const struct iso_hunt_options *o = h->o;
    const double limit = o->seconds > 0 ? o->seconds : o->count > 0 ? 0 : default_seconds;
    const double end = iso_clock() + limit;
    if (o->number > 0)
        return hunt_one(h, o->number);
    for (int64_t i = 1; o->count == 0 || i <= o->count; i++) {
        if (limit > 0 && iso_clock() > end)
            break;
        if (o->more != NULL && !o->more(o->self, i - 1, o->count, h->totals.failed))
            break;
        ISO_TRY(hunt_one(h, i));
    }
    return ISO_OK;
}

/* ---- Ops and devices ------------------------------------------------------------------------ */

/* Returns how often an op is drawn: the more it has to vary, the more often. */
static int share_of(enum iso_op op)
{
    int fields = 0;
    while (iso_ops[op].def->fields != NULL && iso_ops[op].def->fields[fields].key != NULL)
        fields++;
    return (1 + fields) * (iso_ops[op].def->product ? 2 : 1);
}

/* Views and scores have no kernels that could differ. */
static iso_rc choose_ops(struct hunt *h)
{
    ISO_TRY(iso_cases_check_names(h->o->ops));
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        const bool kernels = iso_ops[op].kind != ISO_VIEW && iso_ops[op].kind != ISO_SCORE;
        if (kernels && iso_cases_named(h->o->ops, iso_ops[op].name))
            for (int i = share_of((enum iso_op)op); i > 0 && h->nops < OPS_MOST; i--)
                h->ops[h->nops++] = (enum iso_op)op;
    }
    return h->nops > 0 ? ISO_OK
                       : iso_fail(ISO_EUSAGE, "--ops names no op that has kernels to compare");
}

static iso_rc open_one(struct hunt *h, const char *id)
{
    if (h->ndevices == DEVICES_MOST)
        return iso_fail(ISO_EUSAGE, "a hunt takes %d devices at most", DEVICES_MOST);
    ISO_TRY(iso_backend_open(id, h->o->mode, 0, &h->device[h->ndevices]));
    const struct iso_backend *b = h->device[h->ndevices++];
    return b->real_size == sizeof(float)
               ? ISO_OK
               : iso_fail(ISO_EUSAGE, "%s is what the others are judged by", b->device.id);
}

static iso_rc open_every(struct hunt *h)
{
    struct iso_device *found = iso_alloc(DEVICES_MOST, sizeof *found);
    int n = 0;
    iso_rc rc = found != NULL ? ISO_OK : ISO_ENOMEM;
    for (int i = 0; rc == ISO_OK && iso_backends[i] != NULL && n < DEVICES_MOST; i++)
        rc = iso_backends[i]->list(found, DEVICES_MOST, &n);
    for (int i = 0; rc == ISO_OK && i < n; i++)
        if (found[i].usable)
            rc = open_one(h, found[i].id);
    free(found);
    return rc;
}

static iso_rc open_devices(struct hunt *h)
{
    const struct iso_hunt_options *o = h->o;
    ISO_TRY(iso_backend_open("reference", ISO_MODE_EXACT, 0, &h->hunter.reference));
    ISO_TRY(iso_backend_open("reference:portable", ISO_MODE_EXACT, 0, &h->hunter.portable));
    ISO_TRY(iso_backend_open("reference:double", ISO_MODE_EXACT, 0, &h->hunter.judge));
    for (int i = 0; i < o->nbackends && i < DEVICES_MOST; i++)
        h->device[h->ndevices++] = o->backends[i];
    for (int i = 0; o->nbackends == 0 && o->devices != NULL && o->devices[i] != NULL; i++)
        ISO_TRY(open_one(h, o->devices[i]));
    if (o->nbackends == 0 && o->devices == NULL)
        ISO_TRY(open_every(h));
    h->hunter.first = h->device[0];
    h->hunter.nowhere = fopen("/dev/null", "w");
    return h->hunter.nowhere != NULL ? ISO_OK : iso_file_fail("write", "/dev/null");
}

static void close_devices(struct hunt *h)
{
    for (int i = 0; h->o->nbackends == 0 && i < h->ndevices; i++)
        iso_backend_close(h->device[i]);
    iso_backend_close(h->hunter.reference);
    iso_backend_close(h->hunter.portable);
    iso_backend_close(h->hunter.judge);
    if (h->hunter.nowhere != NULL)
        fclose(h->hunter.nowhere);
}

iso_rc iso_hunt_run(const struct iso_hunt_options *o, struct iso_parity_totals *totals)
{
    struct hunt *h = iso_alloc(1, sizeof *h);
    if (totals != NULL)
        *totals = (struct iso_parity_totals){ 0 };
    if (h == NULL)
        return ISO_ENOMEM;
    h->o = o;
    h->hunter.seed = o->seed != 0 ? o->seed : 1;
    h->hunter.ops = o->ops;
    if (o->folder != NULL)
        snprintf(h->folder, sizeof h->folder, "%s", o->folder);
    else
        snprintf(h->folder, sizeof h->folder, "hunt-%" PRIu64, h->hunter.seed);
    iso_rc rc = choose_ops(h);
    if (rc == ISO_OK)
        rc = open_devices(h);
    if (rc == ISO_OK)
        rc = hunt_all(h);
    if (rc == ISO_OK)
        rc = print_end(h);
    if (totals != NULL)
        *totals = h->totals;
    close_devices(h);
    free(h);
    return rc;
}
