/* device.c: opens a device, and its memory and queue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "driver.h"
#include "opencl.h"
#include "clblast.h"
#include "cpu_shape.h"
#include "tiles.h"
#include "tuner.h"

enum { DEFAULT_MIB = ISO_OPENCL_WORKSPACE_MIB, CPU_CHANNELS = 16 };
enum { LEAST_GROUP = 64 }; /* work-items that share the smallest tile of the GPU shape */
enum { INTEL_UNITS = 16 }; /* execution units of an Intel core, if the driver does not say */
/* Queries of the extension cl_intel_device_attribute_query. */
enum { INTEL_SLICES = 0x4252, INTEL_CORES_OF_SLICE = 0x4253 };

/* ---- Shape and options ---- */

/* 0 where the driver does not say. */
static int intel_number(const struct opencl_found *f, cl_device_info what)
{
    cl_uint n = 0;
    if (clGetDeviceInfo(f->device, what, sizeof n, &n, NULL) != CL_SUCCESS || n > 1024)
        return 0;
    return (int)n;
}

/* Returns ISOCL_OPENCL_UNITS, or 0 if it is not set. */
static int wished_units(void)
{
    const char *text = iso_environment(ISO_ENV_OPENCL_UNITS);
    const long units = text != NULL ? strtol(text, NULL, 10) : 0;
    return units > 0 && units <= UINT16_MAX ? (int)units : 0;
}

static int count_cores(const struct opencl_found *f)
{
    int cores = f->info.units;
    if (f->intel && wished_units() == 0) {
        cores = intel_number(f, INTEL_SLICES) * intel_number(f, INTEL_CORES_OF_SLICE);
        cores = cores > 0 ? cores : f->info.units / INTEL_UNITS;
    }
    return cores > 0 ? cores : 1;
}

int opencl_cores(const struct opencl *cl) { return cl->cores; }

static bool is_cpu(const struct opencl_found *f) { return !f->gpu && !f->mesa && !f->oclgrind; }

/* A device whose groups are too small for a tile that work-items share gets none. */
static enum opencl_shape choose_shape(const struct opencl *cl)
{
    const char *wish = iso_environment(ISO_ENV_OPENCL_SHAPE);
    if (wish != NULL && strcmp(wish, "cpu") == 0)
        return OPENCL_SHAPE_CPU;
    if (wish != NULL && strcmp(wish, "gpu") == 0)
        return OPENCL_SHAPE_GPU;
    return is_cpu(&cl->found) || cl->max_group < LEAST_GROUP ? OPENCL_SHAPE_CPU : OPENCL_SHAPE_GPU;
}

static iso_rc check_groups(const struct opencl *cl)
{
    const size_t least = cl->shape == OPENCL_SHAPE_GPU ? opencl_larger(LEAST_GROUP, ISO_LANES)
                                                       : ISO_LANES;
    if (cl->max_group >= least)
        return ISO_OK;
    return iso_fail(ISO_EUNSUP, "%s (%s) allows only %zu work-items in a group; isocl needs %zu%s",
                    cl->base.device.id, cl->base.device.name, cl->max_group, least,
                    least > ISO_LANES ? " in the GPU shape: unset ISOCL_OPENCL_SHAPE" : "");
}

/* CPU: as many accumulators as the vector registers hold (32 of 16 floats, or 16 of 8 or 4).
 * GPU: 64 x 64 by 256 work-items; Mesa's and Oclgrind's compilers want them small. */
static struct opencl_tile choose_tile(const struct opencl *cl)
{
    if (cl->shape == OPENCL_SHAPE_CPU) {
        cl_uint width = 0;
        clGetDeviceInfo(cl->found.device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width,
                        NULL);
        int vector = width >= 16 ? 16 : width >= 8 ? 8 : 4;
        return (struct opencl_tile){ vector == 16 ? 14 : 6, 2 * vector, 1, vector };
    }
    bool small = cl->found.mesa || cl->found.oclgrind || cl->max_group < 256;
    return small ? (struct opencl_tile){ 16, 16, 8, 1 } : (struct opencl_tile){ 64, 64, 16, 1 };
}

/* Returns the build options for division and square root. A CPU rounds both correctly. Elsewhere
 * the kernels use isocl's own, made of fma: they are as fast as a driver's and do not depend on it.
 */
