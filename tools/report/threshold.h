/* threshold.h: how precision and recall trade, as the probability from which on a row is taken for
 * a class goes from high to low. */
#ifndef ISO_REPORT_THRESHOLD_H
#define ISO_REPORT_THRESHOLD_H
#include "svg.h"

enum { ISO_THRESHOLDS = 100 };
struct iso_thresholds {
    int classes;
    /* [classes][2][ISO_THRESHOLDS]: rows of other classes, and of this one, by their probability,
     * from the largest on; owned; NULL: not known. */
    int64_t *counts;
};
iso_rc iso_thresholds_new(struct iso_thresholds *, int classes);
void iso_thresholds_free(struct iso_thresholds *);
/* probabilities: of each class, for a row whose class is label. */
void iso_thresholds_add(struct iso_thresholds *, int label, const float *probabilities);

/* Precision over recall of each class, where there are few, and of all together. names: of the
 * classes, see iso_class_text. The caller frees the picture, also after a failure. */
typedef const char *iso_name_class(const void *self, int class, char buf[16]);
iso_rc iso_draw_precision_recall(const struct iso_thresholds *, iso_name_class *, const void *self,
                                 struct iso_svg *);
/* Precision and recall of all classes together over the threshold. */
iso_rc iso_draw_thresholds(const struct iso_thresholds *, struct iso_svg *);
/* The area below a class's curve of precision over recall; NaN: it has no rows. */
double iso_average_precision(const struct iso_thresholds *, int class);
#endif
