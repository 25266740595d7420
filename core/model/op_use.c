/* op_use.c: reads the parts of a model file that name an op: parameters, loss, optimizer, metrics.
 */
#include "layer_blocks.h"
#include "core/ops/activation.h"
#include "core/text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

iso_rc iso_params_default(enum iso_op op, void **params)
{
    const struct iso_op_def *def = iso_ops[op].def;
    *params = iso_alloc(1, def->params_size ? def->params_size : 1);
    if (*params == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_fields_default(def->fields, *params);
    if (rc != ISO_OK) {
        free(*params);
        *params = NULL;
    }
    return rc;
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static const char *kind_text(enum iso_kind kind)
{
    switch (kind) {
    case ISO_INPUT: return "an input";
    case ISO_AUGMENTATION: return "an augmentation";
    case ISO_LAYER:
    case ISO_VIEW: return "a layer";
    case ISO_LOSS: return "a loss";
    case ISO_METRIC:
    case ISO_SCORE: return "a metric";
    case ISO_OPTIMIZER: return "an optimizer";
    case ISO_PENALTY: return "a penalty";
    case ISO_CLIPPING: return "a limit of gradients";
    }
    return "";
}

/* Returns true for a loss that may be a metric, too: the mean of a function of each number. */
static bool is_mean(enum iso_op op)
{
    const struct iso_op_def *def = iso_ops[op].def;
    return iso_ops[op].kind == ISO_LOSS && def->target == ISO_TARGET_VALUES &&
           def->absorbs == ISO_LINEAR;
}

int iso_load_op(struct iso_loader *l, const struct iso_yaml *name, const char *topic,
                const char *kind)
{
    char hint[80];
    struct iso_suggest near;
    iso_suggest_begin(&near, name->text);
    int other = -1;
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        const char *belongs = iso_ops[op].def->topic;
        bool here = belongs != NULL &&
                    (strcmp(belongs, topic) == 0 ||
                     (strcmp(topic, "metrics") == 0 && is_mean((enum iso_op)op)));
        if (strcmp(iso_ops[op].name, name->text) == 0) {
            if (here)
                return op;
            other = belongs != NULL ? op : -1;
        }
        if (here)
            iso_suggest_try(&near, iso_ops[op].name);
    }
    if (strcmp(topic, "layers") == 0)
        iso_layer_blocks_suggest(l, &near);
    if (other >= 0)
        iso_faults_add(l->faults, name->location, "'%s' is %s, not %s", name->text,
                       kind_text(iso_ops[other].kind), kind);
    else if (near.best != NULL)
        iso_faults_add(l->faults, name->location, "unknown %s '%.40s'%s", strchr(kind, ' ') + 1,
                       name->text, iso_suggest_text(&near, hint, sizeof hint));
    else
        iso_faults_add(l->faults, name->location,
                       "unknown %s '%.40s'; `isocl help %s` lists those there are",
                       strchr(kind, ' ') + 1, name->text, topic);
    return -1;
}

iso_rc iso_load_params(struct iso_loader *l, enum iso_op op, const struct iso_named *named,
                       const char *const *also, void **params)
{
    const struct iso_op_def *def = iso_ops[op].def;
    int before = l->faults->count;
    *params = iso_alloc(1, def->params_size ? def->params_size : 1);
    if (*params == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_fields_read(def->fields, iso_ops[op].name, named->name->location, named->args, also,
                            *params, l->faults));
    if (l->faults->count > before || def->check == NULL)
        return ISO_OK;
    if (def->check(*params) != ISO_OK) {
        iso_faults_add_failure(l->faults, named->name->location, "%s", iso_ops[op].name);
    }
    return ISO_OK;
}

/* also: keys that the caller reads from args, which it gets: NULL when there are none. */
static iso_rc read_use(struct iso_loader *l, const struct iso_yaml *node, const char *topic,
                       const char *kind, const char *const *also, struct iso_op_use *use,
                       const struct iso_yaml **args)
{
    struct iso_named named;
    use->location = node->location;
    if (!iso_named_read(node, kind, l->faults, &named))
        return ISO_OK;
    use->location = named.name->location;
    int op = iso_load_op(l, named.name, topic, kind);
    if (op < 0)
        return ISO_OK;
    use->op = (enum iso_op)op;
    if (args != NULL)
        *args = named.args;
    return iso_load_params(l, use->op, &named, also, &use->params);
}

iso_rc iso_load_loss(struct iso_loader *l, const struct iso_yaml *node)
{
    return read_use(l, node, "losses", "a loss", NULL, &l->training->loss, NULL);
}

/* Reads those of the fields that stand in args. */
static iso_rc read_common(struct iso_loader *l, const struct iso_yaml *args,
                          const struct iso_field *fields, void *params)
{
    const char *name = iso_ops[l->training->optimizer.op].name;
    for (const struct iso_field *f = fields; f->key != NULL; f++) {
        const struct iso_yaml *value = iso_yaml_get(args, f->key);
        if (value != NULL)
            ISO_TRY(iso_field_read(f, name, value, params, l->faults));
    }
    return ISO_OK;
}

/* Leaves the weight_decay that an optimizer has of its own, adamw, to it, unless weights are
 * spared. */
static void share_decay(const struct iso_op_use *use, struct iso_weight_decay *d)
{
    const struct iso_field *own =
        iso_field_find(iso_ops[use->op].def->fields, iso_weight_decay_fields[0].key);
    if (own == NULL || use->params == NULL)
        return;
    double *decay = (double *)(void *)((char *)use->params + own->offset);
    const bool spares = d->exclude != ISO_DECAY_EXCLUDES_NONE;
    d->weight_decay = spares ? *decay : 0;
    *decay = spares ? 0 : *decay;
}

/* Every optimizer's keys besides its own. */
static iso_rc read_common_keys(struct iso_loader *l, const struct iso_yaml *args)
{
    const struct iso_op_def *def = iso_ops[ISO_OP_gradient_clipping].def;
    const struct iso_op_use *use = &l->training->optimizer;
    ISO_TRY(read_common(l, args, def->fields, &l->training->clipping));
    ISO_TRY(read_common(l, args, iso_weight_decay_fields, &l->training->decay));
    ISO_TRY(read_common(l, args, iso_weight_average_fields, &l->training->average));
    share_decay(use, &l->training->decay);
    if (def->check(&l->training->clipping) != ISO_OK) {
        iso_faults_add_failure(l->faults, use->location, "%s", iso_ops[use->op].name);
    }
    return ISO_OK;
}

iso_rc iso_load_optimizer(struct iso_loader *l, const struct iso_yaml *node)
{
    enum { COMMON_KEYS = 7 };
    const struct iso_field *const fields[] = { iso_ops[ISO_OP_gradient_clipping].def->fields,
                                               iso_weight_decay_fields, iso_weight_average_fields };
    const char *also[COMMON_KEYS + 1] = { NULL };
    const struct iso_yaml *args = NULL;
    int n = 0;
    for (int i = 0; i < 3; i++)
        for (const struct iso_field *f = fields[i]; f->key != NULL && n < COMMON_KEYS; f++)
            also[n++] = f->key;
    ISO_TRY(read_use(l, node, "optimizers", "an optimizer", also, &l->training->optimizer, &args));
    return args != NULL ? read_common_keys(l, args) : ISO_OK;
}

iso_rc iso_load_augmentation(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_training *t = l->training;
    char found[64];
    t->augmentation_given = true;
    if (node->kind != ISO_YAML_SEQUENCE || node->count > ISO_AUGMENTATIONS) {
        iso_faults_add(l->faults, node->location,
                       "augmentation: expected a list of at most %d, such as "
                       "[{image_data_generator: {rotation_range: 8}}], found %s",
                       ISO_AUGMENTATIONS,
                       node->kind == ISO_YAML_SEQUENCE
                           ? "more"
                           : iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    for (int i = 0; i < node->count; i++)
        ISO_TRY(read_use(l, node->items[i], "augmentations", "an augmentation", NULL,
                         &t->augmentations[t->naugmentations++], NULL));
    return ISO_OK;
}

/* A metric may stand there twice with other params, but not twice under one name. */
static void check_metric_name(struct iso_loader *l, int index)
{
    const struct iso_op_use *m = l->model->metrics, *use = &m[index];
    char name[ISO_NAME], other[ISO_NAME];
    iso_op_label(use->op, use->params, name);
    for (int i = 0; i < index; i++)
        if (m[i].params != NULL && strcmp(iso_op_label(m[i].op, m[i].params, other), name) == 0)
            iso_faults_add(l->faults, use->location, "metrics: '%s' is given twice", name);
}

iso_rc iso_load_metrics(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_model *m = l->model;
    char found[64];
    if (node->kind != ISO_YAML_SEQUENCE) {
        iso_faults_add(l->faults, node->location,
                       "metrics: expected a list such as [accuracy], found %s",
                       iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    for (int i = 0; i < node->count; i++) {
        if (m->nmetrics == ISO_METRICS) {
            iso_faults_add(l->faults, node->items[i]->location, "metrics: more than %d",
                           ISO_METRICS);
            return ISO_OK;
        }
        struct iso_op_use *use = &m->metrics[m->nmetrics++];
        ISO_TRY(read_use(l, node->items[i], "metrics", "a metric", NULL, use, NULL));
        if (use->params != NULL)
            check_metric_name(l, m->nmetrics - 1);
    }
    return ISO_OK;
}
