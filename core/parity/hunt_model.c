/* hunt_model.c: a random model: layers in chains and branches, a last layer that reads all that no
 * other does, a loss, an optimizer, metrics and augmentations. */
#include "core/model/graph.h"
#include "core/system/file.h"
#include "core/model/weight_decay.h"
#include "core/ops/activation.h"
#include "hunt_draw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 12, PICKS = 12, ENDS = 40, MODELS = 50, BATCH = 2 };

struct drawn_value { /* a value that layers can read */
    char name[16];
    struct iso_shape shape;
    bool read;
};
struct network {
    struct iso_dice *dice;
    FILE *out; /* the layers as YAML */
    struct drawn_value value[LAYERS + 1];
    int n;
};

static iso_rc no_memory(void) { return iso_fail(ISO_ENOMEM, "out of memory"); }

/* ---- Ops ------------------------------------------------------------------------------------ */

/* Returns a random op of a kind; a view counts as a layer. */
static enum iso_op draw_op(struct iso_dice *d, enum iso_kind kind)
{
    for (;;) {
        const enum iso_op op = (enum iso_op)iso_dice_below(d, ISO_OP_COUNT);
        if (iso_ops[op].kind == kind || (kind == ISO_LAYER && iso_ops[op].kind == ISO_VIEW))
            return op;
    }
}

/* Writes "op: {key: value}". */
static void put_use(struct iso_dice *d, enum iso_op op, const struct iso_field *more, FILE *out)
{
    char *text = NULL;
    size_t n;
    FILE *fields = open_memstream(&text, &n);
    if (fields == NULL)
        return;
    iso_hunt_fields(d, iso_ops[op].def->fields, 4, fields);
    iso_hunt_fields(d, more, 8, fields);
    if (iso_text_end(fields, &text) == ISO_OK)
        fprintf(out, "%s: {%s}", iso_ops[op].name, n > 2 ? text + 2 : "");
    free(text);
}

/* ---- Layers --------------------------------------------------------------------------------- */

static int pick_like(struct network *net, const struct iso_shape *shape)
{
    int pick = (int)iso_dice_below(net->dice, net->n);
    for (int i = 0; i < net->n && !iso_dice_once(net->dice, 6); i++)
        if (iso_shape_equal(&net->value[(pick + i) % net->n].shape, shape))
            return (pick + i) % net->n;
    return pick;
}

/* Chooses what a layer reads: mostly the last value, with others of its shape. */
static int pick_inputs(struct network *net, enum iso_op op, int pick[ISO_OPERANDS])
{
    int least, most;
    iso_op_inputs(op, &least, &most);
    most = most > least + 2 ? least + 2 : most;
    const int nx = least + (int)iso_dice_below(net->dice, most - least + 1);
    pick[0] = iso_dice_once(net->dice, 4) ? (int)iso_dice_below(net->dice, net->n) : net->n - 1;
    for (int i = 1; i < nx; i++)
        pick[i] = pick_like(net, &net->value[pick[0]].shape);
    return nx;
}

static void put_layer(struct network *net, enum iso_op op, const int *pick, int nx,
                      const char *fields)
{
    fprintf(net->out, "  - %s: {name: %s%s", iso_ops[op].name, net->value[net->n].name, fields);
    if (nx > 1 || pick[0] != net->n - 1)
        fputs(", inputs: [", net->out);
    for (int i = 0; i < nx && (nx > 1 || pick[0] != net->n - 1); i++)
        fprintf(net->out, "%s%s", i ? ", " : "", net->value[pick[i]].name);
    fputs(nx > 1 || pick[0] != net->n - 1 ? "]" : "", net->out);
    fprintf(net->out, "%s}\n", iso_dice_once(net->dice, 12) ? ", trainable: false" : "");
}

