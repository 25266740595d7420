/* npz.h: NumPy's archives of arrays: a zip file (members stored or deflated) of .npy files. */
#ifndef ISO_NPZ_H
#define ISO_NPZ_H
#include "npy.h"

/* Reads the array `name` (without .npy) of an archive. The memory it takes grows with the data that
 * is really there, whatever sizes the headers claim, and the checksum is compared. */
iso_rc iso_npz_read(const char *path, const char *name, struct iso_npy *out);
#endif
