/* certificate.c: runs the checks of a certificate and keeps their results. */
#include "certificate.h"

#include "core/system/environment.h"
#include "core/system/machine.h"
#include "core/text/printable.h"
#include "interrupt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { QUICK_CASES = 6, QUICK_LIMIT = 10, WHOLE_LIMIT = 30 }; /* cases of each op; seconds */

/* ---- Taking results ------------------------------------------------------------------------ */

static char *keep(struct iso_certificate *c, const char *text)
{
    char *copy = strdup(text != NULL ? text : "");
    if (copy == NULL)
        c->no_memory = true;
    return copy != NULL ? iso_printable(copy, false) : NULL;
}

static bool grow(struct iso_certificate *c)
{
    if (c->n < c->room)
        return true;
    const int room = c->room > 0 ? 2 * c->room : 1024;
    struct iso_certified *more = realloc(c->check, (size_t)room * sizeof *more);
    if (more == NULL)
        return false;
    c->check = more;
    c->room = room;
    return true;
}

static void count(struct iso_certificate *c, const char *result)
{
    for (int i = 0; i < ISO_RESULTS; i++)
        c->total[i] += strcmp(result, iso_result_names[i]) == 0;
}

static bool take(void *self, const struct iso_parity_check *x)
{
    struct iso_certificate *c = self;
    const double now = iso_clock();
    if (!grow(c)) {
        c->no_memory = true;
        return false;
    }
    c->check[c->n++] = (struct iso_certified){
        .subject = keep(c, x->subject),
        .rung = keep(c, x->rung),
        .result = keep(c, x->result),
        .pass = keep(c, x->pass),
        .detail = keep(c, x->detail),
        .message = keep(c, x->message),
        .repeat = keep(c, x->repeat),
        .worst = keep(c, x->worst),
        .number = x->number,
        .values = x->values,
        .share = x->share,
        .seconds = now - c->last,
    };
    c->last = now;
    count(c, x->result);
    return !c->no_memory;
}

static void take_device(void *self, const struct iso_parity_device *d)
{
    struct iso_certificate *c = self;
    iso_shown(d->id, c->id, sizeof c->id);
    iso_shown(d->name, c->name, sizeof c->name);
    iso_shown(d->platform, c->platform, sizeof c->platform);
    iso_shown(d->driver, c->driver, sizeof c->driver);
    iso_shown(d->note, c->note, sizeof c->note);
    c->mode = d->mode == ISO_MODE_FAST ? "fast" : "exact";
}

/* ---- Lines --------------------------------------------------------------------------------- */

static struct iso_certified_line *line_of(struct iso_certificate *c, const struct iso_certified *x)
{
    for (int i = 0; i < c->nlines; i++)
        if (strcmp(c->line[i].subject, x->subject) == 0 && strcmp(c->line[i].rung, x->rung) == 0)
            return &c->line[i];
    struct iso_certified_line *l = &c->line[c->nlines++];
    *l = (struct iso_certified_line){ .subject = x->subject, .rung = x->rung, .worst = "" };
    return l;
}

static void add(struct iso_certified_line *l, const struct iso_certified *x)
{
    for (int i = 0; i < ISO_RESULTS; i++)
        l->count[i] += strcmp(x->result, iso_result_names[i]) == 0;
    l->values += x->values;
    if (x->share > l->share) {
        l->share = x->share;
        l->worst = x->worst;
    }
}

static iso_rc sum_up(struct iso_certificate *c)
{
    c->line = iso_alloc((size_t)c->n + 1, sizeof *c->line);
    if (c->line == NULL || c->no_memory)
        return iso_fail(ISO_ENOMEM, "out of memory for the certificate");
    for (int i = 0; i < c->n; i++)
        add(line_of(c, &c->check[i]), &c->check[i]);
    return ISO_OK;
}

/* ---- Making it ----------------------------------------------------------------------------- */

