/* training_key.h: a name for a training, by which it is found again. */
#ifndef ISO_TRAINING_KEY_H
#define ISO_TRAINING_KEY_H
#include "trainer.h"

/* Writes the SHA-256 of everything that the numbers of an opened training depend on: what its model
 * file says, seed, batch size, limit, goal, data, mode and arithmetic; in fast mode the device,
 * too. Images that stay on disk are read once for it. */
iso_rc iso_training_key(const struct iso_trainer *, char hex[65]);
#endif
