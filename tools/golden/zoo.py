#!/usr/bin/env python3
"""Imports the networks of torchvision as PyTorch's two exporters write them, and compares their outputs.

    python3 tools/golden/zoo.py build/isocl [NAME...] [--keep DIR]

Neither the build nor the tests run this. It needs torch, torchvision, onnx, onnxscript, onnxruntime and numpy (written
with 2.15, 0.29, 1.23). Each network has random weights and statistics. It is exported with the default exporter and
with the older one, for a batch of a fixed and of any size. `isocl import` makes a model file and weights of the ONNX
file; the network's output for random images must then be within 1e-5 of onnxruntime's, relative to its largest.

Prints a line for each file: equal, refused with isocl's reason, or WRONG. Exits with 1 when a result is wrong.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnxruntime
import torch
import torchvision

from tensors import read_tensors, write_tensors

NAMES = """alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5
mobilenet_v2 mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnet50 resnext50_32x4d wide_resnet50_2
shufflenet_v2_x0_5 squeezenet1_0 squeezenet1_1 swin_t swin_v2_t vgg11 vgg11_bn vit_b_16""".split()
SIZES = {"inception_v3": 299}
MOST = 1e-5                            # relative to the largest output
ROWS = 2


class Tutorial(torch.nn.Module):
    """The network of PyTorch's tutorial on CIFAR-10."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = torch.nn.Conv2d(3, 6, 5), torch.nn.Conv2d(6, 16, 5)
        self.pool = torch.nn.MaxPool2d(2, 2)
        self.fc1, self.fc2, self.fc3 = torch.nn.Linear(400, 120), torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


class Example(torch.nn.Module):
    """The network of PyTorch's example on MNIST."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = torch.nn.Conv2d(1, 32, 3, 1), torch.nn.Conv2d(32, 64, 3, 1)
        self.dropout1, self.dropout2 = torch.nn.Dropout(0.25), torch.nn.Dropout(0.5)
        self.fc1, self.fc2 = torch.nn.Linear(9216, 128), torch.nn.Linear(128, 10)

    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = torch.flatten(self.dropout1(torch.nn.functional.max_pool2d(x, 2)), 1)
        x = self.fc2(self.dropout2(torch.relu(self.fc1(x))))
        return torch.nn.functional.log_softmax(x, dim=1)


def sequential():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 512),
                               torch.nn.ReLU(), torch.nn.Linear(512, 10))


OWN = {"tutorial_cifar10": (Tutorial, (3, 32, 32)), "example_mnist": (Example, (1, 28, 28)),
       "quickstart": (sequential, (1, 28, 28))}


def network(name):
    """(the network in eval mode with random statistics, the shape of an image)"""
    torch.manual_seed(1)
    if name in OWN:
        made, shape = OWN[name][0](), OWN[name][1]
    else:
        more = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
        made, shape = getattr(torchvision.models, name)(weights=None, **more), (3,) + (SIZES.get(name, 224),) * 2
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)
    return made.eval(), shape


def export(made, x, path, default, dynamic):
    more = {}
    if default and dynamic:
        more["dynamic_shapes"] = ({0: torch.export.Dim("batch", min=1)},)
    elif dynamic:
        more.update(dynamic_axes={"input": {0: "batch"}}, input_names=["input"])
    with warnings.catch_warnings(), open(os.devnull, "w", encoding="utf-8") as quiet:
        warnings.simplefilter("ignore")
        stdout, sys.stdout = sys.stdout, quiet
        try:
            torch.onnx.export(made, (x,), path, dynamo=default, **more)
        finally:
            sys.stdout = stdout


def compare(isocl, path, x, folder):
    """The verdict on one file."""
    model, weights, batch, trace = (os.path.join(folder, n) for n in ("m.yaml", "w.st", "xy.st", "trace.st"))
    for old in (model, weights, trace):
        if os.path.exists(old):
            os.remove(old)
    done = subprocess.run([isocl, "import", path, "--model", model, "--out", weights], capture_output=True, text=True)
    if done.returncode != 0:
        return "refused: " + done.stderr.strip().split(".onnx: ")[-1][:150]
    write_tensors(batch, {"x": np.ascontiguousarray(x.transpose(0, 2, 3, 1)), "y": np.zeros(len(x), np.int32)})
    done = subprocess.run([isocl, "trace", model, "--weights", weights, "--inference", "--batch-from", batch, "--batch",
                           str(len(x)), "--device", "cpu", "--out", trace], capture_output=True, text=True)
    if done.returncode != 0:
        return "NOT RUN: " + done.stderr.strip()[:150]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    want = session.run(None, {session.get_inputs()[0].name: x})[0]
    values = [t for n, t in read_tensors(trace).items() if n.startswith("output") or n.endswith("/y@0")]
    got = [t for t in values if t.size == want.size and t.shape == want.shape][-1:]
    if not got:
        return "NOT RUN: no output of this shape"
    error = float(np.abs(got[0] - want).max() / np.abs(want).max())
    return f"{'equal' if error <= MOST else 'WRONG'}: {error:.1e} of the largest output"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("isocl")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", help="a folder for the ONNX files, which are made once")
    args = parser.parse_args()
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="zoo-") as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        for name in args.names or [*OWN, *NAMES]:
            made = None
            for default in (True, False):
                for dynamic in (False, True):
                    label = f"{name}-{'default' if default else 'older'}-{'any' if dynamic else 'fixed'}"
                    path = os.path.join(folder, label + ".onnx")
                    if made is None:
                        made, shape = network(name)
                        x = torch.rand((ROWS, *shape), generator=torch.Generator().manual_seed(2)) * 2 - 1
                    try:
                        if not os.path.exists(path):
                            export(made, x, path, default, dynamic)
                        verdict = compare(args.isocl, path, x.numpy(), scratch)
                    except Exception as e:                             # an exporter that cannot: no matter of isocl's
                        verdict = f"not exported: {type(e).__name__}: {str(e).splitlines()[0][:100]}"
                    print(f"{label:40} {verdict}", flush=True)
                    verdicts.append(verdict.split(":")[0])
    print(", ".join(f"{verdicts.count(v)} {v}" for v in sorted(set(verdicts))), "of", len(verdicts), "files")
    sys.exit(1 if any(v in ("WRONG", "NOT RUN") for v in verdicts) else 0)


if __name__ == "__main__":
    main()