static void describe(struct iso_certificate *c, const struct iso_parity_options *o)
{
    const time_t now = time(NULL);
    struct tm utc;
    snprintf(c->id, sizeof c->id, "%s", o->devices[0]);
    c->mode = "exact";
    c->quick = o->quick;
    c->seed = o->seed > 0 ? o->seed : 1;
    if (gethostname(c->host, sizeof c->host - 1) != 0)
        snprintf(c->host, sizeof c->host, "unknown");
    iso_machine_text(c->machine, sizeof c->machine);
    strftime(c->begun, sizeof c->begun, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    c->began = c->last = iso_clock();
}

iso_rc iso_certificate_make(struct iso_certificate *c, const struct iso_parity_options *options)
{
    struct iso_parity_options o = *options;
    *c = (struct iso_certificate){ 0 };
    describe(c, options);
    o.most = o.quick ? QUICK_CASES : 0;
    o.limit = o.limit > 0 ? o.limit : o.quick ? QUICK_LIMIT : WHOLE_LIMIT;
    o.silent = true;
    o.stop = &iso_interrupted;
    o.told = take;
    o.opened = take_device;
    o.self = c;
    iso_rc rc = iso_parity_run(&o, NULL);
    c->whole = iso_interrupted == 0 && (rc == ISO_OK || rc == ISO_EPARITY || rc == ISO_EDEVICE);
    c->seconds = iso_clock() - c->began;
    if (rc != ISO_OK)
        snprintf(c->why, sizeof c->why, "%s", iso_error());
    const iso_rc summed = sum_up(c);
    return rc != ISO_OK ? rc : summed;
}

void iso_certificate_free(struct iso_certificate *c)
{
    for (int i = 0; i < c->n; i++) {
        const struct iso_certified *x = &c->check[i];
        char *const texts[] = { x->subject, x->rung,    x->result, x->pass,
                                x->detail,  x->message, x->repeat, x->worst };
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            free(texts[k]);
    }
    free(c->check);
    free(c->line);
}

/* ---- Reading it ---------------------------------------------------------------------------- */

bool iso_certificate_good(const struct iso_certificate *c)
{
    return c->whole && c->total[ISO_PASSED] > 0 &&
           c->total[ISO_FAILED] + c->total[ISO_CRASHED] + c->total[ISO_LATE] == 0;
}

const char *iso_certificate_verdict(const struct iso_certificate *c, char *buf, size_t n)
{
    const long bad = c->total[ISO_FAILED] + c->total[ISO_CRASHED] + c->total[ISO_LATE];
    if (bad > 0)
        snprintf(buf, n, "FAILED: %ld of %ld checks failed, crashed or timed out%s", bad,
                 bad + c->total[ISO_PASSED], c->whole ? "" : ", and the checks were stopped early");
    else if (!c->whole)
        snprintf(buf, n, "NOT FINISHED: the checks were stopped before the end");
    else if (c->total[ISO_PASSED] == 0)
        snprintf(buf, n, "FAILED: nothing was checked");
    else
        snprintf(buf, n, "PASSED: all %ld checks passed%s", c->total[ISO_PASSED],
                 c->quick ? ", of some cases of each op: --quick" : "");
    return buf;
}

const char *iso_certificate_repeat(const struct iso_certificate *c,
                                   const struct iso_certified_line *l, char *buf, size_t n)
{
    buf[0] = '\0';
    for (int i = 0; i < c->n; i++) {
        const struct iso_certified *x = &c->check[i];
        if (strcmp(x->subject, l->subject) != 0 || strcmp(x->rung, l->rung) != 0)
            continue;
        snprintf(buf, n, "%s", x->repeat);
        char *one = strstr(buf, " --case "); /* without it, all cases run */
        if (one != NULL) {
            char *after = one + strlen(" --case ");
            after += strspn(after, "0123456789");
            memmove(one, after, strlen(after) + 1);
        }
        break;
    }
    return buf;
}
