/* launch.c: sets a kernel's arguments and puts it into the queue. */
#include <stdio.h>
#include "opencl.h"

struct opencl_grid opencl_elements(const struct opencl *cl, size_t n)
{
    size_t group = cl->max_group < OPENCL_MAX_GROUP ? cl->max_group : OPENCL_MAX_GROUP;
    return (struct opencl_grid){ .groups = { opencl_ceil(n, group), 1, 1 },
                                 .group = { group, 1, 1 } };
}

static cl_int set_args(cl_kernel kernel, const struct opencl_arg *args, int nargs)
{
    cl_uint index = 0;
    for (int i = 0; i < nargs; i++) {
        cl_int rc;
        if (args[i].mem != NULL) {
            rc = clSetKernelArg(kernel, index++, sizeof(cl_mem), &args[i].mem);
            if (rc == CL_SUCCESS)
                rc = clSetKernelArg(kernel, index++, sizeof(cl_ulong), &args[i].v.l);
        } else {
            const void *value = args[i].bytes != NULL ? args[i].bytes : &args[i].v;
            rc = clSetKernelArg(kernel, index++, args[i].size, value);
        }
        if (rc != CL_SUCCESS)
            return rc;
    }
    return CL_SUCCESS;
}

struct opencl_grid opencl_each_row(const struct opencl *cl, size_t size, size_t rows)
{
    struct opencl_grid grid = opencl_elements(cl, size);
    grid.groups[1] = rows;
    return grid;
}

/* A kernel may allow fewer work-items than the device: halve the group and double the groups. */
static void shrink(struct opencl_grid *grid, size_t limit)
{
    while (grid->group[0] * grid->group[1] > limit && grid->group[0] % 2 == 0) {
        grid->group[0] /= 2;
        grid->groups[0] *= 2;
    }
}

iso_rc opencl_launch(struct opencl *cl, const char *program, const char *name,
                     struct opencl_grid grid, const struct opencl_arg *args, int nargs)
{
    if (grid.groups[0] * grid.groups[1] * grid.groups[2] == 0)
        return ISO_OK;
    struct opencl_kernel *k;
    ISO_TRY(opencl_kernel(cl, program, name, &k));
    ISO_TRY(opencl_check(set_args(k->kernel, args, nargs), "clSetKernelArg", name));
    if (!grid.fixed)
        shrink(&grid, k->max_group);
    size_t global[3], local[3];
    for (int i = 0; i < 3; i++) {
        local[i] = grid.group[i];
        global[i] = grid.groups[i] * grid.group[i];
    }
    cl_int rc = clEnqueueNDRangeKernel(cl->queue, k->kernel, 3, NULL, global, local, 0, NULL, NULL);
    return opencl_check(rc, "clEnqueueNDRangeKernel", name);
}

static bool tensors_fit(const struct iso_tensor *t, char *why, size_t n)
{
    for (int i = 0; i < ISO_OPERANDS; i++) {
        int64_t count = iso_shape_count(&t[i].shape);
        if (t[i].dtype != ISO_U8 && count > INT32_MAX) {
            snprintf(
                why, n,
                "a tensor has %lld elements, the kernels' limit is 2^31 - 1: use a smaller batch",
                (long long)count);
            return false;
        }
    }
    return true;
}

bool opencl_fits(const struct iso_call *call, char *why, size_t n)
{
    return tensors_fit(call->x, why, n) && tensors_fit(call->y, why, n) &&
           tensors_fit(call->w, why, n);
}
