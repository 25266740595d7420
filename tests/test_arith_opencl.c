/* test_arith_opencl.c: core/arithmetic/arith.h and core/arithmetic/random.h give the bits of C on
 * every OpenCL device of this machine, with and without the contraction pragma, and when the
 * compiler is told to contract. ISOCL_ARITH_COUNT=N takes N operands a function instead of 2^20
 * (for slow simulators). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arith_inputs.h"

#ifdef ISO_HAVE_OPENCL

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

enum { PLATFORMS = 16, DEVICES = 16, FILES = 4, PHILOX = 4096 };

static const char *const files[FILES] = { "core/arithmetic/arith.h", "core/arithmetic/random.h",
                                          "tests/arith_functions.h", "tests/arith.cl" };
static const char *const builds[] = { "-cl-std=CL1.2", "-cl-std=CL1.2 -DISO_NO_PRAGMA",
                                      "-cl-std=CL1.2 -DISO_NO_PRAGMA -cl-mad-enable" };
#define NAME(name, operands, judge, bound) #name,
static const char *const names[ARITH_COUNT] = { ARITH_FUNCTIONS(NAME) };

struct host {
    size_t n;
    float *x, *y, *out, *want[ARITH_COUNT];
    char *source[FILES];
};
struct device {
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_mem x, y, out;
    char name[256];
};

static void check(cl_int status, const char *what, const char *device)
{
    if (status != CL_SUCCESS)
        fail_msg("%s: %s failed with %d", device, what, (int)status);
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot open %s: run the test from the top folder of the source", path);
    char *text = calloc(1, 1 << 18);
    assert_non_null(text);
    size_t n = fread(text, 1, (1 << 18) - 1, f);
    fclose(f);
    assert_true(n > 0 && n < (1 << 18) - 1);
    return text;
}

static float *floats(size_t n)
{
    float *p = malloc(n * sizeof *p);
    assert_non_null(p);
    return p;
}

/* Operands and what C makes of them. */
static void host_open(struct host *h)
{
    const char *count = getenv("ISOCL_ARITH_COUNT");
    h->n = count != NULL ? strtoul(count, NULL, 10) : (size_t)1 << 20;
    assert_true(h->n >= 2048); /* all pairs of special values */
    h->x = floats(h->n);
    h->y = floats(h->n);
    h->out = floats(h->n);
    for (size_t i = 0; i < h->n; i++)
        arith_pair(i, &h->x[i], &h->y[i]);
    for (int f = 0; f < ARITH_COUNT; f++) {
        h->want[f] = floats(h->n);
        for (size_t i = 0; i < h->n; i++)
            h->want[f][i] = arith_call(f, h->x[i], h->y[i]);
    }
    for (int i = 0; i < FILES; i++)
        h->source[i] = read_text(files[i]);
}

static void host_close(struct host *h)
{
    free(h->x);
    free(h->y);
    free(h->out);
    for (int f = 0; f < ARITH_COUNT; f++)
        free(h->want[f]);
    for (int i = 0; i < FILES; i++)
        free(h->source[i]);
}

static void device_open(struct device *d, const struct host *h)
{
    cl_int s;
    size_t bytes = h->n * sizeof(float);
    d->context = clCreateContext(NULL, 1, &d->id, NULL, NULL, &s);
    check(s, "clCreateContext", d->name);
    d->queue = clCreateCommandQueue(d->context, d->id, 0, &s);
    check(s, "clCreateCommandQueue", d->name);
    d->x = clCreateBuffer(d->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, h->x, &s);
    check(s, "clCreateBuffer", d->name);
    d->y = clCreateBuffer(d->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, h->y, &s);
    check(s, "clCreateBuffer", d->name);
    bytes = bytes > 16 * PHILOX ? bytes : 16 * PHILOX;
    d->out = clCreateBuffer(d->context, CL_MEM_READ_WRITE, bytes, NULL, &s);
    check(s, "clCreateBuffer", d->name);
}

static void device_close(struct device *d)
{
    clReleaseMemObject(d->x);
    clReleaseMemObject(d->y);
    clReleaseMemObject(d->out);
    clReleaseCommandQueue(d->queue);
    clReleaseContext(d->context);
}

