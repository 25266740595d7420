/* dataset.h: labelled uint8 images in host memory, and the order in which an epoch takes them. */
#ifndef ISO_DATASET_H
#define ISO_DATASET_H
#include "../iso.h"

struct iso_dataset {
    char name[64], split[32];
    char source[512];                  /* the file the images came from, or "drawn by isocl" */
    int64_t rows;
    int height, width, channels, classes;
    uint8_t *images;                   /* [rows, height, width, channels] */
    int32_t *labels;                   /* [rows], each in [0, classes) */
};
/* name: mnist, fashion-mnist (IDX, plain or .gz), cifar10, cifar100 (binary), builtin:digits.
 * split: train, test.
 * folder: where to look first, or NULL; then ISOCL_DATA, then the user's data folder (XDG_DATA_HOME
 * or ~/.local/share, /isocl). count: rows to draw of a generated set, 0 its
 * default. limit: keep the first rows only, 0 all. Faults say what is wrong with which file, and
 * what to do. */
iso_rc iso_dataset_load(const char *name, const char *split, const char *folder, int64_t count,
                        int64_t limit, struct iso_dataset **out);
void iso_dataset_free(struct iso_dataset *);
/* The names iso_dataset_load knows, with a line of explanation each; ends with {NULL, NULL}. */
struct iso_dataset_doc { const char *name, *doc; };
extern const struct iso_dataset_doc iso_dataset_docs[];

/* A permutation of 0..n-1: Fisher-Yates with Philox numbers of (seed, epoch); unbiased. */
void iso_shuffle(uint64_t seed, uint32_t epoch, int32_t *order, int64_t n);
#endif
