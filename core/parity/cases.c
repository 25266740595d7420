/* cases.c: reads models/ops/<op>.yaml:
 *
 *   op: conv2d
 *   cases:
 *     - {input: [2, 9, 7, 3], filters: 5, kernel_size: 3}
 *
 * A case has the op's own fields, read by the op's own table, and those of the table below. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/file.h"
#include "core/model/field.h"
#include "core/text/number.h"
#include "core/text/suggest.h"
#include "core/system/shipped.h"
#include "harness.h"

enum { CASE_LAYER = 3 }; /* index of the layer that random numbers are drawn for */

#define AT(member) offsetof(struct iso_case, member)
static const struct iso_field case_fields[] = {
    { "rows", ISO_FIELD_INT, AT(rows), "0", 0, 1e9, NULL,
      "rows an input op takes; 0: as many as the order has" },
    { "first", ISO_FIELD_INT, AT(first), "0", 0, 1e9, NULL, "entry of the order it begins with" },
    { "steps", ISO_FIELD_INT, AT(steps), "1", 1, 100000, NULL, "updates of an optimizer in a row" },
    { "data", ISO_FIELD_ENUM, AT(data), "real", 0, 0, iso_fill_names, "what the tensors hold" },
    { "inference", ISO_FIELD_BOOL, AT(inference), "false", 0, 0, NULL,
      "compute as when not training" },
    { "mostly_zero", ISO_FIELD_BOOL, AT(mostly_zero), "false", 0, 0, NULL,
      "the op explains many zeros" },
    { "slow", ISO_FIELD_BOOL, AT(slow), "false", 0, 0, NULL, "left out by --quick" },
    { NULL, ISO_FIELD_INT, 0, NULL, 0, 0, NULL, NULL },
};
static const char *const input_keys[] = { "input", "inputs" };

enum { KEYS = 40 };
/* Lists the keys of a table, then those of the inputs, which another reader reads; ends with NULL.
 */
static void keys_of(const struct iso_field *fields, const char *keys[KEYS])
{
    int n = 0;
    for (; fields->key != NULL && n < KEYS - 3; fields++)
        keys[n++] = fields->key;
    keys[n++] = input_keys[0];
    keys[n++] = input_keys[1];
    keys[n] = NULL;
}

static void read_shape(const struct iso_yaml *node, struct iso_shape *out,
                       struct iso_faults *faults)
{
    *out = (struct iso_shape){ 0 };
    if (node->kind != ISO_YAML_SEQUENCE || node->count < 1 || node->count > ISO_DIMS) {
        iso_faults_add(faults, node->location,
                       "expected a shape such as [2, 9, 7, 3], of 1 to %d numbers", ISO_DIMS);
        return;
    }
    for (int i = 0; i < node->count; i++)
        if (node->items[i]->kind != ISO_YAML_SCALAR ||
            iso_number_int(node->items[i]->text, &out->dim[i]) != ISO_NUMBER_OK ||
            out->dim[i] < 1 || out->dim[i] > 1 << 24)
            iso_faults_add(faults, node->items[i]->location, "expected a whole number from 1 to %d",
                           1 << 24);
    out->ndim = node->count;
}

static void read_inputs(const struct iso_yaml *node, struct iso_case *c, struct iso_faults *faults)
{
    const struct iso_yaml *one = iso_yaml_get(node, "input"), *more = iso_yaml_get(node, "inputs");
    int least, most;
    char wanted[40];
    if ((one == NULL) == (more == NULL)) {
        iso_faults_add(faults, node->location,
                       "a case has one of `input: [2, 3]` and `inputs: [[2, 3], [2]]`");
        return;
    }
    const int given = more != NULL && more->kind == ISO_YAML_SEQUENCE ? more->count : 1;
    iso_op_inputs(c->op, &least, &most);
    if (given < least || given > most) {
        iso_faults_add(faults, node->location, "%s has %s, not %d", iso_ops[c->op].name,
                       iso_op_inputs_text(c->op, wanted, sizeof wanted), given);
        return;
    }
    c->nx = given;
    if (one != NULL)
        read_shape(one, &c->x[0], faults);
    for (int i = 0; more != NULL && i < given; i++)
        read_shape(more->kind == ISO_YAML_SEQUENCE ? more->items[i] : more, &c->x[i], faults);
}

