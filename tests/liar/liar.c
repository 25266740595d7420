/* liar.c: an OpenCL driver that fails on purpose: it stands between isocl and the system's OpenCL.
 *
 * LD_PRELOAD it, and name the fault in LIAR, "FAULT:WHERE" or "FAULT:WHERE:N":
 *
 *   crash, hang, lost    the launch of a kernel ends the process, never returns, or fails with
 *                        CL_OUT_OF_RESOURCES, as does every call after it; WHERE may also be
 *                        clGetPlatformIDs or clCreateContext, which crash (the first hangs, too)
 *   wrong, skip          one number that the kernel wrote has its lowest bits changed, or the
 *                        kernel does not run
 *   stale                the next read of what the kernel wrote gives what was there before
 *   build-fails, build-hangs, build-crashes    the program that has the kernel
 *   group, kernel-group  WHERE is a number: the device says that a group may have only so many
 *                        work-items, or each kernel does; larger groups are refused
 *   names                names of devices and drivers command the terminal, as does the log of a
 *                        build that fails; WHERE is not looked at
 *   fail                 WHERE is a function: it fails with CL_OUT_OF_HOST_MEMORY
 *
 * WHERE is the name of a kernel, where * stands for anything. N: at every N-th time only.
 * LIAR_AFTER=N: not before the N-th time in this process. LIAR_ONCE=FILE: once in all processes;
 * the file is made when it happens. */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the header has longer names. */
#define EXPORT __attribute__((visibility("default")))

/* ---- The fault ----------------------------------------------------------------------------- */

static struct {
    char what[32], where[96];
    long every, after, seen;
    size_t limit;
    bool lost;
} fault;
static void *system_library;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void read_fault(void)
{
    const char *text = getenv("LIAR");
    const char *after = getenv("LIAR_AFTER");
    fault.every = 1;
    fault.after = after != NULL ? strtol(after, NULL, 10) : 0;
    if (text != NULL &&
        sscanf(text, "%31[^:]:%95[^:]:%ld", fault.what, fault.where, &fault.every) < 2) {
        fprintf(stderr, "LIAR=%s is not FAULT:WHERE or FAULT:WHERE:N\n", text);
        _exit(2);
    }
    fault.limit = strtoul(fault.where, NULL, 10);
    system_library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (system_library == NULL) {
        fprintf(stderr, "liar: %s\n", dlerror());
        _exit(2);
    }
}

static void *find(const char *name)
{
    pthread_once(&once, read_fault);
    void *address = dlsym(system_library, name);
    if (address == NULL)
        _exit(2);
    return address;
}
/* The system's function of this name. */
#define REAL(name) (*(__typeof__(&name))find(#name))

static bool is_fault(const char *what)
{
    pthread_once(&once, read_fault);
    return strcmp(fault.what, what) == 0;
}

