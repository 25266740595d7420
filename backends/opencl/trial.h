/* trial.h: tries one way to compute a product: checks its result and measures its speed. Runs in
 * the tuner's child (tuner_task.c), because it may crash or hang. */
#ifndef ISO_OPENCL_TRIAL_H
#define ISO_OPENCL_TRIAL_H
#include "clblast.h"
#include "records.h"
#include "tiles.h"

/* VARIANT: isocl's kernel of that name; OWN: isocl's product as dense makes it, with packing. */
enum opencl_way { OPENCL_WAY_VARIANT, OPENCL_WAY_OWN, OPENCL_WAY_CLBLAST };
struct opencl_trial {
    enum opencl_way way;
    char variant[OPENCL_RECORD_NAME];
    struct opencl_product product;
    size_t products; /* products in one launch; 1 except for VARIANT */
    double seconds;  /* to spend on runs */
};
struct opencl_outcome {
    enum opencl_verdict verdict; /* RIGHT, WRONG or UNUSABLE */
    double seconds;              /* time of the fastest run */
    double share;  /* share of the product that was computed; less than 1 for a large one */
    uint64_t bits; /* hash of the result; 0 if bits may differ */
    char why[256]; /* UNUSABLE */
};
/* Never fails: a way that does not work is UNUSABLE. Nobody else may be using the device. */
void opencl_trial_run(struct opencl *, const struct opencl_trial *, struct opencl_outcome *);
#endif
