/* launch.c: sets a kernel's arguments and puts it into the queue. */
#include <stdio.h>
#include <string.h>
#include "opencl.h"

struct opencl_grid opencl_elements(const struct opencl *cl, size_t n)
{
    size_t group = cl->max_group < OPENCL_MAX_GROUP ? cl->max_group : OPENCL_MAX_GROUP;
    return (struct opencl_grid){ .groups = { opencl_ceil(n, group), 1, 1 },
                                 .group = { group, 1, 1 } };
}

/* ---- Arguments ---- */

/* Sets an argument, unless the kernel has the same value already at byte *at of its values, and
 * moves *at past it. A kernel's arguments have the same sizes at each launch, so the same place is
 * the same argument. Arguments beyond the end of the buffer are set each time. */
static cl_int set_one(struct opencl_kernel *k, cl_uint index, size_t *at, size_t size,
                      const void *value)
{
    unsigned char *has = k->set + *at;
    const bool room = *at + size <= sizeof k->set;
    if (room && *at + size <= k->known && memcmp(has, value, size) == 0) {
        *at += size;
        return CL_SUCCESS;
    }
    const cl_int rc = clSetKernelArg(k->kernel, index, size, value);
    if (room && rc == CL_SUCCESS) {
        memcpy(has, value, size);
        *at += size;
        k->known = k->known < *at ? *at : k->known;
    }
    return rc;
}

/* Sets the arguments that differ from those of the kernel's last launch. Sets all of them if a
 * buffer has been freed since, because a new buffer may have the handle of the freed one. */
static cl_int set_args(struct opencl *cl, struct opencl_kernel *k, const struct opencl_arg *args,
                       int nargs)
{
    cl_uint index = 0;
    cl_int rc = CL_SUCCESS;
    size_t at = 0;
    if (k->freed != cl->freed)
        k->known = 0;
    k->freed = cl->freed;
    for (int i = 0; i < nargs && rc == CL_SUCCESS; i++) {
        const void *value = args[i].bytes != NULL ? args[i].bytes : &args[i].v;
        if (args[i].mem != NULL) {
            rc = set_one(k, index++, &at, sizeof(cl_mem), &args[i].mem);
            if (rc == CL_SUCCESS)
                rc = set_one(k, index++, &at, sizeof(cl_ulong), &args[i].v.l);
        } else {
            rc = set_one(k, index++, &at, args[i].size, value);
        }
    }
    if (rc != CL_SUCCESS)
        k->known = 0;
    return rc;
}

/* ---- Grids ---- */

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

/* Fails with what CL_INVALID_WORK_GROUP_SIZE means. Some drivers accept larger groups than
 * CL_KERNEL_WORK_GROUP_SIZE says, so a group is refused only after the driver has refused it. */
static iso_rc refuse_group(const struct opencl *cl, const struct opencl_kernel *k,
                           const struct opencl_grid *grid)
{
    return iso_fail(ISO_EDEVICE,
                    "%s (%s) allows %zu work-items in a group of the kernel %s, which needs %zu: "
                    "set ISOCL_OPENCL_SHAPE=cpu, or take another device",
                    cl->base.device.id, cl->base.device.name, k->max_group, k->name,
                    grid->group[0] * grid->group[1] * grid->group[2]);
}

iso_rc opencl_launch(struct opencl *cl, const char *program, const char *name,
                     struct opencl_grid grid, const struct opencl_arg *args, int nargs)
{
    if (cl->noting || grid.groups[0] * grid.groups[1] * grid.groups[2] == 0)
        return ISO_OK;
    struct opencl_kernel *k;
    ISO_TRY(opencl_kernel(cl, program, name, &k));
    ISO_TRY(opencl_check(set_args(cl, k, args, nargs), "clSetKernelArg", name));
    if (!grid.fixed)
        shrink(&grid, k->max_group);
    size_t global[3], local[3];
    for (int i = 0; i < 3; i++) {
        local[i] = grid.group[i];
        global[i] = grid.groups[i] * grid.group[i];
    }
    cl_event *event = opencl_note(cl, k->name);
    if (event == NULL)
        event = opencl_pace_before(cl);
    cl_int rc =
        clEnqueueNDRangeKernel(cl->queue, k->kernel, 3, NULL, global, local, 0, NULL, event);
    if (rc == CL_INVALID_WORK_GROUP_SIZE)
        return refuse_group(cl, k, &grid);
    ISO_TRY(opencl_check(rc, "clEnqueueNDRangeKernel", name));
    return cl->profile.to != NULL ? ISO_OK : opencl_pace_after(cl);
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