static bool happened(void)
{
    const char *file = getenv("LIAR_ONCE");
    if (file == NULL)
        return false;
    const int fd = open(file, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

/* True if the fault happens now, to this name. */
static bool strikes(const char *what, const char *name)
{
    return is_fault(what) && fnmatch(fault.where, name, 0) == 0 && ++fault.seen > fault.after &&
           fault.seen % fault.every == 0 && !happened();
}

/* True if the program with this name of a kernel is to have the fault. */
static bool strikes_text(const char *what, const char *text)
{
    char word[128];
    snprintf(word, sizeof word, "void %s(", fault.where);
    return is_fault(what) && strstr(text, word) != NULL;
}

static void hang(void)
{
    for (;;)
        pause();
}

static cl_int failure(const char *function)
{
    if (fault.lost)
        return CL_OUT_OF_RESOURCES;
    return strikes("fail", function) ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS;
}

/* ---- Kernels and their buffers ------------------------------------------------------------- */

enum { MOST_ARGUMENTS = 64, MOST_BUFFERS = 4096 };
struct known {
    struct known *next;
    cl_kernel kernel;
    char name[96];
    cl_mem buffer[MOST_ARGUMENTS];
};
static struct known *kernels;
static cl_mem buffers[MOST_BUFFERS];
static struct { /* contents of a buffer before the kernel ran */
    cl_mem buffer;
    unsigned char *before;
    size_t bytes;
} stale;

static struct known *known_kernel(cl_kernel k)
{
    pthread_mutex_lock(&lock);
    struct known *at = kernels;
    while (at != NULL && at->kernel != k)
        at = at->next;
    pthread_mutex_unlock(&lock);
    return at;
}

static bool is_buffer(cl_mem m)
{
    for (int i = 0; i < MOST_BUFFERS; i++)
        if (buffers[i] == m)
            return m != NULL;
    return false;
}

static size_t bytes_of(cl_mem m)
{
    size_t n = 0;
    REAL(clGetMemObjectInfo)(m, CL_MEM_SIZE, sizeof n, &n, NULL);
    return n;
}

static unsigned char *contents(cl_command_queue q, cl_mem m)
{
    const size_t n = bytes_of(m);
    unsigned char *copy = malloc(n);
    if (copy == NULL ||
        REAL(clEnqueueReadBuffer)(q, m, CL_TRUE, 0, n, copy, 0, NULL, NULL) != CL_SUCCESS)
        _exit(2);
    return copy;
}

/* Changes one number that differs from what was there before; false if none does. */
static bool spoil(cl_command_queue q, cl_mem m, const unsigned char *before)
{
    const size_t n = bytes_of(m) / 4;
    unsigned char *after = contents(q, m);
    bool done = false;
    for (size_t i = n; i-- > 0 && !done;)
        if (memcmp(before + 4 * i, after + 4 * i, 4) != 0) {
            after[4 * i] ^= 1;
            after[4 * i + 2] ^= 0x40;
            REAL(clEnqueueWriteBuffer)(q, m, CL_TRUE, 4 * i, 4, after + 4 * i, 0, NULL, NULL);
            done = true;
        }
    free(after);
    return done;
}

/* ---- Functions with a fault of their own --------------------------------------------------- */

EXPORT cl_kernel clCreateKernel(cl_program p, const char *name, cl_int *rc)
{
    cl_kernel k = REAL(clCreateKernel)(p, name, rc);
    struct known *at = calloc(1, sizeof *at);
    if (at == NULL)
        _exit(2);
    at->kernel = k;
    snprintf(at->name, sizeof at->name, "%s", name);
    pthread_mutex_lock(&lock);
    at->next = kernels;
    kernels = at;
    pthread_mutex_unlock(&lock);
    return k;
}

EXPORT cl_mem clCreateBuffer(cl_context c, cl_mem_flags flags, size_t n, void *host, cl_int *rc)
{
    const cl_int fails = failure("clCreateBuffer");
    if (fails != CL_SUCCESS) {
        *rc = fails;
        return NULL;
    }
    cl_mem m = REAL(clCreateBuffer)(c, flags, n, host, rc);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_BUFFERS; i++)
        if (buffers[i] == NULL) {
            buffers[i] = m;
            break;
        }
    pthread_mutex_unlock(&lock);
    return m;
}

EXPORT cl_int clReleaseMemObject(cl_mem m)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_BUFFERS; i++)
        if (buffers[i] == m)
            buffers[i] = NULL;
    if (stale.buffer == m)
        stale.buffer = NULL;
    pthread_mutex_unlock(&lock);
    return REAL(clReleaseMemObject)(m);
}

EXPORT cl_int clSetKernelArg(cl_kernel k, cl_uint i, size_t n, const void *value)
{
    struct known *at = known_kernel(k);
    cl_mem m = NULL;
    if (n == sizeof m && value != NULL)
        memcpy(&m, value, sizeof m);
    if (at != NULL && i < MOST_ARGUMENTS)
        at->buffer[i] = is_buffer(m) ? m : NULL;
    return REAL(clSetKernelArg)(k, i, n, value);
}

static cl_int run(cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset,
                  const size_t *global, const size_t *local, cl_uint n, const cl_event *wait,
                  cl_event *event)
{
    return REAL(clEnqueueNDRangeKernel)(q, k, dims, offset, global, local, n, wait, event);
}

/* Runs the kernel, and then changes what it wrote, or remembers what it wrote over. */
static cl_int run_and_spoil(struct known *at, cl_command_queue q, cl_uint dims,
                            const size_t *offset, const size_t *global, const size_t *local,
                            cl_uint n, const cl_event *wait, cl_event *event, bool make_stale)
{
    unsigned char *before[MOST_ARGUMENTS] = { NULL };
    bool done = false;
    for (int i = 0; i < MOST_ARGUMENTS; i++)
        if (at->buffer[i] != NULL)
            before[i] = contents(q, at->buffer[i]);
    const cl_int rc = run(q, at->kernel, dims, offset, global, local, n, wait, event);
    REAL(clFinish)(q);
    for (int i = 0; i < MOST_ARGUMENTS && !done; i++) {
        if (before[i] == NULL)
            continue;
        unsigned char *after = make_stale ? contents(q, at->buffer[i]) : NULL;
        if (!make_stale) {
            done = spoil(q, at->buffer[i], before[i]);
        } else if (memcmp(before[i], after, bytes_of(at->buffer[i])) != 0) {
            free(stale.before);
            stale.buffer = at->buffer[i];
            stale.bytes = bytes_of(at->buffer[i]);
            stale.before = before[i];
            before[i] = NULL;
            done = true;
        }
        free(after);
    }
    for (int i = 0; i < MOST_ARGUMENTS; i++)
        free(before[i]);
    return rc;
}

