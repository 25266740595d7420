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
