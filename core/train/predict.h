/* predict.h: predictions of a network for each row of a data set; in exact mode their bits do not
 * depend on the batch size. Changes the current batch and the order of the data set, but not the
 * counts of metrics. */
#ifndef ISO_PREDICT_H
#define ISO_PREDICT_H
#include "exec.h"

struct iso_predicted { /* prediction for one row */
    int64_t row;       /* index in the data set's own order */
    int label;         /* true class; -1: not known */
    int classes;
    const float *probabilities; /* [classes], valid until the listener returns: the output of the
                                   last layer; a single unit p, the probability of the second of two
                                   classes, gives 1 - p and p */
};
/* Called for each row. If it fails, the prediction ends with its code. */
typedef iso_rc iso_predict_listener(void *self, const struct iso_predicted *);
/* Calls told for rows [0, rows) of data set `which` of the executor. With ranks, all of them call
 * this and the next function; each computes its share, and rank 0 alone tells. */
iso_rc iso_predict(struct iso_exec *, int which, int64_t rows, iso_predict_listener *told,
                   void *self);
/* Returns the predicted class: the first of the largest probabilities, as for accuracy. */
int iso_predicted_class(const struct iso_predicted *);

/* Calls told with the numbers of a value, such as a layer's output, for each row; told borrows
 * them. The value must be the graph's output or the executor's `readable` one. */
typedef iso_rc iso_row_listener(void *self, int64_t row, const float *numbers);
iso_rc iso_predict_value(struct iso_exec *, int which, int64_t rows, int value,
                         iso_row_listener *told, void *self);
/* Returns the number of elements that a value has per row. */
int64_t iso_predict_size(const struct iso_graph *, int value);
#endif
