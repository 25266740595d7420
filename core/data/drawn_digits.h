/* drawn_digits.h (private): the data set of drawn digits (digits.h). */
#ifndef ISO_DRAWN_DIGITS_H
#define ISO_DRAWN_DIGITS_H
#include "named_sets.h"

extern const struct iso_source_fields iso_drawn_fields;
iso_rc iso_drawn_digits_load(const struct iso_named_set *, const struct iso_dataset_request *,
                             int split, struct iso_dataset *);
#endif
