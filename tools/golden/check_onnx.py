#!/usr/bin/env python3
"""Exports models as ONNX, runs them with onnxruntime and compares what comes out with isocl's own numbers.

    python3 tools/golden/check_onnx.py build/isocl models tests/models

Neither the build nor the tests run this. It needs onnx, onnxruntime and numpy (written with 1.23, 1.31, 2.4).
Every model file below the folders, but for models/ops, is exported with random weights (statistics, gamma and
beta too), and its forward pass traced. Two comparisons, each as core/parity makes it of fast mode:

  layer    each layer by itself, on isocl's input of it: |d| <= eps sqrt(K) S, where K is the length of its
           longest sum and S the same layer on absolute values. Functions that are not sums get ULPS besides.
  whole    the outputs from the images on: no further apart than 16 times as far as weights that are moved by
           one ULP move onnxruntime's own.

Where a layer computes no sum (max pooling, padding, flatten) both must have the same bits.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from tensors import read_tensors, write_tensors

EPS = 2.0 ** -23                       # FLT_EPSILON, as in core/parity
ULPS = 16                              # for a function such as exp, whose own error onnxruntime does not state
DIFFERENCE = 1 / 16                # it computes exp(x) - 1 and 1 + erf(x), with the errors of 1, not of the result
SHARE = 16                             # share of the effect of one ULP in the weights
SUMS = {"Conv", "Gemm", "AveragePool", "GlobalAveragePool", "Add", "BatchNormalization", "LayerNormalization"}
FUNCTIONS = {"Relu": 1, "Elu": 1, "Sigmoid": 1, "Tanh": 1, "LeakyRelu": 1, "Softplus": 1, "Gelu": 1.2, "HardSigmoid": 1,
             "Mul": 1.2, "Softmax": 1, "Identity": 1, "Clip": 1, "Selu": 1.76, "HardSwish": 1.5, "Softsign": 1,
             "LogSoftmax": 2, "PRelu": 1}                                  # with their steepest slopes; Mul: x sigmoid(x)


def random_weight(name, t, rng):
    kind = name.rsplit("/", 1)[1]
    low, high = {"gamma": (0.7, 1.3), "moving_variance": (0.5, 1.5)}.get(kind, (-0.2, 0.2))
    return t if "kernel" in kind else rng.uniform(low, high, t.shape).astype(np.float32)


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(model, feeds):
    s = session(model)
    names = [o.name for o in s.get_outputs()]
    return dict(zip(names, s.run(names, feeds)))


class Network:
    """An exported model, with what isocl computes of it."""

    def __init__(self, isocl, path, folder, rows):
        self.onnx, trace = os.path.join(folder, "m.onnx"), os.path.join(folder, "trace.st")
        weights, batch = os.path.join(folder, "w.st"), os.path.join(folder, "xy.st")
        rng = np.random.default_rng(7)
        call = lambda *a: subprocess.run([isocl, *a], check=True, capture_output=True, text=True)
        call("export", path, "--initial", "--out", self.onnx)
        shape = [d.dim_value for d in onnx.load(self.onnx).graph.input[0].type.tensor_type.shape.dim]
        x = rng.uniform(-1, 1, [rows] + shape[1:]).astype(np.float32)
        write_tensors(batch, {"x": x, "y": np.zeros(rows, np.int32)})
        traced = ("trace", path, "--inference", "--batch-from", batch, "--batch", str(rows), "--device", "cpu",
                  "--mode", "exact", "--out", trace)
        call(*traced)
        first = {n[:-2]: t for n, t in read_tensors(trace).items() if n.endswith("@1")}
        write_tensors(weights, {n: random_weight(n, t, rng) for n, t in first.items()})
        call(*traced, "--weights", weights)
        call("export", path, "--weights", weights, "--out", self.onnx)
        self.values = {n[:-2]: t for n, t in read_tensors(trace).items() if n.endswith("@0")}
        self.model = onnx.load(self.onnx)
        onnx.checker.check_model(self.model, full_check=True)
        self.weights = {t.name: numpy_helper.to_array(t) for t in self.model.graph.initializer}
        self.feed = {self.model.graph.input[0].name: self.values["input"]}

    def every_value(self):
        """What onnxruntime computes for every value of the graph."""
        m = onnx.ModelProto()
        m.CopyFrom(self.model)
        del m.graph.output[:]
        m.graph.output.extend(helper.make_empty_tensor_value_info(n.output[0]) for n in m.graph.node)
        return run(m, self.feed) | self.feed

    def moved(self, rng):
        """The model with each weight one ULP up or down."""
        m = onnx.ModelProto()
        m.CopyFrom(self.model)
        for t in m.graph.initializer:
            a = numpy_helper.to_array(t)
            if a.dtype == np.float32 and "/" in t.name:
                way = np.where(rng.random(a.shape) < 0.5, -np.inf, np.inf).astype(np.float32)
                t.CopyFrom(numpy_helper.from_array(np.nextafter(a, way), t.name))
        return m


def run_some(network, nodes, feeds, weights, output):
    """Runs some of the nodes by themselves; returns the output."""
    made = {n.output[0] for n in nodes}
    known = {i for n in nodes for i in n.input if i in weights}
    inputs = [i for i in dict.fromkeys(i for n in nodes for i in n.input) if i and i not in made and i not in known]
    info = [helper.make_tensor_value_info(i, onnx.TensorProto.FLOAT, feeds[i].shape) for i in inputs]
    g = helper.make_graph(nodes, "some", info, [helper.make_empty_tensor_value_info(output)],
                          [numpy_helper.from_array(weights[k], k) for k in known])
    m = helper.make_model(g, opset_imports=network.model.opset_import, ir_version=network.model.ir_version)
    return run(m, {i: feeds[i] for i in inputs})[output]


def as_onnx(value, like):
    """isocl's value in the order of axes that onnxruntime's has: the nearer one, where both fit."""
    ways = [value] + ([value.transpose(0, 3, 1, 2)] if value.ndim == 4 else [])
    ways = [w for w in ways if w.shape == like.shape]
    return np.ascontiguousarray(min(ways, key=lambda w: float(np.abs(w - like).max())))


def absolute(nodes, weights):
    """The same sums of absolute values: means are taken away, so that theirs stay negative."""
    turned = {n.input[3] for n in nodes if n.op_type == "BatchNormalization"}
    kept = {n.input[4] for n in nodes if n.op_type == "BatchNormalization"}
    return {k: w if k in kept or w.dtype != np.float32 else -np.abs(w) if k in turned else np.abs(w)
            for k, w in weights.items()}


def chain(nodes, weights, feeds):
    """The length of the longest sum, with the roundings besides: of a scale that both make in their own way."""
    total = 4 + 12 * sum(n.op_type == "BatchNormalization" for n in nodes)
    for n in nodes:
        attribute = {a.name: helper.get_attribute_value(a) for a in n.attribute}
        if n.op_type == "Conv":
            total += int(np.prod(weights[n.input[1]].shape[1:]))
        elif n.op_type == "Gemm":
            total += weights[n.input[1]].shape[0]
        elif n.op_type == "AveragePool":
            total += int(np.prod(attribute["kernel_shape"]))
        elif n.op_type in ("GlobalAveragePool", "LayerNormalization"):
            total += int(np.prod(next(iter(feeds.values())).shape[1:]))
    return total


def allowed(network, nodes, feeds, want):
    """How far onnxruntime's result of a layer may be from isocl's."""
    sums = [n for n in nodes if n.op_type not in FUNCTIONS]
    functions = [n for n in nodes if n.op_type in FUNCTIONS]
    bound = np.zeros(want.shape)
    if any(n.op_type in SUMS for n in sums):
        size = {k: np.abs(v) for k, v in feeds.items()}
        if sums[0].op_type == "LayerNormalization":    # a number that is small beside its mean has the mean's error
            x, row = next(iter(feeds.values())), {"axis": -1, "keepdims": True}
            s = np.abs(want) + 2 * np.abs(x).max(**row) / np.sqrt(x.var(**row) + 1e-6)
        else:
            s = run_some(network, sums, size, absolute(sums, network.weights), sums[-1].output[0]).reshape(want.shape)
        bound += EPS * np.sqrt(chain(sums, network.weights, feeds)) * s
    for n in functions:
        if n.op_type == "Softmax":     # y changes by y times twice the largest change below it
            bound = np.abs(want) * (2 * bound.max() + ULPS * EPS)
        elif n.op_type not in ("Relu", "Identity"):
            floor = DIFFERENCE if n.op_type in ("Elu", "Gelu", "Sigmoid", "Mul") else 1e-30
            bound = bound * FUNCTIONS[n.op_type] + ULPS * EPS * np.maximum(np.abs(want), floor)
    return bound


def check_layers(network, values):
    """Number of layers, and the largest distance as a share of what is allowed."""
    groups, worst = {}, (0.0, "")
    for n in network.model.graph.node:
        if n.op_type != "Transpose":
            groups.setdefault(n.name.split("/")[0], []).append(n)
    for layer, nodes in groups.items():
        output = nodes[-1].output[0]
        made = {o for n in nodes for o in n.output}
        feeds = {}
        for i in {i for n in nodes for i in n.input if i and i not in network.weights} - made:
            name = i.removesuffix("/channels_first").removesuffix("/channels_last")
            feeds[i] = as_onnx(network.values[name], values[i])
        want = as_onnx(network.values[output], values[output])
        off = np.abs(run_some(network, nodes, feeds, network.weights, output).astype(float) - want)
        bound = allowed(network, nodes, feeds, want)
        if not (off <= bound).all():
            at = np.unravel_index(int(np.argmax(off - bound)), off.shape)
            sys.exit(f"{layer}: {off[at]:.3g} apart at {list(map(int, at))}, allowed are {bound[at]:.3g}")
        worst = max(worst, (float(np.max(off / np.where(bound > 0, bound, 1))), layer))
    return len(groups), worst


def check(isocl, path, folder):
    rows = 2 if "resnet" in path or "vgg" in path else 5
    network = Network(isocl, path, folder, rows)
    values = network.every_value()
    output = network.model.graph.output[0].name
    layers, worst = check_layers(network, values)
    got = run(network.model, network.feed)[output].astype(float)       # with all that onnxruntime optimizes
    want = network.values[output].astype(float)
    moved = run(network.moved(np.random.default_rng(3)), network.feed)[output]
    apart, limit = np.linalg.norm(got - want), SHARE * np.linalg.norm(moved - got)
    print(f"{path:42} {layers:4} layers, at most {worst[0]:.2f} of the bound ({worst[1]}); outputs {apart:.2g} apart, "
          f"largest {np.abs(got - want).max():.2g}, of {limit:.2g} allowed", flush=True)
    if not apart <= limit:
        sys.exit(f"{path}: the outputs are too far apart")
    return worst[0], float(np.abs(got - want).max())


def main(isocl, *folders):
    files = sorted(os.path.join(d, f) for top in folders for d, _, names in os.walk(top) for f in names
                   if f.endswith(".yaml") and os.path.basename(d) != "ops")
    results = []
    for path in files:
        with tempfile.TemporaryDirectory() as folder:
            results.append(check(isocl, path, folder))
    print(f"{len(results)} models; at most {max(r[0] for r in results):.2f} of a layer's bound, outputs at most "
          f"{max(r[1] for r in results):.2g} apart")


main(*(sys.argv[1:] or ["build/isocl", "models", "tests/models"]))
