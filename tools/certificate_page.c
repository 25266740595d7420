/* certificate_page.c: a certificate as one page that needs nothing else. */
#include "certificate.h"

#include "core/system/file.h"
#include "tools/report/page.h"

#include <inttypes.h>
#include <string.h>

static void put_tile(struct iso_page *p, const char *name, const char *value, const char *look)
{
    char element[48];
    fputs("<div class=\"tile\">", p->out);
    iso_page_element(p, "dt", "%s", name);
    snprintf(element, sizeof element, "dd class=\"value %s\"", look);
    iso_page_element(p, element, "%s", value);
    fputs("</div>\n", p->out);
}

static void put_number(struct iso_page *p, const char *name, long value, bool bad)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    put_tile(p, name, text, bad && value > 0 ? "bad" : "");
}

static void put_head(struct iso_page *p, const struct iso_certificate *c)
{
    char verdict[256], time[64];
    const bool good = iso_certificate_good(c);
    fputs("<header>\n", p->out);
    iso_page_element(p, "h1", "%s: %s", c->id, *c->name != '\0' ? c->name : "not opened");
    iso_page_element(p, good ? "p class=\"good\"" : "p class=\"bad\"", "%s",
                     iso_certificate_verdict(c, verdict, sizeof verdict));
    fputs("</header>\n<dl class=\"tiles\">\n", p->out);
    put_tile(p, "verdict",
             good       ? "passed"
             : c->whole ? "failed"
                        : "not finished",
             good ? "good" : "bad");
    put_number(p, "passed", c->total[ISO_PASSED], false);
    put_number(p, "failed", c->total[ISO_FAILED], true);
    put_number(p, "crashed", c->total[ISO_CRASHED], true);
    put_number(p, "timed out", c->total[ISO_LATE], true);
    put_number(p, "skipped", c->total[ISO_SKIPPED], false);
    put_tile(p, "time", iso_duration(c->seconds, time, sizeof time), "");
    fputs("</dl>\n", p->out);
}

static void put_facts(struct iso_page *p, const struct iso_certificate *c)
{
    iso_page_chapter(p, "device", "Device");
    fputs("<table>\n", p->out);
    iso_page_fact(p, "device", "%s", c->id);
    iso_page_fact(p, "name", "%s", c->name);
    iso_page_fact(p, "platform", "%s", c->platform);
    iso_page_fact(p, "driver", "%s", c->driver);
    iso_page_fact(p, "built", "%s", c->note);
    iso_page_fact(p, "isocl", ISO_VERSION ", arithmetic %d", ISO_ARITH_VERSION);
    iso_page_fact(p, "mode", "%s", c->mode);
    iso_page_fact(p, "seed", "%" PRIu64, c->seed);
    iso_page_fact(p, "host", "%s, %s", c->host, c->machine);
    iso_page_fact(p, "date", "%s", c->begun);
    fputs("</table>\n", p->out);
    if (!c->whole && *c->why != '\0')
        iso_page_note(p, "%s", c->why);
    iso_page_close(p, "section");
}

static void put_failure(struct iso_page *p, const struct iso_certified *x)
{
    if (x->number > 0)
        iso_page_element(p, "h3", "%s, case %d, %s: %s", x->subject, x->number, x->pass, x->result);
    else
        iso_page_element(p, "h3", "%s, %s: %s", x->subject, x->pass, x->result);
    iso_page_element(p, "p class=\"bad\"", "%s: %s", x->rung, x->message);
    iso_page_element(p, "p", "%s", x->detail);
    if (*x->worst != '\0')
        iso_page_element(p, "p", "%s", x->worst);
    iso_page_element(p, "pre", "%s", x->repeat);
}

static void put_failures(struct iso_page *p, const struct iso_certificate *c)
{
    enum { MOST = 500 };
    int shown = 0, left = 0;
    iso_page_chapter(p, "failures", "What did not pass");
    for (int i = 0; i < c->n; i++) {
        const char *result = c->check[i].result;
        if (strcmp(result, "passed") == 0 || strcmp(result, "skipped") == 0)
            continue;
        if (shown < MOST)
            put_failure(p, &c->check[i]);
        left += shown++ >= MOST;
    }
    if (shown == 0)
        iso_page_element(p, "p", "Nothing.");
    if (left > 0)
        iso_page_note(p, "%d more are in the files of --json and --junit.", left);
    iso_page_close(p, "section");
}

static void put_line(struct iso_page *p, const struct iso_certificate *c,
                     const struct iso_certified_line *l)
{
    char repeat[2048];
    const long bad = l->count[ISO_FAILED] + l->count[ISO_CRASHED] + l->count[ISO_LATE];
    fputs("<tr>", p->out);
    iso_page_element(p, "th scope=\"row\"", "%s", l->subject);
    iso_page_element(p, "td", "%s", l->rung);
    iso_page_element(p, "td", "%ld", l->count[ISO_PASSED]);
    iso_page_element(p, bad > 0 ? "td class=\"bad\"" : "td", "%ld", bad);
    iso_page_element(p, "td", "%ld", l->count[ISO_SKIPPED]);
    iso_page_element(p, "td", "%" PRId64, l->values);
    if (l->share > 0)
        iso_page_element(p, "td", "%.3f: %s", l->share, l->worst);
    else
        iso_page_element(p, "td", "%s", bad > 0 ? "" : "0 bits differ");
    fputs("<td>", p->out);
    iso_page_element(p, "code", "%s", iso_certificate_repeat(c, l, repeat, sizeof repeat));
    fputs("</td></tr>\n", p->out);
}

static void put_lines(struct iso_page *p, const struct iso_certificate *c)
{
    iso_page_chapter(p, "lines", "Every op, by rung");
    iso_page_note(p,
                  "Each rung proves one thing: exact and integer that no bit differs from the "
                  "reference; bounded that sums are within the derived bound of the true ones; "
                  "contract that nothing else is written and the same bits come twice; lockstep, "
                  "training and inference that whole networks agree.");
    fputs("<table>\n<tr>", p->out);
    static const char *const heads[] = { "op or model",
                                         "rung",
                                         "passed",
                                         "not passed",
                                         "skipped",
                                         "values",
                                         "largest share of the bound",
                                         "command that repeats it" };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        iso_page_element(p, "th", "%s", heads[i]);
    fputs("</tr>\n", p->out);
    for (int i = 0; i < c->nlines; i++)
        put_line(p, c, &c->line[i]);
    fputs("</table>\n", p->out);
    iso_page_close(p, "section");
}

iso_rc iso_certificate_page(const struct iso_certificate *c, const char *path)
{
    char title[256];
    struct iso_page p = { 0 };
    snprintf(title, sizeof title, "Certificate of %s, %s", c->id, c->begun);
    iso_rc rc = iso_page_begin(&p, title);
    if (rc == ISO_OK) {
        put_head(&p, c);
        put_facts(&p, c);
        put_failures(&p, c);
        put_lines(&p, c);
        rc = iso_page_end(&p);
    }
    if (rc == ISO_OK)
        rc = iso_file_write(path, p.text, p.size);
    iso_page_free(&p);
    return rc;
}
