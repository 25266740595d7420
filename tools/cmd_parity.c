/* isocl parity: proves that devices compute the same numbers. */
#include "commands.h"
#include "core/system/machine.h"
#include "core/parity/hunt.h"
#include "interrupt.h"
#include "exit_code.h"
#include "setup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DEVICES = 32 };
struct parity_options {
    const char *devices, *mode, *ops, *record, *check, *cases;
    const char *out;
    int64_t number, steps, seed, count;
    double seconds, limit;
    bool json, quiet, verbose, quick, hunt, same_process;
};
#define AT(member) offsetof(struct parity_options, member)
static const struct iso_option options[] = {
    { "devices", "A,B,...", ISO_OPTION_TEXT, AT(devices),
      "devices to compare (default: every usable one)", 0 },
    { "mode", "exact|fast", ISO_OPTION_CHOICE, AT(mode), "default: each device's own", 0 },
    { "ops", "A,B,...|all", ISO_OPTION_TEXT, AT(ops),
      "run the cases of these ops (default: all; none with model files)", 0 },
    { "case", "N", ISO_OPTION_INT, AT(number), "run only the N-th case of each op", 1 },
    { "steps", "N", ISO_OPTION_INT, AT(steps), "training steps of each model (default 3)", 1 },
    { "seed", "S", ISO_OPTION_INT, AT(seed), "seed of the test data", 1 },
    { "record", "FILE", ISO_OPTION_TEXT, AT(record),
      "write hashes of every result, to check on another machine", 0 },
    { "check", "FILE", ISO_OPTION_TEXT, AT(check),
      "compare with hashes recorded on another machine", 0 },
    { "cases", "DIR", ISO_OPTION_TEXT, AT(cases), "folder of the op cases (default models/ops)",
      0 },
    { "hunt", NULL, ISO_OPTION_FLAG, AT(hunt),
      "draw random ops and models from the seed, and make those that fail small", 0 },
    { "count", "N", ISO_OPTION_INT, AT(count), "--hunt: number of random cases", 1 },
    { "seconds", "S", ISO_OPTION_REAL, AT(seconds),
      "--hunt: end after this time (default 60, with --count none)", 0 },
    { "out", "DIR", ISO_OPTION_TEXT, AT(out),
      "--hunt: folder for cases that fail (default hunt-SEED)", 0 },
    { "limit", "SECONDS", ISO_OPTION_REAL, AT(limit),
      "time that one check of an OpenCL device may take (default 300: some "
      "drivers build the kernels of a product for minutes)",
      1 },
    { "same-process", NULL, ISO_OPTION_FLAG, AT(same_process),
      "check OpenCL devices in this process, for a debugger; a crash ends it", 0 },
    { "quick", NULL, ISO_OPTION_FLAG, AT(quick), "skip cases that are marked slow", 0 },
    { "verbose", NULL, ISO_OPTION_FLAG, AT(verbose), "print a line for each case", 0 },
    { "quiet", NULL, ISO_OPTION_FLAG, AT(quiet), "print failures and the last line only", 0 },
    { "json", NULL, ISO_OPTION_FLAG, AT(json), "print one JSON object per line", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

/* Cuts "a,b" at its commas, in place; list ends with NULL. False when there are too many. */
static bool split(char *text, const char *list[MOST_DEVICES + 1])
{
    int n = 0;
    for (char *rest = text, *word = strtok_r(text, ",", &rest); word != NULL;
         word = strtok_r(NULL, ",", &rest)) {
        if (n == MOST_DEVICES)
            return false;
        list[n++] = word;
    }
    return n > 0;
}

/* ---- Hunting -------------------------------------------------------------------------------- */

struct hunting {
    const struct parity_options *options;
    double drawn; /* when it was last shown how far the hunt is */
};

/* Shows on a terminal, once a second, how far the hunt is. */
static bool hunt_goes_on(void *self, int64_t done, int64_t count, long failed)
{
    struct hunting *hunting = self;
    const double now = iso_clock();
    if (isatty(STDERR_FILENO) && now - hunting->drawn > 1) {
        char of[32] = "";
        if (count > 0)
            snprintf(of, sizeof of, " of %" PRId64, count);
        fprintf(stderr, "\r%" PRId64 "%s random cases, %ld checks failed ", done, of, failed);
        hunting->drawn = now;
    }
    return !iso_interrupted;
}

/* A case takes seconds, and on a slow device minutes. */
static void tell_doing(void *self, const struct iso_hunt_doing *d)
{
    const struct parity_options *o = ((const struct hunting *)self)->options;
    iso_interrupts_doing("%sisocl parity: ended while case %" PRId64
                         " (%s) was %s on %s; before "
                         "it %ld checks passed, %ld failed; to see it: isocl parity --hunt --seed "
                         "%" PRIu64 " --case %" PRId64 " --devices %s%s%s%s%.200s\n",
                         isatty(STDERR_FILENO) ? "\n" : "", d->number, d->subject,
                         d->shrinking ? "made smaller" : "checked", d->device, d->totals->passed,
                         d->totals->failed, d->seed, d->number, d->device,
                         o->mode != NULL ? " --mode " : "", o->mode != NULL ? o->mode : "",
                         o->ops != NULL ? " --ops " : "", o->ops != NULL ? o->ops : "");
}

static int hunt(const struct iso_command *command, const struct parity_options *o,
                const char *const *devices, int models)
{
    struct hunting hunting = { o, iso_clock() };
    const struct iso_hunt_options h = {
        .devices = o->devices != NULL ? devices : NULL,
        .mode = iso_job_mode(o->mode),
        .ops = o->ops,
        .seed = (uint64_t)o->seed,
        .number = o->number,
        .count = o->count,
        .seconds = o->seconds,
        .folder = o->out,
        .json = o->json,
        .quiet = o->quiet,
        .verbose = o->verbose,
        .more = hunt_goes_on,
        .doing = tell_doing,
        .self = &hunting,
    };
    int rank;
    if (iso_launched(&rank) > 1)
        return iso_usage(command, "--hunt runs in one process: start it without mpirun");
    if (models > 0 || o->record != NULL || o->check != NULL || o->cases != NULL || o->steps > 0)
        return iso_usage(command,
                         "--hunt draws its own cases: it takes no model files, and no "
                         "--record, --check, --cases or --steps");
    iso_interrupts_catch("ends after this case; press Ctrl-C again to stop at once\n");
    iso_interrupts_end_at_once();
    const int code = iso_report(command, iso_hunt_run(&h, NULL), NULL);
    iso_interrupts_pass_on();
    return code;
}

/* ---- The command ---------------------------------------------------------------------------- */

/* Runs the ladder; or with ranks the rung of what they share, which rank 0 prints. */
static int climb(const struct iso_command *command, struct iso_parity_options *p,
                 const char *devices)
{
    struct iso_job_options job = { .threads = 0 };
    struct iso_ranks *ranks = NULL;
    char device[64];
    const char *const own[] = { device, NULL };
    iso_rc rc = iso_setup_ranks(&job, &ranks);
    if (rc == ISO_OK && ranks != NULL) {
        p->ranks = ranks;
        p->devices = own;
        p->silent = ranks->rank > 0;
        p->mode = p->mode == ISO_MODE_DEFAULT ? ISO_MODE_EXACT : p->mode;
        rc = iso_ranks_device(ranks, devices, device, sizeof device);
    }
    if (rc == ISO_OK)
        rc = iso_parity_run(p, NULL);
    const bool all_know = rc == ISO_EPARITY && ranks != NULL && !ranks->failed;
    if (!all_know)
        iso_setup_tell_ranks(ranks, rc);
    const int code = all_know && ranks->rank > 0 ? ISO_EXIT_DIFFERS : iso_report(command, rc, NULL);
    if (ranks != NULL)
        ranks->close(ranks, code);
    return code;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct parity_options o = { 0 };
    const char *devices[MOST_DEVICES + 1] = { NULL };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    char *names = o.devices != NULL ? strdup(o.devices) : NULL;
    const char **models = iso_alloc((size_t)count + 1, sizeof *models);
    char(*found)[ISO_PATH] = iso_alloc((size_t)count + 1, sizeof *found);
    if (o.devices != NULL && names != NULL && !split(names, devices)) {
        code = iso_usage(command, "--devices takes 1 to %d names with commas between them",
                         MOST_DEVICES);
    } else if (models == NULL || found == NULL || (o.devices != NULL && names == NULL)) {
        code = iso_report(command, ISO_ENOMEM, NULL);
    } else if (o.hunt) {
        code = hunt(command, &o, devices, count);
    } else if (o.count > 0 || o.seconds > 0 || o.out != NULL) {
        code = iso_usage(command, "--count, --seconds and --out belong to --hunt");
    } else {
        for (int i = 0; i < count; i++)
            models[i] = iso_setup_path(argv[i], found[i]);
        struct iso_parity_options p = {
            .models = count ? models : NULL,
            .devices = o.devices != NULL ? devices : NULL,
            .mode = iso_job_mode(o.mode),
            .ops = o.ops,
            .number = (int)o.number,
            .steps = o.steps,
            .record = o.record,
            .check = o.check,
            .cases = o.cases,
            .seed = (uint64_t)o.seed,
            .json = o.json,
            .quiet = o.quiet,
            .verbose = o.verbose,
            .quick = o.quick,
            .limit = o.limit,
            .same_process = o.same_process,
            .stop = &iso_interrupted,
        };
        iso_interrupts_catch("isocl parity: stopping after this check\n");
        code = climb(command, &p, o.devices);
    }
    free(names);
    free(models);
    free(found);
    iso_interrupts_pass_on();
    return code;
}

const struct iso_command iso_command_parity = {
    .name = "parity",
    .arguments = "[MODEL.yaml...]",
    .doc = "proves that devices compute the same numbers",
    .more =
        "Without model files it runs the cases of every op. The plain-C reference defines\n"
        "each result; in exact mode 0 bits may differ, in fast mode results must be\n"
        "within a derived bound. Fails if any check fails or none ran. --hunt does the same\n"
        "with random cases, in both modes; SIGTERM ends it at once, and it says in which case.\n"
        "mpirun -n R isocl parity MODEL.yaml compares a training in shards that R ranks share\n"
        "with the reference alone: outputs, gradients, statistics, updates, and some steps.",
    .examples =
        "  isocl parity                                          every op on every device\n"
        "  isocl parity models/demo.yaml --devices opencl:0      a model, layer by layer\n"
        "  isocl parity --ops conv2d,dense --mode fast --devices opencl\n"
        "  isocl parity --hunt --seconds 600 --seed 7            random ops and models\n"
        "  isocl parity --hunt --mode fast --devices opencl      within bounds, not bits\n"
        "  mpirun -n 2 isocl parity models/demo.yaml --devices cpu,opencl:0   two ranks\n"
        "  isocl parity --record here.json\n"
        "  isocl parity --check here.json                        on another machine\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 1000,
    .run = run,
};
