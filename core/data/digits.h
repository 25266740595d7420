/* digits.h: handwriting-like digits drawn by the program, so that the first training run needs no
 * download: 28x28 grey, white ink on black, like MNIST. */
#ifndef ISO_DIGITS_H
#define ISO_DIGITS_H
#include "core/iso.h"

enum { ISO_DIGITS_SIDE = 28, ISO_DIGITS_CLASSES = 10 };
enum iso_digits_split { ISO_DIGITS_TRAIN, ISO_DIGITS_TEST };

/* Draws sample i of a split into image [28, 28] and returns its label. The result depends on
 * (split, i) only, and has the same bits on every machine. */
int iso_digits_draw(enum iso_digits_split split, uint32_t i, uint8_t *image);
#endif
