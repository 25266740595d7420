/* report.c: the harness's output: an aligned table, or one JSON object per line. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

enum { DETAIL = 160 };

#define RUNG_NAME(name, text) text,
const char *const iso_rung_names[] = { ISO_RUNG_MAP(RUNG_NAME) NULL };

static const char *const pass_names[] = { "forward", "backward", "update" };

static const char *pass_name(int pass) { return pass < 0 ? "all" : pass_names[pass]; }

static FILE *out_of(const struct iso_report *r)
{
    return r->options->out != NULL ? r->options->out : stdout;
}

static const char *mode_name(enum iso_mode mode)
{
    return mode == ISO_MODE_FAST ? "fast" : "exact";
}

/* Writes the distance of the results as a share of its bound: "0 bits", "0.31 of the bound". */
static const char *verdict(enum iso_rung rung, const struct iso_distance *d, char *buf, size_t n)
{
    const bool share = rung == ISO_RUNG_BOUNDED || rung == ISO_RUNG_GRADIENT || d->share > 0;
    if (share)
        snprintf(buf, n, "%.3f of the bound", d->share);
    else if (rung == ISO_RUNG_CONTRACT)
        snprintf(buf, n, "kept");
    else
        snprintf(buf, n, "0 bits differ");
    return buf;
}

void iso_report_begin(struct iso_report *r, const struct iso_parity_options *options)
{
    *r = (struct iso_report){ .options = options };
}

static void print_heading(struct iso_report *r)
{
    if (!r->headed && !r->options->quiet)
        fprintf(out_of(r), "%-14s %-32s %-9s %7s %12s  %s\n", "device",
                r->options->verbose ? "case" : "op", "rung", "checks", "values", "verdict");
    r->headed = true;
}

/* Writes the verdict of a line: "0 bits differ; 2 skipped: marked slow". */
static void summarize(enum iso_rung rung, const struct iso_report_line *l, char *buf, size_t n)
{
    if (l->failed > 0)
        snprintf(buf, n, "FAILED: %ld", l->failed);
    else if (l->skipped < l->checks)
        verdict(rung, &l->most, buf, n);
    else
        buf[0] = '\0';
    const size_t used = strlen(buf);
    if (l->skipped > 0)
        snprintf(buf + used, n - used, "%s%ld skipped: %s", used > 0 ? "; " : "", l->skipped,
                 l->reason);
}

static void print_line(struct iso_report *r, enum iso_rung rung)
{
    const struct iso_report_line *l = &r->line[rung];
    char text[256];
    summarize(rung, l, text, sizeof text);
    print_heading(r);
    fprintf(out_of(r), "%-14s %-32s %-9s %7ld %12" PRId64 "  %s\n", r->device, r->subject,
            iso_rung_names[rung], l->checks - l->skipped, l->most.values, text);
}

/* Prints and clears the lines that were being summed up. */
static void flush_lines(struct iso_report *r)
{
    const bool table = !r->options->quiet && !r->options->json && !r->options->verbose;
    for (int rung = 0; rung < ISO_RUNGS; rung++)
        if (table && r->line[rung].checks > 0)
            print_line(r, (enum iso_rung)rung);
    memset(r->line, 0, sizeof r->line);
    fflush(out_of(r));
}

/* How a check ended, and why it did not pass. */
struct result {
    enum { PASSED, FAILED, SKIPPED } end;
    char why[1024];
};

static const char *const result_names[] = { "passed", "failed", "skipped" };

static struct result take_result(const struct iso_check *c, iso_rc rc)
{
    struct result x = { .end = rc == ISO_OK ? PASSED : rc == ISO_EUNSUP ? SKIPPED : FAILED };
    if (rc != ISO_OK)
        iso_error_take(x.why, sizeof x.why);
    if (c->skipped != NULL) {
        x.end = SKIPPED;
        snprintf(x.why, sizeof x.why, "%s", c->skipped);
    }
    return x;
}

static void add_to_line(struct iso_report *r, const struct iso_check *c, const struct result *x)
{
    if (strcmp(r->device, c->device) != 0 || strcmp(r->subject, c->subject) != 0)
        flush_lines(r);
    snprintf(r->device, sizeof r->device, "%s", c->device);
    snprintf(r->subject, sizeof r->subject, "%s", c->subject);
    struct iso_report_line *l = &r->line[c->rung];
    l->checks++;
    if (x->end == SKIPPED && l->skipped++ == 0)
        snprintf(l->reason, sizeof l->reason, "%.*s", (int)sizeof l->reason - 1, x->why);
    l->failed += x->end == FAILED;
    l->most.values += c->distance.values;
    if (c->distance.share > l->most.share)
        l->most.share = c->distance.share;
}

