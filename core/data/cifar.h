/* cifar.h: the binary files of CIFAR-10 and CIFAR-100: rows of label bytes and 3072 pixel bytes,
 * a plane of 32 x 32 each for red, green and blue, row by row. CIFAR-10 has one label byte (0 to
 * 9); CIFAR-100 two: the coarse class (0 to 19) and the fine one (0 to 99). */
#ifndef ISO_CIFAR_H
#define ISO_CIFAR_H
#include "dataset.h"

enum { ISO_CIFAR_SIDE = 32, ISO_CIFAR_CHANNELS = 3 };
struct iso_named_set;
/* Fills everything but name and split from the first folder that has the split's first file. Images
 * are converted to NHWC. Each file must have as many rows as the others of its split. */
extern const struct iso_source_fields iso_cifar_fields; /* options of cifar100 */
iso_rc iso_cifar_load(const struct iso_named_set *, const struct iso_dataset_request *, int split,
                      struct iso_dataset *out);
#endif
