/* isocl scale: what a model's training would reach on many devices. */
#include "commands.h"
#include "core/bench/scale.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scale_options {
    struct iso_job_options setup;
    const char *device, *network, *ranks;
    double efficiency, data, rate, delay;
    int64_t processors;
};
static const struct iso_option options[] = {
    { "on", "a100|h100|server", ISO_OPTION_CHOICE, offsetof(struct scale_options, device),
      "device of each rank (default h100)", 0 },
    { "network", "NAME", ISO_OPTION_TEXT, offsetof(struct scale_options, network),
      "ethernet-1, ethernet-10, ethernet-100, hdr, ndr, nvlink or memory (default ndr)", 0 },
    { "delay", "MS", ISO_OPTION_REAL, offsetof(struct scale_options, delay),
      "milliseconds that each message takes besides the network's latency (default 0)", 0 },
    { "ranks", "LIST", ISO_OPTION_TEXT, offsetof(struct scale_options, ranks),
      "numbers of ranks, powers of two (default 1,8,64,1024)", 0 },
    { "efficiency", "SHARE", ISO_OPTION_REAL, offsetof(struct scale_options, efficiency),
      "share of the device's peaks that its kernels reach (default 0.3)", 0 },
    { "rate", "IMAGES", ISO_OPTION_REAL, offsetof(struct scale_options, rate),
      "images/s at which one rank has been measured; its calls then take that long", 0 },
    { "processors", "N", ISO_OPTION_INT, offsetof(struct scale_options, processors),
      "processors on which all ranks take turns (default: each rank has its own)", 1 },
    { "data", "IMAGES", ISO_OPTION_REAL, offsetof(struct scale_options, data),
      "images/s that each rank can read (default: any)", 0 },
    ISO_OPTION_BATCH(struct scale_options),
    ISO_OPTION_SET(struct scale_options),
    ISO_OPTION_PHASE(struct scale_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static iso_rc find_network(const char *name, struct iso_scale_network *out)
{
    for (const struct iso_scale_network *n = iso_scale_networks; n->name != NULL; n++)
        if (strcmp(n->name, name) == 0) {
            *out = *n;
            return ISO_OK;
        }
    return iso_fail(ISO_EUSAGE,
                    "--network %.40s: choose ethernet-1, ethernet-10, ethernet-100, hdr, ndr, "
                    "nvlink or memory",
                    name);
}

static struct iso_scale_device find_device(const char *name)
{
    const struct iso_scale_device *d = iso_scale_devices;
    while (strcmp(d->name, name) != 0) /* --on accepts no other */
        d++;
    return *d;
}

/* Plans a step of that many ranks, each with one shard, and prints its row. one: images/s of one
 * rank, which row 1 sets. */
static iso_rc print_row(struct iso_job *job, const struct iso_scale_options *o, int ranks,
                        double *one)
{
    struct iso_ranks group = { .count = ranks };
    const struct iso_exec_options plan = {
        .training = true, .log_steps = 1, .plan_only = true, .ranks = ranks > 1 ? &group : NULL
    };
    struct iso_scale_step s;
    job->model->shards = ranks;
    ISO_TRY(iso_job_exec(job, 0, 0, &plan));
    iso_scale_simulate(job->exec, o, &s);
    const double rate = (double)job->graph->batch / s.total;
    *one = *one > 0 ? *one : rate / ranks;
    printf("%6d %6lld %10.0f %9.1f%% %10.3f %8.3f %8.3f %8.3f %8.3f %8.3f  %s\n", ranks,
           (long long)job->graph->shard_rows, rate, 100 * rate / ranks / *one, 1e3 * s.total,
           1e3 * s.compute, 1e3 * s.exchange, 1e3 * s.gather, 1e3 * s.adding, 1e3 * s.copies,
           iso_scale_bound(&s));
    return ISO_OK;
}

static iso_rc print_rows(struct iso_job *job, const struct iso_scale_options *o, const char *list)
{
    double one = 0;
    printf("%6s %6s %10s %10s %10s %8s %8s %8s %8s %8s  %s\n", "RANKS", "ROWS", "images/s",
           "EFFICIENCY", "ms a step", "compute", "exchange", "gather", "adding", "copies",
           "BOUND BY");
    while (*list != '\0') {
        char *end;
        const long n = strtol(list, &end, 10);
        if (end == list || n < 1 || n > ISO_RANKS_MOST || (n & (n - 1)) != 0 ||
            (*end != ',' && *end != '\0'))
            return iso_fail(ISO_EUSAGE,
                            "--ranks %.60s: give powers of two up to %d, such as 1,8,64", list,
                            ISO_RANKS_MOST);
        if (n > job->model->batch_size)
            return iso_fail(ISO_EUSAGE,
                            "%ld ranks have a row of a batch each at least, and the batch has "
                            "%lld: give a larger --batch",
                            n, (long long)job->model->batch_size);
        ISO_TRY(print_row(job, o, (int)n, &one));
        list = *end == ',' ? end + 1 : end;
    }
    return ISO_OK;
}

/* Sets the factor with which one rank, which computes whole batches, has the measured rate. Shards
 * then take the time of their rows. */
static iso_rc use_rate(struct iso_job *job, double rate, struct iso_scale_options *o)
{
    const struct iso_exec_options plan = { .training = true, .log_steps = 1, .plan_only = true };
    struct iso_scale_step s;
    if (rate <= 0)
        return ISO_OK;
    o->device.launch = 0; /* the rate has it */
    job->model->shards = 1;
    ISO_TRY(iso_job_exec(job, 0, 0, &plan));
    iso_scale_simulate(job->exec, o, &s);
    o->slowdown = (double)job->graph->batch / rate / (s.total - s.data);
    return ISO_OK;
}

static iso_rc scale(struct iso_job *job, const struct scale_options *o, const char *path)
{
    struct iso_job_options setup = o->setup;
    struct iso_scale_options s = { .device = find_device(o->device),
                                   .efficiency = o->efficiency,
                                   .data = o->data,
                                   .delay = o->delay / 1e3,
                                   .processors = (int)o->processors };
    setup.device = "reference";
    if (s.efficiency <= 0 || s.efficiency > 1)
        return iso_fail(ISO_EUSAGE, "--efficiency: give a share above 0 and up to 1");
    ISO_TRY(find_network(o->network, &s.network));
    ISO_TRY(iso_setup_model(job, path, &setup));
    ISO_TRY(iso_job_backend(job, &setup));
    ISO_TRY(use_rate(job, o->rate, &s));
    printf("%s on ranks with a %s each, joined by %s; kernels reach %.0f%% of the peaks\n\n",
           job->model->name, s.device.doc, s.network.doc, 100 * s.efficiency);
    return print_rows(job, &s, o->ranks);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct scale_options o = { .setup = ISO_SETUP_DEFAULTS,
                               .device = "h100",
                               .network = "ndr",
                               .ranks = "1,8,64,1024",
                               .efficiency = 0.3 };
    struct iso_job job = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    code = iso_report(command, scale(&job, &o, argv[0]), &job.faults);
    iso_job_free(&job);
    return code;
}

const struct iso_command iso_command_scale = {
    .name = "scale",
    .arguments = "MODEL.yaml",
    .doc = "estimates what training reaches on many devices, and what bounds it",
    .more =
        "Nothing is run: a step is simulated from the plan of its calls and messages, with\n"
        "public figures of devices and networks and the LogGP model of messages. Each rank\n"
        "computes one shard of the batch. `exchange` is the time in which a rank waits for\n"
        "other ranks' sums after its backward pass, `gather` that of the updated weights,\n"
        "`adding` and `copies` what the host does with them, all in ms. It is an estimate:\n"
        "--efficiency, which `isocl bench` measures, decides most of it, unless --rate says\n"
        "how fast one rank is. tests/ranks_measured.sh prints estimates beside measurements.",
    .examples =
        "  isocl scale models/resnet50.yaml --batch 4096          1, 8, 64 and 1024 GPUs\n"
        "  isocl scale models/demo.yaml --network ethernet-10 --ranks 1,2,4",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
