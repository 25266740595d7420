/* op_table.c: the table of all ops, made from ops.def. */
#include <stdio.h>
#include <string.h>

#include "iso.h"

#define OP(name, kind) extern const struct iso_op_def iso_def_##name;
#include "ops.def"
#undef OP

const struct iso_op_entry iso_ops[ISO_OP_COUNT] = {
#define OP(name, kind) { #name, ISO_##kind, &iso_def_##name },
#include "ops.def"
#undef OP
};

int iso_op_find(const char *name)
{
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (strcmp(iso_ops[op].name, name) == 0)
            return op;
    return -1;
}

bool iso_op_of_weight(enum iso_op op)
{
    return iso_ops[op].kind == ISO_OPTIMIZER || iso_ops[op].kind == ISO_PENALTY;
}

void iso_op_inputs(enum iso_op op, int *least, int *most)
{
    const struct iso_op_def *def = iso_ops[op].def;
    *least = iso_op_of_weight(op) ? 1 : def->nx;
    *most = def->nx_max > *least ? def->nx_max : *least;
}

const char *iso_op_inputs_text(enum iso_op op, char *buf, size_t n)
{
    int least, most;
    iso_op_inputs(op, &least, &most);
    if (most > least)
        snprintf(buf, n, "%d to %d inputs", least, most);
    else
        snprintf(buf, n, "%d input%s", least, least == 1 ? "" : "s");
    return buf;
}

void iso_call_cost(enum iso_op op, const struct iso_call *call, enum iso_pass pass,
                   struct iso_cost *out)
{
    const struct iso_tensor *from = iso_op_of_weight(op) ? call->w : call->x;
    struct iso_shape x[ISO_OPERANDS];
    for (int i = 0; i < ISO_OPERANDS; i++)
        x[i] = from[i].shape;
    iso_ops[op].def->cost(call->params, x, pass, out);
}

const char *iso_op_label(enum iso_op op, const void *params, char buf[ISO_NAME])
{
    if (iso_ops[op].def->label != NULL)
        iso_ops[op].def->label(iso_ops[op].name, params, buf, ISO_NAME);
    else
        snprintf(buf, ISO_NAME, "%s", iso_ops[op].name);
    return buf;
}

unsigned iso_op_backward_uses(enum iso_op op, const void *params)
{
    const struct iso_op_def *def = iso_ops[op].def;
    return def->uses != NULL ? def->uses(params) : def->backward_uses;
}

const char *const *iso_op_slots(enum iso_op op, const void *params, int *count)
{
    static const char *const none[] = { NULL };
    const struct iso_op_def *def = iso_ops[op].def;
    const char *const *slots = def->slots_of != NULL ? def->slots_of(params) : def->slots;
    *count = 0;
    if (slots == NULL)
        return none;
    while (slots[*count] != NULL)
        ++*count;
    if (def->slot_count != NULL)
        *count = def->slot_count(params);
    return slots;
}

double iso_op_slot_initial(enum iso_op op, const void *params, int slot)
{
    const struct iso_op_def *def = iso_ops[op].def;
    return def->slot_initial != NULL ? def->slot_initial(params, slot) : 0;
}

bool iso_op_from_logits(enum iso_op op, const void *params)
{
    for (const struct iso_field *f = iso_ops[op].def->fields; f != NULL && f->key != NULL; f++)
        if (strcmp(f->key, "from_logits") == 0)
            return *(const bool *)((const char *)params + f->offset);
    return false;
}

double *iso_op_learning_rate(enum iso_op op, void *params)
{
    for (const struct iso_field *f = iso_ops[op].def->fields; f != NULL && f->key != NULL; f++)
        if (strcmp(f->key, "learning_rate") == 0)
            return (double *)((char *)params + f->offset);
    return NULL;
}
