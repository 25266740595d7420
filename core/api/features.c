#include "features.h"

#include "core/image/image.h"
#include "core/formats/keras_file.h"
#include "core/onnx/onnx.h"
#include "core/ranks/ranks.h"

#include <stdio.h>

#ifdef ISO_HAVE_OPENCL
#define OPENCL "OpenCL"
#else
#define OPENCL "no OpenCL"
#endif
#ifdef ISO_HAVE_CLBLAST
#define CLBLAST "CLBlast"
#else
#define CLBLAST "no CLBlast"
#endif

const char *iso_features_text(void)
{
    static _Thread_local char text[160];
    snprintf(text, sizeof text, OPENCL ", " CLBLAST ", %s, %s, %s; images: %s",
             iso_keras_supported() ? "HDF5" : "no HDF5", iso_onnx_supported() ? "ONNX" : "no ONNX",
             iso_mpi_support(), iso_image_support());
    return text;
}