static iso_rc read_case(const struct iso_yaml *node, struct iso_case *c, struct iso_faults *faults)
{
    static const struct iso_field none[] = { { NULL, ISO_FIELD_INT, 0, NULL, 0, 0, NULL, NULL } };
    const struct iso_op_def *def = iso_ops[c->op].def;
    const struct iso_field *fields = def->fields != NULL ? def->fields : none;
    const char *keys[KEYS];
    c->line = node->location.line;
    if (node->kind != ISO_YAML_MAPPING) {
        iso_faults_add(faults, node->location,
                       "expected a case such as {input: [2, 9, 7, 3], ...}");
        return ISO_OK;
    }
    keys_of(fields, keys);
    ISO_TRY(iso_fields_read(case_fields, "case", node->location, node, keys, c, faults));
    c->params = iso_alloc(1, def->params_size);
    if (c->params == NULL)
        return ISO_ENOMEM;
    keys_of(case_fields, keys);
    ISO_TRY(iso_fields_read(fields, iso_ops[c->op].name, node->location, node, keys, c->params,
                            faults));
    read_inputs(node, c, faults);
    if (faults->count == 0 && def->check != NULL && def->check(c->params) != ISO_OK) {
        iso_faults_add_failure(faults, node->location, "%s", iso_ops[c->op].name);
    }
    return ISO_OK;
}

static iso_rc read_list(const struct iso_yaml *root, enum iso_op op, struct iso_faults *faults,
                        struct iso_cases *out)
{
    const struct iso_yaml *name = iso_yaml_get(root, "op"), *list = iso_yaml_get(root, "cases");
    if (name == NULL || strcmp(name->text, iso_ops[op].name) != 0)
        iso_faults_add(faults, root->location, "expected `op: %s`, the name of the file",
                       iso_ops[op].name);
    if (list == NULL || list->kind != ISO_YAML_SEQUENCE || list->count == 0) {
        iso_faults_add(faults, root->location, "expected `cases:` with at least one case");
        return ISO_OK;
    }
    struct iso_case *grown = iso_alloc((size_t)(out->n + list->count), sizeof *grown);
    if (grown == NULL)
        return ISO_ENOMEM;
    if (out->n > 0)
        memcpy(grown, out->list, (size_t)out->n * sizeof *grown);
    free(out->list);
    out->list = grown;
    for (int i = 0; i < list->count; i++) {
        struct iso_case *c = &out->list[out->n++];
        c->op = op;
        c->number = i + 1;
        ISO_TRY(read_case(list->items[i], c, faults));
    }
    return ISO_OK;
}

/* Turns the first fault into the message. */
static iso_rc fail_with(const struct iso_faults *faults)
{
    const struct iso_fault *f = &faults->list[0];
    return iso_fail(ISO_EMODEL, "%s:%d:%d: %s", f->location.file, f->location.line,
                    f->location.column, f->text);
}

static iso_rc read_file(enum iso_op op, const char *path, struct iso_cases *out)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_yaml_doc *doc = NULL;
    char *text = NULL;
    size_t size;
    if (faults == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_yaml_read(path, faults, &text, &size);
    if (rc == ISO_OK)
        rc = iso_yaml_parse(path, text, size, faults, &doc);
    if (rc == ISO_OK)
        rc = read_list(doc->root, op, faults, out);
    if (faults->count > 0 && (rc == ISO_OK || rc == ISO_EMODEL))
        rc = fail_with(faults);
    iso_yaml_free(doc);
    free(text);
    free(faults);
    return rc;
}

iso_rc iso_case_parse(enum iso_op op, const char *text, struct iso_case *out)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct iso_yaml_doc *doc = NULL;
    *out = (struct iso_case){ .op = op, .number = 1 };
    if (faults == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_yaml_parse("case", text, strlen(text), faults, &doc);
    if (rc == ISO_OK)
        rc = read_case(doc->root, out, faults);
    if (faults->count > 0 && (rc == ISO_OK || rc == ISO_EMODEL))
        rc = fail_with(faults);
    iso_yaml_free(doc);
    free(faults);
    if (rc != ISO_OK) {
        free(out->params);
        out->params = NULL;
    }
    return rc;
}

