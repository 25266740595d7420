/* report.c: the harness's output: an aligned table, or one JSON object per line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/environment.h"
#include "core/text/json.h"
#include "core/ranks/ranks.h"
#include "harness.h"

enum { DETAIL = 160 };

#define RUNG_NAME(name, text) text,
const char *const iso_rung_names[] = { ISO_RUNG_MAP(RUNG_NAME) NULL };

#define RESULT_NAME(name, text) text,
const char *const iso_result_names[ISO_RESULTS] = { ISO_RESULT_MAP(RESULT_NAME) };

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
    else if (l->died > 0)
        snprintf(buf, n, "CRASHED or timed out: %ld", l->died);
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
    const bool table = !r->options->silent && !r->options->quiet && !r->options->json &&
                       !r->options->verbose;
    for (int rung = 0; rung < ISO_RUNGS; rung++)
        if (table && r->line[rung].checks > 0)
            print_line(r, (enum iso_rung)rung);
    memset(r->line, 0, sizeof r->line);
    fflush(out_of(r));
}

/* How a check ended, and why it did not pass. */
struct result {
    enum iso_result end;
    char why[1024];
};

static struct result take_result(const struct iso_check *c, iso_rc rc)
{
    struct result x = { .end = rc == ISO_OK       ? ISO_PASSED
                               : rc == ISO_EUNSUP ? ISO_SKIPPED
                                                  : ISO_FAILED };
    if (rc != ISO_OK)
        iso_error_take(x.why, sizeof x.why);
    if (c->died != ISO_PASSED)
        x.end = c->died;
    if (c->skipped != NULL) {
        x.end = ISO_SKIPPED;
        snprintf(x.why, sizeof x.why, "%s", c->skipped);
    }
    return x;
}

static bool is_bad(const struct result *x) { return x->end != ISO_PASSED && x->end != ISO_SKIPPED; }

static void add_to_line(struct iso_report *r, const struct iso_check *c, const struct result *x)
{
    if (strcmp(r->device, c->device) != 0 || strcmp(r->subject, c->subject) != 0)
        flush_lines(r);
    snprintf(r->device, sizeof r->device, "%s", c->device);
    snprintf(r->subject, sizeof r->subject, "%s", c->subject);
    struct iso_report_line *l = &r->line[c->rung];
    l->checks++;
    if (x->end == ISO_SKIPPED && l->skipped++ == 0)
        snprintf(l->reason, sizeof l->reason, "%.*s", (int)sizeof l->reason - 1, x->why);
    l->failed += x->end == ISO_FAILED;
    l->died += x->end == ISO_CRASHED || x->end == ISO_LATE;
    l->most.values += c->distance.values;
    if (c->distance.share > l->most.share)
        l->most.share = c->distance.share;
}

static const char *detail_of(const struct iso_check *c, char buf[DETAIL])
{
    return c->op_case != NULL ? iso_case_text(c->op_case, buf, DETAIL) : c->detail;
}

/* Prints a whole line at once, so that a reader never sees part of one. Takes the object. */
static void print_object(struct iso_report *r, json_t *o)
{
    r->lost |= iso_json_line(o, JSON_COMPACT | JSON_PRESERVE_ORDER, out_of(r)) != ISO_OK;
}

static void print_json(struct iso_report *r, const struct iso_check *c, const struct result *x,
                       const char *command)
{
    char detail[DETAIL];
    if (r->options->quiet && !is_bad(x))
        return;
    json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:o, s:s, s:s, s:s, s:I, s:f, s:o, s:o}", "event",
                          "check", "result", iso_result_names[x->end], "subject", c->subject,
                          "case", c->number, "detail", iso_json_string(detail_of(c, detail)),
                          "pass", pass_name(c->pass), "rung", iso_rung_names[c->rung], "device",
                          c->device, "values", (json_int_t)c->distance.values, "share",
                          c->distance.share, "message", iso_json_string(x->why), "repeat",
                          iso_json_string(command));
    print_object(r, o);
}

