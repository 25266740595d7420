/* class_list.h: the classes of a data set as a model file lists them: [[0, 1], 2, cat]. */
#ifndef ISO_CLASS_LIST_H
#define ISO_CLASS_LIST_H
#include "yaml.h"
#include "core/data/class_map.h"

/* What cannot be read becomes a fault, which begins with what: and key:, and leaves *out as it is.
 * Fails with ISO_ENOMEM only. Free *out with free(). */
iso_rc iso_class_list_read(const struct iso_yaml *, const char *what, const char *key,
                           struct iso_faults *, struct iso_class_map **out);
#endif
