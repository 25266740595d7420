"""Measures the rounding error of isocl's dense and convolution layers beside PyTorch's float32, on the same
tensors, and prints a table of layers and one of classes.

isocl trains each network for some steps and then traces one more. Of that step every layer's input, weights and
gradient of the result are given to PyTorch, once in float64, which is the judge, and once in float32,
channels_last, as PyTorch computes. So both are compared on what isocl itself computed from, and the errors of
other layers do not count. Layers of Winograd's algorithm are compared again with `winograd: off`, after the same
training. Errors are relative to the root of the mean square (rms) of the float64 tensor.

    python3 tools/bench/accuracy.py --data DIR

Exit code 1: a gradient's rms error is more than 6 times PyTorch's, or above 1e-5.
"""
import argparse
import collections
import os
import re
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

from compare import HERE, ROOT, WORKLOADS
from network import Network
from pytorch import same_padding

sys.path.append(os.path.join(HERE, "..", "golden"))
from tensors import read_tensors  # noqa: E402

MOST_RATIO, MOST_ERROR = 6, 1e-5
COMPARED = ("conv2d", "depthwise_conv2d", "dense")
FORWARD, INPUT, KERNEL, BIAS = "forward", "input gradient", "kernel gradient", "bias gradient"
FUNCTIONS = {"linear": lambda z: z, "relu": F.relu, "elu": F.elu, "softmax": lambda z: F.softmax(z, 1)}
# dz of dy and y, in float32 with the roundings of core/arithmetic/formulas.h.
SLOPES = {"linear": lambda dy, y: dy, "relu": lambda dy, y: np.where(y > 0, dy, np.float32(0)),
          "elu": lambda dy, y: np.where(y > 0, dy, flushed(dy * (y + np.float32(1))))}
Row = collections.namedtuple("Row", "workload layer kind what ours theirs")   # errors: (rms, worst)


def flushed(x):
    return np.where(np.abs(x) < np.finfo(np.float32).tiny, np.float32(0), x)


# ---- isocl --------------------------------------------------------------------------------------------------