static void print_text(struct iso_report *r, const struct iso_check *c, const struct result *x,
                       const char *command)
{
    char text[64], subject[ISO_NAME + 32], detail[DETAIL];
    FILE *out = out_of(r);
    if (r->options->verbose || is_bad(x))
        print_heading(r);
    snprintf(subject, sizeof subject, "%s", c->subject);
    if (c->number > 0)
        snprintf(subject, sizeof subject, "%s/%d %s", c->subject, c->number, pass_name(c->pass));
    if (x->end == ISO_PASSED && r->options->verbose && !r->options->quiet)
        fprintf(out, "%-14s %-32s %-9s %7s %12" PRId64 "  %s\n", c->device, subject,
                iso_rung_names[c->rung], "", c->distance.values,
                verdict(c->rung, &c->distance, text, sizeof text));
    if (x->end == ISO_SKIPPED && r->options->verbose && !r->options->quiet)
        fprintf(out, "%-14s %-32s %-9s skipped: %s\n", c->device, subject, iso_rung_names[c->rung],
                x->why);
    if (is_bad(x)) {
        static const char *const loud[ISO_RESULTS] = {
            [ISO_FAILED] = "FAILED", [ISO_CRASHED] = "CRASHED", [ISO_LATE] = "TIMED OUT"
        };
        fprintf(out, "%-14s %-32s %-9s %s: %s\n", c->device, subject, iso_rung_names[c->rung],
                loud[x->end], x->why);
        fprintf(out, "    %s\n    repeat: %s\n", detail_of(c, detail), command);
    }
    fflush(out);
}

/* Appends text in a shell's quotes, where it needs them. */
static void append_quoted(char *buf, size_t n, const char *text)
{
    size_t used = strlen(buf);
    if (text[strcspn(text, " \t\n\"'\\$`!*?[](){}<>|&;~#")] == '\0' && *text != '\0') {
        snprintf(buf + used, n - used, "%s", text);
        return;
    }
    snprintf(buf + used, n - used, "'");
    for (; *text != '\0'; text++) {
        used = strlen(buf);
        snprintf(buf + used, n - used, *text == '\'' ? "'\\''" : "%c", *text);
    }
    used = strlen(buf);
    snprintf(buf + used, n - used, "'");
}

static void append_option(char *buf, size_t n, const char *option, const char *value)
{
    const size_t used = strlen(buf);
    if (value == NULL)
        return;
    snprintf(buf + used, n - used, " %s ", option);
    append_quoted(buf, n, value);
}

const char *iso_repeat_environment(char *buf, size_t n)
{
    static const enum iso_variable chosen[] = { ISO_ENV_CPU,
                                                ISO_ENV_OPENCL_SHAPE,
                                                ISO_ENV_OPENCL_VARIANT,
                                                ISO_ENV_OPENCL_UNITS,
                                                ISO_ENV_OPENCL_OPTIONS,
                                                ISO_ENV_OPENCL_CLBLAST,
                                                ISO_ENV_OPENCL_WORKSPACE_MIB,
                                                ISO_ENV_OPENCL_NO_PRAGMA,
                                                ISO_ENV_KERNEL_DIR };
    *buf = '\0';
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        const char *value = iso_environment(chosen[i]);
        size_t used = strlen(buf);
        if (value == NULL)
            continue;
        snprintf(buf + used, n - used, "%s=", iso_variables[chosen[i]].name);
        append_quoted(buf, n, value);
        used = strlen(buf);
        snprintf(buf + used, n - used, " ");
    }
    return buf;
}

/* Writes the command that runs this check again, as it was run. */
static void repeat_command(const struct iso_report *r, const struct iso_check *c, char *buf,
                           size_t n)
{
    const struct iso_parity_options *o = r->options;
    char seed[24], environment[1024], start[32] = "";
    if (o->ranks != NULL)
        snprintf(start, sizeof start, "mpirun -n %d ", o->ranks->count);
    snprintf(seed, sizeof seed, "%" PRIu64, o->seed);
    snprintf(buf, n, "%s%sisocl parity %s", iso_repeat_environment(environment, sizeof environment),
             start, c->repeat);
    append_option(buf, n, "--devices", c->device);
    append_option(buf, n, "--mode", mode_name(c->mode));
    append_option(buf, n, "--seed", o->seed > 1 ? seed : NULL);
    append_option(buf, n, "--cases", c->number > 0 ? o->cases : NULL);
    append_option(buf, n, "--check", c->rung == ISO_RUNG_RECORD ? o->check : NULL);
}

