/* counting.c: an OpenCL that computes nothing and writes down all that it is asked to do.
 *
 * It is a libOpenCL.so.1 of its own, with one device, which says that it is a GPU that is sold; so
 * isocl takes the same decisions, builds the same programs and queues the same kernels as on that
 * GPU. Buffers hold what was written to them. Only the kernels of clkernels/probe.cl are computed,
 * because isocl trains on no device that fails them.
 *
 *   COUNTING_GPU       a name of gpus[] in counting_gpu.c; default: rtx3060
 *   COUNTING_LOG       the file of the log; default: none
 *   COUNTING_PROGRAMS  a folder for the texts of programs; default: none
 *
 * A line of the log, one call each:
 *   build PROGRAM NAME OPTIONS...     program number PROGRAM; its text is NAME-PROGRAM.cl
 *   launch PROGRAM KERNEL GX GY GZ LX LY LZ SET ARGUMENT...   work-groups, work-items in each, and
 * how many arguments were set since the launch before write BYTES | read BYTES | fill BYTES | copy
 * BYTES | map BYTES | unmap flush | finish | wait EVENTS An argument is mBUFFER, iNUMBER (4 bytes),
 * lNUMBER (8 bytes), sNUMBER,NUMBER... (a struct of 4-byte numbers) or wBYTES (local memory). */
#include "tests/gpu/counting.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ARGS = 64, MOST_BYTES = 512, NAME = 96, MOST_GROUP = 1024 };

/* ---- The log ---- */

/* A child of the process that writes the log writes none. */
static FILE *log_file(void)
{
    static FILE *out;
    const char *name = getenv("COUNTING_LOG");
    if (out != NULL)
        return out;
    if ((out = fopen(name != NULL ? name : "/dev/null", "w")) == NULL) {
        fprintf(stderr, "COUNTING_LOG=%s cannot be written\n", name);
        exit(2);
    }
    unsetenv("COUNTING_LOG");
    return out;
}
#define LOG(...) fprintf(log_file(), __VA_ARGS__)

/* ---- Objects: a handle points to one of these ---- */

struct buffer {
    struct buffer *next; /* list of live buffers */
    int number;
    size_t bytes;
    unsigned char *data;
};
struct program {
    int number;
    char name[NAME];
    char *text;
};
struct argument {
    size_t size;
    bool local;
    unsigned char bytes[MOST_BYTES];
};
struct kernel_object {
    struct program *program;
    char name[NAME];
    int count;
    struct argument args[MOST_ARGS];
};
static struct buffer *buffers;

static void set(cl_int *rc, cl_int value)
{
    if (rc != NULL)
        *rc = value;
}
static void set_event(cl_event *event)
{
    if (event != NULL)
        *event = HANDLE(cl_event);
}

/* The buffer that a pointer to a handle names; NULL: it names none. */
static struct buffer *buffer_at(const void *value)
{
    void *p;
    memcpy(&p, value, sizeof p);
    struct buffer *b = buffers;
    while (b != NULL && b != p)
        b = b->next;
    return b;
}

/* ---- Contexts, queues, events ---- */

API cl_context clCreateContext(const cl_context_properties *p, cl_uint n, const cl_device_id *d,
                               void(CL_CALLBACK *f)(const char *, const void *, size_t, void *),
                               void *user, cl_int *rc)
{
    (void)p, (void)n, (void)d, (void)f, (void)user;
    set(rc, CL_SUCCESS);
    return HANDLE(cl_context);
}

API cl_command_queue clCreateCommandQueue(cl_context c, cl_device_id d,
                                          cl_command_queue_properties p, cl_int *rc)
{
    (void)c, (void)d, (void)p;
    set(rc, CL_SUCCESS);
    return HANDLE(cl_command_queue);
}

API cl_int clFlush(cl_command_queue q)
{
    (void)q;
    LOG("flush\n");
    return CL_SUCCESS;
}

