/* npz.h: NumPy's archives of arrays: a zip file (members stored or deflated) of .npy files, each a
 * header that is a line of Python, and the elements. */
#ifndef ISO_NPZ_H
#define ISO_NPZ_H
#include "../iso.h"

enum { ISO_NPY_DIMS = 4 };
struct iso_npy {
    bool is_signed, big_endian;
    int size;                          /* bytes of an element, a whole number: 1, 2, 4 or 8 */
    int ndim; int64_t dim[ISO_NPY_DIMS];       /* each from 1; row-major */
    uint8_t *data;                     /* the elements; points into memory */
    uint8_t *memory;                   /* the caller frees it */
};
/* Reads the array `name` (without .npy) of an archive. The memory it takes grows with the data that
 * is really there, whatever sizes the headers claim, and the checksum is compared. */
iso_rc iso_npz_read(const char *path, const char *name, struct iso_npy *out);
/* Element i. Values above INT64_MAX come out negative. */
int64_t iso_npy_at(const struct iso_npy *, int64_t i);
#endif
