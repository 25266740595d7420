/* export.c: from a model's graph to ONNX's: what goes in, the layers, what comes out. */
#include "export_build.h"
#include "core/data/class_map.h"
#include "core/ops/activation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The oldest version of the operators that has all but one of those used; with IR 8. */
enum { OPSET = 17 };

static const char *const rows_symbol = "N";

/* ---- What goes in -------------------------------------------------------------------------- */

static void describe_input(struct iso_onnx_value *v, const char *name, const struct iso_shape *s)
{
    *v = (struct iso_onnx_value){ .name = name, .type = ISO_ONNX_FLOAT, .ndim = s->ndim };
    for (int i = 0; i < s->ndim; i++) {
        v->dim[i] = i == 0 ? -1 : s->dim[i];
        v->meaning[i] = i == 0 ? "DATA_BATCH" : i == 3 ? "DATA_CHANNEL" : "DATA_FEATURE";
    }
    v->symbol[0] = rows_symbol;
}

/* A constant of one number for each channel. */
static const char *channel_constant(struct iso_onnx_exporter *e, const char *suffix, int n,
                                    const double *values)
{
    const char *name = iso_onnx_subname(e, suffix);
    const int64_t dim[1] = { n };
    float *to = iso_onnx_constant(e, name, 1, dim);
    for (int i = 0; to != NULL && i < n; i++)
        to[i] = (float)values[i];
    return name;
}

/* Adds op(x[, constant]) and returns its result. */
static const char *add_op(struct iso_onnx_exporter *e, const char *op, const char *suffix,
                          const char *x, const char *constant)
{
    const char *name = iso_onnx_subname(e, suffix);
    struct iso_onnx_node *node = iso_onnx_add(e, op, name, name);
    iso_onnx_input(e, node, x);
    if (constant != NULL)
        iso_onnx_input(e, node, constant);
    return name;
}

static const char *pad(struct iso_onnx_exporter *e, const struct iso_model *m, const char *x)
{
    const int64_t *p = m->pad;
    const int64_t pads[8] = { 0, p[0], p[2], 0, 0, p[1], p[3], 0 };
    if (p[0] + p[1] + p[2] + p[3] == 0)
        return x;
    return add_op(e, "Pad", "pad", x, iso_onnx_numbers(e, "pads", 8, pads));
}

static const char *repeat_channels(struct iso_onnx_exporter *e, const struct iso_model *m,
                                   const char *x)
{
    const int64_t times[4] = { 1, 1, 1, m->repeat_channels };
    if (m->repeat_channels == 1)
        return x;
    return add_op(e, "Tile", "repeat_channels", x, iso_onnx_numbers(e, "repeats", 4, times));
}

static const char *reverse_channels(struct iso_onnx_exporter *e, const struct iso_model *m,
                                    const char *x)
{
    const int64_t last = m->input.ndim - 1, channels = m->input.dim[last];
    int64_t order[ISO_REALS];
    if (!m->images.reverse || channels > ISO_REALS)
        return x;
    for (int i = 0; i < channels; i++)
        order[i] = channels - 1 - i;
    const char *y = add_op(e, "Gather", "reverse_channels", x,
                           iso_onnx_numbers(e, "order", (int)channels, order));
    if (!e->failed)
        iso_onnx_int(e, &e->m->nodes[e->m->nnodes - 1], "axis", last);
    return y;
}

/* Factor and offset of each channel, as gather_images has them. */
static const char *scale(struct iso_onnx_exporter *e, const struct iso_model *m, const char *x)
{
    const struct iso_gather_images *p = &m->images;
    const int n = p->mean.n > p->std.n ? p->mean.n : p->std.n;
    double scalars[ISO_SCALARS];
    const double *const factor = scalars, *const offset = scalars + ISO_REALS;
    bool scaled = false, moved = false;
    iso_ops[ISO_OP_gather_images].def->scalars(p, 0, scalars);
    for (int i = 0; i < n; i++) {
        scaled = scaled || factor[i] != 1;
        moved = moved || offset[i] != 0;
    }
    if (scaled)
        x = add_op(e, "Mul", "scale", x, channel_constant(e, "factor", n, factor));
    if (moved)
        x = add_op(e, "Add", "center", x, channel_constant(e, "offset", n, offset));
    return x;
}

static void add_input(struct iso_onnx_exporter *e, const struct iso_onnx_export_options *o)
{
    const struct iso_model *model = e->graph->model;
    const int input = e->graph->augmented;
    const char *x = e->graph->values[input].name;
    struct iso_shape shape = model->input;
    e->m->x = iso_onnx_alloc(e->m, 1, sizeof *e->m->x);
    e->m->nx = 1;
    if (e->m->x == NULL) {
        e->failed = true;
        return;
    }
    if (o->preprocessing && shape.ndim == 4) {
        shape.dim[1] -= model->pad[0] + model->pad[1];
        shape.dim[2] -= model->pad[2] + model->pad[3];
        shape.dim[3] /= model->repeat_channels;
    }
    describe_input(&e->m->x[0], x, &shape);
    e->layer = "preprocessing";
    if (o->preprocessing)
        x = scale(e, model,
                  reverse_channels(e, model, repeat_channels(e, model, pad(e, model, x))));
    e->names[input].last = x;
}

/* ---- What comes out ------------------------------------------------------------------------ */

