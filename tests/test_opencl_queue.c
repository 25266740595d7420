/* test_opencl_queue.c: what is asked of an OpenCL device while a network trains: few arguments, no
 * waiting, no more work ahead than is good; and uploads that keep their place. The calls that
 * matter are counted on their way to the driver: this program has functions of their names, and
 * isocl takes those of the program first. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "core/bench/bench.h"
#include "core/system/machine.h"
#include "core/train/learning_rate.h"
#include "network.h"
#include "with_opencl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef ISO_HAVE_OPENCL
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#pragma GCC visibility push(default) /* isocl must find this program's functions */
#include <CL/cl.h>
#pragma GCC visibility pop
#include <dlfcn.h>
#include <time.h>

static const char model[] = "models/mnist/linear.yaml";
/* Seconds of work: a tenth, and as much again, as a host that is woken late thinks a window short.
 */
static const double TOO_FAR = 0.2;

/* ---- Calls on their way ---- */

static struct {
    int arguments, launches, flushes, finishes, reads, writes, blocking, copies;
    int ahead, most_ahead; /* launches since the last that was waited for, or is known to be done */
} counted;
static struct {
    double launch; /* the device seems to take so many seconds for each; 0: as it really is */
    double idle;   /* and to be done with all of them at this time */
    struct {
        cl_event event;
        int launch; /* number of the launch that gave it */
        double done;
    } given[1 << 14];
    int count;
} slow;
static struct {
    bool discrete;                     /* host and device seem to share no memory */
    size_t device_group, kernel_group; /* the most work-items; 0: as it is */
} pretended;

/* The driver's function of that name, into a pointer to it. */
static void find_real(const char *name, void *pointer)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        fail_msg("the OpenCL loader has no %s", name);
    memcpy(pointer, &found, sizeof found);
}
#define REAL(name)            \
    __typeof__(name) *driver; \
    find_real(#name, &driver)

cl_int clSetKernelArg(cl_kernel kernel, cl_uint arg_index, size_t arg_size, const void *arg_value)
{
    REAL(clSetKernelArg);
    counted.arguments++;
    return driver(kernel, arg_index, arg_size, arg_value);
}

cl_int clEnqueueNDRangeKernel(cl_command_queue command_queue, cl_kernel kernel, cl_uint work_dim,
                              const size_t *global_work_offset, const size_t *global_work_size,
                              const size_t *local_work_size, cl_uint num_events_in_wait_list,
                              const cl_event *event_wait_list, cl_event *event)
{
    REAL(clEnqueueNDRangeKernel);
    counted.launches++;
    counted.ahead++;
    if (counted.ahead > counted.most_ahead)
        counted.most_ahead = counted.ahead;
    if (pretended.kernel_group != 0 &&
        local_work_size[0] * local_work_size[1] * local_work_size[2] > pretended.kernel_group)
        return CL_INVALID_WORK_GROUP_SIZE;
    const cl_int rc = driver(command_queue, kernel, work_dim, global_work_offset, global_work_size,
                             local_work_size, num_events_in_wait_list, event_wait_list, event);
    const double now = iso_clock();
    slow.idle = (slow.idle > now ? slow.idle : now) + slow.launch;
    if (event != NULL && slow.count < 1 << 14) {
        slow.given[slow.count].event = *event;
        slow.given[slow.count].launch = counted.launches;
        slow.given[slow.count++].done = slow.launch > 0 ? slow.idle : 0;
    }
    return rc;
}

/* The number of the launch that gave the event, and when that seems done; 0: none that was
 * counted. */
static int launch_of(cl_event event, double *done)
{
    *done = 0;
    for (int i = slow.count - 1; i >= 0; i--)
        if (slow.given[i].event == event) {
            *done = slow.given[i].done;
            return slow.given[i].launch;
        }
    return 0;
}

cl_int clGetEventInfo(cl_event event, cl_event_info param_name, size_t param_value_size,
                      void *param_value, size_t *param_value_size_ret)
{
    REAL(clGetEventInfo);
    double done;
    const cl_int rc =
        driver(event, param_name, param_value_size, param_value, param_value_size_ret);
    const int launch = launch_of(event, &done);
    if (param_name != CL_EVENT_COMMAND_EXECUTION_STATUS || launch == 0)
        return rc;
    if (iso_clock() < done)
        *(cl_int *)param_value = CL_RUNNING;
    else if (*(cl_int *)param_value == CL_COMPLETE)
        counted.ahead = counted.launches - launch;
    return rc;
}

cl_int clWaitForEvents(cl_uint num_events, const cl_event *event_list)
{
    REAL(clWaitForEvents);
    double done;
    const int launch = launch_of(event_list[0], &done);
    const double left = launch > 0 ? done - iso_clock() : 0;
    if (left > 0)
        nanosleep(&(struct timespec){ .tv_sec = (time_t)left,
                                      .tv_nsec = (long)(1e9 * (left - (double)(time_t)left)) },
                  NULL);
    if (launch > 0)
        counted.ahead = counted.launches - launch;
    return driver(num_events, event_list);
}

cl_int clFlush(cl_command_queue command_queue)
{
    REAL(clFlush);
    counted.flushes++;
    return driver(command_queue);
}

cl_int clFinish(cl_command_queue command_queue)
{
    REAL(clFinish);
    counted.finishes++;
    counted.ahead = 0;
    return driver(command_queue);
}

cl_int clEnqueueReadBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_read,
                           size_t offset, size_t size, void *ptr, cl_uint num_events_in_wait_list,
                           const cl_event *event_wait_list, cl_event *event)
{
    REAL(clEnqueueReadBuffer);
    counted.reads++;
    return driver(command_queue, buffer, blocking_read, offset, size, ptr, num_events_in_wait_list,
                  event_wait_list, event);
}