static const char *detail_of(const struct iso_check *c, char buf[DETAIL])
{
    return c->op_case != NULL ? iso_case_text(c->op_case, buf, DETAIL) : c->detail;
}

static void print_json(const struct iso_report *r, const struct iso_check *c,
                       const struct result *x, const char *command)
{
    char detail[DETAIL];
    json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:f, s:s, s:s}", "event",
                          "check", "result", result_names[x->end], "subject", c->subject, "case",
                          c->number, "detail", detail_of(c, detail), "pass", pass_name(c->pass),
                          "rung", iso_rung_names[c->rung], "device", c->device, "values",
                          (json_int_t)c->distance.values, "share", c->distance.share, "message",
                          x->why, "repeat", command);
    if (o == NULL)
        return; /* no memory: the totals still count it */
    json_dumpf(o, out_of(r), JSON_COMPACT | JSON_PRESERVE_ORDER);
    fputc('\n', out_of(r));
    json_decref(o);
}

static void print_text(struct iso_report *r, const struct iso_check *c, const struct result *x,
                       const char *command)
{
    char text[64], subject[ISO_NAME + 32], detail[DETAIL];
    FILE *out = out_of(r);
    if (r->options->verbose || x->end == FAILED)
        print_heading(r);
    snprintf(subject, sizeof subject, "%s", c->subject);
    if (c->number > 0)
        snprintf(subject, sizeof subject, "%s/%d %s", c->subject, c->number, pass_name(c->pass));
    if (x->end == PASSED && r->options->verbose && !r->options->quiet)
        fprintf(out, "%-14s %-32s %-9s %7s %12" PRId64 "  %s\n", c->device, subject,
                iso_rung_names[c->rung], "", c->distance.values,
                verdict(c->rung, &c->distance, text, sizeof text));
    if (x->end == SKIPPED && r->options->verbose && !r->options->quiet)
        fprintf(out, "%-14s %-32s %-9s skipped: %s\n", c->device, subject, iso_rung_names[c->rung],
                x->why);
    if (x->end != FAILED)
        return;
    fprintf(out, "%-14s %-32s %-9s FAILED: %s\n", c->device, subject, iso_rung_names[c->rung],
            x->why);
    fprintf(out, "    %s\n    repeat: %s\n", detail_of(c, detail), command);
}

static void tell(struct iso_report *r, const struct iso_check *c, const struct result *x,
                 const char *command)
{
    const struct iso_parity_check check = { .device = c->device,
                                            .subject = c->subject,
                                            .rung = iso_rung_names[c->rung],
                                            .result = result_names[x->end],
                                            .message = x->why,
                                            .repeat = command,
                                            .values = c->distance.values };
    r->ended = !r->options->told(r->options->self, &check);
}

void iso_report_check(struct iso_report *r, const struct iso_check *c, iso_rc rc)
{
    char command[512], seed[32] = "";
    const struct result result = take_result(c, rc), *x = &result;
    if (r->ended)
        return;
    if (r->options->seed > 1)
        snprintf(seed, sizeof seed, " --seed %" PRIu64, r->options->seed);
    snprintf(command, sizeof command, "isocl parity %s --devices %s --mode %s%s", c->repeat,
             c->device, mode_name(c->mode), seed);
    if (r->options->json)
        print_json(r, c, x, command);
    else
        print_text(r, c, x, command);
    if (r->options->told != NULL)
        tell(r, c, x, command);
    add_to_line(r, c, x);
    r->totals.passed += x->end == PASSED;
    r->totals.skipped += x->end == SKIPPED;
    r->totals.failed += x->end == FAILED;
    r->totals.failed_on[c->rung] += x->end == FAILED;
}

iso_rc iso_report_end(struct iso_report *r)
{
    const struct iso_parity_totals *t = &r->totals;
    flush_lines(r);
    if (r->options->json)
        fprintf(out_of(r), "{\"event\":\"end\",\"passed\":%ld,\"failed\":%ld,\"skipped\":%ld}\n",
                t->passed, t->failed, t->skipped);
    else
        fprintf(out_of(r), "%ld passed, %ld failed, %ld skipped\n", t->passed, t->failed,
                t->skipped);
    fflush(out_of(r));
    if (t->failed > 0)
        return iso_fail(
            ISO_EPARITY,
            "%ld of %ld checks failed; each failure above has the command that repeats it",
            t->failed, t->passed + t->failed);
    if (t->passed == 0)
        return iso_fail(ISO_EPARITY,
                        "nothing was checked: no case fits --ops, --case and the models given");
    return ISO_OK;
}
