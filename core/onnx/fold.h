/* fold.h (private): declarations shared by import_constants.c, import_arithmetic.c and
 * import_gathers.c, which compute nodes whose inputs are all constant. Results are memory of the
 * model. */
#ifndef ISO_ONNX_FOLD_H
#define ISO_ONNX_FOLD_H
#include "import_build.h"

/* Computes the node at hand from its inputs and records the result. */
typedef iso_rc iso_onnx_folder(struct iso_onnx_importer *, const struct iso_onnx_tensor *const *x);
iso_onnx_folder iso_onnx_fold_cast, iso_onnx_fold_pair, iso_onnx_fold_where, iso_onnx_fold_single,
    iso_onnx_fold_range, iso_onnx_fold_not, iso_onnx_fold_clip;
/* import_gathers.c */
iso_onnx_folder iso_onnx_fold_matmul, iso_onnx_fold_gather_nd, iso_onnx_fold_scatter_nd;

/* Returns a zeroed constant, called as the node's result, whose numbers the caller may fill; NULL,
 * with the message set, if there is no memory or it would be too large. */
struct iso_onnx_tensor *iso_onnx_new_constant(const struct iso_onnx_importer *, int type, int ndim,
                                              const int64_t *dim);
/* Returns x repeated to this shape; NULL, with the message set, if the shapes do not fit. */
const struct iso_onnx_tensor *iso_onnx_broadcast(const struct iso_onnx_importer *,
                                                 const struct iso_onnx_tensor *x, int ndim,
                                                 const int64_t *dim);
/* Returns a tensor of whole numbers or truth values as int64; NULL, with the message set, for
 * another. */
const struct iso_onnx_tensor *iso_onnx_whole(const struct iso_onnx_importer *,
                                             const struct iso_onnx_tensor *);
#endif
