#!/usr/bin/env python3
"""Runs the ONNX project's own tests of single operators through isocl, and says why the others cannot be run.

    python3 tools/golden/onnx_node_tests.py build [reference cpu opencl:pocl]

Neither the build nor the tests run this; it runs BUILD/isocl and BUILD/tests/test_golden. It needs onnx and numpy
(written with onnx 1.23), whose package makes the tests: models of one node, with inputs and expected outputs, and
models that PyTorch has written (data/pytorch-converted, data/pytorch-operator). Nothing of them is in the repository.

Layers: the first input is the image or row that isocl is given, the others become constants. The file is imported as
any other (isocl import --model) and its forward pass traced on each device, which must give the same bits. Where the
axes mean nothing to the operator they are joined to rows, and the axis of a softmax is moved to the end. Tolerances
are the tests' own.

Losses and optimizers are no part of a network that isocl imports: there the test becomes a case of test_golden. Where
the two only count otherwise, the numbers are converted, as `losses` and `optimizers` say.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.loader import load_model_tests, load_node_model_tests

from tensors import read_tensors, write_tensors

OPS = """Conv Gemm MatMul Add Sum Concat MaxPool AveragePool GlobalAveragePool GlobalMaxPool ReduceMean Relu Sigmoid
Tanh Softplus Elu LeakyRelu HardSigmoid Gelu Swish Softmax Dropout Identity BatchNormalization LayerNormalization
Flatten Reshape Squeeze Transpose Pad Sub Mul Div Neg Clip PRelu Selu Mish HardSwish LogSoftmax Softsign ConvTranspose LRN
InstanceNormalization GroupNormalization Resize Upsample Slice Split Gather Unsqueeze ReduceMax Expand""".split()
ELEMENTWISE = """Relu Elu Sigmoid Tanh LeakyRelu Softplus HardSigmoid Gelu Swish Dropout Identity Selu Mish HardSwish Softsign Clip
Neg""".split()
# Parts of the reasons for which isocl refuses what it is not for, each with its group.
GROUPS = [("float32 with 2 or 4", "inputs that are no rows or images: 1, 3 or 5 axes, or another type"),
          ("is not float32", "inputs that are no rows or images: 1, 3 or 5 axes, or another type"),
          ("training", "operators in training mode: isocl makes its own training of a network"),
          ("drops at random", "operators in training mode: isocl makes its own training of a network"),
          ("logarithms of probabilities", "losses that take logarithms of probabilities; isocl's take logits"),
          ("pads", "paddings that isocl's layers do not have: values other than 0, pooled frames, reflections"),
          ("dilation", "dilated poolings, and dilation together with strides"),
          ("axis", "other axes than those of an image or a row: the batch's, or the channels in the middle"),
          ("axes", "other axes than those of an image or a row: the batch's, or the channels in the middle"),
          ("channels first", "results whose numbers lie in another order than isocl's, which has the channels last"),
          ("given by no layer", "networks without a layer"),
          ("is constant", "sums, products and the like of a whole tensor and a constant, or of two inputs"),
          ("is computed", "sums, products and the like of a whole tensor and a constant, or of two inputs")]
TOLERANCE = 1e-6                       # for losses and updates: the tests' numbers are float32


class Unsupported(Exception):
    pass


# ---- Layers ---------------------------------------------------------------------------------------------------

class Runner:
    def __init__(self, build, devices, folder):
        self.isocl, self.devices, self.folder = os.path.join(build, "isocl"), devices, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *arguments):
        done = subprocess.run([self.isocl, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            said = done.stderr.strip().split("\n")[0].replace(self.folder + "/", "")
            raise Unsupported(re.sub(r"^isocl \w+: (m\.onnx: )?(node '[^']*', )?", "", said))

    def output(self, x):
        """What each device computes of m.yaml: the same bits."""
        last = re.findall(r"\{name: ([^,}]+)", open(self.path("m.yaml")).read())[-1]
        write_tensors(self.path("xy.st"), {"x": x, "y": np.zeros(len(x), np.int32)})
        found = set()
        for device in self.devices:
            self.call("trace", self.path("m.yaml"), "--weights", self.path("w.st"), "--batch-from", self.path("xy.st"),
                      "--batch", str(len(x)), "--inference", "--device", device, "--mode", "exact", "--out",
                      self.path("trace.st"))
            found.add(read_tensors(self.path("trace.st"))[last + "/y@0"].tobytes())
        assert len(found) == 1, "devices differ"
        return np.frombuffer(found.pop(), np.float32).reshape(len(x), -1)


def as_rows(model, x, y):
    """Input and output as rows, for operators to which the axes mean nothing, or which run along one of them."""
    node = model.graph.node[0]
    if node.op_type in ELEMENTWISE and x.ndim not in (2, 4):
        return x.reshape(len(x) if x.ndim > 1 else 1, -1), y.reshape(len(x) if x.ndim > 1 else 1, -1)
    if node.op_type in ("Softmax", "LogSoftmax") and x.ndim != 2:
        axis = next((a.i for a in node.attribute if a.name == "axis"), -1 if model.opset_import[0].version >= 13 else 1)
        del node.attribute[:]
        node.attribute.append(helper.make_attribute("axis", -1))
        x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
        return x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1])
    return x, y


def one_input(model, inputs, x):
    """The same model with one input, of x's shape; what the others are given becomes constants."""
    names = [i.name for i in model.graph.input]
    weights = {t.name for t in model.graph.initializer}
    free = [n for n in names if n not in weights]
    for name, value in zip(free[1:], inputs[1:]):
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    del model.graph.input[:]
    model.graph.input.append(helper.make_tensor_value_info(free[0], onnx.TensorProto.FLOAT, x.shape))
    del model.graph.output[1:]


