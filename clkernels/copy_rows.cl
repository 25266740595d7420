/* copy_rows.cl: copies of rows between tensors that keep them at different distances. */
#include "common.h"
#include "arguments.h"

kernel void copy_rows(global const float *from, ulong from_at, global float *to, ulong to_at,
                      struct opencl_rows g)
{
    const int column = get_global_id(0), row = get_global_id(1);
    const ulong image = get_global_id(2);
    if (row < g.rows && column < g.width) {
        float x = from[from_at + image * g.from_image + (ulong)row * g.from_row + column];
        ulong at = to_at + image * g.to_image + (ulong)row * g.to_row + column;
        to[at] = g.add ? to[at] + x : x;
    }
}
