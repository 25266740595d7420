/* idx.h: the IDX format of MNIST: a big-endian magic number (two zero bytes, the element type, the
 * number of dimensions), one 32-bit size per dimension, then the elements in row-major order. */
#ifndef ISO_IDX_H
#define ISO_IDX_H
#include "core/iso.h"

enum { ISO_IDX_DIMS = 4 };
struct iso_idx {
    int ndim;
    int64_t dim[ISO_IDX_DIMS]; /* each from 1 */
    uint8_t *data;             /* [dim[0], dim[1], ...]; the caller frees it */
};
/* Reads an IDX file of unsigned bytes with ndim dimensions, plain or gzip. Its memory grows with
 * the data actually present, whatever sizes the header claims. */
iso_rc iso_idx_read(const char *path, int ndim, struct iso_idx *out);
/* Reads only the header of a plain file, and sets *begin to the offset of its elements; data is
 * NULL. If the file is compressed, sets *begin to 0 and reads nothing else. */
iso_rc iso_idx_look(const char *path, int ndim, struct iso_idx *out, int64_t *begin);
#endif
