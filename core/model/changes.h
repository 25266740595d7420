/* changes.h: what a command line changes in a model file before it is read. */
#ifndef ISO_CHANGES_H
#define ISO_CHANGES_H
#include "yaml.h"

struct iso_changes {
    /* "--set KEY=VALUE", each, as a fault shows it. Borrowed by the faults and by the model. KEY is
     * the keys from the top, with dots between them: optimizer.learning_rate, layers.dense_1.units.
     * In a list, an item's number from 0 or its name. A thing that is named with its parameters
     * (adam, dense) need not be named again. VALUE is YAML; null takes the key out. */
    const char *const *set;
    int n;
    const char *phase; /* keeps this phase only: a name, or a number from 1; NULL: all */
};
/* True if there are none. */
bool iso_changes_none(const struct iso_changes *);
/* Makes *root what it is with the changes; nodes that it shares with others are copied. What cannot
 * be done becomes a fault. Fails with ISO_ENOMEM only. */
iso_rc iso_changes_apply(const struct iso_changes *, struct iso_yaml_doc *, struct iso_faults *);
#endif