def isocl(args, command, *more):
    """Runs a command of isocl. Returns None, or what it complains of."""
    line = [args.isocl, *command, *more, "--device", args.device, "--mode", "exact"]
    done = subprocess.run(line + (["--data", args.data] if args.data else []), capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip()


def draw_images(network, count, path):
    """A data set of smooth random images, each class with a pattern of its own."""
    random = np.random.default_rng(1)
    height, width, channels = network.shape

    def smooth(n):
        small = random.random((n, -(-height // 4), -(-width // 4), channels))
        return small.repeat(4, 1).repeat(4, 2)[:, :height, :width]
    labels = random.integers(network.classes, size=count)
    mixed = 0.45 * smooth(network.classes)[labels] + 0.45 * smooth(count)
    images = (255 * (mixed + 0.1 * random.random(mixed.shape))).astype(np.uint8)
    images = np.squeeze(images, 3) if channels == 1 else images
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)


def train(args, path, network, folder):
    """Trains all steps but the last. Returns the model file to go on with, and what its images are."""
    run = ["--steps", str(args.steps - 1), "--out", os.path.join(folder, "run"), "--quiet"]
    why = isocl(args, ["train", path], *run)
    if why is None:
        return path, "images of its data set"
    if "data set '" not in why:
        sys.exit(why)
    print(f"{os.path.relpath(path, ROOT)} with random images, because: {why.splitlines()[0]}", flush=True)
    images, drawn = os.path.join(folder, "images.npz"), os.path.join(folder, "drawn.yaml")
    draw_images(network, 2 * args.steps * network.batch, images)
    with open(path, encoding="utf-8") as file, open(drawn, "w", encoding="utf-8") as copy:
        text = re.sub(r", resize: (\d+|\[.*?\])", "", file.read())
        copy.write(re.sub(r"dataset: [^,}\s]+", f'dataset: "npy:{images}"', text))
    why = isocl(args, ["train", drawn], *run)
    if why is not None:
        sys.exit(why)
    return drawn, "random images"


def trace(args, path, folder, off):
    """The tensors of the step after the training, with `winograd: off` or without."""
    out = os.path.join(folder, "trace.safetensors")
    if off:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        path = os.path.join(folder, "off.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\nwinograd: off\n")
    why = isocl(args, ["trace", path], "--weights", os.path.join(folder, "run", "weights.safetensors"), "--seed", "2",
                "--out", out)
    if why is not None:
        sys.exit(why)
    tensors = read_tensors(out)
    os.remove(out)
    return {name[:-2]: tensor for name, tensor in tensors.items() if name.endswith("@0")}


# ---- One layer ----------------------------------------------------------------------------------------------


class Step:
    """What a traced step says of the layers of a network, by their index."""

    def __init__(self, network, tensors):
        self.network, self.tensors = network, tensors

    def name(self, i):
        """isocl's layer that gives the value: a layer of network.py's own has its activation."""
        name = self.network.layers[i].name
        return name if f"{name}/y" in self.tensors else name.removesuffix("_activation")

    def y(self, i):
        return self.tensors["input" if i < 0 else f"{self.name(i)}/y"]

    def dy(self, i):
        return self.tensors[f"d/{self.name(i)}/y"]

    def activation(self, i):
        layer, last = self.network.layers[i], i == len(self.network.layers) - 1
        return "softmax" if last and self.network.softmax else layer.activation

    def dz(self, i):
        """The gradient of the result before the activation."""
        name = self.network.layers[i].name
        logits = self.tensors.get(f"d/{name}/logits")
        if logits is not None:
            return logits
        return SLOPES[self.activation(i)](self.tensors[f"d/{name}/y"], self.tensors[f"{name}/y"])


def kind_of(layer, x, y):
    """The class of a layer's kernels; as iso_conv2d_algorithm says (core/ops/conv2d.c)."""
    if layer.op != "conv2d":
        return {"dense": "dense", "depthwise_conv2d": "depthwise"}[layer.op]
    kernel, (height, width, filters) = layer.pair("kernel_size"), y.shape[1:]
    plain = layer.pair("strides") == layer.pair("dilation_rate") == (1, 1)
    if kernel not in ((3, 3), (5, 5)) or not plain or x.shape[3] < 32 or filters < 32:
        return "direct"
    tile = 7 - kernel[0]
    products = 36 * -(-height // tile) * -(-width // tile)
    return f"Winograd {kernel[0]}x{kernel[0]}" if 2 * kernel[0] ** 2 * height * width >= 3 * products else "direct"


def torch_kernel(layer, kernel):
    """isocl's kernel in the order of PyTorch's."""
    if layer.op == "dense":
        return kernel.T
    if layer.op == "conv2d":
        return kernel.transpose(3, 2, 0, 1)
    height, width, channels, multiplier = kernel.shape
    return kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)


def result(layer, x, kernel, bias):
    if layer.op == "dense":
        return F.linear(x, kernel, bias)
    stride, dilation, padding = layer.pair("strides"), layer.pair("dilation_rate"), (0, 0)
    if layer.padding == "same":
        (top, bottom), (left, right) = map(same_padding, x.shape[2:], kernel.shape[2:], stride, dilation)
        if (top, left) == (bottom, right):
            padding = (top, left)
        else:
            x = F.pad(x, (left, right, top, bottom))
    groups = x.shape[1] if layer.op == "depthwise_conv2d" else 1
    return F.conv2d(x, kernel, bias, stride, padding, dilation, groups)


def images_first(t):
    return t.transpose(0, 3, 1, 2) if t.ndim == 4 else t


def compute(step, i, dtype):
    """PyTorch's result and gradients of a layer, from isocl's tensors and in the shapes of isocl's."""
    layer = step.network.layers[i]

    def tensor(array):
        # A copy of float32 keeps the strides of isocl's layout, which is channels_last.
        array = np.array(array, dtype, order="K" if dtype == np.float32 else "C")
        return torch.from_numpy(array).requires_grad_()
    x, kernel = tensor(images_first(step.y(layer.inputs[0]))), torch_kernel(layer, step.tensors[f"{layer.name}/kernel"])
    kernel = tensor(kernel)
    if dtype == np.float32 and kernel.dim() == 4:
        kernel = kernel.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    bias = tensor(step.tensors[f"{layer.name}/bias"]) if layer.use_bias else None
    z = result(layer, x, kernel, bias)
    wanted = {INPUT: x, KERNEL: kernel} | ({BIAS: bias} if layer.use_bias else {})
    gradients = torch.autograd.grad(z, list(wanted.values()), tensor(images_first(step.dz(i))).detach())
    found = {name: g.numpy() for name, g in zip(wanted, gradients)}
    return found | {FORWARD: FUNCTIONS[step.activation(i)](z).detach().numpy()}


def traced(step, i):
    """isocl's result and gradients of weights, in PyTorch's order. input_rows has the gradients of inputs."""
    layer = step.network.layers[i]
    end = i + 1 if step.activation(i) not in ("linear", "softmax") else i
    found = {FORWARD: images_first(step.y(end)), KERNEL: torch_kernel(layer, step.tensors[f"d/{layer.name}/kernel"])}
    return found | ({BIAS: step.tensors[f"d/{layer.name}/bias"]} if layer.use_bias else {})


# ---- Errors -------------------------------------------------------------------------------------------------


def error(judge, tensor):
    """(rms, worst element) of the error, by the judge's rms."""
    difference = np.abs(tensor - judge)
    scale = np.sqrt(np.mean(np.square(judge)))
    return float(np.sqrt(np.mean(np.square(difference))) / scale), float(difference.max() / scale)


def ratio(row, which=0):
    ours, theirs = row.ours[which], row.theirs[which]
    return ours / theirs if theirs else (float("inf") if ours else 1.0)


def input_rows(workload, step, given, kinds):
    """Input gradients are a sum over the layers that read the same value; that can be judged where all these are
    dense or convolutions, and of one class. given: by layer, its (float64, float32) gradients."""
    readers = collections.defaultdict(list)
    for i, layer in enumerate(step.network.layers):
        for source in layer.inputs:
            readers[source].append(i)
    rows = []
    for source, those in readers.items():
        if source < 0 or any(i not in given for i in those) or len({kinds[i] for i in those}) > 1:
            continue
        judge, theirs = sum(given[i][0] for i in those), sum(given[i][1] for i in those)
        name = "+".join(step.network.layers[i].name for i in those)
        ours = error(judge, images_first(step.dy(source)))
        rows.append(Row(workload, name, kinds[those[0]], INPUT, ours, error(judge, theirs)))
    return rows


def compare(workload, step, off):
    """A row for each layer and pass; off: of the layers of Winograd's algorithm only, as direct sums."""
    rows, given, kinds = [], {}, {}
    for i, layer in enumerate(step.network.layers):
        if layer.op not in COMPARED:
            continue
        kind = kind_of(layer, step.y(layer.inputs[0]), step.tensors[f"{layer.name}/y"])
        if off and not kind.startswith("Winograd"):
            continue
        kinds[i] = kind + ", off" if off else kind
        judge, theirs = compute(step, i, np.float64), compute(step, i, np.float32)
        given[i] = judge[INPUT], theirs[INPUT]
        for what, ours in traced(step, i).items():
            softmax = what == FORWARD and step.activation(i) == "softmax"
            rows.append(Row(workload, layer.name, kinds[i], what + ", softmax" if softmax else what,
                            error(judge[what], ours), error(judge[what], theirs[what])))
    return rows + input_rows(workload, step, given, kinds)


# ---- Tables -------------------------------------------------------------------------------------------------


def bad(row):
    return "gradient" in row.what and not (ratio(row) <= MOST_RATIO and row.ours[0] <= MOST_ERROR)


def table(headings, rows):
    text = [headings] + [[f"{x:.2e}" if isinstance(x, float) and x < 1e-2 else f"{x:.2f}" if isinstance(x, float)
                          else str(x) for x in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*text)]
    for line in text:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(flush=True)


def print_rows(rows):
    table(["", "LAYER", "CLASS", "PASS", "RMS isocl", "PyTorch", "RATIO", "WORST isocl", "PyTorch", "RATIO", ""],
          [[r.workload, r.layer, r.kind, r.what, r.ours[0], r.theirs[0], ratio(r), r.ours[1], r.theirs[1],
            ratio(r, 1), "<<<" if bad(r) else ""] for r in rows])


def print_classes(rows):
    classes = collections.defaultdict(list)
    for row in rows:
        classes[row.kind, row.what].append(row)
    lines = []
    for (kind, what), those in sorted(classes.items()):
        top = max(those, key=ratio)
        lines.append([kind, what, len(those), statistics.median(map(ratio, those)), ratio(top),
                      f"{top.workload} {top.layer}", top.ours[0], top.theirs[0], max(r.ours[0] for r in those),
                      max(r.ours[1] for r in those), max(ratio(r, 1) for r in those)])
    table(["CLASS", "PASS", "LAYERS", "MEDIAN RATIO", "LARGEST RATIO", "of LAYER", "its RMS", "PyTorch's",
           "LARGEST RMS", "WORST ELEMENT", "ITS LARGEST RATIO"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default="b,d,e,h", help="which, as compare.py names them (default b,d,e,h)")
    parser.add_argument("--data", help="where the data sets lie (default: as isocl has it); random images for others")
    parser.add_argument("--steps", type=int, default=20, help="the step that is looked at (default 20)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--isocl", default=os.path.join(ROOT, "build", "isocl"))
    args = parser.parse_args()
    if args.steps < 2:
        parser.error("--steps must be 2 or more")
    print(f"isocl on {args.device}, PyTorch {torch.__version__} with {torch.backends.cpu.get_cpu_capability()}, "
          f"{torch.get_num_threads()} threads; step {args.steps}\n", flush=True)
    rows = []
    for workload in args.workloads.split(","):
        path = os.path.join(ROOT, WORKLOADS[workload][1])
        network = Network(path)
        with tempfile.TemporaryDirectory() as folder:
            path, images = train(args, path, network, folder)
            print(f"{workload}: {WORKLOADS[workload][1]}, {images}", flush=True)
            of_these = compare(workload, Step(network, trace(args, path, folder, False)), False)
            if any(row.kind.startswith("Winograd") for row in of_these):
                of_these += compare(workload, Step(network, trace(args, path, folder, True)), True)
        print_rows(of_these)
        rows += of_these
    print_classes(rows)
    failed = [row for row in rows if bad(row)]
    for row in failed:
        print(f"too large: {row.workload} {row.layer}, {row.kind}, {row.what}: {row.ours[0]:.2e}, "
              f"{ratio(row):.2f} times PyTorch's")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
