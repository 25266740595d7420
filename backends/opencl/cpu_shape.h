/* cpu_shape.h: the division of work on CPU-shaped devices: a work-group is one work-item, which
 * does as much as fits in a processor's cache. */
#ifndef ISO_OPENCL_CPU_SHAPE_H
#define ISO_OPENCL_CPU_SHAPE_H
#include "clkernels/arguments.h"
#include "core/ops/activation.h"
#include "opencl.h"

/* Returns true if a work-item of an elementwise kernel takes a run of elements. */
static inline bool opencl_takes_runs(const struct opencl *cl)
{
    return cl->shape == OPENCL_SHAPE_CPU && cl->found.pocl;
}
static inline bool opencl_cpu_shape(const struct opencl *cl)
{
    return cl->shape == OPENCL_SHAPE_CPU;
}
/* Returns true if the CPU-shaped products can apply this function to their results: relu. */
static inline bool opencl_cpu_fuses(const struct opencl *cl, const struct iso_activation *p)
{
    return opencl_cpu_shape(cl) && p != NULL && iso_activation_formula(p) == ISO_RELU;
}
static inline int64_t opencl_ceil64(int64_t n, int64_t by) { return (n + by - 1) / by; }
static inline int64_t opencl_least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t opencl_units(const struct opencl *cl)
{
    return cl->base.device.units > 1 ? (int64_t)cl->base.device.units : 1;
}

/* Returns a grid of x by y work-groups. */
static inline struct opencl_grid opencl_cpu_grid(int64_t x, int64_t y)
{
    return (struct opencl_grid){ { (size_t)x, (size_t)y, 1 }, { 1, 1, 1 }, true };
}

/* Returns the grid of a kernel that takes n elements by clkernels/elements.h. */
static inline struct opencl_grid opencl_runs(const struct opencl *cl, size_t n)
{
    return opencl_takes_runs(cl) ? opencl_cpu_grid((int64_t)opencl_ceil(n, OPENCL_RUN), 1)
                                 : opencl_elements(cl, n);
}

/* Returns the number of work-groups that share `pieces` equal pieces of work: at most a few for
 * each processor, since each has a slice of the workspace, and with equal numbers of pieces if
 * possible. */
static inline int64_t opencl_cpu_groups(const struct opencl *cl, int64_t pieces)
{
    enum { MOST = 4 };
    const int64_t units = opencl_units(cl), rounds = opencl_ceil64(pieces, units);
    int64_t each = opencl_least(MOST, rounds);
    while (rounds % each != 0)
        each--;
    return opencl_least(pieces, each * units);
}
#endif
