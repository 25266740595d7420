#!/usr/bin/env python3
"""Writes tests/onnx: small networks as exporters write them, with onnxruntime's outputs.

    python3 tools/golden/make_onnx_files.py tests/onnx

Neither the build nor the tests run this. It needs torch, onnx and onnxruntime (written with 2.15, 1.23, 1.32), and torchvision. NAME.onnx
is a file of an exporter; NAME.safetensors holds images `x`, channels last and scaled as the model file's input line
says, and the network's outputs `y`.
"""
import os
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torchvision.models import VisionTransformer
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import PatchMerging, PatchMergingV2, SwinTransformer, SwinTransformerBlock, SwinTransformerBlockV2

from tensors import write_tensors

ROWS = 2


class Shuffled(nn.Module):
    """A ShuffleNet's unit: channels are parted, joined and dealt out; then squeeze and excitation with views."""

    def __init__(self):
        super().__init__()
        self.stem, self.unit = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.a, self.b, self.head = nn.Linear(8, 2, bias=False), nn.Linear(2, 8, bias=False), nn.Linear(8, 5)

    def forward(self, x):
        x1, x2 = torch.relu(self.stem(x)).chunk(2, dim=1)
        x = torch.cat((x1, self.unit(x2)), dim=1)
        n, c, h, w = x.size()
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        y = nn.functional.adaptive_avg_pool2d(x, 1).view(n, c)
        y = torch.sigmoid(self.b(torch.relu(self.a(y)))).view(n, c, 1, 1)
        return self.head((x * y.expand_as(x)).mean((2, 3)))


class Transformed(nn.Module):
    """A local response normalization, a transposed convolution, then a vision transformer with one block."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 1), nn.LocalResponseNorm(3, alpha=2.0, beta=0.5, k=2.0),
                                  nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1))
        self.vit = VisionTransformer(image_size=8, patch_size=4, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16,
                                     num_classes=5)
        self.vit.conv_proj = nn.Conv2d(4, 8, 4, 4)
        for parameter in self.vit.parameters():
            nn.init.normal_(parameter, std=0.5)

    def forward(self, x):
        return self.vit(self.stem(x))


def drawn(made):
    """With weights that differ from each other: also the scales of cosine attentions."""
    for name, parameter in made.named_parameters():
        nn.init.normal_(parameter, 2 if "logit_scale" in name else 0, 0.1 if "cpb_mlp" in name else 0.5)
    return made


def swin(block, merging, depths):
    """Padded images, still and shifted windows, then joined pixels and windows that are the whole image."""
    made = SwinTransformer([2, 2], 4, depths, [2] * len(depths), [3, 3], mlp_ratio=1, stochastic_depth_prob=0, num_classes=5,
                                 block=block, downsample_layer=merging)
    for module in made.modules():
        if hasattr(module, "cpb_mlp"):                     # for a small file
            module.cpb_mlp = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2, bias=False))
    return drawn(made)


class Partitioned(nn.Module):
    """MaxViT's attentions, in windows and in a grid, of an image with its channels first."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 2, 2)
        self.parts = nn.Sequential(*(PartitionAttentionLayer(8, 4, 2, kind, (4, 4), 1, nn.GELU, nn.LayerNorm, 0, 0, 0)
                                     for kind in ("window", "grid")))
        self.norm, self.head = nn.BatchNorm2d(8), nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.norm(self.parts(self.stem(x))).mean((2, 3)))