def layer(runner, test, inputs, outputs):
    if not inputs or inputs[0].dtype != np.float32:
        raise Unsupported("the input is not float32")
    model = onnx.ModelProto()
    model.CopyFrom(test.model if test.model else onnx.load(os.path.join(test.model_dir, "model.onnx")))
    x, y = as_rows(model, inputs[0], outputs[0])
    one_input(model, inputs, x)
    onnx.save(model, runner.path("m.onnx"))
    runner.call("import", runner.path("m.onnx"), "--model", runner.path("m.yaml"), "--out", runner.path("w.st"))
    turn = lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1) if a.ndim == 4 else a)
    if "Transpose" in [n.op_type for n in model.graph.node]:           # then images have their channels last
        turn = np.ascontiguousarray
    got, want = runner.output(turn(x)), turn(y).reshape(len(x), -1)
    assert got.shape == want.shape, f"shape {got.shape} instead of {want.shape}"
    np.testing.assert_allclose(got, want, rtol=test.rtol, atol=test.atol)


# ---- Losses and optimizers ------------------------------------------------------------------------------------

class Golden:
    """Cases for test_golden, one file an op."""

    def __init__(self, build, devices, folder):
        self.program, self.devices, self.folder = os.path.join(build, "tests", "test_golden"), devices, folder

    def run(self, op, cases):
        tensors, metadata = {}, {"keras": "none", "torch": "none"}
        for i, (text, given, want) in enumerate(cases):
            metadata[f"case {i}"] = text
            for kind, values in (("in", given), ("want", want)):
                for name, value in values.items():
                    tensors[f"{i}/{kind}/{name}"] = np.atleast_1d(np.asarray(value, np.float64))
        write_tensors(os.path.join(self.folder, op + ".safetensors"), tensors, metadata)
        for device in self.devices:
            done = subprocess.run([self.program, self.folder, device, str(TOLERANCE), op], capture_output=True, text=True)
            assert done.returncode == 0, f"{device}: {done.stdout[-300:]} {done.stderr[-600:]}"


