/* npz.h: NumPy's archives of arrays: a zip file (members stored or deflated) of .npy files. */
#ifndef ISO_NPZ_H
#define ISO_NPZ_H
#include "core/text/names.h"
#include "npy.h"

/* Reads the array `name` (without .npy) of an archive. Its memory grows with the data actually
 * present, whatever sizes the headers claim. Checks the checksum. */
iso_rc iso_npz_read(const char *path, const char *name, struct iso_npy *out);
/* Adds the names of the arrays, without .npy. */
iso_rc iso_npz_names(const char *path, struct iso_names *out);
#endif
