/* class_report.h: what a confusion matrix says of each class, as tables and as JSON. */
#ifndef ISO_CLASS_REPORT_H
#define ISO_CLASS_REPORT_H
#include "core/data/dataset.h"
#include "core/train/scores.h"

/* Prints every score of each class and their averages, where the model has a score or the matrix
 * among its metrics; and the matrix, where it has that. Classes that the data set names are printed
 * as number and name. */
iso_rc iso_class_report_print(const struct iso_graph *, const struct iso_scores *,
                              const struct iso_dataset *);
/* The same scores as an array of objects, a json_t *; NULL where the model has none, or without
 * memory. */
void *iso_class_report_json(const struct iso_graph *, const struct iso_scores *,
                            const struct iso_dataset *);
#endif
