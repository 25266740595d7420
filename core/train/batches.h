/* batches.h: the batches of consecutive training steps, from a data set (shuffled as iso_fit does)
 * or from a safetensors file with tensors x and y. */
#ifndef ISO_BATCHES_H
#define ISO_BATCHES_H
#include "exec.h"

struct iso_batches;
/* Opens a safetensors file with x: float32 [rows, ...input], the network's input; y: int32 or int64
 * [rows] classes, or float32 [rows, classes]. Step S takes rows (S * batch + i) mod rows. */
iso_rc iso_batches_from_file(const char *path, struct iso_exec *, struct iso_batches **out);
/* Copies a data set to the device; data is borrowed. */
iso_rc iso_batches_from_data(const struct iso_dataset *data, uint64_t seed, struct iso_exec *,
                             struct iso_batches **out);
void iso_batches_free(struct iso_batches *); /* NULL is fine */
/* Returns the number of rows in a step's batch; the last one of an epoch may be smaller. */
int64_t iso_batches_rows(const struct iso_batches *, int64_t step);
/* Puts a step's batch on the device. Calls must have ascending steps. */
iso_rc iso_batches_feed(struct iso_batches *, int64_t step);
#endif