/* The activation that training leaves to the loss. */
static void add_absorbed(struct iso_onnx_exporter *e)
{
    const struct iso_graph *g = e->graph;
    const struct iso_node *loss = &g->nodes[g->loss_node];
    const int function = iso_ops[loss->op].def->absorbs;
    void *params;
    if (function == ISO_LINEAR || iso_params_default(ISO_OP_activation, &params) != ISO_OK) {
        e->failed = e->failed || function != ISO_LINEAR;
        return;
    }
    ((struct iso_activation *)params)->function = function;
    e->layer = g->model->layers[loss->layer].name;
    iso_onnx_export_activation(e, params, loss->x[0], g->output);
    free(params);
}

static void add_output(struct iso_onnx_exporter *e)
{
    const struct iso_graph *g = e->graph;
    const char *name = iso_onnx_as(e, g->output, false);
    struct iso_onnx_value *y = iso_onnx_alloc(e->m, 1, sizeof *y);
    e->failed = e->failed || y == NULL || name == NULL;
    if (e->failed)
        return;
    if (strcmp(name, e->m->x[0].name) == 0) { /* no layer does anything */
        struct iso_onnx_node *same = iso_onnx_add(e, "Identity", "output", "output");
        iso_onnx_input(e, same, name);
        name = "output";
    }
    const int64_t columns = g->values[g->output].shape.dim[1];
    *y = (struct iso_onnx_value){ .name = name,
                                  .type = ISO_ONNX_FLOAT,
                                  .ndim = 2,
                                  .dim = { -1, columns },
                                  .symbol = { rows_symbol } };
    e->m->y = y;
    e->m->ny = 1;
}

/* ---- The whole ----------------------------------------------------------------------------- */

static void add_layers(struct iso_onnx_exporter *e)
{
    const struct iso_graph *g = e->graph;
    for (int i = 0; i < g->nlayer_nodes && !e->failed; i++) {
        const struct iso_node *n = &g->nodes[i];
        if (iso_ops[n->op].kind == ISO_AUGMENTATION)
            continue;
        e->layer = g->model->layers[n->layer].name;
        if (iso_onnx_exports(n->op))
            iso_onnx_export_node(e, n);
        else
            e->failed = iso_fail(ISO_EDATA, "%s '%s' cannot be exported", iso_ops[n->op].name,
                                 e->layer) != ISO_OK;
    }
}

/* Describes, for people, the conversion of an image's bytes before the first layer. */
const char *iso_onnx_preprocessing(const struct iso_model *m, struct iso_onnx *room)
{
    const struct iso_gather_images *p = &m->images;
    const struct {
        const char *name;
        const struct iso_reals *reals;
    } lists[] = { { "less", &p->mean }, { "divided by", &p->std } };
    char text[256];
    int n = snprintf(text, sizeof text, "bytes%s times %.9g",
                     p->reverse ? ", channels reversed," : "", p->scale);
    for (int l = 0; l < 2; l++) {
        if (lists[l].reals->n == 1 && lists[l].reals->v[0] == l)
            continue;
        n += snprintf(text + n, sizeof text - (size_t)n, ", %s", lists[l].name);
        for (int i = 0; i < lists[l].reals->n; i++)
            n += snprintf(text + n, sizeof text - (size_t)n, " %.9g", lists[l].reals->v[i]);
    }
    return iso_onnx_text(room, "%s", text);
}

static void describe(struct iso_onnx_exporter *e, const struct iso_onnx_export_options *o)
{
    const struct iso_model *model = e->graph->model;
    struct iso_onnx *m = e->m;
    char hex[65] = "", classes[256] = "";
    const char **pairs = iso_onnx_alloc(m, 2 * 4 + 1, sizeof *pairs);
    m->producer = "isocl";
    m->version = ISO_VERSION;
    m->name = model->name;
    m->doc = "";
    m->opset = OPSET;
    if (pairs == NULL || iso_exec_hash(e->exec, hex) != ISO_OK) {
        e->failed = true;
        return;
    }
    if (model->train.classes != NULL)
        iso_class_map_text(model->train.classes, classes, sizeof classes);
    const char *const all[] = {
        "weights_sha256",
        iso_onnx_text(m, "%s", hex),
        "input",
        o->preprocessing ? "bytes" : iso_onnx_preprocessing(model, m),
        "exact",
        "isocl eval gives the same bits on every device; other programs may round "
        "otherwise",
        *classes ? "classes" : NULL,
        iso_onnx_text(m, "%s", classes)
    };
    m->metadata = pairs;
    for (int i = 0; i < 8 && all[i & ~1] != NULL; i++) {
        pairs[i] = all[i];
        e->failed = e->failed || all[i] == NULL;
    }
}

iso_rc iso_onnx_export(struct iso_exec *exec, const struct iso_onnx_export_options *o,
                       struct iso_onnx **out)
{
    const struct iso_graph *g = iso_exec_graph(exec);
    struct iso_onnx_exporter e = { .exec = exec, .graph = g };
    ISO_TRY(iso_model_measured(g->model));
    e.m = iso_alloc(1, sizeof *e.m);
    if (e.m == NULL)
        return ISO_ENOMEM;
    e.names = iso_alloc((size_t)g->nvalues, sizeof *e.names);
    e.failed = e.names == NULL;
    if (!e.failed)
        describe(&e, o);
    if (!e.failed)
        add_input(&e, o);
    if (!e.failed)
        add_layers(&e);
    if (!e.failed)
        add_absorbed(&e);
    if (!e.failed)
        add_output(&e);
    free(e.names);
    if (e.failed) {
        iso_onnx_free(e.m);
        return ISO_EDATA; /* or out of memory: the message says it */
    }
    *out = e.m;
    return ISO_OK;
}