static const char *division(const struct opencl *cl)
{
    cl_device_fp_config can = 0;
    clGetDeviceInfo(cl->found.device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof can, &can, NULL);
    return cl->shape == OPENCL_SHAPE_CPU && is_cpu(&cl->found) &&
                   (can & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT)
               ? " -cl-fp32-correctly-rounded-divide-sqrt -DISO_ROUNDS_DIVISION"
               : "";
}

static void choose_options(struct opencl *cl)
{
    const char *more = iso_environment(ISO_ENV_OPENCL_OPTIONS);
    snprintf(cl->options, sizeof cl->options,
             "-cl-std=CL1.2 -DSHAPE_CPU=%d -DTILE_ROWS=%d -DTILE_COLS=%d -DTILE_GROUP=%d "
             "-DVECTOR=%d -DITEM_CHANNELS=%d -DRUNS=%d%s%s%s",
             cl->shape == OPENCL_SHAPE_CPU, cl->tile.rows, cl->tile.cols, cl->tile.group,
             cl->tile.vector, (int)cl->item_channels, opencl_takes_runs(cl), division(cl),
             more != NULL ? " " : "", more != NULL ? more : "");
}

/* Chooses kernels that max_group allows. */
static iso_rc choose_kernels(struct opencl *cl)
{
    cl->shape = choose_shape(cl);
    ISO_TRY(check_groups(cl));
    cl->tile = choose_tile(cl);
    cl->item_channels = cl->shape == OPENCL_SHAPE_CPU ? CPU_CHANNELS : 1;
    choose_options(cl);
    return ISO_OK;
}

/* Chooses again where the driver allows even a small kernel fewer work-items than it says the
 * device has: larger ones would fail at their first launch. Mesa's says so and takes them. */
static iso_rc choose_by_kernel(struct opencl *cl)
{
    struct opencl_kernel *k;
    ISO_TRY(opencl_kernel(cl, "probe.cl", "probe_group", &k));
    if (k->max_group >= cl->max_group || opencl_runs_group(cl, cl->max_group))
        return ISO_OK;
    cl->max_group = k->max_group;
    return choose_kernels(cl);
}

/* ISOCL_OPENCL_WORKSPACE_MIB, in floats. */
static size_t choose_work(void)
{
    const char *text = iso_environment(ISO_ENV_OPENCL_WORKSPACE_MIB);
    long mib = text != NULL ? strtol(text, NULL, 10) : DEFAULT_MIB;
    return (size_t)(mib > 0 && mib < (1 << 20) ? mib : DEFAULT_MIB) << 18;
}

/* ---- Context and queue ---- */

/* A context, a queue and the build options on a device; stop_device undoes it. */
static iso_rc start_device(const struct opencl_found *found, struct opencl *cl)
{
    cl->found = *found;
    cl->base.device = found->info;
    cl->found.info.units = wished_units() > 0 ? wished_units() : found->info.units;
    cl->base.device.units = cl->found.info.units;
    size_t group = 0;
    clGetDeviceInfo(found->device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof group, &group, NULL);
    cl->max_group = group < OPENCL_MAX_GROUP ? group : OPENCL_MAX_GROUP;
    clGetDeviceInfo(found->device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof cl->local_memory,
                    &cl->local_memory, NULL);
    cl->cores = count_cores(&cl->found);
    cl->most_work = choose_work();
    ISO_TRY(choose_kernels(cl));
    ISO_TRY(opencl_driver_try(cl));
    const cl_context_properties properties[] = { CL_CONTEXT_PLATFORM,
                                                 (cl_context_properties)found->platform, 0 };
    cl_int rc;
    cl->context = clCreateContext(properties, 1, &found->device, NULL, NULL, &rc);
    ISO_TRY(opencl_check(rc, "clCreateContext", found->info.name));
    cl->queue = clCreateCommandQueue(cl->context, found->device, 0, &rc);
    return opencl_check(rc, "clCreateCommandQueue", found->info.name);
}

