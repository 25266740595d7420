/* certificate_text.c: a certificate on the terminal. */
#include "certificate.h"

#include <inttypes.h>
#include <string.h>

static bool is_bad(const char *result)
{
    return strcmp(result, "passed") != 0 && strcmp(result, "skipped") != 0;
}

static void print_head(const struct iso_certificate *c, FILE *out)
{
    fprintf(out, "device   %s  %s\n", c->id, c->name);
    if (*c->platform != '\0' || *c->driver != '\0')
        fprintf(out, "driver   %s, %s\n", c->platform, c->driver);
    if (*c->note != '\0')
        fprintf(out, "built    %s\n", c->note);
    fprintf(out, "isocl    " ISO_VERSION ", arithmetic %d, %s mode, seed %" PRIu64 "\n",
            ISO_ARITH_VERSION, c->mode, c->seed);
    fprintf(out, "host     %s  %s\n", c->host, c->machine);
    fprintf(out, "date     %s, %.1f s\n\n", c->begun, c->seconds);
}

static void print_rung(const struct iso_certificate *c, FILE *out, const char *rung)
{
    struct iso_certified_line sum = { .worst = "" };
    const char *subject = "";
    long checks = 0;
    for (int i = 0; i < c->nlines; i++) {
        const struct iso_certified_line *l = &c->line[i];
        if (strcmp(l->rung, rung) != 0)
            continue;
        for (int k = 0; k < ISO_RESULTS; k++)
            sum.count[k] += l->count[k];
        sum.values += l->values;
        if (l->share > sum.share) {
            sum.share = l->share;
            sum.worst = l->worst;
            subject = l->subject;
        }
    }
    for (int k = 0; k < ISO_RESULTS; k++)
        checks += sum.count[k];
    if (checks == 0)
        return;
    fprintf(out, "%-10s %7ld %7ld %7ld %7ld %7ld %7ld %13" PRId64 "  ", rung, checks,
            sum.count[ISO_PASSED], sum.count[ISO_FAILED], sum.count[ISO_CRASHED],
            sum.count[ISO_LATE], sum.count[ISO_SKIPPED], sum.values);
    if (sum.share > 0)
        fprintf(out, "%.3f of the bound: %s %s", sum.share, subject, sum.worst);
    fputc('\n', out);
}

static void print_failures(const struct iso_certificate *c, FILE *out)
{
    for (int i = 0; i < c->n; i++) {
        const struct iso_certified *x = &c->check[i];
        char number[24] = "";
        if (!is_bad(x->result))
            continue;
        if (x->number > 0)
            snprintf(number, sizeof number, "/%d", x->number);
        fprintf(out, "\n%s%s %s, %s: %s: %s\n", x->subject, number, x->pass, x->rung, x->result,
                x->message);
        fprintf(out, "    %s\n", x->detail);
        if (*x->worst != '\0')
            fprintf(out, "    %s\n", x->worst);
        fprintf(out, "    repeat: %s\n", x->repeat);
    }
}

void iso_certificate_print(const struct iso_certificate *c, FILE *out, bool quiet)
{
    char text[256];
    if (!quiet) {
        print_head(c, out);
        fprintf(out, "%-10s %7s %7s %7s %7s %7s %7s %13s  %s\n", "rung", "checks", "passed",
                "failed", "crashed", "late", "skipped", "values", "largest share of a bound");
        for (int i = 0; iso_rung_names[i] != NULL; i++)
            print_rung(c, out, iso_rung_names[i]);
    }
    print_failures(c, out);
    fprintf(out, "%s%s\n", quiet ? "" : "\n", iso_certificate_verdict(c, text, sizeof text));
    fflush(out);
}
