/* test_bench.c: what `isocl bench` measures and prints. Figures of speed are never judged here,
 * only that they are there, positive and consistent. */
#include "cli.h"

#include "core/bench/bench.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUICK "--seconds 0.02 --threads 2 "

/* ---- JSON ---------------------------------------------------------------------------------- */

/* Calls visit with the object of every line; each line must be one, with an event. */
static void each_object(void (*visit)(const json_t *object, void *data), void *data)
{
    char *rest = cli_out;
    for (char *line = strtok_r(cli_out, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        assert_non_null(json_string_value(json_object_get(object, "event")));
        visit(object, data);
        json_decref(object);
    }
}

static bool is_event(const json_t *object, const char *event)
{
    return strcmp(json_string_value(json_object_get(object, "event")), event) == 0;
}

static double positive(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    assert_true(json_number_value(value) > 0);
    return json_number_value(value);
}

struct seen {
    int machine, model, op, kernel, size, recommendation, failure, done;
    double share;
};

static void look(const json_t *object, void *data)
{
    struct seen *seen = data;
    if (is_event(object, "machine")) {
        seen->machine++;
        positive(object, "fma_gflops");
        positive(object, "copy_gbs");
        positive(object, "triad_gbs");
        assert_non_null(json_object_get(object, "handoff_ns")); /* null on a busy machine */
        assert_true(positive(object, "threads") == 2);
    } else if (is_event(object, "model")) {
        seen->model++;
        const double rate = positive(object, "training_images_per_second");
        const double mflop = positive(object, "training_mflop_per_image");
        const double gflops = rate * mflop / 1e3;
        assert_true(fabs(positive(object, "training_gflops") - gflops) < 1e-6 * gflops);
        assert_true(mflop > positive(object, "inference_mflop_per_image"));
        positive(object, "inference_images_per_second");
        assert_true(positive(object, "peak_memory_bytes") > positive(object, "plan_bytes") / 2);
    } else if (is_event(object, "op")) {
        seen->op++;
        positive(object, "microseconds");
        seen->share += positive(object, "share_of_step");
    } else if (is_event(object, "kernel")) {
        seen->kernel++;
        positive(object, "microseconds");
        positive(object, "launches");
        seen->share += positive(object, "share_of_commands");
    } else if (is_event(object, "size")) {
        seen->size++;
        positive(object, "gflops");
    } else if (is_event(object, "recommendation")) {
        seen->recommendation++;
        positive(object, "images_per_second");
    } else if (is_event(object, "failure")) {
        seen->failure++;
    } else if (is_event(object, "done")) {
        seen->done++;
    } else {
        fail();
    }
}

/* tiny.yaml: two dense layers, activation, dropout and loss in both passes; metric; update. On the
 * cpu the dense layer runs its activation forward, and the dropout behind it backward. */
static void test_json(void **state)
{
    struct seen seen = { 0 };
    (void)state;
    assert_int_equal(cli_run("bench tiny.yaml --devices cpu,reference --json --ops " QUICK), 0);
    each_object(look, &seen);
    assert_int_equal(seen.machine, 1);
    assert_int_equal(seen.model, 2);
    assert_int_equal(seen.op, 12 + 10);
    assert_true(fabs(seen.share - 2) < 1e-6);
    assert_int_equal(seen.recommendation, 1);
    assert_int_equal(seen.failure, 0);
    assert_int_equal(seen.done, 1);
}

/* A trace in the format of trace events: a process with a name, and commands of it, none of which
 * begins before the one ahead of it has ended. Returns the number of commands. */
static int check_trace(const char *name)
{
    char path[CLI_PATH];
    double end = 0;
    int commands = 0;
    size_t i;
    json_t *event;
    cli_path(path, name);
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "traceEvents"), i, event)
    {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        assert_non_null(phase);
        assert_true(json_integer_value(json_object_get(event, "pid")) == 1);
        assert_string_equal(phase, i == 0 ? "M" : "X");
        if (i == 0)
            continue;
        const double begin = json_number_value(json_object_get(event, "ts"));
        assert_true(begin >= end - 1e-3);
        end = begin + json_number_value(json_object_get(event, "dur"));
        assert_true(end >= begin);
        commands++;
    }
    json_decref(root);
    return commands;
}

/* On the cpu a call of an op is a command, in one or more steps. */
static void test_profile(void **state)
{
    struct seen seen = { 0 };
    (void)state;
    assert_int_equal(
        cli_run("bench tiny.yaml --devices cpu --json --profile --trace t.json " QUICK), 0);
    each_object(look, &seen);
    assert_int_equal(seen.kernel, 8);
    assert_true(fabs(seen.share - 1) < 1e-6);
    const int commands = check_trace("t.json");
    assert_true(commands >= 10 && commands % 10 == 0);
}