cl_int clEnqueueWriteBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_write,
                            size_t offset, size_t size, const void *ptr,
                            cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
                            cl_event *event)
{
    REAL(clEnqueueWriteBuffer);
    counted.writes++;
    counted.blocking += blocking_write != CL_FALSE;
    return driver(command_queue, buffer, blocking_write, offset, size, ptr, num_events_in_wait_list,
                  event_wait_list, event);
}

cl_int clEnqueueCopyBuffer(cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_buffer,
                           size_t src_offset, size_t dst_offset, size_t size,
                           cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
                           cl_event *event)
{
    REAL(clEnqueueCopyBuffer);
    counted.copies++;
    return driver(command_queue, src_buffer, dst_buffer, src_offset, dst_offset, size,
                  num_events_in_wait_list, event_wait_list, event);
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info param_name, size_t param_value_size,
                       void *param_value, size_t *param_value_size_ret)
{
    REAL(clGetDeviceInfo);
    const cl_int rc =
        driver(device, param_name, param_value_size, param_value, param_value_size_ret);
    if (param_name == CL_DEVICE_HOST_UNIFIED_MEMORY && pretended.discrete && param_value != NULL)
        memset(param_value, 0, sizeof(cl_bool));
    if (param_name == CL_DEVICE_MAX_WORK_GROUP_SIZE && pretended.device_group != 0 &&
        param_value != NULL)
        *(size_t *)param_value = pretended.device_group;
    return rc;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device,
                                cl_kernel_work_group_info param_name, size_t param_value_size,
                                void *param_value, size_t *param_value_size_ret)
{
    REAL(clGetKernelWorkGroupInfo);
    const cl_int rc =
        driver(kernel, device, param_name, param_value_size, param_value, param_value_size_ret);
    if (param_name == CL_KERNEL_WORK_GROUP_SIZE && pretended.kernel_group != 0 &&
        param_value != NULL)
        *(size_t *)param_value = pretended.kernel_group;
    return rc;
}

/* ---- A device and a network on it ---- */

static int clean(void **state)
{
    cl_uint platforms; /* the loader must be linked with this program, to be its own functions' */
    (void)state;
    clGetPlatformIDs(0, NULL, &platforms);
    memset(&counted, 0, sizeof counted);
    memset(&slow, 0, sizeof slow);
    memset(&pretended, 0, sizeof pretended);
    unsetenv("ISOCL_OPENCL_SHAPE");
    iso_error_clear();
    return 0;
}

/* The id of the first usable device; without one the test is skipped, and says so. */
static const char *first_device(void)
{
    static struct iso_device list[16];
    for (int b = 0; iso_backends[b] != NULL; b++) {
        int count = 0;
        if (strcmp(iso_backends[b]->name, "opencl") != 0)
            continue;
        must(iso_backends[b]->list(list, 16, &count));
        for (int i = 0; i < count; i++)
            if (list[i].usable)
                return list[i].id;
    }
    printf("SKIP: no usable OpenCL device is here\n");
    skip();
    return NULL;
}

static struct iso_backend *open_first(void)
{
    struct iso_backend *be = NULL;
    must(iso_backend_open(first_device(), ISO_MODE_EXACT, 0, &be));
    return be;
}

static void begin(struct network *n)
{
    const struct iso_exec_options options = { .training = true, .seed = 1, .log_steps = 1 };
    network_open(n, model, 20, first_device(), 0);
    assert_true(counted.launches > 0); /* the probe's: the calls do come along here */
    network_begin(n, &options);
    must(iso_bench_feed(n->exec));
}

static void train(struct network *n, uint64_t step)
{
    must(iso_exec_forward(n->exec, true, step, 0));
    must(iso_exec_backward(n->exec, step));
    must(iso_exec_update(n->exec, step, iso_training_rate_alone(n->graph->training, step)));
}

