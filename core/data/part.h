/* part.h: a part of a data set's rows, drawn at random: the same rows on every machine. */
#ifndef ISO_PART_H
#define ISO_PART_H
#include "core/iso.h"

/* The rows between the fractions `from` and `to` of all rows in a random order. Adjacent parts with
 * the same seed and the same `stratified` share no row, and together parts from 0 to 1 hold every
 * row. */
struct iso_part {
    double from, to; /* 0 <= from < to <= 1; both 0: all rows, nothing drawn */
    bool stratified; /* take the same share of every class */
    uint64_t seed;   /* used for this drawing only */
};

/* Writes the part's rows into rows [n] in ascending order and their number into *count.
 * labels [n], each in [0, classes). Boundaries are n * fraction, rounded, halves up. Stratified: up
 * to any boundary b, the number of rows of each class differs by less than one from b / n of the
 * class, so it is exact if that is a whole number. */
iso_rc iso_part_rows(const struct iso_part *, const int32_t *labels, int64_t n, int classes,
                     int32_t *rows, int64_t *count);
#endif