bool iso_cases_named(const char *list, const char *name)
{
    const size_t length = strlen(name);
    if (list == NULL || strcmp(list, "all") == 0)
        return true;
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        const size_t n = strcspn(at, ",");
        if (n == length && strncmp(at, name, n) == 0)
            return true;
    }
    return false;
}

static iso_rc unknown_op(const char *name)
{
    char near[96];
    struct iso_suggest suggest;
    iso_suggest_begin(&suggest, name);
    for (int i = 0; i < ISO_OP_COUNT; i++)
        iso_suggest_try(&suggest, iso_ops[i].name);
    return iso_fail(ISO_EUSAGE, "--ops: there is no op '%s'%s", name,
                    iso_suggest_text(&suggest, near, sizeof near));
}

iso_rc iso_cases_check_names(const char *list)
{
    if (list == NULL || strcmp(list, "all") == 0)
        return ISO_OK;
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        char name[ISO_NAME];
        at += *at == ',';
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        if (iso_op_find(name) < 0)
            return unknown_op(name);
    }
    return ISO_OK;
}

static iso_rc find_folder(const char *given, char folder[ISO_PATH])
{
    if (given != NULL) {
        snprintf(folder, ISO_PATH, "%s", given);
        return ISO_OK;
    }
    if (iso_shipped("models/ops", folder))
        return ISO_OK;
    return iso_fail(ISO_EIO,
                    "cannot find the op cases (models/ops); name their folder with --cases");
}

iso_rc iso_cases_load(const char *folder, const char *ops, struct iso_cases *out)
{
    *out = (struct iso_cases){ 0 };
    ISO_TRY(iso_cases_check_names(ops));
    ISO_TRY(find_folder(folder, out->folder));
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        char path[ISO_PATH], name[ISO_NAME];
        if (!iso_cases_named(ops, iso_ops[op].name))
            continue;
        snprintf(name, sizeof name, "%s.yaml", iso_ops[op].name);
        ISO_TRY(iso_path(path, out->folder, name));
        ISO_TRY(read_file((enum iso_op)op, path, out));
    }
    return ISO_OK;
}

void iso_cases_free(struct iso_cases *cases)
{
    for (int i = 0; i < cases->n; i++)
        free(cases->list[i].params);
    free(cases->list);
    *cases = (struct iso_cases){ 0 };
}

/* ---- a case as a call ---------------------------------------------------------------------- */

static enum iso_dtype input_dtype(const struct iso_case *c, int i)
{
    switch (iso_ops[c->op].kind) {
    case ISO_INPUT: return i == 0 ? iso_ops[c->op].def->resident : ISO_I32;
    case ISO_LOSS:
    case ISO_METRIC: return i == 1 && c->x[1].ndim == 1 ? ISO_I32 : ISO_REAL;
    case ISO_AUGMENTATION:
    case ISO_LAYER:
    case ISO_VIEW:
    case ISO_SCORE:
    case ISO_PENALTY:
    case ISO_CLIPPING:
    case ISO_OPTIMIZER: break;
    }
    return ISO_REAL;
}

static void set_layer(const struct iso_case *c, const struct iso_shapes *s, struct iso_call *call)
{
    for (int i = 0; i < c->nx; i++) {
        call->x[i] = (struct iso_tensor){ .dtype = input_dtype(c, i), .shape = c->x[i] };
        if (iso_op_has_pass(c->op, ISO_BACKWARD))
            call->dx[i] = call->x[i];
    }
    for (int i = 0; i < s->ny; i++) {
        call->y[i] = (struct iso_tensor){ .dtype = s->y_dtype[i], .shape = s->y[i] };
        if (iso_ops[c->op].kind == ISO_LAYER)
            call->dy[i] = call->y[i];
    }
    for (int i = 0; i < s->nw; i++) {
        call->w[i] = (struct iso_tensor){ .shape = s->w[i] };
        if (iso_ops[c->op].def->weights[i].trainable)
            call->dw[i] = call->w[i];
    }
    for (int i = 0; i < s->nsaved; i++)
        call->saved[i] = (struct iso_tensor){ .dtype = s->saved_dtype[i], .shape = s->saved[i] };
    if (iso_ops[c->op].kind == ISO_INPUT && c->rows > 0)
        call->step_rows = call->y[0].shape.dim[0] = c->rows;
}