static iso_rc draw_one(struct network *net, enum iso_op op)
{
    struct iso_shape x[ISO_OPERANDS] = { 0 };
    int pick[ISO_OPERANDS];
    char *fields;
    struct drawn_value *value = &net->value[net->n];
    const int nx = pick_inputs(net, op, pick);
    for (int i = 0; i < nx; i++)
        x[i] = net->value[pick[i]].shape;
    ISO_TRY(iso_hunt_layer(net->dice, op, x, nx, &fields, &value->shape));
    snprintf(value->name, sizeof value->name, "l%d", net->n);
    value->read = false;
    put_layer(net, op, pick, nx, fields);
    for (int i = 0; i < nx; i++)
        net->value[pick[i]].read = true;
    net->n++;
    free(fields);
    return ISO_OK;
}

static void draw_input(struct network *net)
{
    struct iso_dice *d = net->dice;
    struct drawn_value *input = &net->value[0];
    if (iso_dice_once(d, 8))
        input->shape = (struct iso_shape){ 2, { BATCH, iso_dice_size(d, 130) } };
    else
        input->shape = (struct iso_shape){
            4, { BATCH, iso_dice_size(d, 20), iso_dice_size(d, 20), iso_dice_size(d, 9) }
        };
    snprintf(input->name, sizeof input->name, "input");
    net->n = 1;
}

static iso_rc draw_layers(struct network *net)
{
    const int64_t layers = 1 + iso_dice_below(net->dice, LAYERS);
    draw_input(net);
    for (int64_t i = 0; i < layers; i++)
        for (int k = 0; k < PICKS; k++) {
            const iso_rc rc = draw_one(net, draw_op(net->dice, ISO_LAYER));
            if (rc == ISO_OK)
                break;
            if (rc == ISO_ENOMEM)
                return rc;
            iso_error_clear();
        }
    return ISO_OK;
}

/* ---- The ends ------------------------------------------------------------------------------- */

/* Flattens and joins what no layer reads. */
static void put_joint(const struct network *net, FILE *out)
{
    char names[(LAYERS + 1) * 8] = "";
    int n = 0;
    for (int i = 0; i < net->n; i++) {
        const struct drawn_value *v = &net->value[i];
        if (v->read)
            continue;
        const size_t used = strlen(names);
        if (v->shape.ndim != 2)
            fprintf(out, "  - flatten: {name: f%d, inputs: %s}\n", i, v->name);
        snprintf(names + used, sizeof names - used, "%s%s", n++ ? ", " : "",
                 v->shape.ndim != 2 ? "" : v->name);
        if (v->shape.ndim != 2)
            snprintf(names + strlen(names), sizeof names - strlen(names), "f%d", i);
    }
    if (n > 1)
        fprintf(out, "  - concatenate: {name: all, inputs: [%s]}\n", names);
    fprintf(out, "  - dense: {name: top, inputs: %s", n > 1 ? "all" : names);
}

/* The last layer, with the activation that the loss wants, and the loss. */
static void put_loss(struct iso_dice *d, FILE *out)
{
    const enum iso_op loss = draw_op(d, ISO_LOSS);
    int names = 0;
    while (iso_activation_names[names] != NULL)
        names++;
    char *text = NULL;
    size_t n;
    FILE *use = open_memstream(&text, &n);
    if (use == NULL)
        return;
    put_use(d, loss, NULL, use);
    if (iso_text_end(use, &text) != ISO_OK)
        return;
    const bool logits = strstr(text, "from_logits: true") != NULL;
    const int wanted = logits ? ISO_LINEAR : iso_ops[loss].def->absorbs;
    const int function = wanted != ISO_LINEAR || logits ? wanted : (int)iso_dice_below(d, names);
    fprintf(out, ", units: %" PRId64 ", activation: %s}\nloss: {%s}\n", 1 + iso_dice_below(d, 12),
            iso_activation_names[function], text);
    free(text);
}

static void put_list(struct iso_dice *d, const char *key, enum iso_kind kind, FILE *out)
{
    const int64_t n = iso_dice_below(d, 3);
    for (int64_t i = 0; i < n; i++) {
        fputs(i ? "" : key, out);
        fputs(i ? "  - " : ":\n  - ", out);
        put_use(d, draw_op(d, kind), NULL, out);
        fputc('\n', out);
    }
}

