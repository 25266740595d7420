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
/* Reads an IDX file of unsigned bytes with ndim dimensions, plain or gzip. The memory it takes
 * grows with the data that is really there, whatever sizes the header claims. */
iso_rc iso_idx_read(const char *path, int ndim, struct iso_idx *out);
/* Reads the header of a plain one only, and where its elements begin; data is NULL. *begin is 0,
 * and nothing else is read, where the file is compressed. */
iso_rc iso_idx_look(const char *path, int ndim, struct iso_idx *out, int64_t *begin);
#endif