static void tell(struct iso_report *r, const struct iso_check *c, const struct result *x,
                 const char *command)
{
    char detail[DETAIL];
    const struct iso_parity_check check = { .device = c->device,
                                            .subject = c->subject,
                                            .rung = iso_rung_names[c->rung],
                                            .result = iso_result_names[x->end],
                                            .message = x->why,
                                            .repeat = command,
                                            .values = c->distance.values,
                                            .pass = pass_name(c->pass),
                                            .detail = detail_of(c, detail),
                                            .number = c->number,
                                            .share = c->distance.share,
                                            .worst = c->worst != NULL ? c->worst : "",
                                            .mode = c->mode };
    r->ended = !r->options->told(r->options->self, &check);
}

static void count(struct iso_report *r, const struct iso_check *c, const struct result *x)
{
    struct iso_parity_totals *t = &r->totals;
    t->passed += x->end == ISO_PASSED;
    t->skipped += x->end == ISO_SKIPPED;
    t->failed += x->end == ISO_FAILED;
    t->crashed += x->end == ISO_CRASHED;
    t->late += x->end == ISO_LATE;
    t->failed_on[c->rung] += x->end == ISO_FAILED;
}

static void print(struct iso_report *r, const struct iso_check *c, const struct result *x,
                  const char *command)
{
    if (r->options->silent)
        return;
    if (r->options->json)
        print_json(r, c, x, command);
    else
        print_text(r, c, x, command);
}

void iso_report_check(struct iso_report *r, const struct iso_check *c, iso_rc rc)
{
    enum { COMMAND = 2048 };
    char command[COMMAND];
    if (r->hook != NULL) {
        r->hook->check(r->hook->self, c, rc);
        return;
    }
    const struct result result = take_result(c, rc), *x = &result;
    if (r->ended)
        return;
    repeat_command(r, c, command, sizeof command);
    print(r, c, x, command);
    if (r->options->told != NULL)
        tell(r, c, x, command);
    if (r->options->ranks == NULL && r->options->stop != NULL && *r->options->stop != 0)
        r->ended = true; /* ranks end together, when all have heard of it */
    add_to_line(r, c, x);
    count(r, c, x);
}

iso_rc iso_report_attempt(const struct iso_report *r, const struct iso_check *c)
{
    return r->hook != NULL ? r->hook->attempt(r->hook->self, c) : ISO_OK;
}

void iso_report_work(const struct iso_report *r, int pass, enum iso_work work)
{
    if (r->hook != NULL)
        r->hook->work(r->hook->self, pass, work);
}

static void print_end(struct iso_report *r)
{
    const struct iso_parity_totals *t = &r->totals;
    const char *stopped = r->ended ? ", stopped before the end" : "";
    char died[64] = "";
    if (r->options->json) {
        json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:b}", "event", "end", "passed",
                              (json_int_t)t->passed, "failed", (json_int_t)t->failed, "skipped",
                              (json_int_t)t->skipped, "crashed", (json_int_t)t->crashed,
                              "timed_out", (json_int_t)t->late, "stopped", r->ended);
        print_object(r, o);
        return;
    }
    if (t->crashed + t->late > 0)
        snprintf(died, sizeof died, ", %ld crashed, %ld timed out", t->crashed, t->late);
    fprintf(out_of(r), "%ld passed, %ld failed, %ld skipped%s%s\n", t->passed, t->failed,
            t->skipped, died, stopped);
    fflush(out_of(r));
}

iso_rc iso_report_end(struct iso_report *r)
{
    const struct iso_parity_totals *t = &r->totals;
    const long died = t->crashed + t->late;
    flush_lines(r);
    if (!r->options->silent)
        print_end(r);
    if (r->lost)
        return iso_fail(ISO_ENOMEM, "out of memory: lines of JSON are missing in the output");
    if (t->failed > 0)
        return iso_fail(
            ISO_EPARITY,
            "%ld of %ld checks failed; each failure above has the command that repeats it",
            t->failed + died, t->passed + t->failed + died);
    if (died > 0)
        return iso_fail(ISO_EDEVICE,
                        "%ld of %ld checks crashed or timed out; each above has the command that "
                        "repeats it",
                        died, t->passed + died);
    if (r->ended)
        return iso_fail(ISO_EUSAGE, "the checks were stopped before the end");
    if (t->passed == 0)
        return iso_fail(ISO_EPARITY,
                        "nothing was checked: no case fits --ops, --case and the models given");
    return ISO_OK;
}
