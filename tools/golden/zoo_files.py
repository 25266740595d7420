"""Shared by zoo.py and keras_zoo.py: imports a file with isocl, runs the import, and compares outputs."""
import json
import os
import re
import subprocess

import numpy as np

from tensors import read_tensors, write_tensors

MOST = 1e-5                            # relative to the largest output
ROWS = 2


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def scaled(model_file, x):
    """x as the model file's input line scales it; isocl trace takes what the first layer reads."""
    line = next(l for l in open(model_file, encoding="utf-8") if l.startswith("input:"))
    spec = json.loads(re.sub(r"(\w+):", r'"\1":', line.split(":", 1)[1]))
    one = np.asarray(spec.get("scale", 1), np.float32)
    std, mean = (np.asarray(spec.get(k, d), np.float32) for k, d in (("std", 1), ("mean", 0)))
    return ((x * one - mean) / std if "std" not in spec else (x - mean) / std).astype(np.float32)


def output(isocl, model, weights, x, shape, folder):
    """isocl's output for x, channels last and as the first layer reads it; or a sentence"""
    batch, trace = os.path.join(folder, "xy.st"), os.path.join(folder, "trace.st")
    write_tensors(batch, {"x": np.ascontiguousarray(x), "y": np.zeros(len(x), np.int32)})
    done = run(isocl, "trace", model, "--weights", weights, "--inference", "--batch-from", batch, "--batch",
               str(len(x)), "--device", "cpu", "--out", trace)
    if done.returncode != 0:
        return "NOT RUN: " + done.stderr.strip()[:200]
    values = read_tensors(trace)
    last = [l for l in open(model, encoding="utf-8") if l.startswith("  - ")][-1]
    name = re.search("name: ([^,}]+)", last)
    if name and name.group(1) + "/y@0" in values:
        return values[name.group(1) + "/y@0"].reshape(shape)
    fit = [v for n, v in values.items() if n.endswith("/y@0") and v.shape == shape and abs(v.sum() - len(x)) < 1e-3]
    return fit[-1] if fit else "NOT RUN: no output is a softmax of this shape"


def judge(got, want):
    if isinstance(got, str):
        return got
    error = float(np.abs(got - want).max() / np.abs(want).max())
    return f"{'equal' if error <= MOST else 'WRONG'}: {error:.1e} of the largest output"


def compare(isocl, path, x, want, folder):
    """(the verdict on one file, the model file and the weights that isocl made of it); x has the channels last"""
    model, weights = os.path.join(folder, "m.yaml"), os.path.join(folder, "w.st")
    for old in (model, weights):
        if os.path.exists(old):
            os.remove(old)
    done = run(isocl, "import", path, "--model", model, "--out", weights)
    if done.returncode != 0:
        return "refused: " + "; ".join(l.split(os.path.basename(path) + ": ")[-1]
                                       for l in done.stderr.strip().split("\n"))[:400], model, weights
    return judge(output(isocl, model, weights, scaled(model, x), want.shape, folder), want), model, weights


def compare_weights(isocl, path, model, x, want, folder):
    """The verdict on weights, taken in their order by an existing model file that ends in softmax."""
    weights = os.path.join(folder, "w.st")
    done = run(isocl, "import", path, model, "--by", "order", "--out", weights)
    if done.returncode != 0:
        return "refused: " + done.stderr.strip().split("\n")[0][:200]
    return judge(output(isocl, model, weights, x, want.shape, folder), want)


def compare_onnx(isocl, path, x, first, folder):
    """The verdict on an ONNX file beside onnxruntime; first: the file's images have their channels first."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    fed = np.ascontiguousarray(np.moveaxis(x, -1, 1)) if first and x.ndim == 4 else x
    want = session.run(None, {session.get_inputs()[0].name: fed})[0]
    return compare(isocl, path, x, want, folder)[0]


def summary(verdicts):
    """Prints the totals; returns the exit code."""
    kinds = ["WRONG" if "WRONG" in v else v.split(":")[0] for v in verdicts]
    made = [k for k in kinds if k != "not exported"]
    print(", ".join(f"{kinds.count(k)} {k}" for k in sorted(set(kinds))), "of", len(kinds), "files")
    if made:
        print(f"imported and equal: {100 * made.count('equal') / len(made):.1f} % of the {len(made)} files made")
    return 1 if any(k in ("WRONG", "NOT RUN") for k in kinds) else 0
