/* c_write.h: a network with its weights as C, for programs that only compute its output: `isocl
 * export --c`. The code is the reference backend's own source, of each op that the network uses, so
 * that the results have the bits of exact mode. It allocates nothing, and needs no library but
 * fmaf and sqrtf of C. */
#ifndef ISO_C_WRITE_H
#define ISO_C_WRITE_H
#include "core/train/exec.h"

struct iso_c_options {
    bool int8;            /* kernels as whole numbers of 8 bits, a scale for each output channel */
    int64_t weights_most; /* weights of more bytes are in a second file; 0: 8 MiB */
};
struct iso_c_about {         /* describes what was written, for people */
    char name[ISO_NAME];     /* begins the functions' names: NAME_predict */
    char weights_file[1024]; /* ""; or the second file, NAME_weights.c */
    int64_t image, output;   /* bytes of an image; numbers that it gives */
    int64_t memory;          /* bytes that the caller lends */
    int64_t weights;         /* bytes */
};
/* Writes path, which ends in .c, and the second file if there is one; options NULL: none. Fails
 * with ISO_EUNSUP if an op cannot be written, with ISO_EUSAGE if the path names no C file, with
 * ISO_EDATA if a weight is not finite. */
iso_rc iso_c_write(struct iso_exec *, const char *path, const struct iso_c_options *,
                   struct iso_c_about *about);
#endif
