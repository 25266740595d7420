/* registry.c: the table of all ops, made from ops.def. */
#include <string.h>

#include "iso.h"

#define OP(name, kind, reference, cpu, opencl) extern const struct iso_op_def iso_def_##name;
#include "ops.def"
#undef OP

const struct iso_op_entry iso_ops[ISO_OP_COUNT] = {
#define OP(name, kind, reference, cpu, opencl) { #name, ISO_##kind, &iso_def_##name },
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
