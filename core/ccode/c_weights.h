/* c_weights.h: a network's weights as arrays of C. */
#ifndef ISO_C_WEIGHTS_H
#define ISO_C_WEIGHTS_H
#include "core/train/exec.h"

#include <stdio.h>

struct iso_c_weight {
    int value;        /* the graph's value */
    int64_t count;    /* elements */
    int64_t channels; /* channels of the output, each with a scale; 0: the numbers are floats */
    float *values;    /* [count]; where there are scales, those that the code will compute */
    int8_t *whole;    /* [count]; values = whole * scale; NULL without scales */
    float *scales;    /* [channels] */
};
struct iso_c_weights {
    struct iso_c_weight *list; /* in the order of their names */
    int n;
    int64_t bytes;   /* size of all arrays */
    int64_t largest; /* elements of the largest array of whole numbers; 0: there is none */
};
/* Reads the executor's weights; int8: kernels become whole numbers from -127 to 127 with a scale
 * for each output channel, the greatest |w| of the channel / 127. Fails with ISO_EDATA if a weight
 * is not finite. Free with iso_c_weights_free, also after a failure. */
iso_rc iso_c_weights_read(struct iso_exec *, bool int8, struct iso_c_weights *out);
void iso_c_weights_free(struct iso_c_weights *);
/* Returns the index of a value's weight. */
int iso_c_weights_find(const struct iso_c_weights *, int value);
/* Writes the arrays as `storage const float PREFIXw0[9] = { ... };` with comments that name them.
 */
void iso_c_weights_write(const struct iso_c_weights *, const struct iso_graph *,
                         const char *storage, const char *prefix, FILE *out);
/* Writes what declares these arrays where they are in another file. */
void iso_c_weights_declare(const struct iso_c_weights *, const char *prefix, FILE *out);
#endif
