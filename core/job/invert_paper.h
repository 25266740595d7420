/* invert_paper.h: tells pictures of dark ink on light paper from those of light ink on dark ground,
 * as MNIST has them. */
#ifndef ISO_INVERT_PAPER_H
#define ISO_INVERT_PAPER_H
#include "core/data/dataset.h"

/* Inverts the grey images in memory whose border is light, and returns their number. all: those
 * with a dark border, too. */
int64_t iso_paper_invert(struct iso_dataset *, bool all);
#endif