def cross_entropy(golden, test, inputs, outputs):
    """Images of logits become rows. isocl divides by the number of rows, ONNX by the sum of their weights; a sum is a
    mean times the rows, and no reduction a mean over one row, of 20 rows. What is ignored weighs 0."""
    node = test.model.graph.node[0]
    if node.op_type == "NegativeLogLikelihoodLoss":
        raise Unsupported("takes logarithms of probabilities; isocl's losses take what is before the softmax")
    attribute = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    reduction, ignored = attribute.get("reduction", b"mean").decode(), attribute.get("ignore_index")
    logits = np.moveaxis(inputs[0], 1, -1).reshape(-1, inputs[0].shape[1]).astype(np.float64)
    classes = inputs[1].reshape(-1).astype(int)
    weight = np.ones(len(classes)) if len(inputs) < 3 else np.where(classes == ignored, 0, inputs[2][classes % len(inputs[2])])
    weight = np.where(classes == ignored, 0, weight) if ignored is not None else weight
    classes = np.where(weight > 0, classes, 0)
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    if len(outputs) > 1:               # the logarithm of the probabilities
        p_test = np.exp(np.moveaxis(outputs[1], 1, -1).reshape(p.shape).astype(np.float64))
        np.testing.assert_allclose(p_test, p, rtol=1e-5)
    some = np.linspace(0, len(classes) - 1, min(20, len(classes))).astype(int)
    rows = [np.array([i]) for i in some] if reduction == "none" else [np.arange(len(classes))]
    cases = []
    for r in rows:
        loss = {"none": lambda: outputs[0].reshape(-1)[r[0]], "sum": lambda: outputs[0] / len(r),
                "mean": lambda: outputs[0] * weight.sum() / len(r)}[reduction]()
        one_hot = np.eye(p.shape[1])[classes[r]]
        n, c = len(r), p.shape[1]
        cases.append((f"{{inputs: [[{n}, {c}], [{n}], [{n}]]}}", {"x0": logits[r], "x1": classes[r], "x2": weight[r]},
                      {"y0": p[r], "y1": loss, "dx0": (p[r] - one_hot) * weight[r][:, None] / n}))
    golden.run("sparse_categorical_crossentropy", cases)


def several(golden, test, inputs, outputs):
    """Sums and concatenations as rows, with the gradients that follow: an imported network would have one input."""
    node = test.model.graph.node[0]
    if any(i.dtype != np.float32 for i in inputs):
        raise Unsupported("the input is not float32")
    if len(inputs) < 2 or (node.op_type != "Concat" and len({i.shape for i in inputs}) > 1):
        raise Unsupported("isocl adds 2 to 4 tensors of one shape")
    axis = next((a.i for a in node.attribute), -1)
    row = lambda a: np.moveaxis(a, axis, -1).reshape(-1, a.shape[axis]).astype(np.float64)
    x, y = [row(i) for i in inputs], row(outputs[0])
    dy, at, want = np.arange(y.size).reshape(y.shape) / y.size, 0, {"y0": y}
    for i, a in enumerate(x):
        want[f"dx{i}"] = dy if node.op_type != "Concat" else dy[:, at:at + a.shape[1]]
        at += a.shape[1]
    shapes = ", ".join(str(list(a.shape)) for a in x)
    golden.run("concatenate" if node.op_type == "Concat" else "add",
               [(f"{{inputs: [{shapes}]}}", {f"x{i}": a for i, a in enumerate(x)} | {"dy0": dy}, want)])


def optimizer(golden, test, inputs, outputs):
    """norm_coefficient adds to the gradient, which the script does. At T = 0 ONNX's Adam corrects no bias, so that
    isocl's first step has the learning rate that makes its own correction good. ONNX keeps sums of gradients where
    Keras keeps the steps they make: velocity = -R V."""
    node = test.model.graph.node[0]
    a = {x.name: helper.get_attribute_value(x) for x in node.attribute}
    rate, step, rest = float(inputs[0]), int(inputs[1]), [np.asarray(i, np.float64) for i in inputs[2:]]
    if step != 0:
        raise Unsupported("a step that is not the first")
    n = {"Adam": 4, "Adagrad": 3, "Momentum": 3}[node.op_type]
    tensors, cases = len(rest) // n, []
    for i in range(tensors):
        x, g, *state = rest[i::tensors]
        want = [np.asarray(o, np.float64) for o in outputs[i::tensors]]
        g = g + a.get("norm_coefficient", 0) * x
        text, given = f"{{input: [{x.size}]", {"w0": x, "dw0@0": g}
        if node.op_type == "Momentum":
            text += f", learning_rate: {rate!r}, momentum: {a['alpha']!r}, nesterov: {str(a['mode'] == b'nesterov').lower()}}}"
            given["state0"], result = -rate * state[0], {"w0": want[0], "state0": -rate * want[1]}
        elif node.op_type == "Adagrad":
            text += f", learning_rate: {rate!r}, epsilon: {a['epsilon']!r}, epsilon_placement: outside}}"
            given["state0"], result = state[0], {"w0": want[0], "state0": want[1]}
        else:
            corrected = float(rate * (1 - a["alpha"]) / np.sqrt(1 - a["beta"]))
            text += f", learning_rate: {corrected!r}, beta_1: {a['alpha']!r}, beta_2: {a['beta']!r}, epsilon: {a['epsilon']!r}}}"
            given |= {"state0": state[0], "state1": state[1]}
            result = {"w0": want[0], "state0": want[1], "state1": want[2]}
        cases.append((text, given, result))
    golden.run({"Momentum": "sgd"}.get(node.op_type, node.op_type.lower()), cases)


