#!/usr/bin/env python3
"""Trains five classifiers for three steps here, in exact mode, and in PyTorch in float64, and compares the weights.

    python3 tests/trained_as_pytorch.py build/isocl [resnet18 mobilenet_v2 efficientnet_b0 convnext_tiny vit_tiny]
                                        [--device cpu]

Neither the build nor the tests run this. It needs torch, torchvision and numpy (written with 2.15, 0.29). The networks are
torchvision's for images of 32 x 32 and 10 classes, with random weights, and here the model files of models/imagenet and
models/cifar10, without what is drawn (dropout, stochastic depth). Both begin with the same weights and take the same
batches, with SGD (momentum 0.9) and with Adam, whose epsilon is where Keras has it. PyTorch's statistics of batches are
corrected by n / (n - 1): so are isocl's here, by moving_variance_correction: bessel.

The bound is derived as that of core/arithmetic/bounds.md for steps of a training: 16 times how far a training moves by itself. That
is the larger of two distances from the training in float64: of the same training from weights of which each is moved by
one ULP of float32, up or down as drawn; and of PyTorch's own in float32. For each tensor the largest difference of an
element counts. Prints the largest share of its bound that a tensor of a network uses, and exits with 1 if it is above 1.
"""
import argparse
import collections
import copy
import os
import re
import subprocess
import sys
import tempfile

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tools", "golden"))
import numpy as np
import torch
import torchvision
from torch import nn

from tensors import read_tensors, write_tensors

ROWS, STEPS, FACTOR = 4, 3, 16
ROOT = os.path.join(os.path.dirname(__file__), "..")
OPTIMIZERS = {"sgd": "{sgd: {learning_rate: 0.01, momentum: 0.9}}", "adam": "{adam: {learning_rate: 0.001}}"}
FILES = {"resnet18": "imagenet/resnet18", "mobilenet_v2": "imagenet/mobilenet-v2",
         "efficientnet_b0": "imagenet/efficientnet-b0", "convnext_tiny": "imagenet/convnext-tiny",
         "vit_tiny": "cifar10/vit-tiny"}


def network(name):
    torch.manual_seed(3)
    if name == "vit_tiny":
        made = torchvision.models.VisionTransformer(32, 4, 12, 3, 192, 768, num_classes=10)
        nn.init.normal_(made.heads.head.weight, std=0.1)               # torchvision makes it 0
    else:
        made = getattr(torchvision.models, name)(weights=None, num_classes=10)
    for module in made.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, torchvision.ops.StochasticDepth):
            module.p = 0.0
    return made.train()


def in_order(name, state):
    """The state dict in the order of the model file's layers."""
    if name == "vit_tiny":
        return transformer_in_order(state)
    ordered = collections.OrderedDict()
    for key, value in state.items():                                   # PyTorch names a scale before its block
        ordered[key] = value
        block = re.match(r"(features\.\d+\.\d+)\.block\.5\.bias$", key)
        if block and block[1] + ".layer_scale" in state:
            ordered[block[1] + ".layer_scale"] = ordered.pop(block[1] + ".layer_scale")
    return ordered


def transformer_in_order(state):
    ordered = collections.OrderedDict()

    def take(to, source):
        for part in ("weight", "bias"):
            ordered[f"{to}.{part}"] = state[f"{source}.{part}"]

    take("patches", "conv_proj")
    ordered["token.weight"], ordered["positions.weight"] = state["class_token"], state["encoder.pos_embedding"]
    for i in range(12):
        layer = f"encoder.layers.encoder_layer_{i}."
        take(f"{i}.ln_1", layer + "ln_1")
        for k, part in enumerate(("query", "key", "value")):
            for source in ("weight", "bias"):
                ordered[f"{i}.{part}.{source}"] = state[f"{layer}self_attention.in_proj_{source}"][192 * k:192 * k + 192]
        take(f"{i}.project", layer + "self_attention.out_proj")
        take(f"{i}.ln_2", layer + "ln_2")
        take(f"{i}.widen", layer + "mlp.0")
        take(f"{i}.narrow", layer + "mlp.3")
    take("ln", "encoder.ln")
    take("top", "heads.head")
    return ordered


def model_text(name, optimizer):
    """The model file for images of 32 x 32, without what is drawn."""
    with open(os.path.join(ROOT, "models", FILES[name] + ".yaml"), encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"(?m)^(data|augmentation):\n(?:[ ].*\n)+", "", text)
    text = re.sub(r"input: .*", "input: {shape: [32, 32, 3]}", text)
    text = text.replace("units: 1000", "units: 10").replace("  - dropout: 0.2\n", "")
    text = re.sub(r"rate: 0\.\d+", "rate: 0", text)
    text = text.replace("momentum: 0.9}\n", "momentum: 0.9, moving_variance_correction: bessel}\n")
    text = re.sub(r"loss: .*", "loss: sparse_categorical_crossentropy", text)
    return re.sub(r"optimizer: .*", "optimizer: " + OPTIMIZERS[optimizer], text)


