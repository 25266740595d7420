/* isocl bench: how fast the devices are at a model, or at ops of the usual sizes. */
#include "bench_report.h"
#include "bench_trace.h"
#include "commands.h"
#include "core/system/machine.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEVICES = 64, MOST_ARENAS = 16 };
static const char demo[] = "models/demo.yaml";
static const double MACHINE_SECONDS = 0.1; /* for each peak of the machine */
static const double HANDOFF_SECONDS = 0.02;

struct bench_options {
    struct iso_job_options setup;
    const char *devices;
    const char *trace;
    double seconds;
    bool ops, profile, json;
};
#define AT(member) offsetof(struct bench_options, member)
static const struct iso_option options[] = {
    { "devices", "A,B,...", ISO_OPTION_TEXT, AT(devices),
      "devices to measure (default: every usable one except the reference)", 0 },
    ISO_OPTION_MODE(struct bench_options),
    ISO_OPTION_THREADS(struct bench_options),
    ISO_OPTION_BATCH(struct bench_options),
    { "seconds", "S", ISO_OPTION_REAL, AT(seconds), "time for each measurement (default 1)", 0 },
    { "ops", NULL, ISO_OPTION_FLAG, AT(ops), "add the time of each op in each pass", 0 },
    { "profile", NULL, ISO_OPTION_FLAG, AT(profile),
      "add the time and share of peak of each kernel, by the device's own clock", 0 },
    { "trace", "FILE", ISO_OPTION_TEXT, AT(trace),
      "with --profile: also write each command for chrome://tracing and Perfetto", 0 },
    { "json", NULL, ISO_OPTION_FLAG, AT(json), "print one JSON object per line", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

struct bench {
    struct bench_options options;
    struct iso_bench_report report;
    struct iso_bench_machine machine;
    struct iso_bench_trace trace;
    char machine_name[128];
    char devices[MOST_DEVICES][sizeof((struct iso_device *)0)->id];
    int ndevices, measured, failed;
    int64_t repeated;
    bool noisy;
};

/* ---- Devices ------------------------------------------------------------------------------- */

static iso_rc named_devices(struct bench *b)
{
    const char *rest = b->options.devices;
    for (size_t n; *rest; rest += n + (rest[n] == ',')) {
        n = strcspn(rest, ",");
        if (n == 0 || n >= sizeof b->devices[0] || b->ndevices == MOST_DEVICES)
            return iso_fail(ISO_EUSAGE, "--devices takes 1 to %d names with commas between them",
                            MOST_DEVICES);
        memcpy(b->devices[b->ndevices++], rest, n);
    }
    return b->ndevices ? ISO_OK : iso_fail(ISO_EUSAGE, "--devices is empty; leave it out for all");
}

/* The reference is the definition of the results, not meant to be fast: only when it is named. */
static iso_rc all_devices(struct bench *b)
{
    struct iso_device *list = iso_alloc(MOST_DEVICES, sizeof *list);
    iso_rc rc = list != NULL ? ISO_OK : ISO_ENOMEM;
    for (int i = 0; iso_backends[i] != NULL && rc == ISO_OK; i++) {
        int n = 0;
        if (strcmp(iso_backends[i]->name, "reference") == 0)
            continue;
        rc = iso_backends[i]->list(list, MOST_DEVICES, &n);
        for (int k = 0; k < n && rc == ISO_OK && b->ndevices < MOST_DEVICES; k++)
            if (list[k].usable)
                memcpy(b->devices[b->ndevices++], list[k].id, sizeof list[k].id);
    }
    free(list);
    return rc;
}

static iso_rc measure_machine(struct bench *b)
{
    struct iso_bench_machine *m = &b->machine;
    struct iso_backend *cpu = NULL;
    struct iso_gate gate;
    ISO_TRY(iso_backend_open("cpu", ISO_MODE_DEFAULT, (int)b->options.setup.threads, &cpu));
    memcpy(b->machine_name, cpu->device.name, sizeof b->machine_name);
    m->name = b->machine_name;
    m->threads = cpu->device.units;
    iso_rc rc = iso_gate_open(&gate, cpu, 0);
    if (rc == ISO_OK) {
        m->flops = gate.flops;
        rc = cpu->ops->peak(cpu, ISO_PEAK_COPY, MACHINE_SECONDS, &m->copy);
        iso_gate_close(&gate);
    }
    if (rc == ISO_OK)
        rc = cpu->ops->peak(cpu, ISO_PEAK_TRIAD, MACHINE_SECONDS, &m->triad);
    if (rc == ISO_OK)
        rc = cpu->ops->peak(cpu, ISO_PEAK_HANDOFF, HANDOFF_SECONDS, &m->handoff);
    iso_backend_close(cpu);
    return rc;
}

/* The processor's peak is the highest that was measured, on whichever of its devices. */
static iso_rc open_gate(const struct bench *b, struct iso_backend *backend, struct iso_gate *gate)
{
    ISO_TRY(iso_gate_open(gate, backend, (int)b->options.setup.threads));
    if (!backend->device.gpu && gate->flops < b->machine.flops)
        gate->flops = b->machine.flops;
    return ISO_OK;
}

static void close_gate(struct bench *b, const struct iso_backend *backend, struct iso_gate *gate)
{
    b->repeated += gate->repeated;
    if (!backend->device.gpu)
        b->machine.flops = gate->flops;
    iso_gate_close(gate);
}

/* Counts a failure of one device and lets the others continue; out of memory ends the command. */
static void tell_failure(struct bench *b, const char *what, const char *device)
{
    char why[1024];
    iso_bench_print_failure(&b->report, what, device, iso_error_take(why, sizeof why));
    b->failed++;
}

/* ---- Models -------------------------------------------------------------------------------- */

static iso_rc open_exec(struct iso_job *s, bool training)
{
    iso_exec_free(s->exec);
    iso_graph_free(s->graph);
    s->exec = NULL;
    s->graph = NULL;
    iso_bench_memory_reset();
    const struct iso_exec_options o = { .training = training,
                                        .seed = s->model->seed,
                                        .log_steps = 1 };
    ISO_TRY(iso_job_exec(s, 0, 0, &o));
    ISO_TRY(iso_exec_initialize(s->exec));
    return iso_bench_feed(s->exec);
}

static iso_rc bench_training(struct bench *b, struct iso_job *s, struct iso_gate *gate,
                             struct iso_bench_model *m)
{
    struct iso_memory arenas[MOST_ARENAS];
    ISO_TRY(open_exec(s, true));
    for (int i = iso_exec_memory(s->exec, arenas, MOST_ARENAS) - 1; i >= 0; i--)
        m->plan += arenas[i].bytes;
    ISO_TRY(iso_bench_steps(s->exec, gate, true, b->options.seconds, &m->training));
    m->training_flops = iso_bench_flops(s->exec, true);
    m->memory = iso_bench_memory_peak();
    return ISO_OK;
}

static iso_rc bench_inference(struct bench *b, struct iso_job *s, struct iso_gate *gate,
                              struct iso_bench_model *m)
{
    ISO_TRY(open_exec(s, false));
    m->inference_flops = iso_bench_flops(s->exec, false);
    return iso_bench_steps(s->exec, gate, false, b->options.seconds, &m->inference);
}

static iso_rc print_ops(struct bench *b, struct iso_job *s, struct iso_gate *gate,
                        const struct iso_bench_model *m)
{
    struct iso_bench_node *nodes = NULL;
    int count;
    ISO_TRY(open_exec(s, true));
    ISO_TRY(iso_bench_nodes(s->exec, gate, b->options.seconds, &nodes, &count));
    iso_bench_print_nodes(&b->report, m, s->model, nodes, count);
    free(nodes);
    return ISO_OK;
}

static iso_rc print_profile(struct bench *b, struct iso_job *s, const struct iso_bench_model *m)
{
    struct iso_bench_profile profile;
    struct iso_bench_kernel *kernels = NULL;
    int count;
    ISO_TRY(open_exec(s, true));
    ISO_TRY(iso_bench_profile(s->exec, b->options.seconds, &profile));
    iso_rc rc = iso_bench_kernels(&profile, &kernels, &count);
    if (rc == ISO_OK)
        iso_bench_print_kernels(&b->report, m, &profile, kernels, count);
    if (rc == ISO_OK && b->options.trace != NULL)
        rc = iso_bench_trace_add(&b->trace, s->model, m->device, &profile);
    free(kernels);
    iso_bench_profile_free(&profile);
    return rc;
}

/* Finds the peaks with which the rates of this device are compared. */
static iso_rc find_peaks(const struct bench *b, struct iso_backend *backend,
                         const struct iso_gate *gate, struct iso_bench_model *m)
{
    m->peak = backend->ops->peak != NULL ? gate->flops : 0;
    m->bandwidth = b->machine.triad;
    if (!backend->device.gpu || !(b->options.ops || b->options.profile))
        return ISO_OK;
    return backend->ops->peak(backend, ISO_PEAK_TRIAD, MACHINE_SECONDS, &m->bandwidth);
}

static iso_rc bench_with(struct bench *b, struct iso_job *s, struct iso_gate *gate,
                         struct iso_bench_model *m)
{
    ISO_TRY(bench_training(b, s, gate, m));
    ISO_TRY(bench_inference(b, s, gate, m));
    m->repeated = gate->repeated;
    ISO_TRY(find_peaks(b, s->backend, gate, m));
    iso_bench_print_model(&b->report, m);
    if (b->options.ops)
        ISO_TRY(print_ops(b, s, gate, m));
    return b->options.profile ? print_profile(b, s, m) : ISO_OK;
}

/* One model on one device; *rate: images/s of training. */
static iso_rc bench_device(struct bench *b, struct iso_job *s, const char *path, const char *device,
                           double *rate)
{
    struct iso_job_options o = b->options.setup;
    struct iso_gate gate;
    o.device = device;
    ISO_TRY(iso_job_backend(s, &o));
    ISO_TRY(open_gate(b, s->backend, &gate));
    struct iso_bench_model m = { .path = path,
                                 .name = s->model->name,
                                 .device = device,
                                 .mode = s->backend->mode,
                                 .batch = s->model->batch_size };
    const iso_rc rc = bench_with(b, s, &gate, &m);
    b->noisy = b->noisy || m.training.noisy || m.inference.noisy;
    close_gate(b, s->backend, &gate);
    *rate = (double)m.batch / m.training.seconds;
    return rc;
}

/* A fault of the file ends the command, with the faults told here. */
static int bench_model(const struct iso_command *command, struct bench *b, const char *path)
{
    const char *best = NULL, *second = NULL;
    double best_rate = 0, second_rate = 0;
    char name[sizeof((struct iso_model *)0)->name] = "";
    for (int i = 0; i < b->ndevices; i++) {
        struct iso_job job = { 0 };
        double rate = 0;
        iso_rc rc = iso_setup_model(&job, path, &b->options.setup);
        if (rc == ISO_OK) {
            memcpy(name, job.model->name, sizeof name);
            rc = bench_device(b, &job, path, b->devices[i], &rate);
        }
        if (job.faults.count > 0 || job.model == NULL) {
            const int code = iso_report(command, rc, &job.faults);
            iso_job_free(&job);
            return code;
        }
        iso_job_free(&job);
        if (rc != ISO_OK) {
            tell_failure(b, name, b->devices[i]);
            continue;
        }
        b->measured++;
        if (rate > best_rate) {
            second = best;
            second_rate = best_rate;
            best = b->devices[i];
            best_rate = rate;
        } else if (rate > second_rate) {
            second = b->devices[i];
            second_rate = rate;
        }
    }
    if (best != NULL)
        iso_bench_print_choice(&b->report, name, best, best_rate, second, second_rate);
    return ISO_EXIT_DONE;
}

/* ---- Single ops ---------------------------------------------------------------------------- */

static iso_rc bench_sizes_on(struct bench *b, struct iso_backend *backend, const char *device)
{
    struct iso_gate gate;
    ISO_TRY(open_gate(b, backend, &gate));
    iso_rc rc = ISO_OK;
    for (int i = 0; i < iso_bench_nsizes && rc == ISO_OK; i++) {
        struct iso_timing timing[ISO_PRODUCTS];
        double flops;
        rc = iso_bench_op(backend, &gate, &iso_bench_sizes[i], b->options.seconds, timing, &flops);
        if (rc != ISO_OK)
            break;
        iso_bench_print_size(&b->report, device, &iso_bench_sizes[i], timing, flops,
                             backend->ops->peak != NULL ? gate.flops : 0);
        for (int k = 0; k < ISO_PRODUCTS; k++)
            b->noisy = b->noisy || timing[k].noisy;
    }
    close_gate(b, backend, &gate);
    return rc;
}

static void bench_sizes(struct bench *b)
{
    for (int i = 0; i < b->ndevices; i++) {
        struct iso_job_options o = b->options.setup;
        struct iso_job job = { 0 };
        o.device = b->devices[i];
        iso_rc rc = iso_job_backend(&job, &o);
        if (rc == ISO_OK)
            rc = bench_sizes_on(b, job.backend, b->devices[i]);
        if (rc != ISO_OK)
            tell_failure(b, "ops", b->devices[i]);
        else
            b->measured++;
        iso_job_free(&job);
    }
    b->report.head = false;
}

/* ---- The command --------------------------------------------------------------------------- */

static int bench_all(const struct iso_command *command, struct bench *b, int count, char **paths)
{
    char found[ISO_PATH];
    int code = ISO_EXIT_DONE;
    if (count == 0) {
        bench_sizes(b);
        code = bench_model(command, b, iso_setup_path(demo, found));
    }
    for (int i = 0; i < count && code == ISO_EXIT_DONE; i++)
        code = bench_model(command, b, iso_setup_path(paths[i], found));
    return code;
}

static iso_rc find_devices(struct bench *b)
{
    ISO_TRY(b->options.devices ? named_devices(b) : all_devices(b));
    return measure_machine(b);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct bench b = { .options = { .setup = ISO_SETUP_DEFAULTS, .seconds = 1 } };
    const double began = iso_clock();
    int count, code;
    if (!iso_options_parse(command, argc, argv, &b.options, &count, &code))
        return code;
    if (!(b.options.seconds > 0))
        return iso_usage(command, "--seconds takes a number above 0");
    if (b.options.trace != NULL && !b.options.profile)
        return iso_usage(command, "--trace takes what --profile finds: give both");
    b.report.json = b.options.json;
    const iso_rc rc = find_devices(&b);
    if (rc != ISO_OK)
        return iso_report(command, rc, NULL);
    iso_bench_print_machine(&b.report, &b.machine);
    code = bench_all(command, &b, count, argv);
    if (code != ISO_EXIT_DONE)
        return code;
    if (b.options.trace != NULL) {
        const iso_rc written = iso_bench_trace_write(&b.trace, b.options.trace);
        if (written != ISO_OK)
            return iso_report(command, written, NULL);
    }
    iso_bench_print_end(&b.report, &b.machine, b.repeated, b.noisy, iso_clock() - began);
    if (b.measured > 0 && (b.options.devices == NULL || b.failed == 0))
        return ISO_EXIT_DONE;
    return iso_report(command,
                      iso_fail(ISO_EDEVICE,
                               "%d of %d measurements failed, as said above; "
                               "`isocl devices` lists what there is",
                               b.failed, b.failed + b.measured),
                      NULL);
}

const struct iso_command iso_command_bench = {
    .name = "bench",
    .arguments = "[MODEL.yaml...]",
    .doc = "measures the speed of the devices, and recommends one",
    .more =
        "Trains and runs each model on a batch of random images in device memory; needs\n"
        "no data. Without model files it measures matrix products, convolutions, and\n"
        "models/demo.yaml.\n"
        "GFLOP/s counts the sums of products (2 per multiply-add) of dense and\n"
        "convolution layers. OF PEAK is their share of the peak that the processor or the\n"
        "GPU reached meanwhile; a convolution that skips rows of zeros at its border can\n"
        "exceed 100 %. Handoff is the time in which a word goes from one thread to\n"
        "another and back: above 100 ns they share no cache.\n"
        "Other ops show GB/s and the share of memory bandwidth, which caches may exceed.\n"
        "PLAN is the memory planned on the device for training, PEAK the largest memory\n"
        "of this process.\n"
        "--profile counts the products that a kernel computes; Winograd's algorithm has\n"
        "fewer. On the cpu backend each call of an op counts as a kernel, timed by the\n"
        "host.",
    .examples =
        "  isocl bench models/mnist/cnn.yaml              every device; recommends one\n"
        "  isocl bench models/mnist/*.yaml --devices cpu --threads 1\n"
        "  isocl bench models/demo.yaml --devices cpu,reference --ops\n"
        "  isocl bench models/mnist/cnn.yaml --devices opencl --profile --trace step.json\n"
        "  isocl bench --devices cpu                      matrix products and convolutions\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1000,
    .run = run,
};
