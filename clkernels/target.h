/* target.h: the target of a row, from its label. */
#ifndef ISO_CLKERNELS_TARGET_H
#define ISO_CLKERNELS_TARGET_H

/* y[row] = the label itself, an int, where columns is 0; otherwise y[row, c] = whether it is class
 * c + from. The work-items of a row, along the first axis, share the columns. */
static inline void put_target(global float *y, uint row, int label, int columns, int from)
{
    for (int c = get_global_id(0); c < columns; c += get_global_size(0))
        y[row * columns + c] = label == c + from ? 1.0f : 0.0f;
    if (columns == 0 && get_global_id(0) == 0)
        y[row] = as_float(label);
}

#endif