static void stop_device(struct opencl *cl)
{
    if (cl->queue != NULL)
        clFinish(cl->queue);
    opencl_pace_stop(cl);
    opencl_upload_stop(cl);
    opencl_clblast_close(cl);
    opencl_tiles_close(cl);
    opencl_tuner_close(cl);
    for (int i = 0; i < cl->nkernels; i++)
        clReleaseKernel(cl->kernels[i].kernel);
    for (int i = 0; i < cl->nprograms; i++)
        clReleaseProgram(cl->programs[i]);
    if (cl->queue != NULL)
        clReleaseCommandQueue(cl->queue);
    if (cl->context != NULL)
        clReleaseContext(cl->context);
}

/* ---- List, open, close ---- */

/* Exactness needs a kernel to be built; a device that cannot do that is not usable, and says why.
 * Fails only without memory. */
static iso_rc probe_listed(struct opencl_found *f)
{
    struct opencl *cl = iso_alloc(1, sizeof *cl);
    if (cl == NULL)
        return ISO_ENOMEM;
    iso_rc rc = start_device(f, cl);
    if (rc == ISO_OK)
        rc = opencl_probe(cl, &f->info.exactness);
    if (rc != ISO_OK) {
        f->info.usable = false;
        snprintf(f->info.note, sizeof f->info.note, "%.255s", iso_error());
        iso_error_clear();
    }
    stop_device(cl);
    free(cl);
    return ISO_OK;
}

/* Lists what a driver that crashes or hangs has left: no device, and why. */
static void list_fault(struct iso_device *d)
{
    *d = (struct iso_device){ .exactness = ISO_INEXACT };
    snprintf(d->id, sizeof d->id, "opencl:all");
    snprintf(d->name, sizeof d->name, "every OpenCL driver");
    snprintf(d->note, sizeof d->note, "%.255s", opencl_drivers_fault());
}

static iso_rc list(struct iso_device *out, int max, int *count)
{
    struct opencl_found found[OPENCL_MAX_DEVICES];
    int n = opencl_find_all(found, OPENCL_MAX_DEVICES);
    if (*opencl_drivers_fault() != '\0' && *count < max)
        list_fault(&out[(*count)++]);
    for (int i = 0; i < n && *count < max; i++) {
        if (found[i].info.usable)
            ISO_TRY(probe_listed(&found[i]));
        out[(*count)++] = found[i].info;
    }
    return ISO_OK;
}

static iso_rc choose_mode(struct opencl *cl, enum iso_mode mode)
{
    struct iso_backend *be = &cl->base;
    bool exact = be->device.exactness != ISO_INEXACT;
    if (mode == ISO_MODE_EXACT && !exact) {
        return iso_fail(ISO_EUNSUP, "%s (%s) does not compute exactly: use --mode fast",
                        be->device.id, be->device.name);
    }
    be->mode = mode != ISO_MODE_DEFAULT ? mode : exact ? ISO_MODE_EXACT : ISO_MODE_FAST;
    return be->mode == ISO_MODE_FAST ? opencl_clblast_open(cl) : ISO_OK;
}

static void close_backend(struct iso_backend *be)
{
    stop_device(opencl_of(be));
    free(be);
}

static iso_rc open_backend(const char *device, enum iso_mode mode, int threads,
                           struct iso_backend **out)
{
    (void)threads; /* the driver's own business; PoCL reads POCL_MAX_PTHREAD_COUNT */
    struct opencl_found found;
    ISO_TRY(opencl_find(device ? device : "", &found));
    struct opencl *cl = iso_alloc(1, sizeof *cl);
    if (cl == NULL)
        return ISO_ENOMEM;
    struct iso_backend *be = &cl->base;
    be->ops = &iso_backend_opencl;
    be->kernels = opencl_kernels;
    be->real_size = sizeof(float);
    be->max_alloc = (size_t)found.info.max_alloc;
    iso_rc rc = start_device(&found, cl);
    if (rc == ISO_OK)
        rc = opencl_probe(cl, &be->device.exactness);
    if (rc == ISO_OK)
        rc = choose_by_kernel(cl);
    if (rc == ISO_OK)
        rc = choose_mode(cl, mode);
    if (rc != ISO_OK) {
        close_backend(be);
        return rc;
    }
    snprintf(be->device.note, sizeof be->device.note, "%.*s", (int)sizeof be->device.note - 1,
             cl->options);
    *out = be;
    return ISO_OK;
}

