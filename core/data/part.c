/* part.c: draws the rows of a part of a data set. */
#include "part.h"
#include "shuffle.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows of a set in the order in which parts take them, by class for a stratified part. */
struct deck {
    int32_t *order;                /* [n], a permutation */
    int64_t *size, *taken, *first; /* [classes]; a class's rows are sorted[first ..] */
    int32_t *sorted;               /* [n], the permutation's rows, one class after another */
};

static void free_deck(struct deck *d)
{
    free(d->order);
    free(d->size);
    free(d->sorted);
}

static iso_rc make_deck(int64_t n, int classes, struct deck *d)
{
    d->order = iso_alloc((size_t)n + 1, sizeof *d->order);
    d->sorted = iso_alloc((size_t)n + 1, sizeof *d->sorted);
    d->size = iso_alloc(3 * (size_t)classes + 1, sizeof *d->size);
    if (d->order == NULL || d->sorted == NULL || d->size == NULL)
        return ISO_ENOMEM;
    d->taken = d->size + classes;
    d->first = d->taken + classes;
    return ISO_OK;
}

static void sort_by_class(struct deck *d, const int32_t *labels, int64_t n, int classes)
{
    for (int64_t i = 0; i < n; i++)
        d->size[labels[i]]++;
    for (int c = 1; c < classes; c++)
        d->first[c] = d->first[c - 1] + d->size[c - 1];
    for (int64_t i = 0; i < n; i++) {
        const int32_t row = d->order[i], c = labels[row];
        d->sorted[d->first[c] + d->taken[c]++] = row;
    }
    memset(d->taken, 0, (size_t)classes * sizeof *d->taken);
}

/* Returns the class whose row comes at this position: of the classes that have had less than their
 * share so far, the one that reaches its next whole row first (Balinski and Young, "The quota
 * method of apportionment", 1975). Whoever stops here is less than one row off in each class. */
static int next_class(const struct deck *d, int64_t position, int64_t n, int classes)
{
    int best = -1;
    for (int c = 0; c < classes; c++) {
        if (d->taken[c] * n >= d->size[c] * (position + 1))
            continue;
        if (best < 0 || (d->taken[c] + 1) * d->size[best] < (d->taken[best] + 1) * d->size[c])
            best = c;
    }
    assert(best >= 0);
    return best;
}

static void stratify(struct deck *d, const int32_t *labels, int64_t n, int classes)
{
    sort_by_class(d, labels, n, classes);
    for (int64_t i = 0; i < n; i++) {
        const int c = next_class(d, i, n, classes);
        d->order[i] = d->sorted[d->first[c] + d->taken[c]++];
    }
}

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static int64_t boundary(double fraction, int64_t n)
{
    return (int64_t)floor(fraction * (double)n + 0.5);
}

iso_rc iso_part_rows(const struct iso_part *part, const int32_t *labels, int64_t n, int classes,
                     int32_t *rows, int64_t *count)
{
    struct deck deck = { 0 };
    const int64_t from = boundary(part->from, n), to = boundary(part->to, n);
    iso_rc rc = make_deck(n, classes, &deck);
    if (rc == ISO_OK) {
        iso_shuffle_for(ISO_RANDOM_PART, part->seed, 0, deck.order, n);
        if (part->stratified)
            stratify(&deck, labels, n, classes);
        *count = to - from;
        memcpy(rows, deck.order + from, (size_t)*count * sizeof *rows);
        qsort(rows, (size_t)*count, sizeof *rows, ascending);
    }
    free_deck(&deck);
    return rc;
}