API cl_int clFinish(cl_command_queue q)
{
    (void)q;
    LOG("finish\n");
    fflush(log_file());
    return CL_SUCCESS;
}

API cl_int clWaitForEvents(cl_uint n, const cl_event *events)
{
    (void)events;
    LOG("wait %u\n", n);
    return CL_SUCCESS;
}

API cl_int clGetEventInfo(cl_event e, cl_event_info what, size_t room, void *value, size_t *size)
{
    (void)e;
    return what == CL_EVENT_COMMAND_EXECUTION_STATUS ? give_uint(CL_COMPLETE, room, value, size)
                                                     : CL_INVALID_VALUE;
}

/* Each command takes a microsecond. */
API cl_int clGetEventProfilingInfo(cl_event e, cl_profiling_info what, size_t room, void *value,
                                   size_t *size)
{
    static cl_ulong now;
    (void)e;
    now += what == CL_PROFILING_COMMAND_END ? 1000 : 0;
    return give_long(now, room, value, size);
}

API cl_int clSetEventCallback(cl_event e, cl_int type,
                              void(CL_CALLBACK *f)(cl_event, cl_int, void *), void *user)
{
    (void)type;
    f(e, CL_COMPLETE, user);
    return CL_SUCCESS;
}

static cl_int wait_list(cl_event *event)
{
    set_event(event);
    return CL_SUCCESS;
}
API cl_int clEnqueueMarkerWithWaitList(cl_command_queue q, cl_uint n, const cl_event *w,
                                       cl_event *event)
{
    (void)q, (void)n, (void)w;
    return wait_list(event);
}
API cl_int clEnqueueBarrierWithWaitList(cl_command_queue q, cl_uint n, const cl_event *w,
                                        cl_event *event)
{
    (void)q, (void)n, (void)w;
    return wait_list(event);
}

#define COUNT_NOTHING(name, type) \
    API cl_int name(type object)  \
    {                             \
        (void)object;             \
        return CL_SUCCESS;        \
    }
COUNT_NOTHING(clRetainEvent, cl_event)
COUNT_NOTHING(clReleaseEvent, cl_event)
COUNT_NOTHING(clReleaseCommandQueue, cl_command_queue)
COUNT_NOTHING(clReleaseProgram, cl_program)

API cl_int clReleaseContext(cl_context c)
{
    (void)c;
    fflush(log_file());
    return CL_SUCCESS;
}

/* ---- Memory ---- */

API cl_mem clCreateBuffer(cl_context c, cl_mem_flags flags, size_t n, void *host, cl_int *rc)
{
    (void)c;
    static int numbers;
    struct buffer *b = calloc(1, sizeof *b);
    unsigned char *data = calloc(n, 1);
    if (b == NULL || data == NULL) {
        free(b);
        free(data);
        set(rc, CL_OUT_OF_HOST_MEMORY);
        return NULL;
    }
    *b = (struct buffer){ buffers, numbers++, n, data };
    buffers = b;
    if ((flags & CL_MEM_COPY_HOST_PTR) != 0)
        memcpy(data, host, n);
    set(rc, CL_SUCCESS);
    return (cl_mem)(void *)b;
}

API cl_int clReleaseMemObject(cl_mem m)
{
    struct buffer *b = (struct buffer *)(void *)m, **link = &buffers;
    while (*link != NULL && *link != b)
        link = &(*link)->next;
    if (*link == NULL)
        return CL_INVALID_MEM_OBJECT;
    *link = b->next;
    free(b->data);
    free(b);
    return CL_SUCCESS;
}

/* The bytes [at, at + n) of a buffer; NULL: it has not so many. */
static unsigned char *bytes_of(cl_mem m, size_t at, size_t n)
{
    const struct buffer *b = (const struct buffer *)(const void *)m;
    return at <= b->bytes && n <= b->bytes - at ? b->data + at : NULL;
}

