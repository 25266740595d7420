/* program.c: puts a kernel's text together, builds it and keeps the result.
 *
 * Texts are embedded (tools/embed.c) under their paths from the root; files of the same path below
 * $ISOCL_KERNEL_DIR go before them. #include is resolved here, as the repository has it, so that a
 * driver needs no include path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "opencl.h"
#include "source.h"

enum { MAX_DEPTH = 8, LOG_SHOWN = 1200, NAME = 96 };

struct text {
    char *data;
    size_t length, room;
};

static iso_rc append(struct text *t, const char *data, size_t n)
{
    if (t->length + n + 1 > t->room) {
        size_t room = 2 * (t->length + n + 1);
        char *grown = realloc(t->data, room);
        if (grown == NULL)
            return iso_fail(ISO_ENOMEM, "out of memory for a kernel's text");
        t->data = grown;
        t->room = room;
    }
    memcpy(t->data + t->length, data, n);
    t->length += n;
    t->data[t->length] = '\0';
    return ISO_OK;
}

static iso_rc read_file(FILE *f, const char *path, struct text *out)
{
    char buf[4096];
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;)
        ISO_TRY(append(out, buf, n));
    return ferror(f) ? iso_fail(ISO_EIO, "%s cannot be read", path) : ISO_OK;
}

/* Appends the whole file DIR/name to out. *found is false, and that is no failure, when there is no
 * such file. */
