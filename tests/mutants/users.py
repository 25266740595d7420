"""Which files of a backend are mutated, and which ops use each of them.

An op uses the files that its own file names, directly or through others: headers, what implements them, and files of
kernels. Where functions are called through macros no name of a file leads there; CALLED lists these."""
import collections
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = {"reference": "backends/reference", "cpu": "backends/cpu", "opencl": "clkernels"}
# Files that choose devices, threads, memory or the fastest way, and change no result; and one that needs sub-groups,
# which PoCL lacks.
LEFT_OUT = {"device.c", "kernels.c", "kernels.h", "peak.c", "cpu.h", "conv_weights_plan.c",
            "peak.cl", "chains_gpu_intel.cl", "probe.cl", "trial.cl", "arguments.h"}
# Beginnings of the names of files that are called through macros, or make the kernels of a list, with the ops.
CLASS_LOSSES = ["categorical_crossentropy", "kl_divergence", "categorical_focal_crossentropy"]
SIGMOID_LOSSES = ["binary_crossentropy", "binary_focal_crossentropy"]
LOSSES = ["mean_squared_error", *SIGMOID_LOSSES, *CLASS_LOSSES, "sparse_categorical_crossentropy", "huber", "hinge",
          "mean_absolute_error", "mean_squared_logarithmic_error", "squared_hinge"]
CALLED = {"conv": ["conv2d"], "winograd": ["conv2d"], "matrices": ["dense", "conv2d"], "dense": ["dense"],
          "classes": ["accuracy", "top_k", "confusion_matrix"], "class_loss": CLASS_LOSSES,
          "sigmoid_loss": SIGMOID_LOSSES, "loss": LOSSES, "pointwise": LOSSES, "crossentropy": CLASS_LOSSES,
          "pixel_colours": ["random_hue", "random_saturation", "random_contrast", "random_brightness"],
          "depthwise_weights": ["depthwise_conv2d", "separable_conv2d"],
          "zero_padding2d": ["cropping2d"]}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def files_of(backend):
    """Returns the files that are mutated."""
    folder = FOLDERS[backend]
    names = sorted(os.listdir(os.path.join(ROOT, folder)))
    return [f"{folder}/{n}" for n in names if re.search(r"\.(c|h|cl)$", n) and n not in LEFT_OUT]


def neighbours(path):
    """Returns the files that a file names: headers with what implements them, and files of kernels."""
    out, folder = set(), os.path.dirname(path)
    for name in re.findall(r'"([\w/]+\.(?:h|cl))"', read(path)):
        for where in (name, f"{folder}/{name}", f"clkernels/{name}"):
            out.update(file for file in (where, re.sub(r"\.h$", ".c", where)) if exists(file))
    return out


def distances(start, graph):
    """Returns the files that `start` leads to, each with the number of steps; graph keeps the neighbours."""
    far, queue = {start: 0}, collections.deque([start])
    while queue:
        path = queue.popleft()
        if path not in graph:
            graph[path] = neighbours(path)
        for other in graph[path] - far.keys():
            far[other] = far[path] + 1
            queue.append(other)
    return far


def called(path):
    """Returns the ops of a file that no name leads to."""
    name = os.path.basename(path)
    fitting = [beginning for beginning in CALLED if name.startswith(beginning)]
    return CALLED[max(fitting, key=len)] if fitting else []


def ops_using(backend):
    """Returns, for each file, the ops that use it, the nearest first."""
    users, graph = collections.defaultdict(list), {}
    for op in re.findall(r"^OP\((\w+),", read("core/ops.def"), flags=re.M):
        start = f"backends/{backend}/{op}.c"
        if exists(start):
            for path, far in distances(start, graph).items():
                users[path].append((far, op))
    out = {path: [op for _, op in sorted(found)] for path, found in users.items()}
    for path in files_of(backend):
        own = os.path.basename(path).split(".")[0]
        if path not in out:
            out[path] = [own] if exists(f"core/ops/{own}.c") else called(path)
        else:
            out[path] += [op for op in CALLED.get(own, []) if op not in out[path]]
    return out
