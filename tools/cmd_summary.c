/* isocl summary: layers, shapes, parameters and the memory plan of a model; or a drawing of it. */
#include "commands.h"
#include "core/model/layer_about.h"
#include "tools/report/drawing.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct summary_options {
    struct iso_job_options setup;
    bool dot;
    const char *svg;
};
static const struct iso_option options[] = {
    { "dot", NULL, ISO_OPTION_FLAG, offsetof(struct summary_options, dot),
      "print a drawing for Graphviz instead", 0 },
    { "svg", "FILE", ISO_OPTION_TEXT, offsetof(struct summary_options, svg),
      "write a drawing as SVG instead; -: print it", 0 },
    { "device", "DEVICE", ISO_OPTION_TEXT, offsetof(struct summary_options, setup.device),
      "device for the memory plan (default reference)", 0 },
    ISO_OPTION_MODE(struct summary_options),
    ISO_OPTION_BATCH(struct summary_options),
    ISO_OPTION_SET(struct summary_options),
    ISO_OPTION_PHASE(struct summary_options),
    { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 }
};

struct columns {
    int name, op;
}; /* their widths */

static int longer(int width, const char *text)
{
    return (int)strlen(text) > width ? (int)strlen(text) : width;
}

static struct columns columns_of(const struct iso_model *model)
{
    struct columns c = { 22, 12 }; /* room for "all below ..." */
    for (int i = 0; i < model->nlayers; i++) {
        c.name = longer(c.name, model->layers[i].name);
        c.op = longer(c.op, iso_ops[model->layers[i].op].name);
    }
    return c;
}

static void print_row(const struct columns *c, const char *name, const char *op, const char *shape,
                      int64_t parameters, int64_t trainable)
{
    printf("%-*s  %-*s  %-16s %12lld %12lld\n", c->name, name, c->op, op, shape,
           (long long)parameters, (long long)trainable);
}

/* The sums: of all layers, and of those below the last one that has parameters: what remains of a
 * network whose last layer is made for the classes of one data set. */
static void print_sums(const struct columns *c, const struct iso_graph *graph)
{
    const int64_t all = iso_graph_parameters(graph, false);
    const int64_t some = iso_graph_parameters(graph, true);
    char name[ISO_NAME + 16];
    int last = graph->model->nlayers - 1;
    while (last > 0 && iso_layer_parameters(graph, last, false) == 0)
        last--;
    snprintf(name, sizeof name, "all below %s", graph->model->layers[last].name);
    print_row(c, "all", "", "", all, some);
    print_row(c, name, "", "", all - iso_layer_parameters(graph, last, false),
              some - iso_layer_parameters(graph, last, true));
    printf("\n%lld parameters are trained, %lld are not\n", (long long)some,
           (long long)(all - some));
}

/* "1024", or "1024, in 32 shards of 32". */
static const char *batches_text(const struct iso_graph *graph, char *buf, size_t n)
{
    int at = snprintf(buf, n, "%lld", (long long)graph->batch);
    if (graph->shards > 1)
        snprintf(buf + at, n - (size_t)at, ", in %lld shards of %lld", (long long)graph->shards,
                 (long long)graph->shard_rows);
    return buf;
}

static void print_layers(const struct iso_graph *graph)
{
    const struct iso_model *model = graph->model;
    const struct columns c = columns_of(model);
    char shape[64];
    iso_layer_shape(graph, -1, shape, sizeof shape);
    printf("%-*s  %-*s  %-16s %12s %12s\n", c.name, "LAYER", c.op, "OP", "OUTPUT", "PARAMETERS",
           "TRAINABLE");
    print_row(&c, "input", "", shape, 0, 0);
    for (int i = 0; i < model->nlayers; i++) {
        iso_layer_shape(graph, i, shape, sizeof shape);
        print_row(&c, model->layers[i].name, iso_ops[model->layers[i].op].name, shape,
                  iso_layer_parameters(graph, i, false), iso_layer_parameters(graph, i, true));
    }
    print_sums(&c, graph);
    char batches[96];
    printf("batches of %s\n", batches_text(graph, batches, sizeof batches));
    for (int i = 0; i < model->nphases; i++) {
        const struct iso_training *t = &model->phases[i];
        printf("%s%sloss %s, optimizer %s, %lld epochs%s", t->name, *t->name ? ": " : "",
               iso_ops[t->loss.op].name, iso_ops[t->optimizer.op].name, (long long)t->epochs,
               t->shuffle_weights ? ", after shuffling the weights" : "");
        for (int k = 0; k < t->naugmentations; k++)
            printf("%s%s", k ? ", " : ", images changed by ", iso_ops[t->augmentations[k].op].name);
        printf("\n");
    }
}

