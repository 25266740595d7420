/* array_targets.c: the targets of rows, from an array of numbers. */
#include "arrays.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TARGETS = 1 << 16 };

static iso_rc name_targets(const char *what, const char *const *names, struct iso_dataset *set)
{
    set->class_names = iso_alloc((size_t)set->classes, sizeof *set->class_names);
    if (set->class_names == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < set->classes; i++) {
        if (names == NULL)
            snprintf(set->class_names[i], ISO_CLASS_NAME, "target_%d", i);
        else if (*names[i] == '\0' || strlen(names[i]) >= ISO_CLASS_NAME)
            return iso_fail(ISO_EDATA, "%s: the name of target %d must have 1 to %d bytes", what, i,
                            ISO_CLASS_NAME - 1);
        else
            strcpy(set->class_names[i], names[i]);
        for (int k = 0; k < i && names != NULL; k++)
            if (strcmp(set->class_names[k], set->class_names[i]) == 0)
                return iso_fail(ISO_EDATA, "%s: targets %d and %d have the same name, '%s'", what,
                                k, i, set->class_names[i]);
    }
    return ISO_OK;
}

iso_rc iso_arrays_targets(const char *what, struct iso_npy *a, const char *const *names,
                          struct iso_dataset *set)
{
    const int64_t each = a->ndim == 2 ? a->dim[1] : 1;
    if (a->ndim < 1 || a->ndim > 2 || a->dim[0] != set->rows || each < 1 || each > MOST_TARGETS)
        return iso_fail(ISO_EDATA,
                        "%s is not targets [rows, targets] or [rows], of the %lld images", what,
                        (long long)set->rows);
    set->classes = (int)each;
    set->targets = iso_alloc((size_t)set->rows, (size_t)each * sizeof *set->targets);
    if (set->targets == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows * each; i++) {
        const double value = iso_npy_at(a, i);
        set->targets[i] = (float)value;
        if (!isfinite(set->targets[i]))
            return iso_fail(ISO_EDATA,
                            "%s: target %lld of row %lld (both counted from 0) is %g, which is no "
                            "finite number (leave out rows that have none)",
                            what, (long long)(i % each), (long long)(i / each), value);
    }
    return name_targets(what, names, set);
}
