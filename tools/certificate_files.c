/* certificate_files.c: a certificate for machines: JSON, and JUnit's XML. */
#include "certificate.h"

#include "core/system/file.h"
#include "core/text/json.h"
#include "tools/report/svg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static iso_rc no_memory(void) { return iso_fail(ISO_ENOMEM, "out of memory for the certificate"); }

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *check_object(const struct iso_certified *x)
{
    return json_pack("{s:o, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:f, s:f}", "subject",
                     iso_json_string(x->subject), "rung", x->rung, "case", x->number, "pass",
                     x->pass, "result", x->result, "detail", iso_json_string(x->detail), "message",
                     iso_json_string(x->message), "worst", iso_json_string(x->worst), "repeat",
                     iso_json_string(x->repeat), "values", (json_int_t)x->values, "share", x->share,
                     "seconds", x->seconds);
}

static json_t *line_object(const struct iso_certificate *c, const struct iso_certified_line *l)
{
    char repeat[2048];
    return json_pack(
        "{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o}", "subject",
        iso_json_string(l->subject), "rung", l->rung, "passed", (json_int_t)l->count[ISO_PASSED],
        "failed", (json_int_t)l->count[ISO_FAILED], "crashed", (json_int_t)l->count[ISO_CRASHED],
        "timed_out", (json_int_t)l->count[ISO_LATE], "skipped", (json_int_t)l->count[ISO_SKIPPED],
        "values", (json_int_t)l->values, "share", l->share, "worst", iso_json_string(l->worst),
        "repeat", iso_json_string(iso_certificate_repeat(c, l, repeat, sizeof repeat)));
}

static bool append(json_t *list, json_t *o)
{
    return o != NULL && json_array_append_new(list, o) == 0;
}

static json_t *object(const struct iso_certificate *c)
{
    char verdict[256];
    json_t *checks = json_array(), *lines = json_array();
    bool fine = checks != NULL && lines != NULL;
    for (int i = 0; i < c->nlines && fine; i++)
        fine = append(lines, line_object(c, &c->line[i]));
    for (int i = 0; i < c->n && fine; i++)
        fine = append(checks, check_object(&c->check[i]));
    if (!fine) {
        json_decref(checks);
        json_decref(lines);
        return NULL;
    }
    return json_pack(
        "{s:s, s:b, s:s, s:i, s:{s:o, s:o, s:o, s:o, s:o}, s:s, s:o, s:o, s:s, s:f, "
        "s:I, s:b, s:o, s:o}",
        "verdict", iso_certificate_verdict(c, verdict, sizeof verdict), "good",
        iso_certificate_good(c), "isocl", ISO_VERSION, "arith", ISO_ARITH_VERSION, "device", "id",
        iso_json_string(c->id), "name", iso_json_string(c->name), "platform",
        iso_json_string(c->platform), "driver", iso_json_string(c->driver), "built",
        iso_json_string(c->note), "mode", c->mode, "host", iso_json_string(c->host), "machine",
        iso_json_string(c->machine), "date", c->begun, "seconds", c->seconds, "seed",
        (json_int_t)c->seed, "quick", c->quick, "lines", lines, "checks", checks);
}

iso_rc iso_certificate_json(const struct iso_certificate *c, const char *path)
{
    char *text;
    ISO_TRY(iso_json_text(object(c), JSON_INDENT(1) | JSON_PRESERVE_ORDER, &text));
    const iso_rc rc = iso_file_write(path, text, strlen(text));
    free(text);
    return rc;
}

/* ---- JUnit --------------------------------------------------------------------------------- */

static void attribute(FILE *out, const char *name, const char *text)
{
    fprintf(out, " %s=\"", name);
    iso_put_escaped(out, text);
    fputc('"', out);
}

static void put_reason(FILE *out, const char *tag, const struct iso_certified *x)
{
    fprintf(out, ">\n<%s", tag);
    attribute(out, "message", x->message);
    if (strcmp(tag, "skipped") != 0)
        attribute(out, "type", x->result);
    fputs(">", out);
    iso_put_escaped(out, x->detail);
    fputs("\n", out);
    iso_put_escaped(out, x->worst);
    fputs("\nrepeat: ", out);
    iso_put_escaped(out, x->repeat);
    fprintf(out, "</%s>\n</testcase>\n", tag);
}

static void put_check(FILE *out, const struct iso_certificate *c, const struct iso_certified *x)
{
    char class[ISO_NAME + 64], name[512];
    snprintf(class, sizeof class, "%s.%s", c->id, x->subject);
    if (x->number > 0)
        snprintf(name, sizeof name, "%s case %d %s", x->rung, x->number, x->pass);
    else
        snprintf(name, sizeof name, "%s %s, %s", x->rung, x->pass, x->detail);
    fputs("<testcase", out);
    attribute(out, "classname", class);
    attribute(out, "name", name);
    fprintf(out, " time=\"%.3f\"", x->seconds);
    if (strcmp(x->result, "passed") == 0)
        fputs("/>\n", out);
    else
        put_reason(out,
                   strcmp(x->result, "skipped") == 0  ? "skipped"
                   : strcmp(x->result, "failed") == 0 ? "failure"
                                                      : "error",
                   x);
}

static void put_property(FILE *out, const char *name, const char *value)
{
    fputs("<property", out);
    attribute(out, "name", name);
    attribute(out, "value", value);
    fputs("/>\n", out);
}

static void put_suite(FILE *out, const struct iso_certificate *c)
{
    char seed[24];
    long tests = 0;
    for (int i = 0; i < ISO_RESULTS; i++)
        tests += c->total[i];
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite", out);
    attribute(out, "name", "isocl certify");
    attribute(out, "hostname", c->host);
    attribute(out, "timestamp", c->begun);
    fprintf(out, " tests=\"%ld\" failures=\"%ld\" errors=\"%ld\" skipped=\"%ld\" time=\"%.3f\">\n",
            tests, c->total[ISO_FAILED], c->total[ISO_CRASHED] + c->total[ISO_LATE],
            c->total[ISO_SKIPPED], c->seconds);
    snprintf(seed, sizeof seed, "%" PRIu64, c->seed);
    fputs("<properties>\n", out);
    put_property(out, "device", c->id);
    put_property(out, "name", c->name);
    put_property(out, "platform", c->platform);
    put_property(out, "driver", c->driver);
    put_property(out, "built", c->note);
    put_property(out, "mode", c->mode);
    put_property(out, "isocl", ISO_VERSION);
    put_property(out, "seed", seed);
    fputs("</properties>\n", out);
    for (int i = 0; i < c->n; i++)
        put_check(out, c, &c->check[i]);
    fputs("</testsuite>\n</testsuites>\n", out);
}

iso_rc iso_certificate_junit(const struct iso_certificate *c, const char *path)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return no_memory();
    put_suite(out, c);
    ISO_TRY(iso_text_end(out, &text));
    const iso_rc rc = iso_file_write(path, text, size);
    free(text);
    return rc;
}
