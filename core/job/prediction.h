/* prediction.h: a trained network and the images, or the rows of a data set, that it is to predict.
 */
#ifndef ISO_PREDICTION_H
#define ISO_PREDICTION_H
#include "core/data/names.h"
#include "job.h"

struct iso_prediction_options {
    struct iso_job_options job;
    const char *split; /* of the model's data, where there are no images */
    const char *layer; /* whose results can be read, too; NULL: none */
    bool resize;       /* images of other sizes; false: refused, unless the model file says it */
};
struct iso_prediction {            /* owns all it names; zeroed: nothing is open */
    struct iso_job job;            /* data[1] is what is predicted */
    struct iso_names images;       /* paths, which the caller adds; none: a split */
    char (*names)[ISO_CLASS_NAME]; /* of the first nnames classes, "" for none; NULL: of none */
    int nnames;
    int value; /* of the graph: what the layer gives, or the output */
};
/* Opens the model file's last phase with the weights, and what it is to predict. The faults
 * borrow weights. Fails with ISO_EUSAGE where there is no such layer. */
iso_rc iso_prediction_open(struct iso_prediction *, const char *model, const char *weights,
                           const struct iso_prediction_options *);
/* Opens the device and the last phase's network of a model that is open, with the weights, or if
 * NULL those that the model file begins with. A batch has no more rows than data[1], if it is
 * there. Fails as iso_prediction_open does. */
iso_rc iso_prediction_network(struct iso_prediction *, const char *weights,
                              const struct iso_prediction_options *);
void iso_prediction_close(struct iso_prediction *);
#endif
