/* kernels.c: the table of kernels, and which calls they support. */
#include "opencl.h"

#define KERNEL(name) opencl_##name.kernel
#define DECLARE_KERNEL(name) extern const struct opencl_op opencl_##name;
#define KERNELS opencl_kernels
#include "backends/kernel_table.h"

bool opencl_supports(struct iso_backend *be, enum iso_op op, const struct iso_call *call, char *why,
                     size_t n)
{
    struct opencl *cl = opencl_of(be);
    /* Each kernel of the table is the first member of its op. */
    const struct opencl_op *needs = (const struct opencl_op *)opencl_kernels[op];
    return opencl_fits(call, why, n) && (needs->limits == NULL || needs->limits(call, why, n)) &&
           opencl_ready(cl, needs->programs, why, n) &&
           (cl->clblast == NULL || opencl_ready(cl, needs->clblast_programs, why, n));
}
