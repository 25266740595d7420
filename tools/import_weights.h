/* import_weights.h: takes weights of other programs' files, for `isocl import` and `isocl get`. */
#ifndef ISO_IMPORT_WEIGHTS_H
#define ISO_IMPORT_WEIGHTS_H
#include "core/job/job.h"

/* Writes the weights of a file of Keras's or PyTorch's for a model file as safetensors, and tells
 * of it. by: "name" or "order", as --by. Fails with ISO_EDATA unless the file has all weights of
 * the model. */
iso_rc iso_import_weights(struct iso_job *, const char *path, const char *model, const char *by,
                          const char *out);
#endif
