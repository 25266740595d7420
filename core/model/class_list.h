/* class_list.h: reads the classes of a data set from a model file's list: [[0, 1], 2, cat]. */
#ifndef ISO_CLASS_LIST_H
#define ISO_CLASS_LIST_H
#include "yaml.h"
#include "core/data/class_map.h"

/* Reads the list into *out, to be freed with free(). Adds a fault, which begins with what: and
 * key:, for a bad list, and then leaves *out as it is. Fails with ISO_ENOMEM only. */
iso_rc iso_class_list_read(const struct iso_yaml *, const char *what, const char *key,
                           struct iso_faults *, struct iso_class_map **out);
#endif
