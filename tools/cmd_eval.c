/* isocl eval: loss and metrics of trained weights on a split of the data. */
#include "class_report.h"
#include "commands.h"
#include "console.h"
#include "setup.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct eval_options {
    struct iso_job_options setup;
    const char *weights, *split;
    bool best, json;
};
static const struct iso_option options[] = {
    { "weights", "FILE", ISO_OPTION_TEXT, offsetof(struct eval_options, weights),
      "safetensors file (default: weights.safetensors of the run)", 0 },
    { "best", NULL, ISO_OPTION_FLAG, offsetof(struct eval_options, best),
      "the weights of the run's best epoch, best.safetensors", 0 },
    { "split", "train|validation|test", ISO_OPTION_CHOICE, offsetof(struct eval_options, split),
      "split of the model file's data (default test)", 0 },
    ISO_OPTION_TTA(struct eval_options),
    ISO_OPTION_DEVICE(struct eval_options),
    ISO_OPTION_MODE(struct eval_options),
    ISO_OPTION_BATCH(struct eval_options),
    ISO_OPTION_DATA(struct eval_options),
    ISO_OPTION_LIMIT(struct eval_options),
    ISO_OPTION_THREADS(struct eval_options),
    { "json", NULL, ISO_OPTION_FLAG, offsetof(struct eval_options, json), "one JSON object", 0 },
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

static void print_json(const struct iso_job *job, const char *weights, const char *tta,
                       const struct iso_scores *scores, const char hex[65])
{
    const struct iso_dataset *data = job->data[1];
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "event", "eval", "model",
                               job->model->name, "weights", weights, "dataset", data->name, "split",
                               data->split, "rows", (json_int_t)scores->rows, "device",
                               job->backend->device.id, "weights_sha256", hex);
    if (object != NULL && tta != NULL)
        json_object_set_new(object, "tta", json_string(tta));
    if (object != NULL)
        iso_console_json_scores(object, job->graph, scores, "", true);
    json_t *classes = iso_class_report_json(job->graph, scores, data);
    if (object != NULL && classes != NULL)
        json_object_set(object, "classes", classes);
    json_decref(classes);
    iso_console_json(object);
}

static iso_rc print_scores(const struct iso_job *job, const char *weights, const char *tta,
                           const struct iso_scores *scores, const char hex[65])
{
    const struct iso_dataset *data = job->data[1];
    char where[256], name[ISO_NAME], views[64];
    const struct iso_graph *graph = job->graph;
    printf("%s: %s on %s, %s: %lld images%s\n", job->model->name, weights, data->name, data->split,
           (long long)scores->rows, iso_setup_views(job, tta, views, sizeof views));
    printf("loss %.6f", iso_scores_loss(scores));
    for (int m = 0; m < graph->model->nmetrics; m++)
        if (iso_metric_values(graph, m) == 1)
            printf("  %s %.6f", iso_metric_name(graph, m, -1, name),
                   iso_scores_metric(graph, scores, m));
    printf("\n");
    ISO_TRY(iso_class_report_print(graph, scores, data));
    printf("weights sha256 %s  %s\n", hex, iso_job_where(job->backend, where, sizeof where));
    return ISO_OK;
}

static iso_rc evaluate(struct iso_job *job, const struct eval_options *o, const char *model,
                       const char *weights)
{
    char hex[65];
    struct iso_scores scores;
    const char *split = o->split != NULL ? o->split : "test";
    ISO_TRY(iso_setup_model(job, model, &o->setup));
    ISO_TRY(iso_job_evaluate(job, weights, split, &o->setup, &scores));
    ISO_TRY(iso_exec_hash(job->exec, hex));
    if (o->setup.ranks != NULL)
        ISO_TRY(iso_ranks_agree(o->setup.ranks)); /* a rank that fails is heard of before */
    if (o->setup.ranks != NULL && o->setup.ranks->rank > 0)
        return ISO_OK;
    if (!o->json)
        return print_scores(job, weights, o->setup.tta, &scores, hex);
    print_json(job, weights, o->setup.tta, &scores, hex);
    return ISO_OK;
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct eval_options o = { .setup = ISO_SETUP_DEFAULTS };
    struct iso_job job = { 0 };
    char model[ISO_PATH], weights[ISO_PATH]; /* the faults borrow weights */
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    if (o.best && o.weights != NULL)
        return iso_usage(command, "--best and --weights exclude each other");
    iso_rc rc = iso_setup_ranks(&o.setup, &o.setup.ranks);
    if (rc != ISO_OK)
        return iso_report(command, rc, NULL);
    rc = iso_job_files(argv[0], o.weights, o.best, model, weights);
    if (rc == ISO_OK)
        rc = evaluate(&job, &o, model, weights);
    iso_setup_tell_ranks(o.setup.ranks, rc);
    code = iso_report(command, rc, &job.faults);
    iso_job_free(&job);
    if (o.setup.ranks != NULL)
        o.setup.ranks->close(o.setup.ranks, code);
    return code;
}

const struct iso_command iso_command_eval = {
    .name = "eval",
    .arguments = "RUN|MODEL.yaml",
    .doc = "loss and metrics of trained weights on a split of the data",
    .more = "mpirun -n R isocl eval ... shares the batches out to R ranks (isocl help ranks).",
    .examples =
        "  isocl eval runs/demo-001\n"
        "  isocl eval runs/demo-001 --best --split validation\n"
        "  isocl eval runs/photos-001 --tta flip\n"
        "  isocl eval models/mnist/cnn.yaml --weights weights.safetensors --device cpu\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