/* ---- A steady step ---- */

static void steady_step_sets_few_arguments_and_waits_for_nothing(void **state)
{
    struct network n;
    (void)state;
    begin(&n);
    memset(&counted, 0, sizeof counted);
    train(&n, 0);
    const int first = counted.arguments, launches = counted.launches;
    train(&n, 1);
    memset(&counted, 0, sizeof counted);
    train(&n, 2);
    printf("%d launches a step, %d arguments in the first, %d in a steady one\n", launches, first,
           counted.arguments);
    assert_int_equal(counted.launches, launches);
    assert_true(launches > 0 && first > 5 * launches);
    assert_true(counted.arguments < first);
    assert_int_equal(counted.reads + counted.writes + counted.copies + counted.finishes, 0);
    network_close(&n);
}

static void freed_buffer_makes_all_arguments_new(void **state)
{
    struct network n;
    struct iso_mem *other;
    int arguments[3];
    (void)state;
    begin(&n);
    train(&n, 0);
    for (int i = 0; i < 3; i++) {
        must(n.backend->ops->alloc(n.backend, 4, &other));
        if (i > 0)
            n.backend->ops->free(n.backend, other);
        memset(&counted, 0, sizeof counted);
        train(&n, 1);
        arguments[i] = counted.arguments;
        if (i == 0)
            n.backend->ops->free(n.backend, other);
    }
    assert_true(arguments[0] < arguments[1]);
    assert_int_equal(arguments[1], arguments[2]);
    network_close(&n);
}

/* ---- How far ahead ---- */

static void queue_is_flushed_and_bounded(void **state)
{
    struct network n;
    (void)state;
    begin(&n);
    memset(&counted, 0, sizeof counted);
    for (uint64_t step = 0; step < 200; step++)
        train(&n, step);
    assert_true(counted.flushes >= counted.launches / 256);
    assert_true(counted.launches > 1024);
    assert_true(counted.most_ahead <= 1024);
    assert_int_equal(counted.finishes, 0);
    network_close(&n);
}

static void slow_device_is_given_a_tenth_of_a_second(void **state)
{
    struct network n;
    (void)state;
    begin(&n);
    memset(&counted, 0, sizeof counted);
    slow.launch = 0.5e-3;
    uint64_t step = 0;
    while (counted.launches < 1000)
        train(&n, step++);
    counted.most_ahead = 0;
    while (counted.launches < 2000)
        train(&n, step++);
    printf("at most %d launches ahead, %.0f ms of work\n", counted.most_ahead,
           1e3 * counted.most_ahead * slow.launch);
    assert_true(counted.most_ahead * slow.launch < TOO_FAR);
    assert_true(counted.most_ahead > 8);
    network_close(&n);
}

/* ---- Uploads ---- */

enum { BYTES = 10 << 20, ODD = 12345 };

/* Bytes that change as soon as the write returns; they arrive as they were. */
static void check_large_upload(struct iso_backend *be)
{
    unsigned char *in = malloc(BYTES), *out = malloc(BYTES);
    struct iso_mem *m;
    assert_true(in != NULL && out != NULL);
    for (size_t i = 0; i < BYTES; i++)
        in[i] = (unsigned char)(i * 7 + (i >> 13));
    must(be->ops->alloc(be, BYTES + ODD, &m));
    must(be->ops->write(be, m, ODD, in, BYTES));
    memset(in, 0xEE, BYTES);
    must(be->ops->read(be, m, ODD, out, BYTES));
    for (size_t i = 0; i < BYTES; i++)
        if (out[i] != (unsigned char)(i * 7 + (i >> 13)))
            fail_msg("byte %zu of an upload is wrong", i);
    be->ops->free(be, m);
    free(in);
    free(out);
}

/* A fill or a read between two writes sees the first one. More writes than there are slots. */
static void check_order(struct iso_backend *be)
{
    enum { WRITES = 40 };
    struct iso_mem *m;
    must(be->ops->alloc(be, WRITES, &m));
    for (int round = 0; round < 5; round++) {
        unsigned char in[WRITES], out[WRITES];
        for (int i = 0; i < WRITES; i++) {
            in[i] = (unsigned char)(i + round);
            must(be->ops->write(be, m, (size_t)i, &in[i], 1));
        }
        must(be->ops->fill(be, m, 3, 0xAA, 2));
        must(be->ops->write(be, m, 4, &in[9], 1));
        in[3] = 0xAA;
        in[4] = in[9];
        must(be->ops->read(be, m, 0, out, WRITES));
        assert_memory_equal(in, out, WRITES);
    }
    be->ops->free(be, m);
}

