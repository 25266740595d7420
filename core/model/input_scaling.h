/* input_scaling.h: factors and offsets of an input's channels, as the keys of a model file. */
#ifndef ISO_INPUT_SCALING_H
#define ISO_INPUT_SCALING_H
#include "core/iso.h"

#include <stdio.h>

struct iso_input_scaling { /* x factor + offset */
    double factor[ISO_REALS], offset[ISO_REALS];
    int n; /* channels; 0: none; 1: the same for all */
};
/* Writes ", scale: ..." or ", mean: ..., std: ..."; nothing for n 0. */
void iso_input_scaling_put(FILE *out, const struct iso_input_scaling *);
#endif
