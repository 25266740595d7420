/* class_match.h: gives the classes of a second data set the numbers that training gave them. */
#ifndef ISO_CLASS_MATCH_H
#define ISO_CLASS_MATCH_H
#include "dataset.h"

/* Gives every row the number that training gave to the class of this name, and the set the names of
 * training. A class of training may be missing in the set. Fails with ISO_EDATA, naming it, where
 * the set has a class that training does not have. Where one of the two has numbers only, a name
 * that is a number stands for that class; other names cannot be compared, and numbers count. */
iso_rc iso_class_match(const struct iso_trained_classes *, struct iso_dataset *);
/* Takes the names of a data set's classes over as those of training. */
iso_rc iso_trained_classes_take(struct iso_trained_classes *, const struct iso_dataset *);
void iso_trained_classes_free(struct iso_trained_classes *);
#endif
