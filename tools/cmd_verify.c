/* isocl verify: whether a run's files are those that its training wrote. */
#include "commands.h"
#include "core/job/replay.h"
#include "core/train/run_check.h"
#include "interrupt.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>

struct verify_options {
    const char *device, *data;
    int64_t threads;
    bool replay;
};
static const struct iso_option options[] = {
    { "replay", NULL, ISO_OPTION_FLAG, offsetof(struct verify_options, replay),
      "train again, in a folder that is removed, and compare all weights and optimizer slots", 0 },
    { "device", "DEVICE", ISO_OPTION_TEXT, offsetof(struct verify_options, device),
      "device to train on (default auto)", 0 },
    { "data", "DIR", ISO_OPTION_TEXT, offsetof(struct verify_options, data),
      "the only folder with data sets (default: where the run's data were)", 0 },
    { "threads", "N", ISO_OPTION_INT, offsetof(struct verify_options, threads),
      "processor threads, for devices that use them (default: all)", 1 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static void tell(void *self, const char *name, const char *sha256)
{
    (void)self;
    printf("%-20s as it was written  sha256 %s\n", name, sha256);
}

/* Sets *differs to true if the second training ends with other bits. */
static iso_rc replay(const char *run, const char *model, const struct verify_options *o,
                     bool *differs)
{
    struct iso_replayed r;
    const struct iso_replay_options how = { .device = o->device,
                                            .data = o->data,
                                            .threads = o->threads,
                                            .progress = iso_setup_progress,
                                            .stop = &iso_interrupted };
    iso_interrupts_catch("stopping after this step\n");
    ISO_TRY(iso_replay(run, model, &how, &r));
    *differs = *r.differs != '\0';
    if (*differs)
        printf("replay differs: %s of %s, after %lld steps  %s\n", r.differs, r.file,
               (long long)r.steps, r.where);
    else
        printf("replay equal: %d tensors, after %lld steps  %s\n", r.tensors, (long long)r.steps,
               r.where);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct verify_options o = { .replay = false };
    static struct iso_faults faults;
    char model[ISO_PATH]; /* the faults borrow it */
    bool differs = false;
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    iso_rc rc = iso_run_check(argv[0], model, &faults, tell, NULL);
    if (rc == ISO_OK && o.replay)
        rc = replay(argv[0], model, &o, &differs);
    code = iso_report(command, rc, &faults);
    iso_interrupts_pass_on();
    return differs ? ISO_EXIT_DIFFERS : code;
}

const struct iso_command iso_command_verify = {
    .name = "verify",
    .arguments = "RUN",
    .doc = "checks that a run's files are those that its training wrote",
    .more =
        "Checks the SHA-256 of model file, state and weights, of each other and of the\n"
        "data, and names the part that was changed or is of another run. --replay also\n"
        "trains the run again from its beginning: the same bits prove that the weights\n"
        "came from this model file and these data. It takes as long as the training did.\n"
        "Exit code 3: the replay ends with other bits.",
    .examples =
        "  isocl verify runs/demo-001\n"
        "  isocl verify runs/demo-001 --replay --device reference\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
