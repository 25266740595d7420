/* up_sampling2d_taps.h: the lines of x that a line of y is made of, along one axis; valid C11 and
 * OpenCL C 1.2. */
#ifndef ISO_OP_UP_SAMPLING2D_TAPS_H
#define ISO_OP_UP_SAMPLING2D_TAPS_H
#include "core/arithmetic/formulas.h"

/* One line, or two: `first` times w[0], and first + 1 times w[1]. */
struct iso_up_taps {
    int first, count;
    iso_real w[2];
};

/* Place of a line of y in x: its middle is `rest` / (2 size) beyond that of line `line` of x,
 * which is -1 before the first middle; and it is a part of line `own` of x, number `part` of size.
 */
struct iso_up_place {
    int line, rest, own, part;
};

/* Returns the place of line o of y, of size for each line of x. The middles of lines are 1/2, 3/2,
 * ..., of x in x's units and of y in y's. */
ISO_FN struct iso_up_place iso_up_place(int o, int size)
{
    /* 2 size times the distance of the middle from that of x's line 0, and one line more, so that
     * it is not negative */
    const int place = 2 * o + 1 + size, line = place / (2 * size) - 1;
    const struct iso_up_place p = { line, place % (2 * size), o / size, o % size };
    return p;
}

/* Returns the place of the line after p, without a division. */
ISO_FN struct iso_up_place iso_up_next(struct iso_up_place p, int size)
{
    const int past = p.rest + 2 >= 2 * size, last = p.part + 1 == size;
    const struct iso_up_place next = { p.line + past, p.rest + 2 - (past ? 2 * size : 0),
                                       p.own + last, last ? 0 : p.part + 1 };
    return next;
}

/* Returns the taps of the line of y at p; x has n lines. Bilinear: beyond the outer middles of x, y
 * is what x has there. */
ISO_FN struct iso_up_taps iso_up_taps_at(struct iso_up_place p, int size, int n, int bilinear)
{
    struct iso_up_taps t = { p.own, 1, { ISO_R(1.0), ISO_R(0.0) } };
    if (bilinear && p.line >= 0 && p.line + 1 < n && p.rest > 0) {
        t.first = p.line;
        t.count = 2;
        t.w[1] = iso_div((iso_real)p.rest, (iso_real)(2 * size));
        t.w[0] = ISO_R(1.0) - t.w[1];
    }
    return t;
}

/* Returns the taps of line o of y. */
ISO_FN struct iso_up_taps iso_up_taps(int o, int size, int n, int bilinear)
{
    return iso_up_taps_at(iso_up_place(o, size), size, n, bilinear);
}

/* Returns the weight of line i of x among the taps, 0 if it is none of them. */
ISO_FN iso_real iso_up_weight(struct iso_up_taps t, int i)
{
    const int k = i - t.first;
    return k == 0 ? t.w[0] : k == 1 && t.count == 2 ? t.w[1] : ISO_R(0.0);
}

/* Returns the first line of y that may read line i of x, and the end of them; y has n. */
ISO_FN int iso_up_begin(int i, int size, int bilinear)
{
    return bilinear ? (i > 0 ? (i - 1) * size : 0) : i * size;
}
ISO_FN int iso_up_end(int i, int size, int bilinear, int n)
{
    const int end = (i + 1 + (bilinear ? 1 : 0)) * size;
    return end < n ? end : n;
}

/* The weight of a pixel, from those of its row and its column. */
ISO_FN iso_real iso_up_product(iso_real row, iso_real column) { return row * column; }
#endif
