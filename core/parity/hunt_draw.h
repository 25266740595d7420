/* hunt_draw.h (private): the parts of a hunt: what is drawn, and how it is made smaller. */
#ifndef ISO_HUNT_DRAW_H
#define ISO_HUNT_DRAW_H
#include "harness.h"

#include <stdio.h>

/* ---- hunt_fields.c: random numbers, values of fields, and attempts
 * ------------------------------------ */

struct iso_dice { /* the random numbers of one case */
    uint64_t seed, next;
    uint32_t stream;
    bool wide; /* sizes are large more often, and fields have their defaults */
};
/* Returns a whole number from 0 to n - 1; n >= 1. */
int64_t iso_dice_below(struct iso_dice *, int64_t n);
/* Returns true once in n times. */
bool iso_dice_once(struct iso_dice *, int64_t n);
/* Returns a size of a tensor from 1 to most: small, or near a width of vectors, lanes or tiles. */
int64_t iso_dice_size(struct iso_dice *, int64_t most);
/* Writes a value of the field as YAML. */
void iso_hunt_value(struct iso_dice *, const struct iso_field *, FILE *out);
/* Writes ", key: value" for each required field and for one of `rarity` of the others; fields may
 * be NULL. */
void iso_hunt_fields(struct iso_dice *, const struct iso_field *, int rarity, FILE *out);

/* Drops a text that does not fit, and its message, to draw another; returns false if memory is out.
 */
bool iso_hunt_again(iso_rc, char **text);

/* ---- hunt_case.c, hunt_model.c: cases ------------------------------------------------------- */

/* Largest case: flops of its forward pass, elements of one input; and flops of a model's. */
enum {
    ISO_HUNT_FLOPS = 16000000,
    ISO_HUNT_ELEMENTS = 40000,
    ISO_HUNT_MODEL_FLOPS = 4 * ISO_HUNT_FLOPS
};
/* Returns the flops of the reference's forward pass, which may go over all taps of a kernel for
 * each output, also where a faster way knows that they meet nothing. */
double iso_hunt_flops(enum iso_op, const struct iso_call *);

/* Draws an op with inputs, and its parameters, until they fit. Sets *text to the case as YAML,
 * "{input: [2, 9], units: 5}", which the caller frees. Fails with ISO_EMODEL if nothing that was
 * drawn fits. */
iso_rc iso_hunt_case(struct iso_dice *, enum iso_op, char **text);
/* Reads a case that was drawn, or made smaller, and checks its size. The caller frees out->params.
 */
iso_rc iso_hunted_case_parse(enum iso_op, const char *text, struct iso_case *out);
/* Draws parameters of an op for these inputs, nx of them. Sets *fields to ", units: 5", which the
 * caller frees, and *y to the shape of the result. Fails with ISO_EMODEL if none of those drawn
 * fits. */
iso_rc iso_hunt_layer(struct iso_dice *, enum iso_op, const struct iso_shape *x, int nx,
                      char **fields, struct iso_shape *y);
/* Draws a whole model that a graph can be built of. Sets *text to its file, which the caller frees.
 */
iso_rc iso_hunt_model(struct iso_dice *, char **text);
/* Fails with ISO_EMODEL unless the text is a model that a graph can be built of. */
iso_rc iso_hunted_model_check(const char *text);

/* ---- hunt_shrink.c -------------------------------------------------------------------------- */

/* Returns true if this text still shows the fault; one that cannot be read does not. */
typedef bool iso_still_fails(void *self, const char *text);
/* Replaces *text, YAML that shows a fault, by the smallest that does, as far as taking parts out of
 * it and making its whole numbers smaller lead there within so many seconds. Fails with ISO_ENOMEM
 * only. */
iso_rc iso_shrink(char **text, double seconds, iso_still_fails *, void *self);
#endif
