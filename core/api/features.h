/* features.h: what isocl was built with. */
#ifndef ISO_FEATURES_H
#define ISO_FEATURES_H

/* Returns the optional libraries: "OpenCL, no CLBlast, HDF5, ONNX, Open MPI; images: PNG, JPEG". */
const char *iso_features_text(void);
#endif
