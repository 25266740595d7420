/* export.h: a model with its weights as a network in ONNX's terms, for inference.
 *
 * Images go in as isocl has them, float32 [N, height, width, channels]: what every library that
 * reads an image gives, with no axes to exchange. ONNX's convolutions want channels first, so that
 * the graph begins with a Transpose, and has another where rows are made of pixels, whose order
 * stays height, width, channels. Values and weights keep their names (<layer>/y, <layer>/kernel),
 * nodes are called as their layers; N, the number of rows, is left open. Padding 'same' is written
 * out as Keras and isocl have it. Dropout is left out, augmentation too. */
#ifndef ISO_ONNX_EXPORT_H
#define ISO_ONNX_EXPORT_H
#include "core/train/exec.h"
#include "onnx.h"

struct iso_onnx_export_options {
    /* The graph takes a data set's bytes, as numbers from 0 to 255, and does with them what the
     * model file says under input: pad, repeat_channels, scale, mean, std, the order of channels.
     * false: it takes what the network sees, as `isocl trace --batch-from` does. */
    bool preprocessing;
};
/* Free *out, set only on success, with iso_onnx_free. The executor keeps its weights. */
iso_rc iso_onnx_export(struct iso_exec *, const struct iso_onnx_export_options *,
                       struct iso_onnx **out);
/* Describes, for people, the conversion of an image's bytes before the first layer: "bytes times
 * 0.00392156863". The text is owned by `room`. */
const char *iso_onnx_preprocessing(const struct iso_model *, struct iso_onnx *room);
/* True if layers of this op can be exported. */
bool iso_onnx_exports(enum iso_op);
#endif
