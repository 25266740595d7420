/* torch_vit.h: the layers of a vision transformer under the names that torchvision's
 * VisionTransformer gives them, of which some are not the names of layers: the token and the
 * positions are tensors of the whole, and query, key and value of an attention are the thirds of
 * one tensor, in_proj. */
#ifndef ISO_TORCH_VIT_H
#define ISO_TORCH_VIT_H
#include "core/formats/torch_file.h"
#include "core/model/graph.h"

/* A tensor of a layer: NAME.weight and NAME.bias; NAME itself; or third `part` of NAME_weight and
 * NAME_bias. */
enum iso_torch_vit_kind { ISO_TORCH_VIT_LAYER, ISO_TORCH_VIT_TENSOR, ISO_TORCH_VIT_PART };
struct iso_torch_vit_name { /* a node's; name "": it has no weights */
    char name[ISO_NAME];
    enum iso_torch_vit_kind kind;
    int part;
    bool linear; /* a Linear there, and a convolution of one pixel here */
};
/* Returns true if the network's layers with weights are those of torchvision's vision transformers,
 * in their order, and then the names of its nodes, [g->nlayer_nodes]. */
bool iso_torch_vit_names(const struct iso_graph *, struct iso_torch_vit_name *);
/* Returns true if a state dict is that of such a transformer: it has tensors that are called
 * ...in_proj_weight. */
bool iso_torch_vit_is(const struct iso_torch_file *);
/* Makes a file whose tensors have the names of the graph's layers, and thirds are tensors of their
 * own; a tensor of another name keeps it. Values are those of the file, which must outlive it. Free
 * out->tensors. Fails with ISO_EDATA where a tensor has no thirds. */
iso_rc iso_torch_vit_take(const struct iso_graph *, const struct iso_torch_vit_name *,
                          const struct iso_torch_file *, struct iso_torch_file *out);
#endif
