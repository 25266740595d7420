/* predict.h: what a network as it is says of each row of a data set: in exact mode the same bits
 * whatever the batch. Counts of metrics are left as they are; the batch in place and the order of
 * the data set are not. */
#ifndef ISO_PREDICT_H
#define ISO_PREDICT_H
#include "exec.h"

struct iso_predicted { /* of one row */
    int64_t row;       /* from 0, in the data set's own order */
    int label;         /* its true class; -1: not known */
    int classes;
    const float *probabilities; /* [classes], until the listener returns: what the last layer
                                   gives; of a single unit p, which is the probability of the
                                   second of two classes, 1 - p and p */
};
/* What fails ends the prediction with its code. */
typedef iso_rc iso_predict_listener(void *self, const struct iso_predicted *);
/* Tells of rows [0, rows) of data set `which` of the executor. */
iso_rc iso_predict(struct iso_exec *, int which, int64_t rows, iso_predict_listener *told,
                   void *self);
/* The class that is predicted: the first of the largest probabilities, as accuracy counts. */
int iso_predicted_class(const struct iso_predicted *);

/* The numbers that a value has for each row, such as what a layer gives; told borrows them. The
 * value is the graph's output, or the one that the executor was opened with as `readable`. */
typedef iso_rc iso_row_listener(void *self, int64_t row, const float *numbers);
iso_rc iso_predict_value(struct iso_exec *, int which, int64_t rows, int value,
                         iso_row_listener *told, void *self);
/* Returns how many numbers a row of a value has. */
int64_t iso_predict_size(const struct iso_graph *, int value);
#endif
