/* npy.h: NumPy's arrays and its .npy files: a header, which is a line of Python, and the elements.
 */
#ifndef ISO_NPY_H
#define ISO_NPY_H
#include "core/iso.h"

enum { ISO_NPY_DIMS = 4 };
struct iso_npy {
    char kind; /* 'b' bool, 'u', 'i', 'f'; 'O': data is a pickle */
    bool big_endian;
    bool column_major; /* the first dimension runs fastest, as in Fortran */
    int size;          /* bytes per element: 1, 2, 4 or 8; 0 for a pickle */
    int ndim;
    int64_t dim[ISO_NPY_DIMS]; /* each from 1 */
    uint8_t *data;             /* the elements; points into memory */
    int64_t bytes;             /* size of data */
    uint8_t *memory;           /* the caller frees it; NULL: borrowed */
};
/* Parses the n bytes of a .npy file, which out borrows; changes a byte of its header. what: the
 * file's name, for messages. */
iso_rc iso_npy_parse(const char *what, uint8_t *bytes, size_t n, struct iso_npy *out);
/* Like iso_npy_parse, with only the first `held` of the n bytes in memory: data must not be read.
 */
iso_rc iso_npy_parse_head(const char *what, uint8_t *bytes, size_t held, size_t n,
                          struct iso_npy *out);
/* Sets kind and size from NumPy's short names of types: u1, i8, f4, b1, O8. Returns false for
 * others. */
bool iso_npy_type(const char *text, struct iso_npy *out);
/* Puts the elements into row-major order, in memory of their own where they are not. Fails with
 * ISO_ENOMEM only. */
iso_rc iso_npy_row_major(struct iso_npy *);
/* Returns element i; whole numbers beyond 2^53 are rounded. */
double iso_npy_at(const struct iso_npy *, int64_t i);

enum { ISO_NPY_HEADER = 192 };
/* Writes the header of a .npy file of float32, row-major, with ndim dimensions, from 1 to
 * ISO_NPY_DIMS. */
void iso_npy_header(int ndim, const int64_t *dim, uint8_t header[ISO_NPY_HEADER]);
#endif