static void check_uploads(bool discrete)
{
    pretended.discrete = discrete;
    struct iso_backend *be = open_first();
    memset(&counted, 0, sizeof counted);
    check_large_upload(be);
    check_order(be);
    assert_int_equal(counted.blocking, 0);
    assert_int_equal(counted.finishes, 0);
    assert_true(discrete ? counted.copies == counted.writes : counted.copies == 0);
    iso_backend_close(be);
}

static void uploads_arrive_in_order_where_memory_is_shared(void **state)
{
    (void)state;
    check_uploads(false);
}

static void uploads_arrive_in_order_through_the_second_queue(void **state)
{
    (void)state;
    check_uploads(true);
}

/* ---- Small work-groups ---- */

static void small_groups_take_the_shape_that_needs_none(void **state)
{
    struct network n;
    (void)state;
    pretended.device_group = 32;
    begin(&n);
    train(&n, 0);
    must(n.backend->ops->sync(n.backend));
    network_close(&n);
}

static void gpu_shape_with_small_groups_is_refused(void **state)
{
    struct iso_backend *be = NULL;
    const char *device = first_device();
    (void)state;
    pretended.device_group = 32;
    setenv("ISOCL_OPENCL_SHAPE", "gpu", 1);
    assert_int_equal(iso_backend_open(device, ISO_MODE_EXACT, 0, &be), ISO_EUNSUP);
    assert_non_null(strstr(iso_error(), "allows only 32 work-items in a group; isocl needs 64"));
    assert_non_null(strstr(iso_error(), "ISOCL_OPENCL_SHAPE"));
}

static void device_with_small_groups_is_refused(void **state)
{
    struct network n;
    const struct iso_exec_options options = { .training = true, .seed = 1, .log_steps = 1 };
    (void)state;
    setenv("ISOCL_OPENCL_SHAPE", "gpu", 1);
    network_open(&n, model, 20, first_device(), 0);
    pretended.kernel_group = 32;
    network_begin(&n, &options);
    must(iso_bench_feed(n.exec));
    assert_int_equal(iso_exec_forward(n.exec, true, 0, 0), ISO_EDEVICE);
    assert_non_null(strstr(iso_error(), "can run no kernel for products"));
    assert_non_null(strstr(iso_error(), "ISOCL_OPENCL_SHAPE=cpu"));
    network_close(&n);
}

/* ---- Profiles and peaks ---- */

static void profile_has_each_launch_with_its_time(void **state)
{
    struct network n;
    struct iso_profile profile = { .call = 7 };
    double flops = 0;
    (void)state;
    begin(&n);
    train(&n, 0);
    must(n.backend->ops->profile(n.backend, &profile));
    memset(&counted, 0, sizeof counted);
    train(&n, 1);
    must(n.backend->ops->profile(n.backend, NULL));
    assert_int_equal(profile.count, counted.launches);
    for (int i = 0; i < profile.count; i++) {
        assert_true(profile.events[i].begin > 0);
        assert_true(profile.events[i].end >= profile.events[i].begin);
        assert_true(i == 0 || profile.events[i].begin >= profile.events[i - 1].end);
        assert_int_equal(profile.events[i].call, 7);
        flops += profile.events[i].flops;
    }
    assert_true(flops == iso_bench_flops(n.exec, true)); /* no Winograd in it */
    const int before = profile.count;
    train(&n, 2);
    assert_int_equal(profile.count, before);
    free(profile.events);
    network_close(&n);
}

static void peaks_are_there(void **state)
{
    double fma = 0, copy = 0, triad = 0;
    struct iso_backend *be = open_first();
    (void)state;
    must(be->ops->peak(be, ISO_PEAK_FMA, 0.01, &fma));
    must(be->ops->peak(be, ISO_PEAK_COPY, 0.01, &copy));
    must(be->ops->peak(be, ISO_PEAK_TRIAD, 0.01, &triad));
    assert_true(fma > 1e6 && copy > 1e6 && triad > 1e6);
    iso_backend_close(be);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steady_step_sets_few_arguments_and_waits_for_nothing),
        TEST(freed_buffer_makes_all_arguments_new),
        TEST(queue_is_flushed_and_bounded),
        TEST(slow_device_is_given_a_tenth_of_a_second),
        TEST(uploads_arrive_in_order_where_memory_is_shared),
        TEST(uploads_arrive_in_order_through_the_second_queue),
        TEST(small_groups_take_the_shape_that_needs_none),
        TEST(gpu_shape_with_small_groups_is_refused),
        TEST(device_with_small_groups_is_refused),
        TEST(profile_has_each_launch_with_its_time),
        TEST(peaks_are_there),
    };
    return cmocka_run_group_tests_name("opencl queue", tests, NULL, clean);
}

#else

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(built_without_opencl) };
    return cmocka_run_group_tests_name("opencl queue", tests, NULL, NULL);
}
#endif