static void put_model(const struct network *net, const char *layers, FILE *out)
{
    struct iso_dice *d = net->dice;
    const struct iso_shape *x = &net->value[0].shape;
    fputs("model: hunt\ninput: {shape: [", out);
    for (int i = 1; i < x->ndim; i++)
        fprintf(out, "%s%" PRId64, i > 1 ? ", " : "", x->dim[i]);
    fputs("], scale: 1/255}\n", out);
    if (iso_dice_once(d, 2))
        put_list(d, "augmentation", ISO_AUGMENTATION, out);
    fprintf(out, "layers:\n%s", layers);
    put_joint(net, out);
    put_loss(d, out);
    fputs("optimizer: {", out);
    const bool clips = iso_dice_once(d, 3);
    put_use(d, draw_op(d, ISO_OPTIMIZER),
            clips ? iso_ops[ISO_OP_gradient_clipping].def->fields : iso_weight_decay_fields, out);
    fputs("}\n", out);
    put_list(d, "metrics", ISO_METRIC, out);
}

/* Fails for a network that takes the reference long. */
static iso_rc check_size(const struct iso_graph *g)
{
    double flops = 0;
    for (int i = 0; i < g->nnodes; i++) {
        struct iso_call call;
        if (iso_ops[g->nodes[i].op].kind == ISO_VIEW)
            continue;
        ISO_TRY(iso_graph_call(g, i, BATCH, &call));
        flops += iso_hunt_flops(g->nodes[i].op, &call);
    }
    return flops > ISO_HUNT_MODEL_FLOPS
               ? iso_fail(ISO_EMODEL, "the model is larger than a hunt draws")
               : ISO_OK;
}

iso_rc iso_hunted_model_check(const char *text)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_model *model = NULL;
    struct iso_graph *graph = NULL;
    if (faults == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_model_parse("hunt", text, faults, &model);
    if (rc == ISO_OK)
        rc = iso_graph_build(model, 0, BATCH, faults, &graph);
    if (rc == ISO_EMODEL && faults->count > 0)
        rc = iso_fail(ISO_EMODEL, "%d:%d: %s", faults->list[0].location.line,
                      faults->list[0].location.column, faults->list[0].text);
    if (rc == ISO_OK)
        rc = check_size(graph);
    iso_graph_free(graph);
    iso_model_free(model);
    free(faults);
    return rc;
}

/* Tries ends for the layers until they fit. */
static iso_rc draw_ends(const struct network *net, const char *layers, char **text)
{
    for (int i = 0; i < ENDS; i++) {
        size_t n;
        FILE *out = open_memstream(text, &n);
        if (out == NULL)
            return no_memory();
        put_model(net, layers, out);
        iso_rc rc = iso_text_end(out, text);
        if (rc == ISO_OK)
            rc = iso_hunted_model_check(*text);
        if (rc == ISO_OK)
            return ISO_OK;
        if (!iso_hunt_again(rc, text))
            return rc;
    }
    return iso_fail(ISO_EMODEL, "no ends fit");
}

static iso_rc draw_once(struct iso_dice *d, char **text)
{
    struct network net = { .dice = d };
    char *layers = NULL;
    size_t n;
    net.out = open_memstream(&layers, &n);
    if (net.out == NULL)
        return no_memory();
    iso_rc rc = draw_layers(&net);
    const iso_rc whole = iso_text_end(net.out, &layers);
    if (rc == ISO_OK)
        rc = whole;
    if (rc == ISO_OK)
        rc = draw_ends(&net, layers, text);
    free(layers);
    return rc;
}

iso_rc iso_hunt_model(struct iso_dice *d, char **text)
{
    for (int i = 0; i < MODELS; i++) {
        const iso_rc rc = draw_once(d, text);
        if (rc != ISO_EMODEL)
            return rc;
        iso_error_clear();
    }
    return iso_fail(ISO_EMODEL, "none of %d random models can be built", MODELS);
}