EXPORT cl_int clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint dims,
                                     const size_t *offset, const size_t *global,
                                     const size_t *local, cl_uint n, const cl_event *wait,
                                     cl_event *event)
{
    struct known *at = known_kernel(k);
    const cl_int fails = failure("clEnqueueNDRangeKernel");
    size_t items = 1;
    for (cl_uint i = 0; i < dims && local != NULL; i++)
        items *= local[i];
    if (fails != CL_SUCCESS)
        return fails;
    if ((is_fault("group") || is_fault("kernel-group")) && items > fault.limit)
        return CL_INVALID_WORK_GROUP_SIZE;
    if (at != NULL && strikes("crash", at->name))
        abort();
    if (at != NULL && strikes("hang", at->name))
        hang();
    if (at != NULL && strikes("lost", at->name)) {
        fault.lost = true;
        return CL_OUT_OF_RESOURCES;
    }
    if (at != NULL && strikes("skip", at->name))
        return REAL(clEnqueueMarkerWithWaitList)(q, 0, NULL, event);
    if (at != NULL && strikes("wrong", at->name))
        return run_and_spoil(at, q, dims, offset, global, local, n, wait, event, false);
    if (at != NULL && strikes("stale", at->name))
        return run_and_spoil(at, q, dims, offset, global, local, n, wait, event, true);
    return run(q, k, dims, offset, global, local, n, wait, event);
}

EXPORT cl_int clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                  size_t bytes, void *to, cl_uint n, const cl_event *wait,
                                  cl_event *event)
{
    const cl_int fails = failure("clEnqueueReadBuffer");
    if (fails != CL_SUCCESS)
        return fails;
    const cl_int rc = REAL(clEnqueueReadBuffer)(q, m, blocking, offset, bytes, to, n, wait, event);
    if (stale.buffer == m && m != NULL && offset + bytes <= stale.bytes) {
        memcpy(to, stale.before + offset, bytes);
        stale.buffer = NULL;
    }
    return rc;
}

/* The text of a program, for the builds that fail: a program from the cache has none. */
static char *program_text;
EXPORT cl_program clCreateProgramWithSource(cl_context c, cl_uint n, const char **texts,
                                            const size_t *sizes, cl_int *rc)
{
    char *all = NULL;
    size_t size;
    FILE *out = open_memstream(&all, &size);
    for (cl_uint i = 0; i < n && out != NULL; i++)
        fprintf(out, "%.*s", sizes != NULL && sizes[i] > 0 ? (int)sizes[i] : (int)strlen(texts[i]),
                texts[i]);
    if (out == NULL || fclose(out) != 0)
        _exit(2);
    free(program_text);
    program_text = all;
    return REAL(clCreateProgramWithSource)(c, n, texts, sizes, rc);
}

EXPORT cl_int clBuildProgram(cl_program p, cl_uint n, const cl_device_id *devices,
                             const char *options, void(CL_CALLBACK *told)(cl_program, void *),
                             void *user)
{
    const char *text = program_text != NULL ? program_text : "";
    if (strikes_text("build-crashes", text))
        abort();
    if (strikes_text("build-hangs", text))
        hang();
    if (strikes_text("build-fails", text))
        return CL_BUILD_PROGRAM_FAILURE;
    return REAL(clBuildProgram)(p, n, devices, options, told, user);
}

/* An escape, a line break and no UTF-8. */
static const char bad[] = "\x1b[2J\nlog\xff";

/* Begins a name with them. */
static void rename_device(void *name, size_t n)
{
    if (is_fault("names") && name != NULL && n > strlen(bad))
        memcpy(name, bad, strlen(bad));
}

EXPORT cl_int clGetDeviceInfo(cl_device_id d, cl_device_info what, size_t n, void *value,
                              size_t *size)
{
    const cl_int rc = REAL(clGetDeviceInfo)(d, what, n, value, size);
    if (what == CL_DEVICE_MAX_WORK_GROUP_SIZE && value != NULL && is_fault("group"))
        memcpy(value, &fault.limit, sizeof fault.limit);
    if (what == CL_DEVICE_NAME || what == CL_DRIVER_VERSION)
        rename_device(value, n);
    return rc;
}

EXPORT cl_int clGetProgramBuildInfo(cl_program p, cl_device_id d, cl_program_build_info what,
                                    size_t n, void *value, size_t *size)
{
    if (what != CL_PROGRAM_BUILD_LOG || !is_fault("build-fails"))
        return REAL(clGetProgramBuildInfo)(p, d, what, n, value, size);
    if (size != NULL)
        *size = sizeof bad;
    if (value != NULL && n >= sizeof bad)
        memcpy(value, bad, sizeof bad);
    return CL_SUCCESS;
}