# ---- All of them ----------------------------------------------------------------------------------------------

def arrays(test):
    """The inputs and outputs of a test's first data set."""
    if test.data_sets:
        return [[np.asarray(a) for a in side] for side in test.data_sets[0]]
    folder, sides = os.path.join(test.model_dir, "test_data_set_0"), []
    for kind in ("input", "output"):
        files = sorted((f for f in os.listdir(folder) if f.startswith(kind)), key=lambda f: int(re.sub(r"\D", "", f)))
        sides.append([numpy_helper.to_array(onnx.load_tensor(os.path.join(folder, f))) for f in files])
    return sides


def subject(test):
    """The operator that a test is about, or None when it is none of ours."""
    model = test.model if test.model else onnx.load(os.path.join(test.model_dir, "model.onnx"))
    ops = [n.op_type for n in model.graph.node if n.op_type != "Constant"]
    if "_expanded" in test.name or len(ops) > 3:
        return None
    known = OPS + ["SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss", "Adam", "Adagrad", "Momentum"]
    return ops[0] if ops and ops[0] in known and all(o in known for o in ops) else None


def group(reason):
    return next((name for part, name in GROUPS if part in reason), "parameters that isocl's layers do not have")


def print_groups(reasons):
    counts = collections.Counter()
    for (_, _, reason), names in reasons.items():
        counts[group(reason)] += len(names)
    print("what cannot be run, in groups:")
    for name, n in counts.most_common():
        print(f"{n:5} {name}")


def main(build, *devices):
    warnings.simplefilter("ignore")
    tests = [(t, "node") for t in load_node_model_tests()]
    tests += [(t, kind) for kind in ("pytorch-converted", "pytorch-operator") for t in load_model_tests(kind=kind)]
    passed, reasons, failed = collections.Counter(), collections.defaultdict(list), []
    devices = list(devices) or ["reference", "cpu", "opencl:pocl"]
    with tempfile.TemporaryDirectory() as folder:
        runner, golden = Runner(build, devices, folder), Golden(build, devices, folder)
        for test, kind in sorted(tests, key=lambda t: (t[1], t[0].name)):
            op = subject(test)
            if op is None:
                continue
            print(test.name, file=sys.stderr)
            run = optimizer if op in ("Adam", "Adagrad", "Momentum") else cross_entropy if op.endswith("Loss") else \
                several if op in ("Add", "Sum", "Concat") and kind == "node" else layer
            try:
                run(golden if run is not layer else runner, test, *arrays(test))
                passed[kind, op] += 1
            except Unsupported as e:
                reasons[kind, op, str(e)].append(test.name)
            except Exception as e:
                failed.append(f"{test.name} ({op}): {type(e).__name__} {' '.join(str(e).split())[:600]}")
    for kind, op in sorted({k[:2] for k in reasons} | set(passed)):
        print(f"{kind:18} {op:26} {passed[kind, op]:3} passed")
        for (k, o, reason), names in sorted(reasons.items()):
            if (k, o) == (kind, op):
                print(f"{'':18} {'':26} {len(names):3} cannot be run: {reason} ({', '.join(names[:3])}{', ...' * (len(names) > 3)})")
    print("\n".join(failed))
    print_groups(reasons)
    refused = sum(map(len, reasons.values()))
    print(f"{sum(passed.values())} passed, {len(failed)} failed, {refused} cannot be run; on {', '.join(devices)}, the same bits")
    sys.exit(len(failed) > 0)


main(*(sys.argv[1:] or ["build"]))
