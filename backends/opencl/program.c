/* program.c: builds programs and keeps the result. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "opencl.h"
#include "progress.h"
#include "text.h"

enum { LOG_SHOWN = 1200 };

/* ---- Building ------------------------------------------------------------------------------ */

/* Names and number of the files of a program. */
struct files {
    const char *name[OPENCL_MAX_FILES];
    int n;
};

/* The first part of the compiler's log: usually the first error. */
static iso_rc build_failure(struct opencl *cl, cl_program program, const char *name, cl_int code)
{
    size_t n = 0;
    char *log = NULL;
    clGetProgramBuildInfo(program, cl->found.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &n);
    if (n > 1 && (log = calloc(n + 1, 1)) != NULL) {
        clGetProgramBuildInfo(program, cl->found.device, CL_PROGRAM_BUILD_LOG, n, log, NULL);
        for (n = strlen(log); n > 0 && strchr(" \n", log[n - 1]) != NULL; n--)
            log[n - 1] = '\0';
    }
    iso_rc rc = iso_fail(ISO_EDEVICE, "%s: the compiler of %s failed: %s (%d); options: %s\n%.*s",
                         name, cl->base.device.name, opencl_error_name(code), (int)code,
                         cl->options, LOG_SHOWN, log != NULL ? log : "(it left no log)");
    free(log);
    return rc;
}

static cl_int build_and_tell(struct opencl *cl, cl_program program, int files)
{
    struct opencl_progress progress;
    char text[128];
    snprintf(text, sizeof text, "%s: compiling %d file%s of kernels", cl->base.device.id, files,
             files == 1 ? "" : "s");
    opencl_progress_begin(&progress, text);
    const cl_int rc = clBuildProgram(program, 1, &cl->found.device, cl->options, NULL, NULL);
    opencl_progress_end(&progress);
    return rc;
}

static iso_rc compile(struct opencl *cl, const struct files *files, const struct opencl_text *text,
                      cl_program *out)
{
    char key[OPENCL_CACHE_KEY];
    opencl_cache_key(cl, text->data, text->length, key);
    *out = opencl_cache_load(cl, key);
    if (*out != NULL)
        return ISO_OK;
    cl_int rc;
    const char *data = text->data, *name = files->name[0];
    cl_program program = clCreateProgramWithSource(cl->context, 1, &data, &text->length, &rc);
    ISO_TRY(opencl_check(rc, "clCreateProgramWithSource", name));
    rc = build_and_tell(cl, program, files->n);
    if (rc != CL_SUCCESS) {
        iso_rc failed = build_failure(cl, program, name, rc);
        clReleaseProgram(program);
        return failed;
    }
    opencl_cache_store(key, program);
    *out = program;
    return ISO_OK;
}

/* Makes one program of the files. */
static iso_rc build(struct opencl *cl, const struct files *files)
{
    struct opencl_text text = { 0 };
    cl_program program = NULL;
    if (cl->nprograms == OPENCL_MAX_PROGRAMS)
        return iso_fail(ISO_EDEVICE, "more than %d programs", OPENCL_MAX_PROGRAMS);
    iso_rc rc = opencl_text_join(files->name, files->n, &text);
    if (rc == ISO_OK)
        rc = compile(cl, files, &text, &program);
    free(text.data);
    ISO_TRY(rc);
    cl->programs[cl->nprograms++] = program;
    for (int i = 0; i < cl->nfiles; i++)
        for (int k = 0; k < files->n; k++)
            if (strcmp(cl->files[i].name, files->name[k]) == 0)
                cl->files[i].program = program;
    return ISO_OK;
}

/* ---- Files --------------------------------------------------------------------------------- */

static iso_rc find_file(struct opencl *cl, const char *name, struct opencl_file **out)
{
    for (int i = 0; i < cl->nfiles; i++) {
        if (strcmp(cl->files[i].name, name) == 0) {
            *out = &cl->files[i];
            return ISO_OK;
        }
    }
    if (cl->nfiles == OPENCL_MAX_FILES)
        return iso_fail(ISO_EDEVICE, "more than %d files of kernels", OPENCL_MAX_FILES);
    *out = &cl->files[cl->nfiles++];
    **out = (struct opencl_file){ .name = name };
    return ISO_OK;
}