/* Compares with the memory of a batch that is one shard, and of results that are kept. */
static iso_rc print_saved(const struct iso_job *setup, double bytes)
{
    struct iso_exec_options o = { .training = true, .log_steps = 1, .plan_only = true };
    const struct iso_graph *g = setup->graph;
    const double one = (double)iso_exec_bytes_in_shards(g, setup->backend, &o, 1);
    o.again = ISO_AGAIN_NEVER;
    const double kept = (double)iso_exec_bytes_in_shards(g, setup->backend, &o, g->shards);
    if (g->shards > 1 && one > 0)
        printf("shards: 1 would need %.2f MiB, %.1f times as much\n", one / 1048576, one / bytes);
    if (kept == 0)
        return iso_fail(ISO_ENOMEM, "out of memory for the plan of a step that keeps all results");
    if (kept != bytes)
        printf("Without layers that run forward again it would be %.2f MiB, %.1f times as much\n",
               kept / 1048576, kept / bytes);
    return ISO_OK;
}

static iso_rc print_memory(const struct iso_job *setup)
{
    enum { MOST = 32 };
    struct iso_memory list[MOST];
    char where[256], batches[96];
    double bytes = 0, without = 0;
    int n = iso_exec_memory(setup->exec, list, MOST);
    printf("\nMemory for training in batches of %s: %s\n",
           batches_text(setup->graph, batches, sizeof batches),
           iso_job_where(setup->backend, where, sizeof where));
    printf("%-24s %12s %16s\n", "ARENA", "MiB", "WITHOUT REUSE");
    for (int i = 0; i < n; i++) {
        printf("%-24s %12.2f %16.2f\n", list[i].arena, (double)list[i].bytes / 1048576,
               (double)list[i].without_reuse / 1048576);
        bytes += (double)list[i].bytes;
        without += (double)list[i].without_reuse;
    }
    printf("%-24s %12.2f %16.2f\n", "all", bytes / 1048576, without / 1048576);
    return print_saved(setup, bytes);
}

/* Names are letters, digits and underscores, or quoted here. */
static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void print_dot(const struct iso_graph *graph)
{
    const struct iso_model *model = graph->model;
    char shape[64];
    printf("digraph ");
    print_quoted(model->name);
    iso_layer_shape(graph, -1, shape, sizeof shape);
    printf(" {\n  node [shape=box, fontname=Helvetica];\n  \"input\" [label=\"input\\n%s\"];\n",
           shape);
    for (int i = 0; i < model->nlayers; i++) {
        const struct iso_layer *layer = &model->layers[i];
        iso_layer_shape(graph, i, shape, sizeof shape);
        printf("  ");
        print_quoted(layer->name);
        printf(" [label=\"%s\\n%s\\n%s\"];\n", layer->name, iso_ops[layer->op].name, shape);
        for (int k = 0; k < layer->ninputs; k++) {
            printf("  ");
            print_quoted(layer->input[k] < 0 ? "input" : model->layers[layer->input[k]].name);
            printf(" -> ");
            print_quoted(layer->name);
            printf(";\n");
        }
    }
    printf("}\n");
}

/* Writes a file, or to standard output if its name is -. */
static iso_rc write_svg(const struct iso_graph *graph, const char *path)
{
    struct iso_svg svg = { .out = NULL };
    char *text = NULL;
    size_t n = 0;
    iso_rc rc = iso_draw_model(graph, &svg);
    if (rc == ISO_OK)
        rc = iso_svg_text_of(&svg, &text, &n);
    if (rc == ISO_OK && strcmp(path, "-") == 0)
        fwrite(text, 1, n, stdout);
    else if (rc == ISO_OK)
        rc = iso_file_write(path, text, n);
    free(text);
    iso_svg_free(&svg);
    return rc;
}

static iso_rc summarize(struct iso_job *setup, struct summary_options *o, const char *path)
{
    if (o->setup.device == NULL)
        o->setup.device = "reference";
    ISO_TRY(iso_setup_model(setup, path, &o->setup));
    ISO_TRY(iso_job_backend(setup, &o->setup));
    ISO_TRY(
        iso_job_exec(setup, 0, 0, &(struct iso_exec_options){ .training = true, .log_steps = 1 }));
    if (o->dot) {
        print_dot(setup->graph);
        return ISO_OK;
    }
    if (o->svg != NULL)
        return write_svg(setup->graph, o->svg);
    printf("%s (%s)\n\n", setup->model->name, path);
    print_layers(setup->graph);
    return print_memory(setup);
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct summary_options o = { .setup = ISO_SETUP_DEFAULTS };
    o.setup.tune = "off"; /* nothing is computed */
    struct iso_job setup = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    code = iso_report(command, summarize(&setup, &o, argv[0]), &setup.faults);
    iso_job_free(&setup);
    return code;
}

const struct iso_command iso_command_summary = {
    .name = "summary",
    .arguments = "MODEL.yaml",
    .doc = "prints layers, shapes, parameters and memory plan of a model",
    .examples =
        "  isocl summary models/mnist/cnn.yaml\n"
        "  isocl summary models/mnist/cnn.yaml --batch 1000 --device opencl\n"
        "  isocl summary models/mnist/cnn.yaml --svg cnn.svg\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