API cl_int clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool block, size_t at, size_t n,
                               void *to, cl_uint k, const cl_event *w, cl_event *event)
{
    (void)q, (void)block, (void)k, (void)w;
    const unsigned char *from = bytes_of(m, at, n);
    if (from == NULL)
        return CL_INVALID_VALUE;
    memcpy(to, from, n);
    LOG("read %zu\n", n);
    return wait_list(event);
}

API cl_int clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool block, size_t at, size_t n,
                                const void *from, cl_uint k, const cl_event *w, cl_event *event)
{
    (void)q, (void)block, (void)k, (void)w;
    unsigned char *to = bytes_of(m, at, n);
    if (to == NULL)
        return CL_INVALID_VALUE;
    memcpy(to, from, n);
    LOG("write %zu\n", n);
    return wait_list(event);
}

API cl_int clEnqueueFillBuffer(cl_command_queue q, cl_mem m, const void *pattern, size_t size,
                               size_t at, size_t n, cl_uint k, const cl_event *w, cl_event *event)
{
    (void)q, (void)k, (void)w;
    unsigned char *to = bytes_of(m, at, n);
    if (to == NULL || size == 0 || n % size != 0)
        return CL_INVALID_VALUE;
    for (size_t i = 0; i < n; i += size)
        memcpy(to + i, pattern, size);
    LOG("fill %zu\n", n);
    return wait_list(event);
}

API cl_int clEnqueueCopyBuffer(cl_command_queue q, cl_mem from, cl_mem to, size_t from_at,
                               size_t to_at, size_t n, cl_uint k, const cl_event *w,
                               cl_event *event)
{
    (void)q, (void)k, (void)w;
    const unsigned char *source = bytes_of(from, from_at, n);
    unsigned char *target = bytes_of(to, to_at, n);
    if (source == NULL || target == NULL)
        return CL_INVALID_VALUE;
    memmove(target, source, n);
    LOG("copy %zu\n", n);
    return wait_list(event);
}

API void *clEnqueueMapBuffer(cl_command_queue q, cl_mem m, cl_bool block, cl_map_flags flags,
                             size_t at, size_t n, cl_uint k, const cl_event *w, cl_event *event,
                             cl_int *rc)
{
    (void)q, (void)block, (void)flags, (void)k, (void)w;
    void *data = bytes_of(m, at, n);
    LOG("map %zu\n", n);
    set_event(event);
    set(rc, data != NULL ? CL_SUCCESS : CL_INVALID_VALUE);
    return data;
}

API cl_int clEnqueueUnmapMemObject(cl_command_queue q, cl_mem m, void *mapped, cl_uint k,
                                   const cl_event *w, cl_event *event)
{
    (void)q, (void)m, (void)mapped, (void)k, (void)w;
    LOG("unmap\n");
    return wait_list(event);
}

/* ---- Programs ---- */

/* The first program that the text names in a #line: "clkernels/dense.cl" gives "dense". */
static void name_program(struct program *p)
{
    static const char mark[] = "#line 1 \"";
    char path[NAME] = "program", *end = NULL;
    for (const char *at = p->text; end == NULL && (at = strstr(at, mark)) != NULL; at++) {
        sscanf(at + strlen(mark), "%95[^\"]", path);
        end = strstr(path, ".cl");
    }
    if (end != NULL)
        *end = '\0';
    const char *slash = strrchr(path, '/');
    snprintf(p->name, sizeof p->name, "%s", slash != NULL ? slash + 1 : path);
}

API cl_program clCreateProgramWithSource(cl_context c, cl_uint n, const char **texts,
                                         const size_t *lengths, cl_int *rc)
{
    static int numbers;
    (void)c;
    struct program *p = calloc(1, sizeof *p);
    size_t length = 0;
    for (cl_uint i = 0; p != NULL && i < n; i++) {
        const size_t more = lengths != NULL && lengths[i] != 0 ? lengths[i] : strlen(texts[i]);
        char *grown = realloc(p->text, length + more + 1);
        if (grown == NULL)
            exit(2);
        memcpy(grown + length, texts[i], more);
        p->text = grown;
        length += more;
        p->text[length] = '\0';
    }
    set(rc, p != NULL && p->text != NULL ? CL_SUCCESS : CL_INVALID_VALUE);
    if (p == NULL || p->text == NULL)
        return NULL;
    p->number = numbers++;
    name_program(p);
    return (cl_program)(void *)p;
}

