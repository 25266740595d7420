/* cifar.h: the binary files of CIFAR-10 and CIFAR-100: records of label bytes and 3072 pixel bytes,
 * a plane of 32 x 32 each for red, green and blue, row by row. CIFAR-10 has one label byte (0 to
 * 9); CIFAR-100 two: the coarse class (0 to 19) and the fine one (0 to 99). */
#ifndef ISO_CIFAR_H
#define ISO_CIFAR_H
#include "dataset.h"
#include "folders.h"

enum { ISO_CIFAR_SIDE = 32, ISO_CIFAR_CHANNELS = 3, ISO_CIFAR_FILES = 5 };
struct iso_cifar_set { /* one data set; splits: 0 train, 1 test */
    const char *name;
    const char *subfolders[3];                 /* of a data folder that may hold it */
    const char *files[2][ISO_CIFAR_FILES + 1]; /* of each split; NULL at the end */
    int label_bytes, classes;                  /* the last label byte is the fine class */
    int coarse_classes;                        /* of the first of two label bytes */
};
/* The set of this name, or NULL. */
const struct iso_cifar_set *iso_cifar_find(const char *name);
/* Fills everything but name and split from the first folder that has the split's first file. Images
 * come out as NHWC. Each file holds as many records as the others of its split. */
iso_rc iso_cifar_load(const struct iso_cifar_set *, const struct iso_dataset_request *, int split,
                      const struct iso_data_folders *, struct iso_dataset *out);
#endif
