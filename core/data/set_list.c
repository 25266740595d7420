/* set_list.c: the table of the data sets that have names. */
#include "named_sets.h"
#include "cifar.h"
#include "digits.h"
#include "drawn_digits.h"
#include "idx_sets.h"
#include "known_classes.h"

#include <string.h>

#define SET(text, doc, ...) { .name = text, __VA_ARGS__ },
const struct iso_named_set iso_named_sets[] = {
#include "sets.def"
    { .name = NULL }
};

const struct iso_named_set *iso_named_set_find(const char *name)
{
    for (const struct iso_named_set *s = iso_named_sets; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const char *const *iso_known_classes(const char *dataset, bool coarse)
{
    const struct iso_named_set *set = iso_named_set_find(dataset);
    return set == NULL ? NULL : coarse ? set->coarse_names : set->class_names;
}