/* Builds all needed files that are not built yet as one program. Where that fails, each will be
 * one of its own. */
static void build_needed(struct opencl *cl)
{
    struct files files = { .n = 0 };
    for (int i = 0; i < cl->nfiles; i++) {
        struct opencl_file *f = &cl->files[i];
        if (f->needed && !f->joined && f->program == NULL)
            files.name[files.n++] = f->name;
        f->joined = f->joined || f->needed;
    }
    if (files.n > 1 && build(cl, &files) != ISO_OK)
        iso_error_clear();
}

static iso_rc build_file(struct opencl *cl, struct opencl_file *file)
{
    if (file->program == NULL && file->needed && !file->joined)
        build_needed(cl);
    if (file->program != NULL)
        return ISO_OK;
    if (file->alone)
        return iso_fail(ISO_EDEVICE, "%s does not build on %s", file->name, cl->base.device.name);
    file->alone = true;
    return build(cl, &(struct files){ .name = { file->name }, .n = 1 });
}

iso_rc opencl_build_recorded(struct opencl *cl)
{
    iso_rc rc = ISO_OK;
    for (int i = 0; i < cl->nfiles; i++) {
        if (rc == ISO_OK && cl->files[i].needed && build_file(cl, &cl->files[i]) != ISO_OK)
            rc = iso_fail_prefix(ISO_EUNSUP, "no kernels: ");
        cl->files[i].needed = false; /* the next plan may not need it */
    }
    return rc;
}

/* True for a program of this device's shape: names end in _cpu.cl or _gpu.cl, or tell no shape. */
static bool for_shape(const struct opencl *cl, const char *program)
{
    const char *other = cl->shape == OPENCL_SHAPE_CPU ? "_gpu.cl" : "_cpu.cl";
    return strstr(program, other) == NULL;
}

bool opencl_ready(struct opencl *cl, const char *const programs[OPENCL_OP_PROGRAMS], char *why,
                  size_t n)
{
    for (int i = 0; i < OPENCL_OP_PROGRAMS && programs[i] != NULL; i++) {
        struct opencl_file *file;
        if (!for_shape(cl, programs[i]))
            continue;
        if (find_file(cl, programs[i], &file) != ISO_OK) {
            iso_error_take(why, n);
            return false;
        }
        file->needed = true;
    }
    return true;
}

/* ---- Kernels ------------------------------------------------------------------------------- */

static iso_rc create_kernel(struct opencl *cl, const char *program, const char *name,
                            cl_kernel *out)
{
    struct opencl_file *file;
    cl_int rc;
    ISO_TRY(find_file(cl, program, &file));
    ISO_TRY(build_file(cl, file));
    *out = clCreateKernel(file->program, name, &rc);
    return opencl_check(rc, "clCreateKernel", name);
}

iso_rc opencl_kernel(struct opencl *cl, const char *program, const char *name,
                     struct opencl_kernel **out)
{
    for (int i = 0; i < cl->nkernels; i++) {
        if (strcmp(cl->kernels[i].name, name) == 0 &&
            strcmp(cl->kernels[i].program, program) == 0) {
            *out = &cl->kernels[i];
            return ISO_OK;
        }
    }
    if (cl->nkernels == OPENCL_MAX_KERNELS)
        return iso_fail(ISO_EDEVICE, "more than %d kernels", OPENCL_MAX_KERNELS);
    cl_kernel kernel;
    ISO_TRY(create_kernel(cl, program, name, &kernel));
    size_t limit = 0;
    cl_ulong local = 0, own = 0;
    cl_device_id device = cl->found.device;
    clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_PRIVATE_MEM_SIZE, sizeof own, &own, NULL);
    const cl_int rc = clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE,
                                               sizeof limit, &limit, NULL);
    struct opencl_kernel *k = &cl->kernels[cl->nkernels++];
    *k = (struct opencl_kernel){ .program = program,
                                 .name = name,
                                 .kernel = kernel,
                                 .local_bytes = local,
                                 .private_bytes = own,
                                 .max_group = rc == CL_SUCCESS && limit ? limit : cl->max_group };
    *out = k;
    return ISO_OK;
}
