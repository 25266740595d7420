/* prediction.h: a trained network, and the images or the rows of a data set to predict. */
#ifndef ISO_PREDICTION_H
#define ISO_PREDICTION_H
#include "core/text/names.h"
#include "job.h"

struct iso_prediction_options {
    struct iso_job_options job;
    const char
        *split; /* split of the model's data or of the table; NULL: images, or the only one */
    const char *table;  /* file of rows, read by iso_job_table; NULL: none */
    const char *rows;   /* numbers of the rows to predict, "3,17,100-120"; NULL: all of them */
    const char *invert; /* "auto", "yes" or "no", for grey images; auto: invert dark ink on light
                           paper, if the training data are known to be light on dark */
    const char *layer;  /* layer whose results can also be read; NULL: none */
    bool resize; /* resize images of other sizes; false: refuse them, unless the model file resizes
                  */
};
struct iso_prediction {            /* owns all it names; zeroed: nothing is open */
    struct iso_job job;            /* data[1] has the rows to predict */
    struct iso_names images;       /* paths added by the caller; none: use a split */
    char (*names)[ISO_CLASS_NAME]; /* names of the first nnames classes, "" for none; NULL: no names
                                    */
    int nnames;
    int value;        /* value of the graph: the layer's result, or the output */
    int32_t *numbers; /* [rows]: number of a row in its data set; NULL: its own */
    int64_t inverted; /* number of inverted images */
};
/* Opens the model file's last phase with the weights, and the images or rows to predict. The faults
 * borrow weights. Fails with ISO_EUSAGE if there is no such layer. */
iso_rc iso_prediction_open(struct iso_prediction *, const char *model, const char *weights,
                           const struct iso_prediction_options *);
/* Opens the device and the last phase's network of a model that is open, with the weights, or if
 * NULL those that the model file begins with. A batch has no more rows than data[1], if it is
 * there. Fails as iso_prediction_open does. */
iso_rc iso_prediction_network(struct iso_prediction *, const char *weights,
                              const struct iso_prediction_options *);
void iso_prediction_close(struct iso_prediction *);
#endif
