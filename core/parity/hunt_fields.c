/* hunt_fields.c: random values of fields, as YAML, from the field's type and limits. */
#include "core/model/initializer.h"
#include "core/model/regularizer.h"
#include "hunt_draw.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- Random numbers ------------------------------------------------------------------------- */

int64_t iso_dice_below(struct iso_dice *d, int64_t n)
{
    return (int64_t)(iso_fill_word(d->seed, d->stream, d->next++) % (uint64_t)n);
}

bool iso_dice_once(struct iso_dice *d, int64_t n) { return iso_dice_below(d, n) == 0; }

int64_t iso_dice_size(struct iso_dice *d, int64_t most)
{
    static const int64_t edges[] = { 7,  8,  9,  12, 15, 16,  17,  24,  31,  32,  33, 48,
                                     63, 64, 65, 96, 99, 127, 128, 129, 255, 256, 257 };
    int64_t size;
    do
        size = iso_dice_once(d, 3) || (d->wide && iso_dice_once(d, 2))
                   ? edges[iso_dice_below(d, sizeof edges / sizeof edges[0])]
                   : 1 + iso_dice_below(d, iso_dice_once(d, 3) ? 40 : 9);
    while (size > most);
    return size;
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool limited(const struct iso_field *f) { return f->min != 0 || f->max != 0; }

/* A whole number within the limits, near the smallest; one that may be large is often a size. */
static int64_t whole(struct iso_dice *d, const struct iso_field *f)
{
    const double low = limited(f) ? f->min : -4, high = limited(f) ? f->max : 16;
    const int64_t room = high - low < 300 ? (int64_t)(high - low) + 1 : 300;
    const int64_t from = low < -300 ? -2 : (int64_t)low;
    return iso_dice_once(d, room == 300 && high > 1 << 20 ? 2 : 6)
               ? from + iso_dice_size(d, room) - 1
               : from + iso_dice_below(d, room < 4 ? room : 4);
}

/* A number in steps of a thousandth, near the smallest, or one of the limits, or one of many
 * magnitudes. */
static double real(struct iso_dice *d, const struct iso_field *f)
{
    const double low = limited(f) ? f->min : -2, high = limited(f) ? f->max : 2;
    const double from = low < -2 ? -2 : low, to = high > from + 2 ? from + 2 : high;
    const double share = (double)iso_dice_below(d, 1001) / 1000;
    double small = 1;
    if (iso_dice_once(d, 12))
        return iso_dice_once(d, 2) ? from : to;
    for (int64_t i = iso_dice_once(d, 3) ? iso_dice_below(d, 6) : 0; i > 0; i--)
        small /= 8;
    return from + (to - from) * share * small;
}

static void numbers(struct iso_dice *d, const struct iso_field *f, int64_t n, FILE *out)
{
    fputc('[', out);
    for (int64_t i = 0; i < n; i++)
        fprintf(out, "%s%.6g", i ? ", " : "", real(d, f));
    fputc(']', out);
}

/* [from, to], in order. */
static void range(struct iso_dice *d, const struct iso_field *f, FILE *out)
{
    const double a = real(d, f), b = real(d, f);
    if (f->choices != NULL && iso_dice_once(d, 4))
        fputs(f->choices[0], out);
    else
        fprintf(out, "[%.6g, %.6g]", a < b ? a : b, a < b ? b : a);
}

static void whole2(struct iso_dice *d, const struct iso_field *f, FILE *out)
{
    if (iso_dice_once(d, 2))
        fprintf(out, "%" PRId64, whole(d, f));
    else
        fprintf(out, "[%" PRId64 ", %" PRId64 "]", whole(d, f), whole(d, f));
}

static void sides(struct iso_dice *d, const struct iso_field *f, FILE *out)
{
    if (iso_dice_once(d, 2)) {
        whole2(d, f, out);
        return;
    }
    const int64_t s[] = { whole(d, f), whole(d, f), whole(d, f), whole(d, f) };
    fprintf(out, "[[%" PRId64 ", %" PRId64 "], [%" PRId64 ", %" PRId64 "]]", s[0], s[1], s[2],
            s[3]);
}

/* One of the names, with parameters now and then. */
static void named(struct iso_dice *d, const struct iso_named_doc *docs, int n, FILE *out)
{
    const struct iso_named_doc *doc = &docs[iso_dice_below(d, n)];
    fprintf(out, "{%s: {", doc->name);
    bool first = true;
    for (const struct iso_field *f = doc->fields; f->key != NULL; f++) {
        if (f->dflt != NULL && !iso_dice_once(d, 3))
            continue;
        fprintf(out, "%s%s: ", first ? "" : ", ", f->key);
        iso_hunt_value(d, f, out);
        first = false;
    }
    fputs("}}", out);
}

static void choice(struct iso_dice *d, const struct iso_field *f, FILE *out)
{
    const char *const *names = iso_field_choices(f);
    int64_t n = 0;
    while (names[n] != NULL)
        n++;
    fputs(names[iso_dice_below(d, n)], out);
}

/* -1, where it may be, stands for what is left. */
static void shape(struct iso_dice *d, const struct iso_field *f, FILE *out)
{
    const int64_t n = 1 + iso_dice_below(d, 3), rest = f->min < 0 ? iso_dice_below(d, n) : n;
    const int64_t most = f->max < 8 ? (int64_t)f->max : 8;
    fputc('[', out);
    for (int64_t i = 0; i < n; i++)
        fprintf(out, "%s%" PRId64, i ? ", " : "", i == rest ? -1 : iso_dice_size(d, most));
    fputc(']', out);
}

void iso_hunt_value(struct iso_dice *d, const struct iso_field *f, FILE *out)
{
    switch (f->type) {
    case ISO_FIELD_BYTES:
    case ISO_FIELD_INT: fprintf(out, "%" PRId64, whole(d, f)); break;
    case ISO_FIELD_INT2: whole2(d, f, out); break;
    case ISO_FIELD_SIDES: sides(d, f, out); break;
    case ISO_FIELD_REAL: fprintf(out, "%.6g", real(d, f)); break;
    case ISO_FIELD_SPREAD:
        if (iso_dice_once(d, 2))
            fprintf(out, "%.6g", (double)iso_dice_below(d, 101) / 100);
        else
            range(d, f, out);
        break;
    case ISO_FIELD_REAL2: range(d, f, out); break;
    case ISO_FIELD_REALS: numbers(d, f, 1 + iso_dice_below(d, ISO_REALS), out); break;
    case ISO_FIELD_CHOICE:
        if (iso_dice_once(d, 2))
            fprintf(out, "%.6g", real(d, f));
        else
            numbers(d, f, 1 + iso_dice_below(d, ISO_CHOICES), out);
        break;
    case ISO_FIELD_BOOL: fputs(iso_dice_once(d, 2) ? "true" : "false", out); break;
    case ISO_FIELD_ACTIVATION:
    case ISO_FIELD_ENUM: choice(d, f, out); break;
    case ISO_FIELD_INITIALIZER: named(d, iso_initializer_docs, ISO_INITIALIZERS, out); break;
    case ISO_FIELD_REGULARIZER: named(d, iso_regularizer_docs, ISO_REGULARIZERS, out); break;
    case ISO_FIELD_SHAPE: shape(d, f, out); break;
    case ISO_FIELD_TEXT:
    case ISO_FIELD_LIST: fputs("text", out); break;
    case ISO_FIELD_CLASSES: fputs("[0, 1]", out); break;
    }
}

void iso_hunt_fields(struct iso_dice *d, const struct iso_field *fields, int rarity, FILE *out)
{
    for (const struct iso_field *f = fields; f != NULL && f->key != NULL; f++) {
        if (f->dflt != NULL && !iso_dice_once(d, rarity))
            continue;
        fprintf(out, ", %s: ", f->key);
        iso_hunt_value(d, f, out);
    }
}

/* ---- Attempts ------------------------------------------------------------------------------- */

bool iso_hunt_again(iso_rc rc, char **text)
{
    free(*text);
    *text = NULL;
    if (rc == ISO_ENOMEM)
        return false;
    iso_error_clear();
    return true;
}
