#!/usr/bin/env python3
"""Writes tests/torch: a state dict as PyTorch saves it, and the network's outputs.

    python3 tools/golden/make_torch_files.py tests/torch

Neither the build nor the tests run this. It needs torch, torchvision and safetensors (written with 2.15, 0.29,
0.6). small.pth holds
{"epoch": 3, "model": the state dict}; one of its tensors is half, one a part of a larger one that is turned.
small.pkl is the pickle within it, small.safetensors holds the same tensors, and outputs.safetensors images `x`,
channels last, and outputs `y`. wrapped.pth has the same weights as PyTorch before 1.6 wrote them, of a network within
DataParallel, beside a tensor of truth values. rounded.safetensors has them rounded to bfloat16, rounded_half.* in half
precision. evil.pth names a function that must not be called. vit.pth and vit.safetensors are a state dict of torchvision's
VisionTransformer, vit_old.pth has it under the names of its older versions, and vit_outputs.safetensors has images and
outputs. tied.pth has two tensors that share their numbers, one of them turned.
"""
import collections
import os
import sys
import zipfile

import numpy as np
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from tensors import write_tensors


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/isocl-evil",)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4)
        self.deep = nn.Conv2d(4, 8, 3, groups=4)
        self.slope = nn.PReLU(8)
        self.head = nn.Linear(8 * 2 * 3, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        x = self.slope(self.deep(x))
        return self.head(torch.flatten(x, 1))


def main():
    folder = sys.argv[1]
    torch.manual_seed(1)
    made = Small().eval()
    nn.init.uniform_(made.norm.running_mean, -0.5, 0.5)
    nn.init.uniform_(made.norm.running_var, 0.5, 1.5)
    nn.init.uniform_(made.norm.weight, 0.5, 1.5)
    nn.init.uniform_(made.slope.weight, 0.1, 0.5)
    made.norm.bias.data = made.norm.bias.data.add(0.3).half().float()
    x = torch.rand(2, 2, 6, 7)
    y = made(x).detach().numpy()
    write_tensors(os.path.join(folder, "outputs.safetensors"),
                  {"x": np.ascontiguousarray(x.numpy().transpose(0, 2, 3, 1)), "y": y})
    state = made.state_dict()
    write_tensors(os.path.join(folder, "small.safetensors"),
                  {k: v.numpy() for k, v in state.items() if v.dtype == torch.float32})
    state["norm.bias"] = state["norm.bias"].half()
    wide = torch.zeros(48, 5)
    wide[:, 1:4] = state["head.weight"].t()
    state["head.weight"] = wide[:, 1:4].t()
    torch.save({"epoch": 3, "model": state}, os.path.join(folder, "small.pth"))
    with zipfile.ZipFile(os.path.join(folder, "small.pth")) as z, \
            open(os.path.join(folder, "small.pkl"), "wb") as f:
        f.write(z.read("small/data.pkl"))
    torch.save(collections.OrderedDict(state, evil=Evil()), os.path.join(folder, "evil.pth"))
    write_others(folder, state)
    write_transformer(folder)
    tied = torch.arange(12.0).view(3, 4) / 8
    torch.save({"first.weight": tied, "first.bias": torch.tensor([1.0, 2, 3]), "second.weight": tied.t(),
                "second.bias": tied[:, 1]}, os.path.join(folder, "tied.pth"))


def write_transformer(folder):
    """Weights of all layers are drawn; torchvision's own begin at 0 in part."""
    torch.manual_seed(2)
    made = torchvision.models.VisionTransformer(8, 4, 2, 2, 6, 10, num_classes=3).eval()
    for p in made.parameters():
        nn.init.uniform_(p, -0.8, 0.8)
    x = torch.rand(2, 3, 8, 8)
    write_tensors(os.path.join(folder, "vit_outputs.safetensors"),
                  {"x": np.ascontiguousarray(x.numpy().transpose(0, 2, 3, 1)), "y": made(x).detach().numpy()})
    state = made.state_dict()
    write_tensors(os.path.join(folder, "vit.safetensors"), {k: v.numpy() for k, v in state.items()})
    torch.save(state, os.path.join(folder, "vit.pth"))
    torch.save(collections.OrderedDict((k.replace("mlp.0", "mlp.linear_1").replace("mlp.3", "mlp.linear_2"), v)
                                       for k, v in state.items()), os.path.join(folder, "vit_old.pth"))


def write_others(folder, state):
    """Other forms of the same state dict."""
    torch.save({"best": {"mask": torch.ones(3, dtype=torch.bool)}, "state_dict": {"module." + k: v for k, v in state.items()}},
               os.path.join(folder, "wrapped.pth"), _use_new_zipfile_serialization=False)
    half = {k: v.contiguous().bfloat16() for k, v in state.items() if v.dtype.is_floating_point}
    save_file({k: v.float() for k, v in half.items()}, os.path.join(folder, "rounded.safetensors"))
    half["norm.bias"] = half["norm.bias"].half()
    save_file(half, os.path.join(folder, "rounded_half.safetensors"))
    torch.save({"step": 1, "model": {"state_dict": {"_orig_mod." + k: v for k, v in half.items()}}},
               os.path.join(folder, "rounded_half.pth"))


if __name__ == "__main__":
    main()