def exported(made, x, default, dynamic=True):
    torch.manual_seed(1)
    made, path = made().eval(), "/tmp/exported.onnx"
    more = {}
    if dynamic:
        more = {"dynamic_shapes": ({0: torch.export.Dim("batch", min=1)},)} if default else {
            "dynamic_axes": {"input": {0: "batch"}}, "input_names": ["input"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(made, (x,), path, dynamo=default, external_data=False, **more)
    model = onnx.load(path)
    os.remove(path)
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    del model.graph.value_info[:]
    return model, True


def unfused():
    """Keras's form: scaling, Pad and a Transpose of constant parts; normalization in three nodes; relu6(x + 3) / 6."""
    rng = np.random.default_rng(3)
    constants, nodes = {}, []

    def constant(name, values, kind=np.float32):
        constants[name] = numpy_helper.from_array(np.asarray(values, kind), name)
        return name

    def node(op, *inputs, **attributes):
        nodes.append(helper.make_node(op, list(inputs), [f"v{len(nodes)}"], name=f"n{len(nodes)}", **attributes))
        return f"v{len(nodes) - 1}"

    x = node("Mul", "image", constant("by", 1 / 127.5))
    x = node("Add", x, constant("less", -1.0))
    pairs = node("Reshape", constant("pads", [0, 0, 0, 1, 1, 0, 0, 0], np.int64), constant("two", [-1, 2], np.int64))
    pairs = node("Slice", pairs, constant("last", [-1], np.int64), constant("first", [-2 ** 63 + 1], np.int64),
                 constant("axis", [0], np.int64), constant("back", [-1], np.int64))
    x = node("Pad", x, node("Reshape", node("Transpose", pairs, perm=[1, 0]), constant("all", [-1], np.int64)))
    x = node("Transpose", x, perm=[0, 3, 1, 2])
    x = node("Conv", x, constant("kernel", rng.uniform(-1, 1, (6, 3, 3, 3))), strides=[2, 2])
    x = node("Transpose", x, perm=[0, 2, 3, 1])
    for i in range(2):                         # the second time no product is before it
        x = node("Sub", x, constant(f"mean{i}", rng.uniform(-1, 1, (1, 1, 1, 6))))
        x = node("Mul", x, constant(f"factor{i}", rng.uniform(0.5, 2, (1, 1, 1, 6))))
        x = node("Add", x, constant(f"beta{i}", rng.uniform(-1, 1, (1, 1, 1, 6))))
        gate = node("Clip", node("Add", x, constant(f"three{i}", 3.0)), constant(f"low{i}", 0.0),
                    constant(f"high{i}", 6.0))
        x = node("Mul", x, node("Mul", gate, constant(f"sixth{i}", 1 / 6)))
    x = node("ReduceMean", node("Neg", x), axes=[1, 2], keepdims=0)
    x = node("MatMul", node("Sub", constant("one", 1.0), node("MatMul", x, constant("w", rng.uniform(-1, 1, (6, 4))))),
             constant("v", rng.uniform(-1, 1, (4, 5))))
    graph = helper.make_graph(nodes, "unfused", [helper.make_tensor_value_info("image", TensorProto.FLOAT,
                                                                               ["n", 8, 7, 3])],
                              [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["n", 5])], list(constants.values()))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), False


def write(folder, name, model, first, scaled=lambda x: x):
    path = os.path.join(folder, name + ".onnx")
    onnx.checker.check_model(model)
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    shape = [ROWS, *given.shape[1:]]
    x = np.random.default_rng(2).uniform(-1, 1, shape).astype(np.float32)
    y = session.run(None, {given.name: x})[0]
    x = scaled(np.ascontiguousarray(np.moveaxis(x, 1, -1)) if first else x)
    write_tensors(os.path.join(folder, name + ".safetensors"), {"x": x, "y": y})


def main():
    folder = sys.argv[1]
    image = torch.rand(ROWS, 3, 9, 8)
    write(folder, "shuffled_default", *exported(Shuffled, image, True))
    write(folder, "shuffled_older", *exported(Shuffled, image, False))
    write(folder, "transformed", *exported(Transformed, torch.rand(ROWS, 3, 4, 4), True))
    write(folder, "attention_older", *exported(lambda: Transformed().vit, torch.rand(ROWS, 4, 8, 8), False))
    image = torch.rand(ROWS, 3, 12, 10)
    write(folder, "windows_default", *exported(lambda: swin(SwinTransformerBlock, PatchMerging, [2, 1]), image, True))
    write(folder, "cosine_default", *exported(lambda: swin(SwinTransformerBlockV2, PatchMergingV2, [2]), image, True))
    write(folder, "grid_older", *exported(lambda: drawn(Partitioned()), torch.rand(ROWS, 3, 8, 8), False))
    write(folder, "unfused", *unfused(), lambda x: x * np.float32(1 / 127.5) - np.float32(1))


if __name__ == "__main__":
    main()