static iso_rc read_override(const char *name, struct text *out, bool *found)
{
    const char *dir = iso_environment(ISO_ENV_KERNEL_DIR);
    char path[1024];
    *found = false;
    if (dir == NULL || snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return ISO_OK;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return ISO_OK;
    *found = true;
    const iso_rc rc = read_file(f, path, out);
    fclose(f);
    return rc;
}

static iso_rc find_text(const char *name, struct text *out)
{
    bool found;
    ISO_TRY(read_override(name, out, &found));
    if (found)
        return ISO_OK;
    for (const struct opencl_source *s = opencl_sources; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            return append(out, s->text, s->length);
    return iso_fail(ISO_EDEVICE, "the kernel file %s is not part of this program", name);
}

/* If the line includes a file: true, with its path from the root in name. A file without a folder
 * lies beside `from`, which includes it. */
static bool included(const char *line, size_t n, const char *from, char name[NAME])
{
    const char *key = "#include \"", *slash = strrchr(from, '/');
    const size_t k = strlen(key);
    if (n < k || strncmp(line, key, k) != 0)
        return false;
    const char *start = line + k, *end = memchr(start, '"', n - k);
    if (end == NULL)
        return false;
    const bool beside = memchr(start, '/', (size_t)(end - start)) == NULL && slash != NULL;
    snprintf(name, NAME, "%.*s%.*s", beside ? (int)(slash + 1 - from) : 0, from, (int)(end - start),
             start);
    return true;
}

static iso_rc expand(const char *name, int depth, struct text *out);

static iso_rc expand_lines(const char *name, int depth, const struct text *in, struct text *out)
{
    bool no_pragma = iso_environment(ISO_ENV_OPENCL_NO_PRAGMA) != NULL;
    int number = 1;
    for (const char *line = in->data; line != NULL && *line; number++) {
        const char *end = strchr(line, '\n');
        size_t n = end != NULL ? (size_t)(end - line) + 1 : strlen(line);
        char other[NAME], mark[160];
        if (included(line, n, name, other)) {
            ISO_TRY(expand(other, depth + 1, out));
            int k = snprintf(mark, sizeof mark, "#line %d \"%s\"\n", number + 1, name);
            ISO_TRY(append(out, mark, (size_t)k));
        } else if (no_pragma && strncmp(line, "#pragma OPENCL FP_CONTRACT", 26) == 0) {
            ISO_TRY(append(out, "\n", 1));
        } else {
            ISO_TRY(append(out, line, n));
        }
        line += n;
    }
    return ISO_OK;
}

static iso_rc expand(const char *name, int depth, struct text *out)
{
    if (depth > MAX_DEPTH)
        return iso_fail(ISO_EDEVICE, "%s: includes are nested too deeply", name);
    struct text in = { 0 };
    char mark[160];
    int k = snprintf(mark, sizeof mark, "#line 1 \"%s\"\n", name);
    iso_rc rc = find_text(name, &in);
    if (rc == ISO_OK)
        rc = append(out, mark, (size_t)k);
    if (rc == ISO_OK)
        rc = expand_lines(name, depth, &in, out);
    free(in.data);
    return rc;
}

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
    iso_rc rc = iso_fail(ISO_EDEVICE, "%s: the compiler of %s failed: %s (%d); options: %s%s%.*s",
                         name, cl->base.device.name, opencl_error_name(code), (int)code,
                         cl->options, log != NULL ? "\n" : "", LOG_SHOWN, log != NULL ? log : "");
    free(log);
    return rc;
}

static iso_rc compile(struct opencl *cl, const char *name, const struct text *text,
                      struct opencl_program *out)
{
    *out = (struct opencl_program){ .name = name };
    opencl_cache_key(cl, text->data, text->length, out->unkept);
    cl_program program = opencl_cache_load(cl, out->unkept);
    if (program != NULL) {
        out->program = program;
        out->unkept[0] = '\0';
        return ISO_OK;
    }
    cl_int rc;
    const char *data = text->data;
    program = clCreateProgramWithSource(cl->context, 1, &data, &text->length, &rc);
    ISO_TRY(opencl_check(rc, "clCreateProgramWithSource", name));
    rc = clBuildProgram(program, 1, &cl->found.device, cl->options, NULL, NULL);
    if (rc != CL_SUCCESS) {
        iso_rc failed = build_failure(cl, program, name, rc);
        clReleaseProgram(program);
        return failed;
    }
    out->program = program;
    return ISO_OK;
}

/* Builds clkernels/<name> unless that was done. */
static iso_rc build_once(struct opencl *cl, const char *name, struct opencl_program **out)
{
    for (int i = 0; i < cl->nprograms; i++) {
        if (strcmp(cl->programs[i].name, name) == 0) {
            *out = &cl->programs[i];
            return ISO_OK;
        }
    }
    if (cl->nprograms == OPENCL_MAX_PROGRAMS)
        return iso_fail(ISO_EDEVICE, "more than %d programs", OPENCL_MAX_PROGRAMS);
    struct text text = { 0 };
    char path[NAME];
    snprintf(path, sizeof path, "clkernels/%s", name);
    iso_rc rc = expand(path, 0, &text);
    if (rc == ISO_OK)
        rc = compile(cl, name, &text, &cl->programs[cl->nprograms]);
    free(text.data);
    if (rc == ISO_OK)
        *out = &cl->programs[cl->nprograms++];
    return rc;
}

static void keep(struct opencl_program *program)
{
    if (program->unkept[0] != '\0')
        opencl_cache_store(program->unkept, program->program);
    program->unkept[0] = '\0';
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
    struct opencl_program *built;
    ISO_TRY(build_once(cl, program, &built));
    keep(built);
    cl_int rc;
    cl_kernel kernel = clCreateKernel(built->program, name, &rc);
    ISO_TRY(opencl_check(rc, "clCreateKernel", name));
    size_t limit = 0;
    rc = clGetKernelWorkGroupInfo(kernel, cl->found.device, CL_KERNEL_WORK_GROUP_SIZE, sizeof limit,
                                  &limit, NULL);
    struct opencl_kernel *k = &cl->kernels[cl->nkernels++];
    *k = (struct opencl_kernel){ .program = program,
                                 .name = name,
                                 .kernel = kernel,
                                 .max_group = rc == CL_SUCCESS && limit ? limit : cl->max_group };
    *out = k;
    return ISO_OK;
}

bool opencl_ready(struct opencl *cl, const char *const programs[OPENCL_OP_PROGRAMS], char *why,
                  size_t n)
{
    for (int i = 0; i < OPENCL_OP_PROGRAMS && programs[i] != NULL; i++) {
        struct opencl_program *program;
        if (build_once(cl, programs[i], &program) != ISO_OK) {
            snprintf(why, n, "%s", iso_error());
            iso_error_clear();
            return false;
        }
    }
    return true;
}
