/* target.h: the target of a row, from its label. */
#ifndef ISO_CLKERNELS_TARGET_H
#define ISO_CLKERNELS_TARGET_H

/* Sets y[row] to the label, an int, if columns is 0; otherwise sets y[row, c] to 1 if the label is
 * class c + from, and to 0 if not. The work-items of a row, along the first axis, share the
 * columns. */
static inline void put_target(global float *y, uint row, int label, int columns, int from)
{
    for (int c = get_global_id(0); c < columns; c += get_global_size(0))
        y[row * columns + c] = label == c + from ? 1.0f : 0.0f;
    if (columns == 0 && get_global_id(0) == 0)
        y[row] = as_float(label);
}

#endif
