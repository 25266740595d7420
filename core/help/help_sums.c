/* help_sums.c: the sums that ops make, for help and the reference page. */
#include "help_sums.h"
#include "core/iso.h"
#include "core/text/wrap.h"

enum { TEXT = 400 };

static const char *const sum_names[ISO_SUM_KINDS] = { "products", "rows", "axis", "chain" };

/* Describes a kind of sum in one sentence. */
static const char *sum_text(enum iso_sum kind, char *buf, size_t n)
{
    switch (kind) {
    case ISO_SUM_PRODUCTS:
        snprintf(buf, n,
                 "blocks of %d products, each a chain of fma that begins at +0; the blocks are "
                 "added to +0 one after the other, then the bias",
                 ISO_BLOCK_TERMS);
        break;
    case ISO_SUM_ROWS:
        snprintf(
            buf, n,
            "blocks of as many whole images as fit in %d rows, or of that many rows of one image; "
            "groups of as many whole images as fit in %d blocks, or of that many blocks of one "
            "image; the blocks of a group are added to +0, then the groups",
            ISO_BLOCK_ROWS, ISO_GROUP_BLOCKS);
        break;
    case ISO_SUM_AXIS:
        snprintf(buf, n,
                 "blocks of %d elements, each in %d lanes that are added in pairs; the blocks are "
                 "added to +0 one after the other",
                 ISO_BLOCK_ELEMENTS, ISO_LANES);
        break;
    default: snprintf(buf, n, "few terms, one after the other"); break;
    }
    return buf;
}

static void print_entry(FILE *out, enum iso_sum kind, const char *text)
{
    char left[20];
    snprintf(left, sizeof left, "  %s ", sum_names[kind]);
    iso_wrap(out, left, 13, text);
}

void iso_sums_print(FILE *out)
{
    char text[TEXT];
    for (int kind = 0; kind < ISO_SUM_KINDS; kind++)
        print_entry(out, (enum iso_sum)kind, sum_text((enum iso_sum)kind, text, sizeof text));
    for (int op = 0; op < ISO_OP_COUNT; op++)
        for (const struct iso_sum_def *s = iso_ops[op].def->sums; s != NULL && s->what != NULL;
             s++) {
            fprintf(out, "%s%s: %s\n", s == iso_ops[op].def->sums ? "\n" : "", iso_ops[op].name,
                    s->what);
            snprintf(text, sizeof text, "%s%s", s->kind == ISO_SUM_ROWS ? "a row is " : "",
                     s->terms);
            print_entry(out, s->kind, text);
        }
}

void iso_sums_markdown(FILE *out)
{
    char text[TEXT];
    fprintf(
        out,
        "\n## Sums\n\nEvery sum has one order, on every device (`core/arithmetic/order.h`):\n\n");
    for (int kind = 0; kind < ISO_SUM_KINDS; kind++)
        fprintf(out, "- %s: %s.\n", sum_names[kind],
                sum_text((enum iso_sum)kind, text, sizeof text));
    fprintf(out, "\n| op | sum | kind | its terms, or what a row is |\n|---|---|---|---|\n");
    for (int op = 0; op < ISO_OP_COUNT; op++)
        for (const struct iso_sum_def *s = iso_ops[op].def->sums; s != NULL && s->what != NULL; s++)
            fprintf(out, "| `%s` | %s | %s | %s |\n", iso_ops[op].name, s->what, sum_names[s->kind],
                    s->terms);
}
