/* import.h: a network in ONNX's terms as a model file and its weights.
 *
 * ONNX has the channels of images first, isocl last. Which of both a value of the graph has is
 * followed from the input on: an image goes in as isocl has it where the file says so (the
 * dimension's denotation, or a Transpose behind it), else with its channels first. Weights are laid
 * out as isocl wants them, those of a dense layer behind a flattened image too, so that the model
 * takes images with their channels last and gives the same numbers. What isocl has no layer for is
 * refused by node, operator and attribute; nothing is guessed. */
#ifndef ISO_ONNX_IMPORT_H
#define ISO_ONNX_IMPORT_H
#include "core/formats/keras_file.h"
#include "onnx.h"

struct iso_onnx_network {
    char *yaml;                    /* the model file; owned */
    struct iso_keras_file weights; /* layer by layer, under the names that the model file has */
    int nlayers, nnodes;           /* layers of the model, and nodes of which they were made */
};
/* path: for messages, of the file that m was read from. Weights are copied into memory of m, which
 * must outlive the network. Fails with ISO_EDATA for a graph that
 * is none, or has what isocl lacks. Free *out, set only on success, with iso_onnx_network_free. */
iso_rc iso_onnx_import(struct iso_onnx *m, const char *path, struct iso_onnx_network **out);
void iso_onnx_network_free(struct iso_onnx_network *); /* NULL is fine */
#endif
