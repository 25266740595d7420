/* class_report.h: scores of each class from a confusion matrix, or of each of a row's labels, as
 * tables and as JSON. */
#ifndef ISO_CLASS_REPORT_H
#define ISO_CLASS_REPORT_H
#include "core/data/dataset.h"
#include "core/train/scores.h"

/* Prints every score of each class and their averages, if the model has a score or the matrix among
 * its metrics, or binary_accuracy for rows of several labels; and the matrix, if it has that.
 * Prints number and name of classes that the data set names. */
iso_rc iso_class_report_print(const struct iso_graph *, const struct iso_scores *,
                              const struct iso_dataset *);
/* Returns the same scores as an array of objects, a json_t *; NULL if the model has none or memory
 * is out. */
void *iso_class_report_json(const struct iso_graph *, const struct iso_scores *,
                            const struct iso_dataset *);
#endif
