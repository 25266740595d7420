/* known_classes.h: what the authors of public data sets call the classes, whose files hold numbers
 * only. */
#ifndef ISO_KNOWN_CLASSES_H
#define ISO_KNOWN_CLASSES_H
#include <stdbool.h>

/* Names of the classes of this data set in the order of their numbers, NULL-terminated; NULL where
 * numbers are all there is, as for digits. coarse: cifar100's 20 classes of classes. */
const char *const *iso_known_classes(const char *dataset, bool coarse);
#endif