EXPORT cl_int clGetKernelWorkGroupInfo(cl_kernel k, cl_device_id d, cl_kernel_work_group_info what,
                                       size_t n, void *value, size_t *size)
{
    const cl_int rc = REAL(clGetKernelWorkGroupInfo)(k, d, what, n, value, size);
    if (what == CL_KERNEL_WORK_GROUP_SIZE && value != NULL &&
        (is_fault("group") || is_fault("kernel-group")))
        memcpy(value, &fault.limit, sizeof fault.limit);
    return rc;
}

EXPORT cl_int clFinish(cl_command_queue q)
{
    const cl_int fails = failure("clFinish");
    return fails != CL_SUCCESS ? fails : REAL(clFinish)(q);
}

EXPORT cl_int clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                   size_t bytes, const void *from, cl_uint n, const cl_event *wait,
                                   cl_event *event)
{
    const cl_int fails = failure("clEnqueueWriteBuffer");
    if (fails != CL_SUCCESS)
        return fails;
    return REAL(clEnqueueWriteBuffer)(q, m, blocking, offset, bytes, from, n, wait, event);
}

EXPORT cl_int clGetPlatformIDs(cl_uint n, cl_platform_id *out, cl_uint *count)
{
    if (strikes("crash", "clGetPlatformIDs"))
        abort();
    if (strikes("hang", "clGetPlatformIDs"))
        hang();
    return REAL(clGetPlatformIDs)(n, out, count);
}

/* ---- Functions that are passed on ---------------------------------------------------------- */

#define PASS(name, declared, given) \
    EXPORT cl_int name declared { return REAL(name) given; }

PASS(clGetDeviceIDs,
     (cl_platform_id p, cl_device_type t, cl_uint n, cl_device_id *out, cl_uint *count),
     (p, t, n, out, count))
PASS(clGetPlatformInfo, (cl_platform_id p, cl_platform_info w, size_t n, void *v, size_t *size),
     (p, w, n, v, size))
PASS(clGetProgramInfo, (cl_program p, cl_program_info w, size_t n, void *v, size_t *size),
     (p, w, n, v, size))
PASS(clGetEventInfo, (cl_event e, cl_event_info w, size_t n, void *v, size_t *size),
     (e, w, n, v, size))
PASS(clGetEventProfilingInfo, (cl_event e, cl_profiling_info w, size_t n, void *v, size_t *size),
     (e, w, n, v, size))
PASS(clFlush, (cl_command_queue q), (q))
PASS(clReleaseCommandQueue, (cl_command_queue q), (q))
PASS(clReleaseContext, (cl_context c), (c))
PASS(clReleaseEvent, (cl_event e), (e))
PASS(clReleaseKernel, (cl_kernel k), (k))
PASS(clReleaseProgram, (cl_program p), (p))
PASS(clWaitForEvents, (cl_uint n, const cl_event *list), (n, list))
PASS(clEnqueueUnmapMemObject,
     (cl_command_queue q, cl_mem m, void *at, cl_uint n, const cl_event *wait, cl_event *event),
     (q, m, at, n, wait, event))
PASS(clEnqueueCopyBuffer,
     (cl_command_queue q, cl_mem from, cl_mem to, size_t at, size_t there, size_t bytes, cl_uint n,
      const cl_event *wait, cl_event *event),
     (q, from, to, at, there, bytes, n, wait, event))
PASS(clEnqueueFillBuffer,
     (cl_command_queue q, cl_mem m, const void *pattern, size_t size, size_t offset, size_t bytes,
      cl_uint n, const cl_event *wait, cl_event *event),
     (q, m, pattern, size, offset, bytes, n, wait, event))

EXPORT cl_context clCreateContext(
    const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
    void(CL_CALLBACK *told)(const char *, const void *, size_t, void *), void *user, cl_int *rc)
{
    if (strikes("crash", "clCreateContext"))
        abort();
    return REAL(clCreateContext)(properties, n, devices, told, user, rc);
}
EXPORT cl_command_queue clCreateCommandQueue(cl_context c, cl_device_id d,
                                             cl_command_queue_properties properties, cl_int *rc)
{
    return REAL(clCreateCommandQueue)(c, d, properties, rc);
}
EXPORT cl_program clCreateProgramWithBinary(cl_context c, cl_uint n, const cl_device_id *devices,
                                            const size_t *sizes, const unsigned char **binaries,
                                            cl_int *status, cl_int *rc)
{
    return REAL(clCreateProgramWithBinary)(c, n, devices, sizes, binaries, status, rc);
}
EXPORT void *clEnqueueMapBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, cl_map_flags flags,
                                size_t offset, size_t bytes, cl_uint n, const cl_event *wait,
                                cl_event *event, cl_int *rc)
{
    return REAL(clEnqueueMapBuffer)(q, m, blocking, flags, offset, bytes, n, wait, event, rc);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
