/* batches.h: the batches of consecutive training steps, from a data set (shuffled as iso_fit does)
 * or from a safetensors file with tensors x and y. */
#ifndef ISO_BATCHES_H
#define ISO_BATCHES_H
#include "exec.h"

struct iso_batches;
/* x: float32 [rows, ...input] as the network sees it; y: int32 or int64 [rows] classes, or float32
 * [rows, classes]. Step S takes rows (S * batch + i) mod rows. */
iso_rc iso_batches_from_file(const char *path, struct iso_exec *, struct iso_batches **out);
/* data is borrowed, and is put on the device. */
iso_rc iso_batches_from_data(const struct iso_dataset *data, uint64_t seed, struct iso_exec *,
                             struct iso_batches **out);
void iso_batches_free(struct iso_batches *); /* NULL is fine */
/* Rows of step's batch: the last one of an epoch may be smaller. */
int64_t iso_batches_rows(const struct iso_batches *, int64_t step);
/* Puts the step's batch on the device. Steps come in ascending order. */
iso_rc iso_batches_feed(struct iso_batches *, int64_t step);
#endif