static cl_program build(struct device *d, struct host *h, const char *options)
{
    cl_int s;
    cl_program p = clCreateProgramWithSource(d->context, FILES, (const char **)h->source, NULL, &s);
    check(s, "clCreateProgramWithSource", d->name);
    if (clBuildProgram(p, 1, &d->id, options, NULL, NULL) != CL_SUCCESS) {
        static char log[8192];
        clGetProgramBuildInfo(p, d->id, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
        fail_msg("%s: build with '%s' failed:\n%s", d->name, options, log);
    }
    return p;
}

/* Runs the kernel over n items and reads the first bytes of out. */
static void run(struct device *d, cl_kernel k, size_t n, void *out, size_t bytes)
{
    check(clEnqueueNDRangeKernel(d->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL),
          "clEnqueueNDRangeKernel", d->name);
    check(clEnqueueReadBuffer(d->queue, d->out, CL_TRUE, 0, bytes, out, 0, NULL, NULL),
          "clEnqueueReadBuffer", d->name);
}

/* How many results of one function differ from C's; the first is shown. */
static size_t compare(struct device *d, struct host *h, cl_kernel k, int f, const char *options)
{
    size_t wrong = 0;
    check(clSetKernelArg(k, 3, sizeof f, &f), "clSetKernelArg", d->name);
    memset(h->out, 0xA5, h->n * sizeof(float));
    run(d, k, h->n, h->out, h->n * sizeof(float));
    for (size_t i = 0; i < h->n; i++) {
        if (arith_bits(h->out[i]) == arith_bits(h->want[f][i]))
            continue;
        if (wrong++ == 0)
            print_message("%s: '%s': %s(%a, %a) is %a, in C %a\n", d->name, options, names[f],
                          (double)h->x[i], (double)h->y[i], (double)h->out[i],
                          (double)h->want[f][i]);
    }
    return wrong;
}

static size_t compare_philox(struct device *d, cl_program p)
{
    static iso_u32 out[4 * PHILOX];
    size_t wrong = 0;
    cl_int s;
    cl_kernel k = clCreateKernel(p, "philox", &s);
    check(s, "clCreateKernel", d->name);
    check(clSetKernelArg(k, 0, sizeof d->out, &d->out), "clSetKernelArg", d->name);
    run(d, k, PHILOX, out, sizeof out);
    clReleaseKernel(k);
    for (iso_u32 i = 0; i < PHILOX; i++) {
        iso_u32x4 r = iso_philox(i, 2u, 3u, ISO_RANDOM_TEST, 0xFFFFFFFFu - i, 7u);
        wrong += memcmp(r.v, out + 4 * i, sizeof r.v) != 0;
    }
    return wrong;
}

static size_t compare_device(struct device *d, struct host *h)
{
    size_t wrong = 0;
    device_open(d, h);
    for (size_t b = 0; b < sizeof builds / sizeof *builds; b++) {
        cl_int s;
        cl_program p = build(d, h, builds[b]);
        cl_kernel k = clCreateKernel(p, "arith", &s);
        check(s, "clCreateKernel", d->name);
        check(clSetKernelArg(k, 0, sizeof d->x, &d->x), "clSetKernelArg", d->name);
        check(clSetKernelArg(k, 1, sizeof d->y, &d->y), "clSetKernelArg", d->name);
        check(clSetKernelArg(k, 2, sizeof d->out, &d->out), "clSetKernelArg", d->name);
        for (int f = 0; f < ARITH_COUNT; f++)
            wrong += compare(d, h, k, f, builds[b]);
        wrong += compare_philox(d, p);
        clReleaseKernel(k);
        clReleaseProgram(p);
    }
    device_close(d);
    print_message("%s: %zu of %zu results differ\n", d->name, wrong,
                  sizeof builds / sizeof *builds * (h->n * ARITH_COUNT + PHILOX));
    return wrong;
}

static void test_same_bits(void **state)
{
    cl_platform_id platform[PLATFORMS];
    cl_uint platforms = 0, compared = 0;
    size_t wrong = 0;
    struct host h;
    (void)state;
    if (clGetPlatformIDs(PLATFORMS, platform, &platforms) != CL_SUCCESS)
        platforms = 0;
    host_open(&h);
    for (cl_uint p = 0; p < platforms && p < PLATFORMS; p++) {
        cl_device_id id[DEVICES];
        cl_uint devices = 0;
        if (clGetDeviceIDs(platform[p], CL_DEVICE_TYPE_ALL, DEVICES, id, &devices) != CL_SUCCESS)
            continue;
        for (cl_uint i = 0; i < devices && i < DEVICES; i++, compared++) {
            struct device d = { .id = id[i] };
            clGetDeviceInfo(id[i], CL_DEVICE_NAME, sizeof d.name - 1, d.name, NULL);
            wrong += compare_device(&d, &h);
        }
    }
    host_close(&h);
    if (compared == 0) {
        print_message("skipped: no OpenCL device here\n");
        skip();
    }
    assert_int_equal(wrong, 0);
}

#else

static void test_same_bits(void **state)
{
    (void)state;
    print_message("skipped: built without OpenCL\n");
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_bits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
