/* proto_without.c: in place of the files that use protobuf-c, where isocl is built without it. */
#include "onnx.h"

bool iso_onnx_supported(void) { return false; }

static iso_rc without(const char *path)
{
    return iso_fail(ISO_EDATA,
                    "%s: this isocl was built without ONNX: install its schema and "
                    "protobuf-c (Debian: libonnx-dev protobuf-c-compiler libprotobuf-c-dev) and "
                    "build it again",
                    path);
}

iso_rc iso_onnx_read(const char *path, struct iso_onnx **out)
{
    (void)out;
    return without(path);
}

iso_rc iso_onnx_write(const char *path, const struct iso_onnx *m)
{
    (void)m;
    return without(path);
}