def train(made, batches, optimizer):
    """Three steps; the optimizers as Keras writes them."""
    slots = [[torch.zeros_like(p), torch.zeros_like(p)] for p in made.parameters()]
    for t, (x, y) in enumerate(batches, 1):
        made.zero_grad()
        nn.functional.cross_entropy(made(x.to(next(made.parameters()).dtype)), y).backward()
        with torch.no_grad():
            for p, (m, v) in zip(made.parameters(), slots):
                if optimizer == "sgd":
                    m.mul_(0.9).sub_(0.01 * p.grad)
                    p.add_(m)
                else:
                    m.add_((p.grad - m) * (1 - 0.9))
                    v.add_((p.grad ** 2 - v) * (1 - 0.999))
                    p.sub_(m * (0.001 * (1 - 0.999 ** t) ** 0.5 / (1 - 0.9 ** t)) / (v.sqrt() + 1e-7))
    return made.state_dict()


def moved(made):
    """Each weight moved by one ULP of float32."""
    made = copy.deepcopy(made)
    rng = np.random.default_rng(5)
    with torch.no_grad():
        for p in made.parameters():
            up = np.where(rng.integers(0, 2, p.shape) > 0, np.inf, -np.inf).astype(np.float32)
            p.copy_(torch.from_numpy(np.nextafter(p.numpy(), up)))
    return made


class Runner:
    def __init__(self, isocl, device, folder):
        self.isocl, self.device, self.folder = isocl, device, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *words):
        done = subprocess.run([self.isocl, *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"isocl {words[0]}: {done.stderr.strip()[:600]}")

    def imported(self, name, state):
        """A state dict in isocl's layout, by isocl itself."""
        torch.save(in_order(name, {k: v.float() for k, v in state.items()
                                    if v.is_floating_point()}), self.path("s.pth"))
        self.call("import", self.path("s.pth"), self.path("m.yaml"), "--by", "order", "--out", self.path("s.st"))
        return read_tensors(self.path("s.st"))

    def trained(self, name, state, batches):
        self.imported(name, state)
        x = torch.cat([b[0] for b in batches]).permute(0, 2, 3, 1).contiguous().numpy()
        write_tensors(self.path("xy.st"), {"x": x, "y": torch.cat([b[1] for b in batches]).numpy().astype(np.int32)})
        self.call("trace", self.path("m.yaml"), "--weights", self.path("s.st"), "--batch-from", self.path("xy.st"),
                  "--batch", str(ROWS), "--steps", str(STEPS), "--device", self.device, "--mode", "exact", "--out",
                  self.path("t.st"))
        return {k[:-len(f"@{STEPS}")]: v for k, v in read_tensors(self.path("t.st")).items() if k.endswith(f"@{STEPS}")}


def distance(a, b):
    return {k: float(np.abs(a[k].astype(np.float64) - b[k].astype(np.float64)).max()) for k in a}


def compare(runner, name, optimizer):
    """The largest share of its bound that a tensor uses."""
    with open(runner.path("m.yaml"), "w", encoding="utf-8") as f:
        f.write(model_text(name, optimizer))
    generator = torch.Generator().manual_seed(4)
    batches = [(torch.rand(ROWS, 3, 32, 32, generator=generator) * 2 - 1, torch.randint(0, 10, (ROWS,), generator=generator))
               for _ in range(STEPS)]
    made = network(name)
    start = copy.deepcopy(made.state_dict())
    want = runner.imported(name, train(copy.deepcopy(made).double(), batches, optimizer))
    far = [distance(runner.imported(name, state), want)
           for state in (train(moved(made).double(), batches, optimizer), train(copy.deepcopy(made), batches, optimizer))]
    trained = runner.trained(name, start, batches)
    got = distance({k: trained[k] for k in want}, want)
    ulp = {k: float(np.spacing(np.abs(want[k]).max())) for k in want}  # float64's result is rounded to compare
    shares = {k: got[k] / (FACTOR * max(far[0][k], far[1][k], ulp[k])) for k in want}
    worst = max(shares, key=shares.get)
    travelled = distance(runner.imported(name, start), want)
    print(f"{name:16} {optimizer:5} {len(want):4} tensors: largest share of the bound {shares[worst]:.3f} ({worst}: "
          f"{got[worst]:.1e}, where training moved it by {travelled[worst]:.1e})", flush=True)
    return shares[worst]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("isocl")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="trained-") as folder:
        runner = Runner(args.isocl, args.device, folder)
        shares = [compare(runner, n, o) for n in args.names or FILES for o in OPTIMIZERS]
    print(f"{sum(s <= 1 for s in shares)} of {len(shares)} within their bounds")
    sys.exit(any(s > 1 for s in shares))


if __name__ == "__main__":
    main()
