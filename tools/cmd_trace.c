/* isocl trace: every tensor of some training steps, for other programs to check. */
#include "commands.h"
#include "core/train/trace.h"
#include "setup.h"

#include <stdio.h>

struct trace_options {
    struct iso_job_options setup;
    int64_t steps;
    bool inference;
    const char *batch_from, *weights, *out;
};
static const struct iso_option options[] = {
    { "steps", "N", ISO_OPTION_INT, offsetof(struct trace_options, steps),
      "training steps (default 1)", 1 },
    { "batch-from", "FILE", ISO_OPTION_TEXT, offsetof(struct trace_options, batch_from),
      "safetensors file with the batches, x and y, instead of the data set", 0 },
    { "weights", "FILE", ISO_OPTION_TEXT, offsetof(struct trace_options, weights),
      "initial weights (default: as the model file initializes them)", 0 },
    { "out", "FILE", ISO_OPTION_TEXT, offsetof(struct trace_options, out),
      "the file to write (default trace.safetensors)", 0 },
    { "inference", NULL, ISO_OPTION_FLAG, offsetof(struct trace_options, inference),
      "run forward passes as after training: without dropout, with moving statistics", 0 },
    ISO_OPTION_DEVICE(struct trace_options),
    ISO_OPTION_SET(struct trace_options),
    ISO_OPTION_PHASE(struct trace_options),
    ISO_OPTION_MODE(struct trace_options),
    ISO_OPTION_BATCH(struct trace_options),
    ISO_OPTION_SEED(struct trace_options),
    ISO_OPTION_DATA(struct trace_options),
    ISO_OPTION_LIMIT(struct trace_options),
    ISO_OPTION_THREADS(struct trace_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static iso_rc open_batches(struct iso_job *job, const struct trace_options *o,
                           struct iso_batches **batches)
{
    if (o->batch_from != NULL)
        return iso_batches_from_file(o->batch_from, job->exec, batches);
    ISO_TRY(iso_job_data(job, "train", &o->setup, &job->data[0]));
    return iso_batches_from_data(job->data[0], job->model->seed, job->exec, batches);
}

static iso_rc trace(struct iso_job *job, const struct trace_options *o, const char *path,
                    struct iso_batches **batches)
{
    char hex[65], where[256];
    int64_t tensors;
    const char *out = o->out != NULL ? o->out : "trace.safetensors";
    ISO_TRY(iso_setup_model(job, path, &o->setup));
    ISO_TRY(iso_job_backend(job, &o->setup));
    ISO_TRY(iso_job_exec(job, 0, 0,
                         &(struct iso_exec_options){ .training = !o->inference,
                                                     .keep_all = true,
                                                     .augmented = o->batch_from != NULL,
                                                     .seed = job->model->seed,
                                                     .log_steps = 1 }));
    ISO_TRY(open_batches(job, o, batches));
    ISO_TRY(iso_exec_initialize(job->exec));
    if (o->weights != NULL)
        ISO_TRY(iso_job_weights(job, o->weights));
    ISO_TRY(iso_trace(job->exec, *batches, o->steps, out, &tensors));
    ISO_TRY(iso_exec_hash(job->exec, hex));
    printf("%s: %lld tensors of %lld step%s in batches of %lld\n", out, (long long)tensors,
           (long long)o->steps, o->steps == 1 ? "" : "s", (long long)job->model->batch_size);
    printf("weights sha256 %s  %s\n", hex, iso_job_where(job->backend, where, sizeof where));
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct trace_options o = { .setup = ISO_SETUP_DEFAULTS, .steps = 1 };
    struct iso_job job = { 0 };
    struct iso_batches *batches = NULL;
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    code = iso_report(command, trace(&job, &o, argv[0], &batches), &job.faults);
    iso_batches_free(batches);
    iso_job_free(&job);
    return code;
}

const struct iso_command iso_command_trace = {
    .name = "trace",
    .arguments = "MODEL.yaml",
    .doc = "writes every tensor of some training steps to one safetensors file",
    .more =
        "Names: input, target, loss, LAYER/y, LAYER/mask (dropout), LAYER/WEIGHT,\n"
        "LAYER/WEIGHT/SLOT (of the optimizer), d/LAYER/y, d/LAYER/WEIGHT, and\n"
        "d/LAYER/logits in place of d/LAYER/y if softmax and loss are one op; each with\n"
        "@S for step S from 0. Weights and slots at @S are the values before step S, so N\n"
        "steps have N + 1 of each.\n"
        "A --batch-from file has x, float32 [rows, height, width, channels], the\n"
        "network's input, and y, int32 [rows] classes or float32 [rows, classes]. Step S\n"
        "takes the next batch of rows, and begins again after the last. No data set is\n"
        "opened then.",
    .examples =
        "  isocl trace models/demo.yaml --steps 3 --batch 8 --out demo.safetensors\n"
        "  isocl trace models/mnist/cnn.yaml --batch-from batch.safetensors\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
