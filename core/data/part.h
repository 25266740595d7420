/* part.h: a part of a data set's rows, drawn at random: the same rows on every machine. */
#ifndef ISO_PART_H
#define ISO_PART_H
#include "core/iso.h"

/* The rows from the fraction `from` up to the fraction `to` of all rows in a random order. Parts
 * with the same seed and the same `stratified` that meet end to end share no row, and parts from 0
 * to 1 together hold every row. */
struct iso_part {
    double from, to; /* 0 <= from < to <= 1; both 0: all rows, nothing drawn */
    bool stratified; /* every class has its share in every part */
    uint64_t seed;   /* of the drawing, and of nothing else */
};

/* Writes the part's rows into rows [n] in ascending order and their number into *count.
 * labels [n], each in [0, classes). Boundaries are n * fraction, rounded, halves up. Stratified:
 * of the rows up to any boundary b each class has less than one row more or less than b / n of its
 * own rows, so exactly its share where that is a whole number. */
iso_rc iso_part_rows(const struct iso_part *, const int32_t *labels, int64_t n, int classes,
                     int32_t *rows, int64_t *count);
#endif