/* The id of an OpenCL device, which the commands in cli_run know, too; "" without one. */
static const char *opencl_id(char id[32])
{
    struct iso_device list[16];
    *id = '\0';
    for (int b = 0; iso_backends[b] != NULL; b++) {
        int n = 0;
        if (strcmp(iso_backends[b]->name, "opencl") != 0)
            continue;
        assert_int_equal(iso_backends[b]->list(list, 16, &n), ISO_OK);
        for (int i = n - 1; i >= 0; i--)
            if (list[i].usable)
                snprintf(id, 32, "%s", list[i].id);
    }
    return id;
}

static void test_profile_of_a_device_with_a_clock(void **state)
{
    struct seen seen = { 0 };
    char id[32];
    (void)state;
    if (*opencl_id(id) == '\0') {
        printf("SKIP: no usable OpenCL device is here\n");
        skip();
    }
    assert_int_equal(cli_run("bench tiny.yaml --devices %s --profile " QUICK, id), 0);
    cli_says(cli_out, "\n  KERNEL ");
    assert_true(strstr(cli_out, "\n  conv2d_cpu_") != NULL ||
                strstr(cli_out, "\n  chains_over_") != NULL);
    cli_says(cli_out, " GFLOP/s ");
    cli_says(cli_out, "\n  all ");
    assert_int_equal(
        cli_run("bench tiny.yaml --devices %s --json --profile --trace t.json " QUICK, id), 0);
    each_object(look, &seen);
    assert_true(seen.kernel > 10);
    assert_true(fabs(seen.share - 1) < 1e-6);
    assert_true(check_trace("t.json") >= seen.kernel);
}

static void test_trace_needs_a_profile_and_a_place(void **state)
{
    (void)state;
    assert_int_equal(cli_run("bench tiny.yaml --devices cpu --trace t.json " QUICK), 2);
    cli_says(cli_err, "--profile");
    assert_int_equal(
        cli_run("bench tiny.yaml --devices cpu --profile --trace no/where.json " QUICK),
        ISO_EXIT_FILE);
    cli_says(cli_err, "no/where.json");
}

/* 784 x 8 and 8 x 10 products; the first layer has no input gradient. */
static void check_flops(const json_t *object, void *data)
{
    if (!is_event(object, "model"))
        return;
    *(int *)data += 1;
    const double forward = 2 * (784 * 8 + 8 * 10) / 1e6;
    const double backward = 2 * (784 * 8 + 2 * 8 * 10) / 1e6;
    assert_true(fabs(positive(object, "inference_mflop_per_image") - forward) < 1e-9);
    assert_true(fabs(positive(object, "training_mflop_per_image") - forward - backward) < 1e-9);
    assert_true(positive(object, "batch") == 7);
}

static void test_flops(void **state)
{
    int models = 0;
    (void)state;
    assert_int_equal(cli_run("bench tiny.yaml --devices cpu --json --batch 7 " QUICK), 0);
    each_object(check_flops, &models);
    assert_int_equal(models, 1);
}

/* ---- The table ----------------------------------------------------------------------------- */

/* Column of the end of a word in the line that begins with `line`. */
static size_t end_of(const char *line, const char *word)
{
    const char *at = strstr(cli_out, line), *found = at != NULL ? strstr(at, word) : NULL;
    assert_non_null(found);
    assert_true(found < at + 1 + strcspn(at + 1, "\n"));
    return (size_t)(found - at) + strlen(word);
}

static void test_table(void **state)
{
    (void)state;
    assert_int_equal(cli_run("bench tiny.yaml --devices cpu --ops " QUICK), 0);
    cli_says(cli_out, "2 threads: FMA peak ");
    cli_says(cli_out, "GB/s");
    assert_int_equal(end_of("\nMODEL ", "BATCH"), end_of("\ntiny ", " 50 ") - 1);
    cli_says(cli_out, "categorical_crossentropy");
    cli_says(cli_out, "\n  adam ");
    cli_says(cli_out, "tiny trains fastest with --device cpu: ");
    cli_says(cli_out, "medians of samples between probes");
    assert_int_equal(strlen(cli_err), 0);
}

/* ---- Faults -------------------------------------------------------------------------------- */

