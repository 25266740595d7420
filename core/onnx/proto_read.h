/* proto_read.h (private): declarations shared by the files that read ONNX: proto_read.c reads the
 * messages, proto_read_tensor.c tensors. */
#ifndef ISO_ONNX_PROTO_READ_H
#define ISO_ONNX_PROTO_READ_H
#include "onnx.h"
#include <onnx.pb-c.h>

struct iso_onnx_reader {
    const char *path;
    struct iso_onnx *m;
};
/* Fails with ISO_EDATA: "PATH: WHAT 'NAME'; the file is damaged, or not ONNX". */
static inline iso_rc iso_onnx_damaged(const struct iso_onnx_reader *r, const char *what,
                                      const char *name)
{
    return iso_fail(ISO_EDATA, "%s: %s '%.60s'; the file is damaged, or not ONNX", r->path, what,
                    name);
}

iso_rc iso_onnx_read_tensor(const struct iso_onnx_reader *, const Onnx__TensorProto *,
                            struct iso_onnx_tensor *out);
#endif
