/* known_classes.h: the names that the authors of public data sets give to the classes; the files
 * have numbers only. */
#ifndef ISO_KNOWN_CLASSES_H
#define ISO_KNOWN_CLASSES_H
#include <stdbool.h>

/* Returns the names of a data set's classes in the order of their numbers, NULL-terminated; NULL if
 * they have numbers only, like digits. coarse: the 20 superclasses of cifar100. */
const char *const *iso_known_classes(const char *dataset, bool coarse);
#endif
