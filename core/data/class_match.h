/* class_match.h: numbers the classes of a second data set as in training. */
#ifndef ISO_CLASS_MATCH_H
#define ISO_CLASS_MATCH_H
#include "dataset.h"

/* Renumbers every row's class to that of the same name in training, and gives the set the names of
 * training. A class of training may be missing in the set. Fails with ISO_EDATA, and names the
 * class, if the set has one that training does not have. If one of the two has numbers only, a name
 * that is a number means that class; other names cannot be compared, and the numbers are used.
 * Targets are put into the order of training by their names, of which none may be missing or new.
 */
iso_rc iso_class_match(const struct iso_trained_classes *, struct iso_dataset *);
/* Copies the names of a data set's classes as those of training. */
iso_rc iso_trained_classes_take(struct iso_trained_classes *, const struct iso_dataset *);
void iso_trained_classes_free(struct iso_trained_classes *);
#endif