static void test_faults(void **state)
{
    (void)state;
    assert_int_equal(cli_run("bench tiny.yaml --seconds 0"), 2);
    assert_int_equal(cli_run("bench tiny.yaml --seconds fast"), 2);
    cli_says(cli_err, "--seconds takes a number");
    assert_int_equal(cli_run("bench tiny.yaml --devices cpu,,reference"), 2);
    assert_int_equal(cli_run("bench missing.yaml --devices cpu " QUICK), ISO_EXIT_FILE);
    cli_says(cli_err, "missing.yaml");
    assert_int_equal(cli_run("bench tiny.yaml --devices cpu,abacus " QUICK), ISO_EXIT_DEVICE);
    cli_says(cli_out, "unknown device 'abacus'");
    cli_says(cli_out, "tiny trains fastest with --device cpu: ");
}

/* ---- Inside -------------------------------------------------------------------------------- */

static void test_median(void **state)
{
    double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };
    (void)state;
    assert_true(iso_bench_median(odd, 3) == 2);
    assert_true(iso_bench_median(even, 4) == 2.5);
    assert_true(isnan(iso_bench_median(odd, 0)));
}

/* A backend whose peak falls: the neighbour comes after the gate was opened. */
static int probes;
static iso_rc falling_peak(struct iso_backend *backend, enum iso_peak what, double seconds,
                           double *out)
{
    (void)backend, (void)what, (void)seconds;
    *out = probes++ < 55 ? 100 : 50;
    return ISO_OK;
}

static iso_rc count_work(void *data, int64_t times)
{
    volatile double x = 1;
    for (int i = 0; i < 200000; i++)
        x = x * 0.5 + 1;
    *(int64_t *)data += times;
    return ISO_OK;
}

static void test_gate(void **state)
{
    const struct iso_backend_ops ops = { .name = "falling", .peak = falling_peak };
    struct iso_backend backend = { .ops = &ops };
    struct iso_gate gate;
    struct iso_timing timing;
    int64_t work = 0;
    (void)state;
    assert_int_equal(iso_gate_open(&gate, &backend, 0), ISO_OK);
    assert_true(gate.flops == 100);
    assert_int_equal(iso_gate_measure(&gate, 1e-5, count_work, NULL, &work, &timing), ISO_OK);
    assert_false(timing.noisy);
    assert_int_equal(timing.samples, 1);
    assert_int_equal(gate.repeated, 0);
    probes = 1000;
    assert_int_equal(iso_gate_measure(&gate, 1e-5, count_work, NULL, &work, &timing), ISO_OK);
    assert_true(timing.noisy);
    assert_int_equal(timing.samples, 1);
    assert_int_equal(gate.repeated, 2);
    assert_true(work > 0);
    iso_gate_close(&gate);
}

/* Every size in the list has three positive times on a device; the smallest of each op here. */
static void test_sizes(void **state)
{
    static const struct iso_bench_size sizes[] = { { ISO_OP_dense, 3, 1, 1, 5, 7, 1 },
                                                   { ISO_OP_conv2d, 2, 6, 5, 3, 4, 3 } };
    struct iso_backend *backend = NULL;
    struct iso_gate gate;
    char text[64];
    (void)state;
    assert_int_equal(iso_backend_open("cpu", ISO_MODE_EXACT, 2, &backend), ISO_OK);
    assert_int_equal(iso_gate_open(&gate, backend, 2), ISO_OK);
    for (int i = 0; i < 2; i++) {
        struct iso_timing timing[ISO_PRODUCTS];
        double flops = 0;
        assert_int_equal(iso_bench_op(backend, &gate, &sizes[i], 1e-3, timing, &flops), ISO_OK);
        assert_true(flops == (i ? 2.0 * 2 * 6 * 5 * 9 * 3 * 4 : 2.0 * 3 * 5 * 7));
        for (int k = 0; k < ISO_PRODUCTS; k++)
            assert_true(timing[k].seconds > 0);
    }
    assert_string_equal(iso_bench_size_text(&sizes[0], text, sizeof text), "3 x 5 -> 7");
    assert_string_equal(iso_bench_size_text(&sizes[1], text, sizeof text), "2 x 6x5x3 -> 4, 3x3");
    iso_gate_close(&gate);
    iso_backend_close(backend);
}

static void test_memory(void **state)
{
    enum { BYTES = 64 << 20 };
    (void)state;
    iso_bench_memory_reset();
    char *memory = malloc(BYTES);
    assert_non_null(memory);
    memset(memory, 1, BYTES);
    assert_true(memory[BYTES / 2] == 1);
    free(memory);
    assert_true(iso_bench_memory_peak() >= BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json),
        TEST(test_profile),
        TEST(test_profile_of_a_device_with_a_clock),
        TEST(test_trace_needs_a_profile_and_a_place),
        TEST(test_flops),
        TEST(test_table),
        TEST(test_faults),
        TEST(test_median),
        TEST(test_gate),
        TEST(test_sizes),
        TEST(test_memory),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