/* No binary is one of this device's; so every program is built from its text. */
API cl_program clCreateProgramWithBinary(cl_context c, cl_uint n, const cl_device_id *d,
                                         const size_t *lengths, const unsigned char **binaries,
                                         cl_int *status, cl_int *rc)
{
    (void)c, (void)n, (void)d, (void)lengths, (void)binaries, (void)status;
    set(rc, CL_INVALID_BINARY);
    return NULL;
}

static void write_text(const struct program *p)
{
    const char *folder = getenv("COUNTING_PROGRAMS");
    char path[4096];
    if (folder == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s-%d.cl", folder, p->name, p->number);
    FILE *f = fopen(path, "w");
    if (f == NULL || fputs(p->text, f) < 0 || fclose(f) != 0) {
        fprintf(stderr, "COUNTING_PROGRAMS: %s cannot be written\n", path);
        exit(2);
    }
}

API cl_int clBuildProgram(cl_program program, cl_uint n, const cl_device_id *d, const char *options,
                          void(CL_CALLBACK *f)(cl_program, void *), void *user)
{
    (void)n, (void)d;
    const struct program *p = (const struct program *)(const void *)program;
    LOG("build %d %s %s\n", p->number, p->name, options != NULL ? options : "");
    write_text(p);
    if (f != NULL)
        f(program, user);
    return CL_SUCCESS;
}

API cl_int clGetProgramBuildInfo(cl_program p, cl_device_id d, cl_program_build_info what,
                                 size_t room, void *value, size_t *size)
{
    (void)p, (void)d;
    return what == CL_PROGRAM_BUILD_STATUS ? give_uint(CL_BUILD_SUCCESS, room, value, size)
                                           : give_text("", room, value, size);
}

API cl_int clGetProgramInfo(cl_program p, cl_program_info what, size_t room, void *value,
                            size_t *size)
{
    (void)p, (void)what, (void)room, (void)value, (void)size;
    return CL_INVALID_PROGRAM_EXECUTABLE; /* there is no binary to keep */
}

/* ---- Kernels ---- */

API cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *rc)
{
    struct kernel_object *k = calloc(1, sizeof *k);
    set(rc, k != NULL ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY);
    if (k == NULL)
        return NULL;
    k->program = (struct program *)(void *)program;
    snprintf(k->name, sizeof k->name, "%s", name);
    return (cl_kernel)(void *)k;
}

API cl_int clReleaseKernel(cl_kernel k)
{
    free((void *)k);
    return CL_SUCCESS;
}

API cl_int clGetKernelWorkGroupInfo(cl_kernel k, cl_device_id d, cl_kernel_work_group_info what,
                                    size_t room, void *value, size_t *size)
{
    (void)k, (void)d;
    const struct counting_gpu *gpu = counting_gpu();
    const size_t most = gpu->group, wave = gpu->wave, none[3] = { 0 };
    switch (what) {
    case CL_KERNEL_WORK_GROUP_SIZE: return give(&most, sizeof most, room, value, size);
    case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
        return give(&wave, sizeof wave, room, value, size);
    case CL_KERNEL_COMPILE_WORK_GROUP_SIZE: return give(none, sizeof none, room, value, size);
    default: return give_long(0, room, value, size); /* local and private memory */
    }
}

static int arguments_set; /* since the last launch */

API cl_int clSetKernelArg(cl_kernel kernel, cl_uint i, size_t n, const void *value)
{
    struct kernel_object *k = (struct kernel_object *)(void *)kernel;
    if (i >= MOST_ARGS || (value != NULL && n > MOST_BYTES))
        return CL_INVALID_ARG_SIZE;
    struct argument *a = &k->args[i];
    arguments_set++;
    a->size = n;
    a->local = value == NULL;
    if (value != NULL)
        memcpy(a->bytes, value, n);
    k->count = (int)i + 1 > k->count ? (int)i + 1 : k->count;
    return CL_SUCCESS;
}

