/* api_network.h (private): a network of isocl.h, for the files that use and change its weights. */
#ifndef ISO_API_NETWORK_H
#define ISO_API_NETWORK_H
#include "api.h"
#include "core/job/prediction.h"

struct isocl_network {
    struct isocl_options options;
    struct iso_prediction prediction; /* its data[1] are the rows */
    struct iso_api_log log;
    char path[ISO_PATH]; /* the file of weights; faults borrow it */
};
#endif