/* ---- Memory ---- */

static iso_rc alloc_memory(struct iso_backend *be, size_t bytes, struct iso_mem **out)
{
    struct opencl *cl = opencl_of(be);
    if (be->max_alloc && bytes > be->max_alloc) {
        return iso_fail(ISO_ENOMEM,
                        "%s allows %zu MB in one piece, %zu MB are wanted: use a smaller batch",
                        be->device.name, be->max_alloc >> 20, bytes >> 20);
    }
    struct iso_mem *m = iso_alloc(1, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    cl_int rc;
    m->bytes = bytes;
    m->mem = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, bytes ? bytes : 1, NULL, &rc);
    if (rc != CL_SUCCESS) {
        free(m);
        return opencl_check(rc, "clCreateBuffer", be->device.name);
    }
    *out = m;
    return ISO_OK;
}

static void free_memory(struct iso_backend *be, struct iso_mem *m)
{
    if (m != NULL) {
        opencl_of(be)->freed++;
        clReleaseMemObject(m->mem);
        free(m);
    }
}

static iso_rc check_range(const struct iso_mem *m, size_t offset, size_t bytes, const char *what)
{
    if (offset > m->bytes || bytes > m->bytes - offset) {
        return iso_fail(ISO_EDEVICE, "%s of bytes %zu to %zu in a buffer of %zu", what, offset,
                        offset + bytes, m->bytes);
    }
    return ISO_OK;
}

/* Copies from src, which may change as soon as this returns. */
static iso_rc write_memory(struct iso_backend *be, struct iso_mem *m, size_t offset,
                           const void *src, size_t bytes)
{
    struct opencl *cl = opencl_of(be);
    ISO_TRY(check_range(m, offset, bytes, "write"));
    if (!cl->found.oclgrind)
        return opencl_upload(cl, m->mem, offset, src, bytes);
    /* A simulator watches each byte of the slots for an upload, for nothing. */
    const cl_int rc = bytes == 0 ? CL_SUCCESS
                                 : clEnqueueWriteBuffer(cl->queue, m->mem, CL_TRUE, offset, bytes,
                                                        src, 0, NULL, NULL);
    return opencl_check(rc, "clEnqueueWriteBuffer", NULL);
}

static iso_rc read_memory(struct iso_backend *be, const struct iso_mem *m, size_t offset, void *dst,
                          size_t bytes)
{
    ISO_TRY(check_range(m, offset, bytes, "read"));
    if (bytes == 0)
        return ISO_OK;
    cl_int rc = clEnqueueReadBuffer(opencl_of(be)->queue, m->mem, CL_TRUE, offset, bytes, dst, 0,
                                    NULL, NULL);
    return opencl_check(rc, "clEnqueueReadBuffer", NULL);
}

static iso_rc fill_memory(struct iso_backend *be, struct iso_mem *m, size_t offset, uint8_t byte,
                          size_t bytes)
{
    struct opencl *cl = opencl_of(be);
    ISO_TRY(check_range(m, offset, bytes, "fill"));
    if (bytes == 0)
        return ISO_OK;
    cl_int rc = clEnqueueFillBuffer(cl->queue, m->mem, &byte, 1, offset, bytes, 0, NULL,
                                    opencl_note(cl, "fill"));
    return opencl_check(rc, "clEnqueueFillBuffer", NULL);
}

static iso_rc sync_queue(struct iso_backend *be)
{
    return opencl_check(clFinish(opencl_of(be)->queue), "clFinish", NULL);
}

const struct iso_backend_ops iso_backend_opencl = {
    .name = "opencl",
    .doc = "any OpenCL 1.2 device: GPUs, and CPUs through PoCL",
    .fast =
        "dense and conv2d take CLBlast's products, which add in another order, where it is "
        "there and proves right",
    .kernels = opencl_kernels,
    .list = list,
    .open = open_backend,
    .close = close_backend,
    .settle = opencl_settle,
    .tuned = opencl_tuned,
    .alloc = alloc_memory,
    .free = free_memory,
    .write = write_memory,
    .read = read_memory,
    .fill = fill_memory,
    .sync = sync_queue,
    .peak = opencl_peak,
    .profile = opencl_profile,
};