static void set_penalty(const struct iso_case *c, const struct iso_shapes *s, struct iso_call *call)
{
    call->w[0] = call->dw[0] = (struct iso_tensor){ .shape = c->x[0] };
    call->y[0] = (struct iso_tensor){ .shape = s->y[0] };
}

static void set_optimizer(const struct iso_case *c, struct iso_call *call)
{
    int slots;
    iso_op_slots(c->op, c->params, &slots);
    call->w[0] = call->dw[0] = (struct iso_tensor){ .shape = c->x[0] };
    for (int i = 0; i < slots; i++)
        call->state[i] = call->w[0];
}

uint64_t iso_case_seed(uint64_t seed) { return seed ^ UINT64_C(0x85ebca6b) << 32; }

iso_rc iso_case_call(const struct iso_case *c, uint64_t seed, uint64_t step, struct iso_call *out)
{
    const struct iso_op_def *def = iso_ops[c->op].def;
    struct iso_shapes shapes;
    *out = (struct iso_call){ .params = c->params,
                              .seed = seed,
                              .step = (uint32_t)step,
                              .layer = CASE_LAYER,
                              .step_rows = iso_op_of_weight(c->op) ? 1 : c->x[0].dim[0],
                              .first = c->first,
                              .training = !c->inference };
    ISO_TRY(def->infer(c->params, c->x, &shapes));
    if (iso_ops[c->op].kind == ISO_OPTIMIZER)
        set_optimizer(c, out);
    else if (iso_ops[c->op].kind == ISO_PENALTY)
        set_penalty(c, &shapes, out);
    else
        set_layer(c, &shapes, out);
    if (iso_ops[c->op].kind == ISO_INPUT && c->first + out->y[0].shape.dim[0] > c->x[1].dim[0])
        return iso_fail(ISO_EMODEL, "the case takes rows past the end of its order");
    if (def->scalars != NULL)
        def->scalars(c->params, step, out->scalars);
    return ISO_OK;
}

/* ---- a case as text ------------------------------------------------------------------------ */

static void append(char *buf, size_t n, const char *text)
{
    const size_t used = strlen(buf);
    snprintf(buf + used, n - used, "%s", text);
}

/* Adds the fields that differ from their default; initializers mean nothing here. Without memory
 * for the defaults nothing is added. */
enum { PARAMS = 4096 }; /* bytes that no op's parameters exceed */

static void append_fields(const struct iso_field *fields, const void *params, size_t size,
                          char *buf, size_t n)
{
    char value[64], dflt[64], piece[160];
    max_align_t defaults[PARAMS / sizeof(max_align_t)] = { 0 };
    assert(size <= sizeof defaults);
    if (fields != NULL && iso_fields_default(fields, defaults) != ISO_OK) {
        iso_error_clear(); /* the text is shorter */
        fields = NULL;
    }
    for (; fields != NULL && fields->key != NULL; fields++) {
        if (fields->type == ISO_FIELD_INITIALIZER)
            continue;
        iso_field_text(fields, params, value, sizeof value);
        iso_field_text(fields, defaults, dflt, sizeof dflt);
        if (fields->dflt != NULL && strcmp(value, dflt) == 0)
            continue;
        snprintf(piece, sizeof piece, ", %s: %s", fields->key, value);
        append(buf, n, piece);
    }
}

const char *iso_case_text(const struct iso_case *c, char *buf, size_t n)
{
    char shape[64];
    snprintf(buf, n, "models/ops/%s.yaml:%d: input", iso_ops[c->op].name, c->line);
    for (int i = 0; i < c->nx; i++) {
        append(buf, n, " ");
        append(buf, n, iso_shape_text(&c->x[i], 0, shape, sizeof shape));
    }
    append_fields(iso_ops[c->op].def->fields, c->params, iso_ops[c->op].def->params_size, buf, n);
    append_fields(case_fields, c, sizeof *c, buf, n);
    return buf;
}