static int32_t number_at(const struct argument *a, size_t i)
{
    int32_t number;
    memcpy(&number, a->bytes + i * sizeof number, sizeof number);
    return number;
}

static void log_argument(const struct argument *a)
{
    const struct buffer *b = !a->local && a->size == sizeof(cl_mem) ? buffer_at(a->bytes) : NULL;
    cl_ulong wide;
    memcpy(&wide, a->bytes, sizeof wide);
    if (a->local) {
        LOG(" w%zu", a->size);
    } else if (b != NULL) {
        LOG(" m%d", b->number);
    } else if (a->size == sizeof wide) {
        LOG(" l%llu", (unsigned long long)wide);
    } else {
        const size_t numbers = a->size / sizeof(int32_t);
        LOG(" %c%d", numbers == 1 ? 'i' : 's', number_at(a, 0));
        for (size_t i = 1; i < numbers; i++)
            LOG(",%d", number_at(a, i));
    }
}

/* The floats from where a pair of arguments, a buffer and an offset in floats, lies on. */
static float *floats_at(const struct kernel_object *k, int i)
{
    struct buffer *b = buffer_at(k->args[i].bytes);
    cl_ulong at;
    memcpy(&at, k->args[i + 1].bytes, sizeof at);
    return b != NULL ? (float *)(void *)b->data + at : NULL;
}

/* clkernels/probe.cl; isocl is compiled without contraction, and so is this. */
static void probe(const struct kernel_object *k, size_t items)
{
    const float *in = floats_at(k, 0);
    float *out = floats_at(k, 2);
    for (size_t i = 0; i < items; i++) {
        const float a = in[3 * i], b = in[3 * i + 1], c = in[3 * i + 2];
        out[2 * i] = fmaf(a, b, c);
        out[2 * i + 1] = a * b + c;
    }
}

static void probe_sums(const struct kernel_object *k, size_t rows)
{
    const float *in = floats_at(k, 0);
    float *out = floats_at(k, 2);
    const int terms = number_at(&k->args[4], 0);
    for (size_t row = 0; row < rows; row++) {
        const float *own = in + (row + 1) * (size_t)terms;
        out[row] = 0;
        for (int i = 0; i < terms; i++)
            out[row] = fmaf(in[i], own[i], out[row]);
    }
}

API cl_int clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel kernel, cl_uint dimensions,
                                  const size_t *offset, const size_t *items, const size_t *group,
                                  cl_uint n, const cl_event *w, cl_event *event)
{
    (void)q, (void)offset, (void)n, (void)w;
    const struct kernel_object *k = (const struct kernel_object *)(const void *)kernel;
    size_t groups[3] = { 1, 1, 1 }, each[3] = { 1, 1, 1 };
    for (cl_uint i = 0; i < dimensions; i++) {
        each[i] = group != NULL ? group[i] : 1;
        if (each[i] == 0 || items[i] % each[i] != 0)
            return CL_INVALID_WORK_GROUP_SIZE;
        groups[i] = items[i] / each[i];
    }
    if (each[0] * each[1] * each[2] > MOST_GROUP)
        return CL_INVALID_WORK_GROUP_SIZE;
    LOG("launch %d %s %zu %zu %zu %zu %zu %zu %d", k->program->number, k->name, groups[0],
        groups[1], groups[2], each[0], each[1], each[2], arguments_set);
    arguments_set = 0;
    for (int i = 0; i < k->count; i++)
        log_argument(&k->args[i]);
    LOG("\n");
    if (strcmp(k->name, "probe") == 0)
        probe(k, items[0]);
    else if (strcmp(k->name, "probe_sums") == 0)
        probe_sums(k, groups[0]);
    return wait_list(event);
}
