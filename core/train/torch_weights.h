/* torch_weights.h: reads a model's weights from PyTorch's state dicts, and writes them so. */
#ifndef ISO_TORCH_WEIGHTS_H
#define ISO_TORCH_WEIGHTS_H
#include "core/formats/torch_file.h"
#include "keras_weights.h"

/* Sets the weights of the layers that the file has, as iso_keras_load does: a layer of the file is
 * the tensors whose names are alike up to the last dot, such as conv1.weight and conv1.bias.
 * PyTorch has kernels' axes in another order, and the channels of an image first where it becomes a
 * row: both are turned to isocl's. By order needs a file that has one: .pth, not .safetensors. For
 * a vision transformer, torchvision's own names pair the layers (torch_vit.h), however match says.
 */
iso_rc iso_torch_load(struct iso_exec *, const struct iso_torch_file *, const char *path,
                      enum iso_keras_match, struct iso_faults *, struct iso_keras_taken *);

/* torch_export.c. Writes the weights as safetensors with PyTorch's names and order of axes:
 * LAYER.weight, LAYER.bias, LAYER.running_mean, LAYER.running_var. iso_torch_load gives the same
 * bits again. A vision transformer has torchvision's names and tensors, which its VisionTransformer
 * loads (torch_vit.h). Fails with ISO_EUNSUP if PyTorch has no such layer. */
iso_rc iso_torch_save(struct iso_exec *, const char *path);
/* Returns the shape of the image whose row a dense layer reads, through layers that keep the order
 * of numbers; NULL if it reads no image's row. */
const struct iso_shape *iso_torch_image_before(const struct iso_graph *, int node);

/* How a network differs from PyTorch's usual layers, so that the same weights give other outputs.
 * Weights do not say how they were trained. */
struct iso_torch_unlike {
    int padded;     /* windows of padding: same that pad one side more than the other */
    int normalized; /* batch normalizations whose epsilon is not 1e-5 */
};
struct iso_torch_unlike iso_torch_compare(const struct iso_graph *);
#endif
