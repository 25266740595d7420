/* cpu_shape.h: how CPU-shaped devices divide work: a work-group is one work-item, and does as much
 * as a processor's cache holds. */
#ifndef ISO_OPENCL_CPU_SHAPE_H
#define ISO_OPENCL_CPU_SHAPE_H
#include "clkernels/arguments.h"
#include "core/ops/activation.h"
#include "opencl.h"

/* True where a work-item of an elementwise kernel takes a run of elements. */
static inline bool opencl_takes_runs(const struct opencl *cl)
{
    return cl->shape == OPENCL_SHAPE_CPU && cl->found.pocl;
}
static inline bool opencl_cpu_shape(const struct opencl *cl)
{
    return cl->shape == OPENCL_SHAPE_CPU;
}
/* True where the CPU-shaped products take this function of their results on the way: relu. */
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

/* x by y work-groups. */
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

/* Work-groups that share `pieces` of work of the same size: at most a few for each processor, since
 * each has a slice of the workspace, and so many that all get the same number where that is
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
