#!/usr/bin/env python3
"""Writes tests/golden/<op>.safetensors: what Keras and PyTorch, in float64, say that every op does.

    python3 tools/golden/make_golden.py tests/golden [OP...]

With names, only these files are written; they can be newer ops only, whose numbers depend on no other's.
The files are part of the repository; neither the build nor the tests run this. It needs keras 3 and
torch (made with keras 3.15.1 on torch 2.15.0; each file's metadata says); those of the augmentations
need scipy, 1.6 or later, with pillow, and are left as they are without it. A file holds cases: the
metadata `case N` is the case as in models/ops/<op>.yaml, tensors `N/in/<tensor>` are what the op reads
(`@S`: at step S) and `N/want/<tensor>` what it must compute, all float64. Tensors are named as in the
parity harness: x0, w0, dy0, y0, dx0, dw0, state0.
"""
import colorsys
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras
import numpy as np
from keras.src.legacy.preprocessing import image
import torch
from torchvision.models import swin_transformer as swin
from torchvision.transforms import autoaugment
import torchvision.transforms.v2.functional as vision
import torch.nn.functional as F
try:
    from scipy import ndimage
except ImportError:
    ndimage = None

from tensors import write_tensors

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")
torch.set_default_dtype(torch.float64)
SEED, LAYER = 1, 3                     # counters with which the harness draws random numbers


class File:
    """The cases of one op."""

    def __init__(self, op):
        self.op, self.n, self.tensors = op, 0, {}
        self.rng = np.random.default_rng(list(op.encode()))    # for what is to stay whatever other files take
        self.metadata = {"keras": keras.__version__, "torch": torch.__version__}

    def case(self, text, given, want):
        self.metadata[f"case {self.n}"] = text
        for kind, values in (("in", given), ("want", want)):
            for name, value in values.items():
                value = value.detach().cpu().numpy() if torch.is_tensor(value) else np.asarray(value)
                assert value.dtype not in (np.float32, np.float16), f"{self.op} {name}: not float64"
                array = np.ascontiguousarray(np.asarray(value, dtype=np.float64))
                self.tensors[f"{self.n}/{kind}/{name}"] = array.reshape(array.shape or (1,))
        self.n += 1

    def write(self, folder):
        write_tensors(os.path.join(folder, self.op + ".safetensors"), self.tensors, self.metadata)
        print(f"{self.op}: {self.n} cases, {sum(t.nbytes for t in self.tensors.values())} bytes")


rng = np.random.default_rng(20240607)


def real(*shape):
    return torch.tensor(rng.uniform(-1, 1, shape), requires_grad=True)


def gradients(y, dy, **leaves):
    """The gradients of sum(y dy)."""
    (y * dy).sum().backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


def agree(a, b, what, within=1e-12):
    assert torch.allclose(a, b, rtol=within, atol=within), what


# ---- sums of products ---------------------------------------------------------------------------

def dense():
    f = File("dense")
    for rows, inputs, units, bias in ((1, 1, 1, True), (5, 31, 17, True), (3, 9, 4, False), (130, 5, 3, True)):
        x, w, b, dy = real(rows, inputs), real(inputs, units), real(units), real(rows, units).detach()
        y = x @ w + b if bias else x @ w           # Keras's matmul gives float32 on this torch
        layer = keras.layers.Dense(units, use_bias=bias)
        layer.build(x.shape)
        layer.set_weights([w.detach().numpy()] + ([b.detach().numpy()] if bias else []))
        agree(y, layer(x.detach()).double(), f"keras on {rows}x{inputs}", 1e-5)
        names = {"x0": x, "w0": w} | ({"w1": b} if bias else {})
        grads = gradients(y, dy, dx0=x, **{"d" + n: v for n, v in names.items() if n != "x0"})
        text = f"{{input: [{rows}, {inputs}], units: {units}, use_bias: {str(bias).lower()}}}"
        f.case(text, names | {"dy0": dy}, {"y0": y} | grads)
    return f


def same_padding(size, kernel, stride, dilation):
    """TensorFlow's: the odd line of padding after the image."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


CONVOLUTIONS = [                       # input, filters, kernel, strides, padding, dilation, bias
    ((1, 1, 1, 1), 1, (1, 1), (1, 1), "valid", (1, 1), True),
    ((2, 9, 7, 3), 5, (3, 3), (1, 1), "valid", (1, 1), True),
    ((2, 9, 7, 3), 5, (3, 3), (1, 1), "same", (1, 1), False),
    ((2, 7, 11, 3), 4, (3, 5), (1, 1), "same", (1, 1), True),
    ((2, 9, 7, 3), 5, (3, 3), (2, 2), "same", (1, 1), True),
    ((2, 8, 10, 3), 5, (3, 3), (2, 2), "same", (1, 1), True),
    ((2, 9, 7, 3), 4, (4, 4), (1, 1), "same", (1, 1), True),
    ((2, 9, 8, 3), 4, (4, 2), (2, 2), "same", (1, 1), True),
    ((1, 11, 13, 2), 3, (5, 3), (3, 2), "same", (1, 1), True),
    ((2, 12, 9, 2), 3, (5, 5), (2, 3), "valid", (1, 1), True),
    ((2, 9, 11, 3), 4, (3, 3), (1, 1), "valid", (2, 2), True),
    ((2, 9, 7, 2), 4, (3, 2), (1, 1), "same", (2, 3), True),
    ((1, 11, 7, 2), 3, (2, 2), (3, 3), "same", (1, 1), True),
    ((3, 2, 3, 3), 4, (5, 5), (1, 1), "same", (1, 1), True),
    ((2, 15, 13, 2), 3, (3, 3), (1, 1), "same", (1, 1), True),
    ((5, 5, 5, 3), 4, (5, 5), (1, 1), "valid", (1, 1), True),
]


def conv2d():
    f = File("conv2d")
    for shape, filters, k, s, padding, d, bias in CONVOLUTIONS:
        x, w, b = real(*shape), real(*k, shape[3], filters), real(filters)
        image = x.permute(0, 3, 1, 2)
        if padding == "same":
            top, left = same_padding(shape[1], k[0], s[0], d[0]), same_padding(shape[2], k[1], s[1], d[1])
            image = F.pad(image, (*left, *top))
        y = F.conv2d(image, w.permute(3, 2, 0, 1), b if bias else None, s, 0, d).permute(0, 2, 3, 1)
        theirs = keras.ops.conv(x, w, strides=s, padding=padding, data_format="channels_last", dilation_rate=d)
        agree(y, theirs + b if bias else theirs, f"keras on {shape} {k} {s} {padding}")
        dy = real(*y.shape).detach()
        names = {"x0": x, "w0": w} | ({"w1": b} if bias else {})
        grads = gradients(y, dy, dx0=x, **{"d" + n: v for n, v in names.items() if n != "x0"})
        text = (f"{{input: {list(shape)}, filters: {filters}, kernel_size: {list(k)}, strides: {list(s)}, "
                f"padding: {padding}, dilation_rate: {list(d)}, use_bias: {str(bias).lower()}}}")
        f.case(text, names | {"dy0": dy}, {"y0": y} | grads)
    conv2d_groups(f)
    return f


def bordered(image, k, s, padding, d):
    """NCHW with the borders that TensorFlow's 'same' has."""
    if padding == "valid":
        return image
    top, left = (same_padding(image.shape[2 + i], k[i], s[i], d[i]) for i in (0, 1))
    return F.pad(image, (*left, *top))


def depthwise_conv2d():
    f, own = File("depthwise_conv2d"), np.random.default_rng(44)

    def made(*size):
        return torch.tensor(own.uniform(-1, 1, size), requires_grad=True)

    for shape, m, k, s, padding, d, bias in (
            ((1, 1, 1, 1), 1, (1, 1), (1, 1), "valid", (1, 1), True), ((2, 9, 7, 3), 1, (3, 3), (1, 1), "valid", (1, 1), True),
            ((2, 9, 7, 3), 2, (3, 3), (1, 1), "same", (1, 1), False), ((2, 7, 11, 3), 1, (3, 5), (1, 1), "same", (1, 1), True),
            ((2, 9, 7, 3), 1, (3, 3), (2, 2), "same", (1, 1), True), ((2, 8, 10, 3), 3, (3, 3), (2, 2), "same", (1, 1), True),
            ((2, 9, 8, 2), 2, (4, 4), (2, 2), "same", (1, 1), True), ((2, 9, 11, 3), 1, (3, 3), (1, 1), "valid", (2, 2), True),
            ((2, 9, 7, 2), 2, (3, 2), (1, 1), "same", (2, 3), True), ((2, 15, 13, 2), 2, (3, 3), (1, 1), "same", (1, 1), True),
            ((5, 5, 5, 3), 2, (5, 5), (1, 1), "valid", (1, 1), True)):
        c = shape[3]
        x, w, b = made(*shape), made(*k, c, m), made(c * m)
        image, kernel = bordered(x.permute(0, 3, 1, 2), k, s, padding, d), w.permute(2, 3, 0, 1).reshape(c * m, 1, *k)
        y = F.conv2d(image, kernel, b if bias else None, s, 0, d, c).permute(0, 2, 3, 1)
        theirs = keras.ops.depthwise_conv(x, w, strides=s, padding=padding, data_format="channels_last", dilation_rate=d)
        agree(y, theirs + b if bias else theirs, f"keras on {shape} {k} {s} {padding}")
        dy = made(*y.shape).detach()
        names = {"x0": x, "w0": w} | ({"w1": b} if bias else {})
        grads = gradients(y, dy, dx0=x, **{"d" + n: v for n, v in names.items() if n != "x0"})
        text = (f"{{input: {list(shape)}, depth_multiplier: {m}, kernel_size: {list(k)}, strides: {list(s)}, "
                f"padding: {padding}, dilation_rate: {list(d)}, use_bias: {str(bias).lower()}}}")
        f.case(text, names | {"dy0": dy}, {"y0": y} | grads)
    return f


def separable_conv2d():
    f = File("separable_conv2d")

    def made(*size):
        return torch.tensor(f.rng.uniform(-1, 1, size), requires_grad=True)

    for shape, m, filters, k, s, padding, d, bias in (
            ((1, 1, 1, 1), 1, 1, (1, 1), (1, 1), "valid", (1, 1), True), ((2, 9, 7, 3), 1, 5, (3, 3), (1, 1), "valid", (1, 1), True),
            ((2, 9, 7, 3), 2, 4, (3, 3), (1, 1), "same", (1, 1), False), ((2, 7, 11, 3), 1, 2, (3, 5), (1, 1), "same", (1, 1), True),
            ((2, 8, 10, 3), 3, 4, (3, 3), (2, 2), "same", (1, 1), True), ((2, 9, 8, 2), 2, 5, (4, 4), (2, 2), "same", (1, 1), True),
            ((2, 9, 11, 3), 1, 4, (3, 3), (1, 1), "valid", (2, 2), False), ((2, 9, 7, 2), 2, 3, (3, 2), (1, 1), "same", (2, 3), True),
            ((2, 15, 13, 2), 2, 3, (3, 3), (1, 1), "same", (1, 1), True), ((5, 5, 5, 3), 2, 4, (5, 5), (1, 1), "valid", (1, 1), True),
            ((1, 11, 13, 2), 2, 3, (5, 3), (3, 2), "same", (1, 1), True)):
        c = shape[3]
        x, w, v, b = made(*shape), made(*k, c, m), made(1, 1, c * m, filters), made(filters)
        image, kernel = bordered(x.permute(0, 3, 1, 2), k, s, padding, d), w.permute(2, 3, 0, 1).reshape(c * m, 1, *k)
        middle = F.conv2d(image, kernel, None, s, 0, d, c)
        y = F.conv2d(middle, v.permute(3, 2, 0, 1), b if bias else None).permute(0, 2, 3, 1)
        names = {"x0": x, "w0": w, "w1": v} | ({"w2": b} if bias else {})
        layer = keras.layers.SeparableConv2D(filters, k, strides=s, padding=padding, dilation_rate=d, depth_multiplier=m,
                                             use_bias=bias, data_format="channels_last")
        layer.build(shape)
        layer.set_weights([value.detach().numpy() for name, value in names.items() if name != "x0"])
        assert layer.count_params() == sum(value.numel() for name, value in names.items() if name != "x0")
        agree(y, layer(x.detach()), f"keras on {shape} {k} {s} {padding}")
        dy = made(*y.shape).detach()
        grads = gradients(y, dy, dx0=x, **{"d" + n: value for n, value in names.items() if n != "x0"})
        text = (f"{{input: {list(shape)}, filters: {filters}, depth_multiplier: {m}, kernel_size: {list(k)}, strides: {list(s)}, "
                f"padding: {padding}, dilation_rate: {list(d)}, use_bias: {str(bias).lower()}}}")
        f.case(text, names | {"dy0": dy}, {"y0": y} | grads)
    return f


# ---- pooling, activations, dropout --------------------------------------------------------------

def max_pooling2d():
    f = File("max_pooling2d")
    for shape, k, s, padding in (((2, 8, 6, 3), (2, 2), (2, 2), "valid"), ((2, 7, 9, 3), (2, 2), (2, 2), "same"),
                                 ((2, 9, 7, 3), (3, 3), (2, 2), "same"), ((2, 9, 7, 3), (3, 3), (2, 2), "valid"),
                                 ((2, 9, 8, 2), (3, 2), (1, 1), "same"), ((1, 11, 10, 2), (2, 2), (3, 3), "valid"),
                                 ((2, 3, 2, 2), (5, 4), (2, 1), "same"), ((2, 8, 7, 2), (4, 3), (3, 2), "same")):
        x = real(*shape)
        image = x.permute(0, 3, 1, 2)
        if padding == "same":
            top, left = same_padding(shape[1], k[0], s[0], 1), same_padding(shape[2], k[1], s[1], 1)
            image = F.pad(image, (*left, *top), value=-torch.inf)
        y = F.max_pool2d(image, k, s).permute(0, 2, 3, 1)
        theirs = keras.ops.max_pool(x, k, s, padding=padding, data_format="channels_last")
        agree(y, theirs, f"keras on {shape} {k} {s} {padding}")
        dy = real(*y.shape).detach()
        text = f"{{input: {list(shape)}, pool_size: {list(k)}, strides: {list(s)}, padding: {padding}}}"
        f.case(text, {"x0": x, "dy0": dy}, {"y0": y} | gradients(y, dy, dx0=x))
    return f


def activation():
    f = File("activation")
    functions = {"linear": keras.activations.linear, "relu": keras.activations.relu, "sigmoid": keras.activations.sigmoid,
                 "tanh": keras.activations.tanh, "softmax": keras.activations.softmax, "elu": keras.activations.elu}
    for name, function in functions.items():
        for shape, factor in (((2, 5, 3, 7), 1), ((3, 10), 4), ((2, 100), 30)):
            x = torch.tensor(rng.uniform(-1, 1, shape) * factor, requires_grad=True)
            y, dy = function(x), real(*shape).detach()
            f.case(f"{{input: {list(shape)}, function: {name}}}", {"x0": x, "dy0": dy},
                   {"y0": y} | gradients(y, dy, dx0=x))
    x, dy = real(4, 33), real(4, 33).detach()
    y = keras.activations.elu(x, alpha=0.25)
    f.case("{input: [4, 33], function: elu, alpha: 0.25}", {"x0": x, "dy0": dy}, {"y0": y} | gradients(y, dy, dx0=x))
    more_activations(f)
    newer_activations(f)
    return f


def more_activations(f):
    """torch in float64, checked against Keras; the old hard_sigmoid: keras 2.3.1, backend/tensorflow_backend.py."""
    own, k = np.random.default_rng(33), keras.activations
    for text, y_of, theirs in (
            ("leaky_relu", lambda x: F.leaky_relu(x, 0.2), k.leaky_relu),
            ("leaky_relu, negative_slope: 0.3", lambda x: F.leaky_relu(x, 0.3), keras.layers.LeakyReLU()),
            ("softplus", lambda x: torch.logaddexp(x, torch.zeros_like(x)), k.softplus),
            ("swish", lambda x: x * torch.sigmoid(x), k.silu),
            ("gelu", lambda x: F.gelu(x), lambda x: k.gelu(x, approximate=False)),
            ("gelu, approximate: true", lambda x: F.gelu(x, approximate="tanh"), lambda x: k.gelu(x, approximate=True)),
            ("hard_sigmoid", lambda x: F.relu6(x + 3) / 6, k.hard_sigmoid),
            ("hard_sigmoid, slope: 0.2", lambda x: torch.clamp(0.2 * x + 0.5, 0, 1), None)):
        for shape, factor in (((2, 5, 3, 7), 1), ((3, 11), 4), ((2, 101), 30)):
            x = torch.tensor(own.uniform(-1, 1, shape) * factor, requires_grad=True)
            y, dy = y_of(x), torch.tensor(own.uniform(-1, 1, shape))
            if theirs is not None:
                agree(y, torch.as_tensor(theirs(x.detach())).double(), f"keras's {text}", 1e-5)
            f.case(f"{{input: {list(shape)}, function: {text}}}", {"x0": x, "dy0": dy},
                   {"y0": y} | gradients(y, dy, dx0=x))


def newer_activations(f):
    """torch in float64, checked against Keras, whose names these are."""
    own, k = np.random.default_rng(50), keras.activations
    for text, y_of, theirs in (
            ("relu6", F.relu6, k.relu6), ("relu, max_value: 0.7", lambda x: torch.clamp(x, 0, 0.7), keras.layers.ReLU(0.7)),
            ("hard_tanh", F.hardtanh, k.hard_tanh), ("selu", F.selu, k.selu), ("hard_silu", F.hardswish, k.hard_silu),
            ("mish", F.mish, k.mish), ("softsign", F.softsign, k.softsign),
            ("log_softmax", lambda x: F.log_softmax(x, -1), k.log_softmax)):
        for shape, factor in (((2, 5, 3, 7), 1), ((3, 11), 4), ((2, 101), 30)):
            x = torch.tensor(own.uniform(-1, 1, shape) * factor, requires_grad=True)
            y, dy = y_of(x), torch.tensor(own.uniform(-1, 1, shape))
            agree(y, torch.as_tensor(theirs(x.detach())).double(), f"keras's {text}", 1e-5)
            f.case(f"{{input: {list(shape)}, function: {text}}}", {"x0": x, "dy0": dy},
                   {"y0": y} | gradients(y, dy, dx0=x))


def philox(c, k):
    """Philox4x32-10 (Salmon et al., 2011) of a counter and a key, in Python's own integers."""
    c, k = list(c), list(k)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def masks(rows, elements, rate):
    """What dropout keeps: [rows, elements] of zeros and ones. The counters of row n begin at n times its blocks."""
    blocks = -(-elements // 4)
    words = [[w for block in range(blocks) for w in philox((row * blocks + block, 0, LAYER, 1), (SEED, 0))]
             for row in range(rows)]
    return torch.tensor([[float(w >= int(rate * 2**32)) for w in row[:elements]] for row in words])


def dropout():
    assert philox((0, 0, 0, 0), (0, 0))[0] == 0x6627E8D5   # a vector of the paper's authors
    f = File("dropout")
    for shape, rate in (((3, 7), 0.5), ((2, 5, 4, 3), 0.25), ((9, 11), 0.9), ((4, 5), 0.0)):
        x, dy = real(*shape), real(*shape).detach()
        kept = masks(shape[0], x.numel() // shape[0], rate).reshape(shape)
        y = x * kept / (1 - rate)
        f.case(f"{{input: {list(shape)}, rate: {rate}}}", {"x0": x, "dy0": dy},
               {"y0": y, "saved0": kept} | gradients(y, dy, dx0=x))
    return f


def batch_normalization():
    f = File("batch_normalization")
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    for shape, more, training in (((5, 11), {}, True), ((2, 9, 7, 3), {}, True), ((1, 13, 11, 5), {"epsilon": 0.1}, True),
                                  ((130, 4), {"momentum": 0.5}, True), ((3, 5, 4, 7), {"scale": False}, True),
                                  ((3, 5, 4, 7), {"center": False}, True), ((2, 9, 7, 3), {}, False),
                                  ((6, 5), {"center": False, "scale": False}, False)):
        x, dy = real(*shape), real(*shape).detach()
        layer = keras.layers.BatchNormalization(**more)
        layer.build(shape)
        w = {n: torch.tensor(rng.uniform(0.5, 1.5, shape[-1:])) for n in names if getattr(layer, n) is not None}
        for n in w:
            getattr(layer, n).assign(w[n])
        given = {f"w{i}": w[n].clone().requires_grad_(i < 2) for i, n in enumerate(names) if n in w}
        mean, variance = w["moving_mean"].clone(), w["moving_variance"].clone()
        y = F.batch_norm(x.movedim(-1, 1), mean, variance, given.get("w0"), given.get("w1"), training,
                         1 - more.get("momentum", 0.99), more.get("epsilon", 0.001)).movedim(1, -1)
        agree(y, layer(x.detach(), training=training).double(), f"keras on {shape} {more}", 1e-4)  # float32 inside
        grads = gradients(y, dy, dx0=x, **{"d" + n: v for n, v in given.items() if v.requires_grad})
        fields = "".join(f", {k}: {str(v).lower()}" for k, v in more.items())
        given |= {"x0": x, "dy0": dy}
        if not training:
            f.case(f"{{input: {list(shape)}{fields}, inference: true}}", given, {"y0": y} | grads)
            continue
        want = {"y0": y, "w2": mean, "w3": variance} | grads           # torch's own variance is n / (n - 1) of the batch's
        f.case(f"{{input: {list(shape)}{fields}, moving_variance_correction: bessel}}", given, want)
        m, batch = layer.momentum, x.reshape(-1, shape[-1]).var(0, unbiased=False)
        biased = m * w["moving_variance"] + (1 - m) * batch
        agree(mean, layer.moving_mean.value.double(), f"moving mean, keras on {shape}", 1e-5)
        agree(biased, layer.moving_variance.value.double(), f"moving variance, keras on {shape}", 1e-5)
        f.case(f"{{input: {list(shape)}{fields}}}", given, want | {"w3": biased})
        n, epsilon = x.numel() // shape[-1], more.get("epsilon", 0.001)   # keras 2.3.1, layers/normalization.py, call
        old = m * w["moving_variance"] + (1 - m) * batch * n / (n - 1 - epsilon) * (n / (n - 1) if len(shape) == 4 else 1)
        f.case(f"{{input: {list(shape)}{fields}, moving_variance_correction: keras_2}}", given, want | {"w3": old})
    return f


def layer_normalization():
    f, names = File("layer_normalization"), ("gamma", "beta")
    for shape, more, training in (((5, 11), {}, True), ((2, 9, 7, 3), {}, True), ((3, 13, 33), {"epsilon": 0.1}, True),
                                  ((130, 4), {}, True), ((4, 2), {}, True), ((3, 5, 4, 17), {"scale": False}, True),
                                  ((3, 5, 4, 7), {"center": False}, True), ((2, 9, 7, 3), {}, False),
                                  ((6, 50), {"center": False, "scale": False}, True)):
        x, dy = leaves(f.rng, shape, shape)
        layer = keras.layers.LayerNormalization(**more)
        layer.build(shape)
        given = {f"w{i}": leaves(f.rng, shape[-1:])[0] for i, n in enumerate(names) if getattr(layer, n) is not None}
        for i, n in enumerate(names):
            if f"w{i}" in given:
                getattr(layer, n).assign(given[f"w{i}"].detach())
        y = F.layer_norm(x, shape[-1:], given.get("w0"), given.get("w1"), more.get("epsilon", 0.001))
        agree(y, layer(x.detach(), training=training).double(), f"keras on {shape} {more}", 1e-5)
        grads = gradients(y, dy.detach(), dx0=x, **{"d" + n: v for n, v in given.items()})
        fields = "".join(f", {k}: {str(v).lower()}" for k, v in more.items()) + ("" if training else ", inference: true")
        f.case(f"{{input: {list(shape)}{fields}}}", given | {"x0": x, "dy0": dy}, {"y0": y} | grads)
    return f


# ---- shapes and branches ------------------------------------------------------------------------

def leaves(own, *shapes):
    """Tensors that take gradients, from a function's own random numbers."""
    return [torch.tensor(own.uniform(-1, 1, shape), requires_grad=True) for shape in shapes]


def add():
    f, own = File("add"), np.random.default_rng(31)
    for n, shape in ((2, (5, 7)), (3, (2, 3, 5, 4)), (4, (3, 4, 3))):
        layer_case(f, own, keras.layers.Add(), [shape] * n)
    return f


def layer_case(f, own, layer, shapes, fields=""):
    """A layer on one tensor or on several."""
    x = leaves(own, *shapes)
    y = layer(x if len(x) > 1 else x[0])
    dy = leaves(own, tuple(y.shape))[0].detach()
    text = f"input: {list(shapes[0])}" if len(x) == 1 else f"inputs: {[list(s) for s in shapes]}"
    f.case("{" + text + fields + "}", {f"x{i}": t for i, t in enumerate(x)} | {"dy0": dy},
           {"y0": y} | gradients(y, dy, **{f"dx{i}": t for i, t in enumerate(x)}))


def concatenate():
    f, own = File("concatenate"), np.random.default_rng(32)
    for shapes in ([(5, 7), (5, 2)], [(2, 3, 5, 4), (2, 3, 5, 1), (2, 3, 5, 3)], [(3, 4, 3)] * 4):
        layer_case(f, own, keras.layers.Concatenate(), shapes)
    return f


def zero_padding2d():
    f, own = File("zero_padding2d"), np.random.default_rng(34)
    for padding in (1, (3, 2), ((0, 1), (2, 4))):
        fields = f", padding: {json.dumps(padding)}"
        layer_case(f, own, keras.layers.ZeroPadding2D(padding), [(2, 5, 4, 3)], fields)
    return f


def average_pooling2d():
    """Where the padding is uneven, Keras on torch repeats the border instead of leaving it out, as it does on
    TensorFlow: so the mean of the padded image is divided by the mean of a mask of its pixels."""
    f, own = File("average_pooling2d"), np.random.default_rng(35)
    for shape, k, s, padding in (((2, 8, 6, 3), (2, 2), (2, 2), "valid"), ((2, 7, 9, 3), (2, 2), (2, 2), "same"),
                                 ((2, 9, 7, 3), (3, 3), (2, 2), "same"), ((2, 9, 7, 3), (3, 3), (2, 2), "valid"),
                                 ((2, 9, 8, 2), (3, 2), (1, 1), "same"), ((1, 11, 10, 2), (2, 2), (3, 3), "valid"),
                                 ((2, 3, 2, 2), (5, 4), (2, 1), "same"), ((2, 8, 7, 2), (4, 3), (3, 2), "same")):
        x, = leaves(own, shape)
        image, there = x.permute(0, 3, 1, 2), torch.ones(1, 1, *shape[1:3])
        if padding == "same":
            top, left = same_padding(shape[1], k[0], s[0], 1), same_padding(shape[2], k[1], s[1], 1)
            image, there = F.pad(image, (*left, *top)), F.pad(there, (*left, *top))
        y = (F.avg_pool2d(image, k, s) / F.avg_pool2d(there, k, s)).permute(0, 2, 3, 1)
        if padding == "valid" or (top[0] == top[1] and left[0] == left[1]):
            agree(y, keras.layers.AveragePooling2D(k, s, padding)(x), f"keras on {shape} {k} {s}")
        dy = leaves(own, tuple(y.shape))[0].detach()
        text = f"{{input: {list(shape)}, pool_size: {list(k)}, strides: {list(s)}, padding: {padding}}}"
        f.case(text, {"x0": x, "dy0": dy}, {"y0": y} | gradients(y, dy, dx0=x))
    return f


def global_pooling2d(op, layer, reduce):
    """Keras's mean is float32 on this torch."""
    f, own = File(op), np.random.default_rng(36)
    for keep in (False, True):
        def pool(x):
            y = reduce(x, (1, 2), keep)
            agree(y, layer(keepdims=keep)(x).double(), f"keras's {op}", 1e-5)
            return y
        for shape in ((2, 5, 4, 3), (3, 1, 7, 5)):
            layer_case(f, own, pool, [shape], f", keepdims: {str(keep).lower()}")
    return f


def spatial_dropout2d():
    f, own = File("spatial_dropout2d"), np.random.default_rng(37)
    for shape, rate in (((3, 2, 4, 7), 0.5), ((2, 3, 3, 5), 0.25), ((2, 2, 2, 9), 0.0)):
        x, = leaves(own, shape)
        kept = masks(shape[0], shape[3], rate).reshape(shape[0], 1, 1, shape[3])
        y, dy = x * kept / (1 - rate), leaves(own, shape)[0].detach()
        f.case(f"{{input: {list(shape)}, rate: {rate}}}", {"x0": x, "dy0": dy},
               {"y0": y, "saved0": kept} | gradients(y, dy, dx0=x))
    return f


# ---- losses and metrics -------------------------------------------------------------------------

def crossentropy(op, sparse):
    f = File(op)
    for rows, classes in ((1, 2), (3, 10), (7, 17), (130, 3), (5, 100)):
        x = torch.tensor(rng.uniform(-6, 6, (rows, classes)), requires_grad=True)
        labels = torch.tensor(rng.integers(0, classes, rows))
        if sparse:
            target, shape = labels, f"[{rows}]"
            loss = F.cross_entropy(x, labels)
            theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(target, x)
        else:
            soft = torch.tensor(rng.dirichlet(np.ones(classes), rows))
            target = torch.where(torch.arange(rows)[:, None] % 2 == 0, F.one_hot(labels, classes).double(), soft)
            shape = f"[{rows}, {classes}]"
            loss = F.cross_entropy(x, target)
            theirs = keras.losses.CategoricalCrossentropy(from_logits=True)(target, x)
        agree(loss, theirs.double(), f"keras on {rows}x{classes}", 1e-5)   # theirs is float32 on this torch
        loss.backward()
        f.case(f"{{inputs: [[{rows}, {classes}], {shape}]}}", {"x0": x, "x1": target},
               {"y0": F.softmax(x, -1), "y1": loss, "dx0": x.grad})
    if not sparse:
        clipped_crossentropy(f)
        smoothed_crossentropy(f)
    weighted_crossentropy(f, sparse)
    return f


def smoothed_crossentropy(f):
    own = np.random.default_rng(23)
    for rows, classes, smoothing in ((7, 10, 0.1), (5, 17, 0.25)):
        x = torch.tensor(own.uniform(-6, 6, (rows, classes)), requires_grad=True)
        target = F.one_hot(torch.tensor(own.integers(0, classes, rows)), classes).double()
        loss = F.cross_entropy(x, target, label_smoothing=smoothing)
        theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)(target, x)
        agree(loss, theirs.double(), f"keras, smoothing {smoothing}", 1e-5)
        loss.backward()
        f.case(f"{{inputs: [[{rows}, {classes}], [{rows}, {classes}]], label_smoothing: {smoothing}}}",
               {"x0": x, "x1": target}, {"y0": F.softmax(x, -1), "y1": loss, "dx0": x.grad})


def weighted_crossentropy(f, sparse):
    """The loss of each row by its weight, divided by the number of rows: Keras's sum_over_batch_size."""
    own = np.random.default_rng(24)
    for rows, classes in ((7, 10), (131, 3)):
        x = torch.tensor(own.uniform(-6, 6, (rows, classes)), requires_grad=True)
        labels, weight = torch.tensor(own.integers(0, classes, rows)), torch.tensor(own.uniform(0, 3, rows))
        loss = (F.cross_entropy(x, labels, reduction="none") * weight).sum() / rows
        new = keras.losses.SparseCategoricalCrossentropy if sparse else keras.losses.CategoricalCrossentropy
        target, shape = (labels, f"[{rows}]") if sparse else (F.one_hot(labels, classes), f"[{rows}, {classes}]")
        agree(loss, new(from_logits=True)(target, x, sample_weight=weight).double(), "keras, weighted", 1e-5)
        loss.backward()
        f.case(f"{{inputs: [[{rows}, {classes}], {shape}, [{rows}]]}}", {"x0": x, "x1": target, "x2": weight},
               {"y0": F.softmax(x, -1), "y1": loss, "dx0": x.grad})


def binary_crossentropy():
    f, own = File("binary_crossentropy"), np.random.default_rng(25)
    for rows, columns, clip, smoothing, weighted in ((1, 1, 0, 0, False), (7, 10, 0, 0, False), (130, 3, 0, 0, True),
                                                     (5, 17, 0, 0.1, False), (9, 4, 1e-7, 0, False),
                                                     (40, 10, 0.1, 0.2, True), (60, 1, 0, 0, True)):
        x = torch.tensor(own.uniform(-20, 20, (rows, columns)), requires_grad=True)
        t = torch.tensor(own.integers(0, 2, (rows, columns)).astype(float))
        t = torch.where(torch.arange(rows)[:, None] % 4 == 3, torch.tensor(own.uniform(0, 1, (rows, columns))), t)
        weight, smooth = torch.tensor(own.uniform(0, 3, rows)) if weighted else torch.ones(rows), t
        smooth = t * (1 - smoothing) + 0.5 * smoothing
        if clip:                       # Keras 3, backend/torch/nn.py, binary_crossentropy
            value = F.binary_cross_entropy(torch.clip(torch.sigmoid(x), clip, 1 - clip), smooth, reduction="none")
        else:
            value = F.binary_cross_entropy_with_logits(x, smooth, reduction="none")
        loss = (value.mean(-1) * weight).sum() / rows
        if clip in (0, 1e-7):
            theirs = keras.losses.BinaryCrossentropy(from_logits=not clip, label_smoothing=smoothing)
            agree(loss, theirs(t, torch.sigmoid(x) if clip else x, sample_weight=weight).double(), "keras, binary", 1e-5)
        loss.backward()
        third = f", [{rows}]" if weighted else ""
        f.case(f"{{inputs: [[{rows}, {columns}], [{rows}, {columns}]{third}], clip: {clip:.7f}, "
               f"label_smoothing: {smoothing}}}", {"x0": x, "x1": t} | ({"x2": weight} if weighted else {}),
               {"y0": torch.sigmoid(x), "y1": loss, "dx0": x.grad})
    return f


def clipped_crossentropy(f):
    """Keras 2.2.4, backend/tensorflow_backend.py: p / sum p, clipped, then -sum t log p."""
    own = np.random.default_rng(22)     # so that the other files stay as they are
    for rows, classes, clip in ((3, 10, 1e-7), (9, 4, 0.2), (40, 10, 0.1)):
        x = torch.tensor(own.uniform(-20, 20, (rows, classes)), requires_grad=True)
        target = F.one_hot(torch.tensor(own.integers(0, classes, rows)), classes).double()
        p = F.softmax(x, -1)
        held = torch.clamp(p / p.sum(-1, keepdim=True), clip, 1 - clip)
        loss = -(target * torch.log(held)).sum(-1).mean()
        loss.backward()
        f.case(f"{{inputs: [[{rows}, {classes}], [{rows}, {classes}]], clip: {clip:.7f}}}", {"x0": x, "x1": target},
               {"y0": p, "y1": loss, "dx0": x.grad})


def pointwise(op, value, theirs, text=""):
    """A mean of value(target, prediction), in torch: Keras's own losses are float32 on this torch."""
    f, own = File(op), np.random.default_rng(sum(op.encode()))     # its own: the other files stay as they are
    for rows, columns, low, high, weighted in ((1, 2, -1, 1, False), (3, 10, 0, 1, False), (7, 17, -2, 2, True),
                                               (130, 4, -2, 2, True), (5, 100, 0, 0.1, False)):
        x = torch.tensor(own.uniform(low, high, (rows, columns)), requires_grad=True)
        target = F.one_hot(torch.tensor(own.integers(0, columns, rows)), columns).double()
        if columns % 2:
            target = torch.tensor(own.uniform(-1, 1, (rows, columns)))
        weight = torch.tensor(own.uniform(0, 3, rows)) if weighted else torch.ones(rows)
        loss = (value(target, x).mean(-1) * weight).sum() / rows
        agree(loss, theirs(target, x, sample_weight=weight).double(), f"keras's {op} on {rows}x{columns}", 1e-5)
        loss.backward()
        given = {"x0": x, "x1": target} | ({"x2": weight} if weighted else {})
        third = f", [{rows}]" if weighted else ""
        f.case(f"{{inputs: [[{rows}, {columns}], [{rows}, {columns}]{third}]{text}}}", given,
               {"y0": loss, "dx0": x.grad})
    return f


def mean_squared_logarithmic_error():
    def value(t, p):
        return (torch.log(torch.clamp(p, min=1e-7) + 1) - torch.log(torch.clamp(t, min=1e-7) + 1)) ** 2
    return pointwise("mean_squared_logarithmic_error", value, keras.losses.MeanSquaredLogarithmicError())


def hinge_labels(t):
    """Keras converts labels when all of them are 0 or 1."""
    return 2 * t - 1 if ((t == 0) | (t == 1)).all() else t


def mean_squared_error():
    return pointwise("mean_squared_error", lambda t, p: (p - t) ** 2, keras.losses.MeanSquaredError())


def mean_absolute_error():
    return pointwise("mean_absolute_error", lambda t, p: (p - t).abs(), keras.losses.MeanAbsoluteError())


def squared_hinge():
    f = pointwise("squared_hinge", lambda t, p: torch.relu(1 - hinge_labels(t) * p) ** 2, keras.losses.SquaredHinge())
    unconverted("squared_hinge", f, lambda t, p: torch.relu(1 - t * p) ** 2)
    return f


def hinge():
    f = pointwise("hinge", lambda t, p: torch.relu(1 - hinge_labels(t) * p), keras.losses.Hinge())
    unconverted("hinge", f, lambda t, p: torch.relu(1 - t * p))
    return f


def unconverted(op, f, value):
    """Keras 2.2.4, losses.py: labels are taken as they are."""
    own = np.random.default_rng(sum(op.encode()) + 1)
    x = torch.tensor(own.uniform(-2, 2, (7, 10)), requires_grad=True)
    target = F.one_hot(torch.tensor(own.integers(0, 10, 7)), 10).double()
    loss = value(target, x).mean(-1).mean()
    loss.backward()
    f.case("{inputs: [[7, 10], [7, 10]], convert_labels: false}", {"x0": x, "x1": target}, {"y0": loss, "dx0": x.grad})


def accuracy():
    f = File("accuracy")
    for rows, classes in ((1, 2), (37, 10), (130, 3)):
        x, labels = real(rows, classes).detach(), torch.tensor(rng.integers(0, classes, rows))
        right = keras.metrics.sparse_categorical_accuracy(labels, x).sum()
        f.case(f"{{inputs: [[{rows}, {classes}], [{rows}]]}}", {"x0": x, "x1": labels}, {"y0": right})
        right = keras.metrics.categorical_accuracy(F.one_hot(labels, classes), x).sum()
        f.case(f"{{inputs: [[{rows}, {classes}], [{rows}, {classes}]]}}",
               {"x0": x, "x1": F.one_hot(labels, classes)}, {"y0": right})
    for rows in (1, 137):                          # one unit, with halves among its numbers
        x, labels, target = single(np.random.default_rng(34), rows)
        right = keras.metrics.binary_accuracy(target, x).sum()
        f.case(f"{{inputs: [[{rows}, 1], [{rows}, 1]]}}", {"x0": x, "x1": target}, {"y0": right})
    return f


def single(own, rows):
    """Predictions of one unit, their classes, and those as numbers."""
    x = torch.tensor(own.integers(0, 9, (rows, 1)) / 8)
    labels = torch.tensor(own.integers(0, 2, rows))
    return x, labels, labels[:, None].double()


def tied(own, rows, classes):
    """Predictions with many ties, their classes, and those one-hot."""
    x = torch.tensor(own.integers(-3, 4, (rows, classes)) / 4)
    labels = torch.tensor(own.integers(0, classes, rows))
    return x, labels, F.one_hot(labels, classes).double()


def top_k():
    f, own = File("top_k"), np.random.default_rng(31)
    for rows, classes, k in ((1, 2, 1), (37, 10, 5), (130, 7, 2), (40, 100, 5), (50, 5, 4)):
        x, labels, one_hot = tied(own, rows, classes)
        for y, shape, metric in ((labels, [rows], keras.metrics.SparseTopKCategoricalAccuracy),
                                 (one_hot, [rows, classes], keras.metrics.TopKCategoricalAccuracy)):
            theirs = metric(k)
            theirs.update_state(y, x)
            found = (x > x[torch.arange(rows), labels][:, None]).sum(1) < k
            agree(found.double().mean(), torch.as_tensor(float(theirs.result())), f"keras on {rows}x{classes}", 1e-6)
            f.case(f"{{inputs: [[{rows}, {classes}], {shape}], k: {k}}}", {"x0": x, "x1": y}, {"y0": found.sum()})
    return f


def confusion(labels, taken, classes):
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, taken), 1)
    return counts


def confusion_matrix():
    f, own = File("confusion_matrix"), np.random.default_rng(32)
    for rows, classes in ((1, 2), (37, 10), (130, 3), (40, 31)):
        x, labels, one_hot = tied(own, rows, classes)
        before = own.integers(0, 9, (classes, classes))
        after = before + confusion(labels.numpy(), np.argmax(x.numpy(), 1), classes)
        for y, shape in ((labels, [rows]), (one_hot, [rows, classes])):
            f.case(f"{{inputs: [[{rows}, {classes}], {shape}]}}", {"x0": x, "x1": y, "y0": before}, {"y0": after})
    for rows in (1, 137):
        x, labels, target = single(own, rows)
        before = own.integers(0, 9, (2, 2))
        after = before + confusion(labels.numpy(), (x.numpy()[:, 0] > 0.5).astype(int), 2)
        f.case(f"{{inputs: [[{rows}, 1], [{rows}, 1]]}}", {"x0": x, "x1": target, "y0": before}, {"y0": after})
    return f


def keras_scores(op, values):
    """Keras's metrics that mean the same, each with the value it should have: precision and recall of a class,
    f1 with its averages."""
    if op == "f1":
        return [(keras.metrics.F1Score(average=None if a == "none" else a), v) for a, v in values.items()]
    new = keras.metrics.Precision if op == "precision" else keras.metrics.Recall
    return [(new(top_k=1, class_id=c), v) for c, v in enumerate(values["none"][:10])]


def score(op):
    """Each class's, and averages over the classes, by scikit-learn's formulas with zero_division=0 over all
    classes; Keras says the same."""
    f, own = File(op), np.random.default_rng(33)
    for rows, classes, seen in ((40, 3, 3), (200, 10, 10), (60, 10, 7), (200, 31, 25)):
        x = own.uniform(0, 1, (rows, classes))
        labels = own.integers(0, seen, rows)                     # some classes have no row,
        x[:, seen - 2] = 0                                       # and another is never the prediction
        x[np.arange(rows), labels] += own.uniform(0, 0.6, rows)
        counts = confusion(labels, np.argmax(x, 1), classes).astype(float)
        right, predicted, actual = np.diag(counts), counts.sum(0), counts.sum(1)
        share, whole = {"precision": (right, predicted), "recall": (right, actual),
                        "f1": (2 * right, predicted + actual)}[op]
        each = np.divide(share, whole, out=np.zeros(classes), where=whole > 0)
        one_hot = F.one_hot(torch.tensor(labels), classes).double().numpy()
        values = {"none": each, "macro": each.mean(), "weighted": (each * actual).sum() / actual.sum()}
        for average, value in values.items():
            f.case(f"{{input: [{classes}, {classes}], average: {average}}}", {"x0": counts}, {"y0": value})
        for metric, value in keras_scores(op, values):
            metric.update_state(one_hot, x)
            agree(torch.as_tensor(value), torch.as_tensor(np.asarray(metric.result())).double(), f"keras's {op}", 1e-5)
    binary_score(f, own)
    return f


def binary_score(f, own):
    """Of one unit, what Keras's metrics say of it with their defaults: the score of class 1 above a half."""
    new = {"precision": keras.metrics.Precision, "recall": keras.metrics.Recall,
           "f1": lambda: keras.metrics.F1Score(threshold=0.5)}[f.op]
    for rows in (30, 250):
        x, labels, target = single(own, rows)
        taken = (x.numpy()[:, 0] > 0.5).astype(int)
        (_, wrong), (missed, right) = counts = confusion(labels.numpy(), taken, 2).astype(float)
        value = {"precision": right / (right + wrong), "recall": right / (right + missed),
                 "f1": 2 * right / (2 * right + wrong + missed)}[f.op]
        metric = new()
        metric.update_state(target.numpy(), x.numpy())
        theirs = np.asarray(metric.result()).reshape(())
        agree(torch.as_tensor(value), torch.as_tensor(theirs).double(), f"keras's binary {f.op}", 1e-5)
        f.case("{input: [2, 2], average: binary}", {"x0": counts}, {"y0": value})


# ---- batches ------------------------------------------------------------------------------------

def gather_images():
    f = File("gather_images")
    for shape, rows, first, scale in (((7, 3, 4, 2), 4, 2, 1 / 255), ((5, 6), 5, 0, 1.0)):
        data, order = rng.integers(0, 256, shape), rng.permutation(shape[0])
        f.case(f"{{inputs: [{list(shape)}, [{shape[0]}]], rows: {rows}, first: {first}, scale: {scale!r}}}",
               {"x0": data, "x1": order}, {"y0": data[order[first:first + rows]] * scale})
    own = np.random.default_rng(27)                # preprocess_input as VGG, ResNet and DenseNet have it
    for mode, text in (("caffe", "mean: [103.939, 116.779, 123.68], reverse: true"),
                       ("torch", "scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]"),
                       ("tf", "scale: 1/127.5, mean: 1")):
        data, order = own.integers(0, 256, (5, 4, 6, 3)), own.permutation(5)
        want = keras.applications.imagenet_utils.preprocess_input(data.astype("float64"), "channels_last", mode)
        f.case(f"{{inputs: [[5, 4, 6, 3], [5]], rows: 3, first: 1, {text}}}", {"x0": data, "x1": order},
               {"y0": want[order[1:4]]})
    return f


def gather_labels():
    f = File("gather_labels")
    for n, rows, first, classes, one_hot in ((9, 4, 3, 5, False), (9, 6, 1, 5, True)):
        labels, order = rng.integers(0, classes, n), rng.permutation(n)
        taken = labels[order[first:first + rows]]
        want = keras.utils.to_categorical(taken, classes) if one_hot else taken
        f.case(f"{{inputs: [[{n}], [{n}]], rows: {rows}, first: {first}, classes: {classes}, "
               f"one_hot: {str(one_hot).lower()}}}", {"x0": labels, "x1": order}, {"y0": want})
    own = np.random.default_rng(35)                # labels 0 and 1 as one unit is taught them
    labels, order = own.integers(0, 2, 23), own.permutation(23)
    want = labels[order[2:19]].astype(float)[:, None]
    f.case("{inputs: [[23], [23]], rows: 17, first: 2, classes: 2, one_hot: true, from: 1}",
           {"x0": labels, "x1": order}, {"y0": want})
    return f


def gather_rows():
    f, own = File("gather_rows"), np.random.default_rng(26)
    for shape, rows, first in (((9,), 4, 3), ((17,), 17, 0), ((7, 2, 3, 2), 3, 4)):
        resident, order = own.uniform(0, 3, shape), own.permutation(shape[0])
        f.case(f"{{inputs: [{list(shape)}, [{shape[0]}]], rows: {rows}, first: {first}}}", {"x0": resident, "x1": order},
               {"y0": resident[order[first:first + rows]]})
    return f


# ---- optimizers ---------------------------------------------------------------------------------

STEPS, LONG = 10, 50


def optimize(f, text, optimizer, slots, shape, steps=STEPS, rng=rng):
    """Steps of Keras's own optimizer."""
    w = keras.Variable(rng.uniform(-1, 1, shape))
    start, given = w.numpy().copy(), {}
    optimizer.build([w])
    for step in range(steps):
        gradient = rng.uniform(-1, 1, shape)
        given[f"dw0@{step}"] = gradient
        optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [w])
    state = {f"state{i}": getattr(optimizer, name)[0].numpy() for i, name in enumerate(slots)}
    f.case(f"{{input: {list(shape)}, steps: {steps}, {text}}}", {"w0": start} | given, {"w0": w.numpy()} | state)


def optimize_long(f, new, slots, shape, **params):
    """Fifty steps; params are those of Keras and of the model file alike."""
    text = ", ".join(f"{k}: {str(v).lower()}" for k, v in params.items())
    optimize(f, text, new(**params), slots, shape, LONG, f.rng)


def formula(f, text, shape, step, **state):
    """Fifty steps of an older Keras, by its formula: step(t, w, g, state) gives the new w."""
    w, given = f.rng.uniform(-1, 1, shape), {}
    given["w0"], state = w.copy(), {k: np.full(shape, v) for k, v in state.items()}
    for t in range(LONG):
        given[f"dw0@{t}"] = f.rng.uniform(-1, 1, shape)
        w = step(t, w, given[f"dw0@{t}"], state)
    f.case(f"{{input: {list(shape)}, steps: {LONG}, {text}}}", given, {"w0": w} | state)


def sgd():
    f = File("sgd")
    new = keras.optimizers.SGD
    optimize(f, "learning_rate: 0.1", new(0.1), [], (17,))
    optimize(f, "learning_rate: 0.03, momentum: 0.9", new(0.03, momentum=0.9), ["momentums"], (3, 5))
    optimize(f, "learning_rate: 0.03, momentum: 0.9, nesterov: true", new(0.03, momentum=0.9, nesterov=True),
             ["momentums"], (3, 5))
    optimize_long(f, new, ["momentums"], (7,), learning_rate=0.03, momentum=0.9, nesterov=True)
    return f


def adam():
    f = File("adam")
    new, slots = keras.optimizers.Adam, ["_momentums", "_velocities"]
    optimize(f, "learning_rate: 0.001, epsilon: 1e-7", new(0.001, epsilon=1e-7), slots, (17,))
    optimize(f, "learning_rate: 0.01, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-8",
             new(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-8), slots, (3, 5))
    optimize(f, "learning_rate: 0.001, epsilon: 0.1", new(0.001, epsilon=0.1), slots, (7,))
    optimize_long(f, new, slots, (17,), learning_rate=0.01)
    optimize_long(f, new, slots + ["_velocity_hats"], (17,), learning_rate=0.01, beta_2=0.9, amsgrad=True)
    return f


def rmsprop():
    f = File("rmsprop")
    new, v, m, a = keras.optimizers.RMSprop, "_velocities", "_momentums", "_average_gradients"
    optimize(f, "learning_rate: 0.001", new(0.001), [v], (17,))
    optimize(f, "learning_rate: 0.01, rho: 0.7, epsilon: 0.01", new(0.01, rho=0.7, epsilon=0.01), [v], (3, 5))
    optimize(f, "learning_rate: 0.01, momentum: 0.9", new(0.01, momentum=0.9), [v, m], (3, 5))
    optimize(f, "learning_rate: 0.01, centered: true, epsilon: 0.001", new(0.01, centered=True, epsilon=0.001), [v, a],
             (7,))
    optimize(f, "learning_rate: 0.01, centered: true, momentum: 0.5, epsilon: 0.001",
             new(0.01, centered=True, momentum=0.5, epsilon=0.001), [v, m, a], (7,))
    w, size, given = rng.uniform(-1, 1, (17,)), np.zeros(17), {}       # Keras 2.3.1, optimizers.py, get_updates
    given["w0"], lr, decay, rho, epsilon = w.copy(), 1e-2, 1e-1, 0.9, 1e-7
    for step in range(STEPS):
        g = given[f"dw0@{step}"] = rng.uniform(-1, 1, (17,))
        size = rho * size + (1 - rho) * np.square(g)
        w = w - lr * (1 / (1 + decay * step)) * g / (np.sqrt(size) + epsilon)
    f.case(f"{{input: [17], steps: {STEPS}, learning_rate: 0.01, decay: 0.1, epsilon_placement: outside}}", given,
           {"w0": w, "state0": size})
    optimize_long(f, new, [v, m, a], (7,), learning_rate=0.01, centered=True, momentum=0.5, epsilon=0.001)
    return f


def adamw():
    f, new, slots = File("adamw"), keras.optimizers.AdamW, ["_momentums", "_velocities"]
    optimize_long(f, new, slots, (17,), learning_rate=0.01)
    optimize_long(f, new, slots, (3, 5), learning_rate=0.05, weight_decay=0.3, beta_1=0.8, beta_2=0.99, epsilon=0.001)
    optimize_long(f, new, slots + ["_velocity_hats"], (7,), weight_decay=0.1, beta_2=0.9, amsgrad=True)
    return f


def nadam():
    f, new, slots = File("nadam"), keras.optimizers.Nadam, ["_momentums", "_velocities"]
    optimize_long(f, new, slots, (17,), learning_rate=0.01)
    optimize_long(f, new, slots, (3, 5), learning_rate=0.05, beta_1=0.8, beta_2=0.99, epsilon=0.001)
    return f


def adamax():
    f, new, slots = File("adamax"), keras.optimizers.Adamax, ["_m", "_u"]
    optimize_long(f, new, slots, (17,), learning_rate=0.01)
    optimize_long(f, new, slots, (3, 5), learning_rate=0.05, beta_1=0.8, beta_2=0.7, epsilon=0.001)
    return f


def adagrad():
    f, new, slots = File("adagrad"), keras.optimizers.Adagrad, ["_accumulators"]
    optimize_long(f, new, slots, (17,), learning_rate=0.01)
    optimize_long(f, new, slots, (3, 5), learning_rate=0.05, initial_accumulator_value=0.0, epsilon=0.001)

    def keras_2(t, w, g, s):           # Keras 2.3.1, optimizers.py, Adagrad.get_updates
        s["state0"] = s["state0"] + np.square(g)
        return w - 0.01 * g / (np.sqrt(s["state0"]) + 1e-7)
    formula(f, "learning_rate: 0.01, initial_accumulator_value: 0, epsilon_placement: outside", (17,), keras_2,
            state0=0.0)
    formula(f, "learning_rate: 0.01, initial_accumulator_value: 0.1, epsilon_placement: outside", (17,), keras_2,
            state0=0.1)                # as TensorFlow 2.8
    return f


def adadelta():
    f, new = File("adadelta"), keras.optimizers.Adadelta
    slots = ["_accumulated_grads", "_accumulated_delta_vars"]
    optimize_long(f, new, slots, (17,), learning_rate=1.0)
    optimize_long(f, new, slots, (3, 5), learning_rate=0.5, rho=0.8, epsilon=0.001)
    return f


def regularizer():
    f, own = File("regularizer"), np.random.default_rng(41)
    for shape, l1, l2 in (((1,), 0, 0.01), ((17,), 0.3, 0), ((3, 3, 5, 7), 0.01, 0.02), ((70, 67), 0.1, 0.001)):
        values = own.uniform(-1, 1, shape)
        values.flat[0] = 0 if values.size > 1 else values.flat[0]          # sign(0) = 0
        w = torch.tensor(values, requires_grad=True)
        y = keras.regularizers.L1L2(l1, l2)(w)
        y.backward()
        f.case(f"{{input: {list(shape)}, l1: {l1}, l2: {l2}}}", {"w0": w}, {"y0": y, "dw0": w.grad})
    return f


def gradient_clipping():
    """Keras's clip_by_norm and clip_by_global_norm, whose factors this Keras computes in float32."""
    f, own = File("gradient_clipping"), np.random.default_rng(43)
    for shape, others, name, limit in (((17,), 0, "clipvalue", 0.25), ((5, 7), 0, "clipnorm", 0.3), ((5, 7), 0, "clipnorm", 30),
                                       ((3, 3, 5, 7), 3, "global_clipnorm", 0.7), ((17,), 2, "global_clipnorm", 100)):
        gradients = [own.uniform(-1, 1, shape) for _ in range(others + 1)]
        optimizer = keras.optimizers.SGD(**{name: limit})
        theirs = optimizer._clip_gradients([keras.ops.convert_to_tensor(g, dtype="float64") for g in gradients])[0]
        squares = np.array([np.square(g).sum() for g in gradients])
        clipped = (np.clip(gradients[0], -limit, limit) if name == "clipvalue"
                   else gradients[0] * min(limit / np.sqrt(squares.sum()), 1))
        agree(torch.tensor(clipped), theirs, f"keras on {name}", 1e-6)
        given = {"x0": gradients[0]} | ({} if name == "clipvalue" else {"x1": squares})
        inputs = f"input: {list(shape)}" if name == "clipvalue" else f"inputs: [{list(shape)}, [{others + 1}]]"
        f.case(f"{{{inputs}, {name}: {limit}}}", given, {"y0": clipped})
    return f


# ---- augmentations ------------------------------------------------------------------------------

AUGMENTATION = 8                       # ISO_RANDOM_AUGMENTATION


def image_words(image, blocks):
    """The words that an image's draws come from; step 0, first harness case."""
    return [w for b in range(blocks) for w in philox((blocks * image + b, 0, LAYER, AUGMENTATION), (SEED, 0))]


def unit(word):
    return (word >> 8) * 2.0**-24


def drawn_shift(word, sign, given, size):
    """As ImageDataGenerator.get_random_transform: a whole number n chooses from 0 to n - 1, either way; a list
    from its numbers."""
    if isinstance(given, list):
        chosen = given[word * len(given) >> 32] * (1 if sign >> 31 else -1)
        return chosen * size if max(given) < 1 else chosen
    if given >= 1 and given == int(given):
        return (word * int(given) >> 32) * (1 if sign >> 31 else -1)
    return (2 * unit(word) - 1) * given * (size if given < 1 else 1)


def drawn_transform(words, h, w, o):
    low, high = o.get("zoom_range", (1, 1))
    return {"theta": (2 * unit(words[0]) - 1) * o.get("rotation_range", 0),
            "tx": drawn_shift(words[1], words[2], o.get("height_shift_range", 0), h),
            "ty": drawn_shift(words[3], words[4], o.get("width_shift_range", 0), w),
            "shear": (2 * unit(words[5]) - 1) * o.get("shear_range", 0),
            "zx": low + unit(words[6]) * (high - low), "zy": low + unit(words[7]) * (high - low),
            "flip_horizontal": words[8] >> 31 == 0 and o.get("horizontal_flip", False),
            "flip_vertical": words[9] >> 31 == 0 and o.get("vertical_flip", False)} | drawn_colours(words, o)


def drawn_colours(words, o):
    """What Keras leaves out when it is not wanted."""
    low, high = o.get("brightness_range", (1, 1))
    colours = {"channel_shift_intensity": (2 * unit(words[10]) - 1) * o.get("channel_shift_range", 0),
               "brightness": low + unit(words[11]) * (high - low)}
    return {k: v for k, v in colours.items() if {"channel_shift_intensity": "channel_shift_range",
                                                 "brightness": "brightness_range"}[k] in o}


def older_transform(x, t, o):
    """apply_transform of keras_preprocessing 1.1.2, by the same SciPy function, and Keras's own for colours,
    which 1.1.2 had with scale=True."""
    (h, w), (a, b) = x.shape[:2], np.deg2rad([t["theta"], t["shear"]])
    rotation = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    shift = np.array([[1, 0, t["tx"]], [0, 1, t["ty"]], [0, 0, 1]])
    shear = np.array([[1, -np.sin(b), 0], [0, np.cos(b), 0], [0, 0, 1]])
    centre = np.array([[1, 0, h / 2 + 0.5], [0, 1, w / 2 + 0.5], [0, 0, 1]])
    m = centre @ rotation @ shift @ shear @ np.diag([t["zx"], t["zy"], 1]) @ np.linalg.inv(centre)
    y = np.stack([ndimage.affine_transform(x[..., c], m[:2, :2], m[:2, 2], order=1, mode=o.get("fill_mode", "nearest"),
                                           cval=o.get("cval", 0)) for c in range(x.shape[-1])], axis=-1)
    if "channel_shift_intensity" in t:
        y = image.apply_channel_shift(y, t["channel_shift_intensity"], 2)
    y = y[:, ::-1] if t["flip_horizontal"] else y
    y = y[::-1] if t["flip_vertical"] else y
    return image.apply_brightness_shift(y, t["brightness"], True) if "brightness" in t else y


def newer_transform(x, t, o):
    """apply_transform of Keras 2.9 and later, by Keras itself."""
    g = image.ImageDataGenerator(fill_mode=o.get("fill_mode", "nearest"), cval=o.get("cval", 0), data_format="channels_last")
    return g.apply_transform(x, t)


GENERATORS = [
    ((2, 5, 7, 1), {"rotation_range": 20}),
    ((5, 9, 7, 2), {"rotation_range": 8, "zoom_range": (0.9, 1.1), "shear_range": 0.3, "width_shift_range": 0.08,
                    "height_shift_range": 0.08, "vertical_flip": True}),
    ((4, 8, 11, 3), {"rotation_range": 170, "shear_range": 40, "zoom_range": (0.5, 3), "fill_mode": "reflect"}),
    ((4, 8, 11, 1), {"rotation_range": 170, "shear_range": 40, "zoom_range": (0.5, 3), "fill_mode": "wrap",
                     "horizontal_flip": True}),
    ((4, 8, 11, 1), {"rotation_range": 170, "zoom_range": (0.5, 3), "fill_mode": "constant", "cval": 0.25}),
    ((7, 6, 5, 1), {"height_shift_range": 4, "width_shift_range": 3, "horizontal_flip": True}),
    ((7, 6, 5, 1), {"height_shift_range": 9, "width_shift_range": 1.5, "fill_mode": "reflect"}),
    ((7, 6, 5, 1), {"height_shift_range": 9, "fill_mode": "wrap"}),
    ((7, 6, 9, 1), {"height_shift_range": [-2, 0, 3], "width_shift_range": [0.25, 0.5, 0.1, -0.2, 0.3, 0, 0.15, 0.4]}),
    ((7, 6, 5, 1), {"height_shift_range": [0.5, 1.5], "width_shift_range": [2]}),
]
RECOLOURED = [                         # values from 0 to 255, and what they are for us
    ((5, 9, 7, 3), {"channel_shift_range": 60, "rotation_range": 20}, (0, 1)),
    ((5, 9, 7, 1), {"brightness_range": (0.3, 2), "zoom_range": (0.8, 1.2), "horizontal_flip": True}, (0, 1)),
    ((5, 9, 7, 3), {"brightness_range": (0.5, 1.5), "channel_shift_range": 90, "vertical_flip": True}, (-1, 1)),
    ((5, 4, 6, 3), {"brightness_range": (0.2, 0.9), "rotation_range": 40, "fill_mode": "constant", "cval": -40}, (0, 1)),
]


def image_data_generator():
    f, own = File("image_data_generator"), np.random.default_rng(31)
    for convention, transform in (("keras_preprocessing", older_transform), ("keras_2_9", newer_transform)):
        for shape, o in GENERATORS:
            x, (n, h, w, _) = own.uniform(0, 1, shape), shape
            y = [transform(x[i], drawn_transform(image_words(i, 4), h, w, o), o) for i in range(n)]
            text = json.dumps(o | {"input": list(shape), "convention": convention}).replace('"', "")
            f.case(text, {"x0": x}, {"y0": np.stack(y)})
    for convention, transform in (("keras_preprocessing", older_transform), ("keras_2_9", newer_transform)):
        for shape, o, (black, white) in RECOLOURED:
            x, (n, h, w, _), scale = own.uniform(30, 220, shape), shape, (white - black) / 255
            y = [transform(x[i], drawn_transform(image_words(i, 4), h, w, o), o) for i in range(n)]
            ours = {k: v * scale + (black if k == "cval" else 0) for k, v in o.items() if k in ("cval", "channel_shift_range")}
            text = json.dumps(o | ours | {"input": list(shape), "convention": convention, "value_range": [black, white]})
            f.case(text.replace('"', ""), {"x0": black + x * scale}, {"y0": black + np.stack(y) * scale})
    return f


ELASTIC = [                            # input, alpha, sigma, mode of the filter, of the image, cval
    ((2, 5, 7, 1), (10, 12), 1, "constant", "reflect", 0),
    ((3, 9, 7, 2), (10, 12), 3, "constant", "reflect", 0),
    ((3, 9, 7, 2), (30, 50), 1.5, "reflect", "reflect", 0),
    ((3, 9, 7, 1), (30, 50), 2, "nearest", "nearest", 0),
    ((3, 9, 7, 1), (90, 99), 2, "reflect", "wrap", 0),
    ((3, 9, 7, 1), (5, 9), 2, "constant", "constant", 0.25),
]


def elastic_distortion():
    f, own = File("elastic_distortion"), np.random.default_rng(32)
    for shape, alpha, sigma, smoothing, fill, cval in ELASTIC:
        x, (n, h, w, channels) = own.uniform(0, 1, shape), shape
        y, blocks = np.empty(shape), 1 + -(-2 * h * w // 4)
        for i in range(n):
            words = image_words(i, blocks)
            noise = np.array([2 * unit(v) - 1 for v in words[4:4 + 2 * h * w]]).reshape(2, h, w)
            factor = alpha[0] + unit(words[0]) * (alpha[1] - alpha[0])
            fields = [ndimage.gaussian_filter(d, sigma, mode=smoothing, cval=0) * factor for d in noise]
            places = np.meshgrid(np.arange(h), np.arange(w), indexing="ij") + np.array(fields)
            for c in range(channels):
                y[i, ..., c] = ndimage.map_coordinates(x[i, ..., c], places, order=1, mode=fill, cval=cval)
        f.case(f"{{input: {list(shape)}, alpha: {list(alpha)}, sigma: {sigma}, smoothing_mode: {smoothing}, "
               f"fill_mode: {fill}, cval: {cval}}}", {"x0": x}, {"y0": y})
    return f


def image_draw(image):
    """The block of an image, of what draws one or two numbers."""
    return philox((image, 0, LAYER, AUGMENTATION), (SEED, 0))


def random_crop():
    f, own = File("random_crop"), np.random.default_rng(33)
    for (n, h, w, c), height, width, p in (((5, 7, 6, 2), 4, 5, 0), ((7, 5, 4, 1), 5, 4, 2), ((3, 4, 5, 1), 7, 8, 2)):
        x, y = own.uniform(0.1, 1, (n, h, w, c)), []
        for i in range(n):
            top, left = (word * m >> 32 for word, m in zip(image_draw(i), (h + 2 * p - height + 1, w + 2 * p - width + 1)))
            y.append(np.pad(x[i], ((p, p), (p, p), (0, 0)))[top:top + height, left:left + width])
        f.case(f"{{input: {[n, h, w, c]}, height: {height}, width: {width}, padding: {p}}}", {"x0": x}, {"y0": np.stack(y)})
    x = own.uniform(0.1, 1, (2, 7, 6, 2))                  # in evaluation the middle, as near as it can be
    f.case("{input: [2, 7, 6, 2], height: 4, width: 3, inference: true}", {"x0": x}, {"y0": x[:, 1:5, 1:4]})
    return f


def cutout():
    f, own = File("cutout"), np.random.default_rng(34)
    for (n, h, w, c), (height, width), value in (((5, 7, 6, 2), (4, 3), 0), ((7, 5, 4, 1), (2, 5), 0.5)):
        x = own.uniform(0.1, 1, (n, h, w, c))
        y = x.copy()
        for i in range(n):
            top, left = (image_draw(i)[0] * h >> 32) - height // 2, (image_draw(i)[1] * w >> 32) - width // 2
            y[i, max(top, 0):max(top + height, 0), max(left, 0):max(left + width, 0)] = value
        f.case(f"{{input: {[n, h, w, c]}, size: {[height, width]}, value: {value}}}", {"x0": x}, {"y0": y})
    return f


def random_brightness():
    f, own = File("random_brightness"), np.random.default_rng(35)
    for shape, (a, b), limits in (((5, 4, 3, 2), (-0.5, 0.5), (0, 1)), ((4, 3, 5, 1), (0.1, 0.3), (-0.5, 2))):
        x = own.uniform(0, 1, shape)
        u = np.array([unit(image_draw(i)[0]) for i in range(shape[0])]).reshape(-1, 1, 1, 1)
        layer = keras.layers.RandomBrightness((a, b), value_range=limits)
        delta = (a + u * (b - a)) * (limits[1] - limits[0])
        y = layer.transform_images(torch.tensor(x), {"rgb_delta": torch.tensor(delta)}, training=True)
        f.case(f"{{input: {list(shape)}, factor: {[a, b]}, value_range: {list(limits)}}}", {"x0": x}, {"y0": y})
    return f


def random_contrast():
    f, own = File("random_contrast"), np.random.default_rng(36)
    for shape, (a, b), limits in (((5, 4, 3, 2), (0.5, 1.5), (0, 1)), ((4, 13, 15, 1), (0.2, 3), (-0.5, 2))):
        x = own.uniform(0, 1, shape)
        u = np.array([unit(image_draw(i)[0]) for i in range(shape[0])]).reshape(-1, 1, 1, 1)
        layer = keras.layers.RandomContrast(0.5, value_range=limits)
        factor, mean = a + u * (b - a), x.mean(axis=(1, 2), keepdims=True)
        theirs = layer.transform_images(torch.tensor(x), {"contrast_factor": torch.tensor(factor)}, training=True)
        y = torch.tensor(np.clip((x - mean) * factor + mean, *limits))
        agree(y, theirs.double(), f"keras's contrast of {shape}", 1e-5)        # its mean is a float32
        f.case(f"{{input: {list(shape)}, factor: {[a, b]}, value_range: {list(limits)}}}", {"x0": x}, {"y0": y})
    return f


def mixup():
    f, own = File("mixup"), np.random.default_rng(37)
    for shape, alpha, each in (((5, 4, 3, 2), 0.2, True), ((1, 3, 5, 1), 0.2, True), ((2, 3, 5, 1), 1, True),
                               ((7, 3, 4, 1), 4, False), ((9, 5), 0.5, True), ((7, 3), 4, False)):
        x, n = own.uniform(0, 1, shape), shape[0]
        words = [image_draw(i if each else 0) for i in range(n)]
        c = np.array([np.cos(2 * np.pi * unit(v)) for _, v, _, _ in words])
        w = np.expm1(np.array([-np.log(1 - unit(u)) for u, _, _, _ in words]) / alpha) * c**2
        share = 0.5 + np.sign(c) * 0.5 * np.sqrt(w / (1 + w))
        roll = 1 + (image_draw(0)[2] * (n - 1) >> 32) if n > 1 else 0
        layer = keras.layers.MixUp(alpha)
        how = {"mix_weight": torch.tensor(share), "permutation_order": torch.tensor([(i + roll) % n for i in range(n)])}
        mix = layer.transform_images if len(shape) == 4 else layer.transform_labels
        text = f"{{input: {list(shape)}, alpha: {alpha}, per_image: {str(each).lower()}}}"
        f.case(text, {"x0": x}, {"y0": mix(torch.tensor(x), how, training=True)})
    return f


def multiply():
    f = File("multiply")
    for a, b in (((3, 7), (3, 7)), ((2, 5, 4, 3), (2, 1, 1, 3)), ((2, 1, 1, 5), (2, 17, 16, 5)), ((2, 5, 4, 3), (2, 5, 4, 1)),
                 ((2, 5, 4, 3), (2, 1, 1, 1)), ((2, 5, 4, 3), (2, 5, 1, 3))):
        x, z = (torch.tensor(f.rng.uniform(-1, 1, shape), requires_grad=True) for shape in (a, b))
        y = x * z
        agree(y, keras.layers.Multiply()([x.detach(), z.detach()]).double(), f"keras on {a} {b}", 1e-5)
        dy = torch.tensor(f.rng.uniform(-1, 1, y.shape))
        f.case(f"{{inputs: [{list(a)}, {list(b)}]}}", {"x0": x, "x1": z, "dy0": dy}, {"y0": y} | gradients(y, dy, dx0=x, dx1=z))
    return f


def conv2d_groups(f):
    """More cases of conv2d, whose numbers are their own."""
    for shape, filters, k, s, padding, groups, bias in (((2, 5, 6, 4), 4, (3, 3), (1, 1), "valid", 2, True),
                                                        ((2, 5, 6, 6), 9, (3, 3), (2, 2), "same", 3, True),
                                                        ((3, 7, 5, 8), 8, (3, 2), (1, 1), "same", 8, False)):
        x, w, b = (torch.tensor(f.rng.uniform(-1, 1, size), requires_grad=True)
                   for size in (shape, (*k, shape[3] // groups, filters), (filters,)))
        image = bordered(x.permute(0, 3, 1, 2), k, s, padding, (1, 1))
        y = F.conv2d(image, w.permute(3, 2, 0, 1), b if bias else None, s, groups=groups).permute(0, 2, 3, 1)
        layer = keras.layers.Conv2D(filters, k, strides=s, padding=padding, groups=groups, use_bias=bias)
        layer.build(shape)
        layer.set_weights([v.detach().numpy() for v in ((w, b) if bias else (w,))])
        agree(y, layer(x.detach()).double(), f"keras on {shape} in {groups} groups", 1e-5)
        dy = torch.tensor(f.rng.uniform(-1, 1, y.shape))
        names = {"x0": x, "w0": w} | ({"w1": b} if bias else {})
        grads = gradients(y, dy, dx0=x, **{"d" + n: v for n, v in names.items() if n != "x0"})
        f.case(f"{{input: {list(shape)}, filters: {filters}, kernel_size: {list(k)}, strides: {list(s)}, padding: {padding}, "
               f"groups: {groups}, use_bias: {str(bias).lower()}}}", names | {"dy0": dy}, {"y0": y} | grads)


def drawn(f, *shape):
    return torch.tensor(f.rng.uniform(-1, 1, shape), requires_grad=True)


def one_weight(f, text, x, w, y):
    """A case of a layer that has one weight."""
    dy = drawn(f, *y.shape).detach()
    f.case(f"{{input: {list(x.shape)}{text}}}", {"x0": x, "w0": w, "dy0": dy}, {"y0": y} | gradients(y, dy, dx0=x, dw0=w))


def layer_scale():
    f = File("layer_scale")
    for shape in ((5, 7), (2, 5, 4, 3), (3, 20, 19, 2)):
        x, w = drawn(f, *shape), drawn(f, shape[-1])
        one_weight(f, "", x, w, x * w)
    return f


def prelu():
    f = File("prelu")
    for shape in ((5, 7), (2, 5, 4, 3), (3, 20, 19, 2)):
        x, w = drawn(f, *shape), drawn(f, *[1] * (len(shape) - 2), shape[-1])
        y = F.prelu(x.movedim(-1, 1), w.reshape(-1)).movedim(1, -1)
        layer = keras.layers.PReLU(shared_axes=[1, 2] if len(shape) == 4 else None)
        layer.build(shape)
        layer.set_weights([w.detach().numpy()])
        agree(y, layer(x.detach()).double(), f"keras on {shape}", 1e-5)
        one_weight(f, "", x, w, y)
    return f


def moved(f, text, x, y):
    """A case of a layer without weights."""
    dy = drawn(f, *y.shape).detach()
    f.case(f"{{input: {list(x.shape)}{text}}}", {"x0": x, "dy0": dy}, {"y0": y} | gradients(y, dy, dx0=x))


def slice_of_channels():
    f = File("slice")
    for shape, start, size in (((5, 7), 2, 4), ((2, 5, 4, 6), 0, 3), ((2, 5, 4, 6), 3, 3)):
        x = drawn(f, *shape)
        moved(f, f", start: {start}, size: {size}", x, torch.narrow(x, -1, start, size))
    return f


def channel_shuffle():
    f = File("channel_shuffle")
    for shape, groups in (((5, 6, 1, 1), 2), ((2, 12, 4, 3), 3), ((2, 12, 4, 3), 12)):
        x = drawn(f, shape[0], *shape[2:], shape[1])
        moved(f, f", groups: {groups}", x, torch.nn.ChannelShuffle(groups)(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
    return f


def stochastic_depth():
    """Keras's Dropout with the noise shape (None, 1, 1, 1), and torchvision's StochasticDepth of rows."""
    f = File("stochastic_depth")
    for shape, rate in (((9, 7), 0.5), ((7, 5, 4, 3), 0.25), ((4, 5), 0.0)):
        x, dy = drawn(f, *shape), drawn(f, *shape).detach()
        kept = masks(shape[0], 1, rate).reshape(-1, *[1] * (len(shape) - 1))
        y = x * kept / (1 - rate)
        f.case(f"{{input: {list(shape)}, rate: {rate}}}", {"x0": x, "dy0": dy},
               {"y0": y, "saved0": kept.reshape(-1)} | gradients(y, dy, dx0=x))
    return f


def huber():
    f = File("huber")
    for rows, n, delta in ((3, 10, 1.0), (7, 17, 0.3), (5, 1, 2.5)):
        p, t = torch.tensor(f.rng.uniform(-4, 4, (rows, n)), requires_grad=True), drawn(f, rows, n).detach()
        y = F.huber_loss(p, t, delta=delta)
        agree(y, keras.losses.Huber(delta=delta)(t, p.detach()).double(), f"keras's huber {delta}", 1e-5)
        y.backward()
        f.case(f"{{inputs: [[{rows}, {n}], [{rows}, {n}]], delta: {delta}}}", {"x0": p, "x1": t},
               {"y0": y.detach().reshape(1), "dx0": p.grad})
    return f


def group_normalization():
    f, names = File("group_normalization"), ("gamma", "beta")
    for shape, groups, more, training in (((5, 12), 4, {}, True), ((2, 9, 7, 6), 3, {}, True), ((2, 9, 7, 6), -1, {}, True),
                                          ((3, 13, 8), 2, {"epsilon": 0.1}, True), ((3, 5, 4, 6), 1, {"scale": False}, True),
                                          ((3, 5, 4, 8), 2, {"center": False}, True), ((2, 9, 7, 4), 2, {}, False),
                                          ((6, 5, 4, 10), 5, {"center": False, "scale": False}, True)):
        x, dy = drawn(f, *shape), drawn(f, *shape).detach()
        layer = keras.layers.GroupNormalization(groups, **more)
        layer.build(shape)
        given = {f"w{i}": drawn(f, shape[-1]) for i, n in enumerate(names) if getattr(layer, n) is not None}
        for i, n in enumerate(names):
            if f"w{i}" in given:
                getattr(layer, n).assign(given[f"w{i}"].detach())
        y = F.group_norm(x.movedim(-1, 1), groups if groups > 0 else shape[-1], given.get("w0"), given.get("w1"),
                         more.get("epsilon", 0.001)).movedim(1, -1)
        agree(y, layer(x.detach(), training=training).double(), f"keras on {shape} {groups} {more}", 1e-5)
        grads = gradients(y, dy, dx0=x, **{"d" + n: v for n, v in given.items()})
        fields = "".join(f", {k}: {str(v).lower()}" for k, v in more.items()) + ("" if training else ", inference: true")
        f.case(f"{{input: {list(shape)}, groups: {groups}{fields}}}", given | {"x0": x, "dy0": dy}, {"y0": y} | grads)
    return f


def up_sampling2d():
    f = File("up_sampling2d")
    for shape, size in (((2, 5, 4, 3), (2, 2)), ((2, 3, 2, 2), (3, 4)), ((2, 1, 7, 2), (3, 2)), ((1, 2, 3, 2), (17, 16))):
        for mode in ("nearest", "bilinear"):
            x = drawn(f, *shape)
            how = {} if mode == "nearest" else {"align_corners": False}
            y = F.interpolate(x.permute(0, 3, 1, 2), scale_factor=size, mode=mode, **how).permute(0, 2, 3, 1)
            agree(y, keras.layers.UpSampling2D(size, interpolation=mode)(x.detach()).double(), f"keras on {shape} {size} {mode}", 1e-5)
            moved(f, f", size: {list(size)}, interpolation: {mode}", x, y)
    return f


def cropping2d():
    f = File("cropping2d")
    for cropping in (1, (2, 1), ((0, 2), (1, 0))):
        layer_case(f, f.rng, keras.layers.Cropping2D(cropping), [(2, 7, 6, 3)], f", cropping: {json.dumps(cropping)}")
    return f


def permute():
    f = File("permute")
    for shape, dims in (((3, 5, 4), (2, 1)), ((2, 3, 5, 4), (3, 1, 2)), ((2, 3, 5, 4), (2, 3, 1)), ((2, 3, 5, 4), (1, 3, 2))):
        layer_case(f, f.rng, keras.layers.Permute(dims), [shape], f", dims: {list(dims)}")
    return f


def space_to_depth():
    """PyTorch's pixel_unshuffle has a channel's pixels beside each other, TensorFlow a pixel's channels."""
    f = File("space_to_depth")
    for shape, size in (((2, 4, 6, 3), 2), ((1, 6, 3, 2), 3), ((3, 5, 5, 1), 5)):
        x = drawn(f, *shape)
        y = F.pixel_unshuffle(x.movedim(3, 1), size).unflatten(1, (shape[3], size, size))
        moved(f, f", block_size: {size}", x, y.permute(0, 4, 5, 2, 3, 1).flatten(3))
    return f


def unit_normalization():
    """Keras's has a fixed epsilon, and computes in float32."""
    f = File("unit_normalization")
    for shape, epsilon in (((5, 7), 1e-12), ((2, 3, 4, 17), 1e-12), ((6, 2), 0.5)):
        x = drawn(f, *shape)
        y = x / torch.clamp((x * x).sum(-1, keepdim=True), epsilon).sqrt()
        if epsilon < 0.5:
            agree(y, keras.layers.UnitNormalization()(x.detach()).double(), f"keras on {shape}", 1e-6)
        moved(f, f", epsilon: {epsilon}", x, y)
    return f


def local_response_normalization():
    f = File("local_response_normalization")
    for shape, size, alpha, beta, k in (((2, 5, 4, 7), 5, 1e-4, 0.75, 1.0), ((2, 5, 4, 7), 3, 2.0, 0.5, 2.0),
                                        ((3, 2, 2, 4), 9, 1.5, 1.25, 0.5), ((4, 6), 1, 3.0, 0.75, 1.0)):
        x = drawn(f, *shape)
        y = F.local_response_norm(x.movedim(-1, 1), size, alpha, beta, k) if len(shape) > 2 else \
            F.local_response_norm(x[..., None], size, alpha, beta, k)[..., 0]
        moved(f, f", size: {size}, alpha: {alpha}, beta: {beta}, bias: {k}", x, y.movedim(1, -1) if len(shape) > 2 else y)
    return f


def conv2d_transpose():
    """PyTorch's ConvTranspose2d of the whole result, of which Keras's padding and output_padding keep a part."""
    f = File("conv2d_transpose")
    for shape, filters, k, s, padding, more, dilation, bias in (
            ((2, 5, 4, 3), 4, (2, 2), (2, 2), "valid", None, 1, True), ((2, 5, 4, 3), 2, (3, 3), (2, 2), "same", None, 1, True),
            ((1, 4, 3, 2), 3, (4, 3), (2, 1), "same", None, 1, False), ((2, 3, 4, 2), 3, (2, 1), (3, 2), "valid", None, 1, True),
            ((2, 3, 4, 2), 3, (3, 3), (3, 2), "valid", (2, 1), 1, True), ((2, 3, 4, 2), 3, (3, 3), (1, 1), "valid", None, 2, True),
            ((1, 4, 5, 2), 2, (3, 5), (2, 3), "same", (0, 1), 1, True)):
        x, w = drawn(f, *shape), drawn(f, *k, filters, shape[3])
        b = drawn(f, filters)
        layer = keras.layers.Conv2DTranspose(filters, k, strides=s, padding=padding, output_padding=more, dilation_rate=dilation,
                                             use_bias=bias)
        size = layer.compute_output_shape(shape)[1:3]
        whole = F.conv_transpose2d(x.movedim(3, 1), w.permute(3, 2, 0, 1), stride=s, dilation=dilation)
        span = [(n - 1) * dilation + 1 for n in k]
        before = [max((n - 1) * st + t - m, 0) // 2 if padding == "same" else 0 for n, st, t, m in zip(shape[1:3], s, span, size)]
        low, right = [max(at + m - n, 0) for at, m, n in zip(before, size, whole.shape[2:])]
        whole = F.pad(whole, (0, right, 0, low))
        y = whole[..., before[0]:before[0] + size[0], before[1]:before[1] + size[1]].movedim(1, 3)
        y = y + b if bias else y
        dy = drawn(f, *y.shape).detach()
        given = {"x0": x, "w0": w} | ({"w1": b} if bias else {})
        want = {"y0": y} | gradients(y, dy, **{"d" + n: t for n, t in given.items()})
        fields = f", filters: {filters}, kernel_size: {list(k)}, strides: {list(s)}, padding: {padding}, dilation_rate: {dilation}"
        fields += (f", output_padding: {list(more)}" if more else "") + ("" if bias else ", use_bias: false")
        f.case(f"{{input: {list(shape)}{fields}}}", given | {"dy0": dy}, want)
    return f


def dot_product_attention():
    f = File("dot_product_attention")
    for queries, keys, channels, heads in (((1, 5), (1, 5), 6, 2), ((2, 3), (2, 3), 4, 4), ((1, 1), (1, 9), 8, 1), ((1, 17), (2, 3), 9, 3)):
        q, k, v = drawn(f, 2, *queries, channels), drawn(f, 2, *keys, channels), drawn(f, 2, *keys, channels)
        parts = [t.reshape(2, -1, heads, channels // heads).transpose(1, 2) for t in (q, k, v)]
        y = F.scaled_dot_product_attention(*parts).transpose(1, 2).reshape(q.shape)
        agree(y, keras.ops.dot_product_attention(*(t.detach().transpose(1, 2) for t in parts)).double().reshape(q.shape),
              f"keras on {channels}", 1e-5)
        p = torch.softmax(parts[0] @ parts[1].transpose(2, 3) / (channels // heads) ** 0.5, -1).detach()
        dy = drawn(f, *y.shape).detach()
        f.case(f"{{inputs: {[list(t.shape) for t in (q, k, v)]}, heads: {heads}}}", {"x0": q, "x1": k, "x2": v, "dy0": dy},
               {"y0": y, "saved0": p} | gradients(y, dy, dx0=q, dx1=k, dx2=v))
    windowed(f)
    return f


def in_windows(x, window, shift, grid, heads):
    """[rows, h, w, channels] as [rows, windows, heads, tokens, channels of a head]"""
    n, h, w, c = x.shape
    down, across = h // window[0], w // window[1]
    x = torch.roll(x, [-s for s in shift], (1, 2))
    x = x.reshape(n, window[0], down, window[1], across, c).permute(0, 2, 4, 1, 3, 5) if grid else \
        x.reshape(n, down, window[0], across, window[1], c).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(n, down * across, window[0] * window[1], heads, c // heads).transpose(2, 3)


def windowed(f):
    """torchvision has such attentions with projections only: with some that change nothing, its functions agree."""
    for shape, heads, window, shift, grid, biased in (((2, 6, 8, 6), 2, (3, 4), (0, 0), False, True), ((2, 6, 8, 6), 3, (3, 4), (1, 3), False, True),
                                                      ((2, 4, 4, 4), 2, (2, 2), (1, 1), False, False), ((1, 6, 6, 4), 1, (2, 3), (0, 0), True, True)):
        q, k, v = (drawn(f, *shape) for _ in range(3))
        table = drawn(f, (2 * window[0] - 1) * (2 * window[1] - 1), heads)
        at = torch.tensor([[i, j] for i in range(window[0]) for j in range(window[1])])
        apart = at[:, None] - at[None] + torch.tensor(window) - 1
        bias = table[apart[..., 0] * (2 * window[1] - 1) + apart[..., 1]].permute(2, 0, 1) if biased else torch.zeros(1)
        place = torch.zeros(1, *shape[1:3], 1)
        for axis in (1, 2):                                # the lines that the shift brings round
            place.narrow(axis, 0, shift[axis - 1]).add_(axis)
        region = in_windows(place, window, shift, grid, 1)[..., 0]
        parts = [in_windows(t, window, shift, grid, heads) for t in (q, k, v)]
        scores = parts[0] @ parts[1].transpose(3, 4) / (shape[3] // heads) ** 0.5 + bias
        p = torch.softmax(scores - 100 * (region[..., None] != region[..., None, :]), -1)
        tokens = in_windows(torch.arange(shape[1] * shape[2]).reshape(1, *shape[1:3], 1), window, shift, grid, 1).flatten()
        y = (p @ parts[2]).transpose(2, 3).reshape(shape[0], -1, shape[3])[:, torch.argsort(tokens)].reshape(shape)
        if not grid:
            eye, flat = torch.eye(shape[3]), [t.detach() for t in (q, q, q)]
            own = [in_windows(t, window, shift, grid, heads) for t in flat]
            theirs = swin.shifted_window_attention(q.detach(), torch.cat([eye] * 3), eye, bias.detach(), list(window), heads, list(shift))
            s = torch.softmax(own[0] @ own[1].transpose(3, 4) / (shape[3] // heads) ** 0.5 + bias - 100 * (region[..., None] != region[..., None, :]), -1)
            agree((s @ own[2]).transpose(2, 3).reshape(shape[0], -1, shape[3])[:, torch.argsort(tokens)].reshape(shape), theirs,
                  f"torchvision on windows of {window}", 1e-12)
        dy = drawn(f, *shape).detach()
        text = {"inputs": [list(shape)] * 3, "heads": heads, "window": list(window), "shift": list(shift), "grid": grid, "use_relative_bias": biased}
        f.case(json.dumps(text).replace('"', ""), {"x0": q, "x1": k, "x2": v, "dy0": dy} | ({"w0": table} if biased else {}),
               {"y0": y, "saved0": p.flatten(1, 2)} | gradients(y, dy, dx0=q, dx1=k, dx2=v, **({"dw0": table} if biased else {})))


def class_token():
    f = File("class_token")
    for shape in ((3, 2, 4, 5), (4, 1, 1, 3)):
        x, w = drawn(f, *shape), drawn(f, shape[3])
        y = torch.cat([w.expand(shape[0], 1, -1), x.flatten(1, 2)], 1)
        one_weight(f, "", x, w, y[:, None])
    return f


def position_embedding():
    f = File("position_embedding")
    for shape in ((3, 1, 4, 5), (4, 7)):
        x, w = drawn(f, *shape), drawn(f, *shape[1:])
        one_weight(f, "", x, w, x + w)
    return f


def one_hot_or_spread(rng, rows, classes):
    """One-hot targets, and in every fourth row a distribution."""
    t = F.one_hot(torch.tensor(rng.integers(0, classes, rows)), classes).double()
    spread = torch.tensor(rng.dirichlet(np.ones(classes), rows))
    return torch.where(torch.arange(rows)[:, None] % 4 == 3, spread, t)


def loss_case(f, fields, x, t, weight, y, value):
    """value: each row's loss; weight: None, or one for each row."""
    loss = (value if weight is None else value * weight).sum() / len(x)
    loss.backward()
    shapes = f"{list(x.shape)}, {list(t.shape)}" + ("" if weight is None else f", [{len(x)}]")
    f.case(f"{{inputs: [{shapes}]{fields}}}", {"x0": x, "x1": t} | ({} if weight is None else {"x2": weight}),
           {"y0": y.detach(), "y1": loss.detach(), "dx0": x.grad})


def categorical_focal_crossentropy():
    f = File("categorical_focal_crossentropy")
    for rows, n, gamma, alpha, smoothing, weighted in ((7, 10, 2.0, 0.25, 0, False), (9, 17, 0.5, 1.0, 0.1, True),
                                                       (5, 3, 0.0, 0.6, 0, False), (4, 40, 3.5, 0.25, 0.2, False)):
        x, t = torch.tensor(f.rng.uniform(-6, 6, (rows, n)), requires_grad=True), one_hot_or_spread(f.rng, rows, n)
        weight = torch.tensor(f.rng.uniform(0, 3, rows)) if weighted else None
        p = F.softmax(x, -1)
        smooth = t * (1 - smoothing) + smoothing / n
        value = -(alpha * (1 - p)**gamma * smooth * F.log_softmax(x, -1)).sum(-1)
        theirs = keras.losses.CategoricalFocalCrossentropy(alpha, gamma, from_logits=True, label_smoothing=smoothing, reduction=None)
        agree(value, theirs(t, x.detach()).double(), f"keras's focal {gamma}", 1e-4)
        loss_case(f, f", gamma: {gamma}, alpha: {alpha}, label_smoothing: {smoothing}", x, t, weight, p, value)
    return f


def binary_focal_crossentropy():
    f = File("binary_focal_crossentropy")
    for rows, n, gamma, alpha, balanced, smoothing, weighted in (
            (7, 10, 2.0, 0.25, False, 0, False), (9, 17, 0.5, 0.6, True, 0.1, True), (40, 1, 0.0, 0.25, True, 0, False),
            (5, 3, 3.5, 0.25, True, 0.2, False)):
        x = torch.tensor(f.rng.uniform(-6, 6, (rows, n)), requires_grad=True)
        t = torch.tensor(f.rng.integers(0, 2, (rows, n)).astype(float))
        t = torch.where(torch.arange(rows)[:, None] % 4 == 3, torch.tensor(f.rng.uniform(0, 1, (rows, n))), t)
        weight = torch.tensor(f.rng.uniform(0, 3, rows)) if weighted else None
        p, smooth = torch.sigmoid(x), t * (1 - smoothing) + smoothing / 2
        factor = smooth * alpha + (1 - smooth) * (1 - alpha) if balanced else 1.0
        miss = smooth * torch.sigmoid(-x) + (1 - smooth) * p
        value = (factor * miss**gamma * F.binary_cross_entropy_with_logits(x, smooth, reduction="none")).mean(-1)
        theirs = keras.losses.BinaryFocalCrossentropy(balanced, alpha, gamma, from_logits=True, label_smoothing=smoothing, reduction=None)
        agree(value, theirs(t, x.detach()).double(), f"keras's binary focal {gamma}", 1e-4)
        loss_case(f, f", gamma: {gamma}, alpha: {alpha}, apply_class_balancing: {str(balanced).lower()}, "
                  f"label_smoothing: {smoothing}", x, t, weight, p, value)
    return f


def kl_divergence():
    f = File("kl_divergence")
    for rows, n, weighted in ((7, 10, False), (9, 17, True), (5, 2, False)):
        x, t = torch.tensor(f.rng.uniform(-6, 6, (rows, n)), requires_grad=True), one_hot_or_spread(f.rng, rows, n)
        weight = torch.tensor(f.rng.uniform(0, 3, rows)) if weighted else None
        value = F.kl_div(F.log_softmax(x, -1), t, reduction="none").sum(-1)
        theirs = keras.losses.KLDivergence(reduction=None)(t, F.softmax(x.detach(), -1))   # it clips at 1e-7
        agree(value, theirs.double(), "keras's divergence", 1e-4)
        loss_case(f, "", x, t, weight, F.softmax(x, -1), value)
    return f


def keras_auc(rng, rows, classes):
    """Targets and predictions, and Keras's metric of them: its result, and the counts that follow from its own."""
    t = F.one_hot(torch.tensor(rng.integers(0, classes, rows)), classes) if classes > 1 else torch.tensor(rng.integers(0, 2, (rows, 1)))
    p = np.clip(rng.uniform(-0.1, 0.9, (rows, classes)) + 0.25 * t.numpy(), 0, 1).astype(np.float32)
    metric = keras.metrics.AUC()
    torch.set_default_dtype(torch.float32)          # or its sums mix two types
    metric.update_state(t.float(), torch.tensor(p))
    value = float(metric.result())
    torch.set_default_dtype(torch.float64)
    yes, no = (np.asarray(v).astype(np.int64) for v in (metric.true_positives.value.cpu(), metric.false_positives.value.cpu()))
    above = np.stack([no, yes])                 # [2, 200]: those above threshold k
    whole = np.array([(1 - t.numpy()).sum(), t.numpy().sum()])
    counts = np.concatenate([(whole - above[:, 0])[:, None], above[:, :-1] - above[:, 1:], above[:, -1:]], 1)
    return t, p, counts, value


def threshold_counts():
    f = File("threshold_counts")
    for rows, classes in ((1, 2), (37, 10), (130, 3), (40, 1)):
        t, p, counts, _ = keras_auc(f.rng, rows, classes)
        before = f.rng.integers(0, 9, counts.shape)
        f.case(f"{{inputs: [[{rows}, {classes}], [{rows}, {classes}]]}}",
               {"x0": torch.tensor(p).double(), "x1": t.double(), "y0": before}, {"y0": before + counts})
        if classes > 1:
            f.case(f"{{inputs: [[{rows}, {classes}], [{rows}]]}}",
                   {"x0": torch.tensor(p).double(), "x1": t.argmax(1), "y0": before}, {"y0": before + counts})
    return f


def auc():
    f = File("auc")
    for rows, classes in ((37, 10), (130, 3), (4000, 1)):
        _, _, counts, value = keras_auc(f.rng, rows, classes)
        above = counts[:, ::-1].cumsum(1)[:, ::-1][:, 1:]
        x, y = (v / c.sum() for v, c in zip(above, counts))
        own = ((x[:-1] - x[1:]) * (y[:-1] + y[1:]) / 2).sum()
        agree(torch.tensor(own), torch.tensor(value).double(), "keras's AUC", 1e-5)
        f.case(f"{{input: {list(counts.shape)}}}", {"x0": counts.astype(float)}, {"y0": own})
    f.case("{input: [2, 201]}", {"x0": np.outer([0.0, 1.0], np.arange(201.0))}, {"y0": 0.0})   # no target of 0
    return f


def keras_binary(rng, rows, columns):
    """Targets of several labels and predictions; counts of each column, and Keras's BinaryAccuracy of them."""
    t = rng.integers(0, 2, (rows, columns))
    p = rng.uniform(0, 1, (rows, columns)).astype(np.float32)
    p.flat[0] = 0.5                                     # is not above a half
    metric = keras.metrics.BinaryAccuracy()
    metric.update_state(t.astype(np.float32), p)
    counts = np.stack([[((t[:, c] == i) & ((p[:, c] > 0.5) == j)).sum() for i in (0, 1) for j in (0, 1)] for c in range(columns)])
    return t, p, counts, float(metric.result())


def binary_counts():
    f = File("binary_counts")
    for rows, columns in ((1, 2), (37, 10), (130, 3), (40, 1)):
        t, p, counts, _ = keras_binary(f.rng, rows, columns)
        before = f.rng.integers(0, 9, counts.shape)
        f.case(f"{{inputs: [[{rows}, {columns}], [{rows}, {columns}]]}}",
               {"x0": p.astype(float), "x1": t.astype(float), "y0": before}, {"y0": before + counts})
    return f


def binary_accuracy():
    f = File("binary_accuracy")
    for rows, columns in ((37, 10), (130, 3), (400, 1)):
        _, _, counts, value = keras_binary(f.rng, rows, columns)
        right = counts[:, 0] + counts[:, 3]
        agree(torch.tensor(right.sum() / counts.sum()), torch.tensor(value).double(), "keras's BinaryAccuracy", 1e-6)
        f.case(f"{{input: {list(counts.shape)}}}", {"x0": counts.astype(float)}, {"y0": right.sum() / counts.sum()})
        f.case(f"{{input: {list(counts.shape)}, average: none}}", {"x0": counts.astype(float)}, {"y0": right / rows})
    return f


def pixel_colours(op, new, change):
    """Keras's layer, checked against Python's colorsys, whose numbers are the result."""
    f = File(op)
    for shape, (a, b), (black, white) in (((5, 4, 3, 3), (0.0, 1.0), (0, 1)), ((4, 3, 5, 3), (0.2, 0.7), (-0.5, 2)),
                                          ((3, 6, 5, 3), (0.5, 0.9), (0, 1))):
        x = f.rng.uniform(black, white, shape)
        x[0, 0] = x[0, 0, :, :1]                                    # greys
        x[0, 1, 0] = black
        words = [image_draw(i) for i in range(shape[0])]
        factor, keras_factor, of_pixel = change(np.array([a + unit(w[0]) * (b - a) for w in words]), [w[1] >> 31 for w in words])
        layer = new((a, b), value_range=(0, 1))
        scaled = (x - black) / (white - black)
        theirs = layer.transform_images(torch.tensor(scaled), {"factor": torch.tensor(keras_factor)}, training=True)
        own = np.array([[[of_pixel(pixel, factor[i]) for pixel in line] for line in scaled[i]] for i in range(shape[0])])
        agree(torch.tensor(own), torch.clip(theirs, 0, 1).double(), f"keras's {op}", 1e-5)
        f.case(f"{{input: {list(shape)}, factor: {[a, b]}, value_range: {[black, white]}}}", {"x0": x},
               {"y0": own * (white - black) + black})
    return f


def random_hue():
    def change(f, signs):
        turn = np.where(signs, -1, 1) * f * 0.5
        def of_pixel(p, t):
            h, s, v = colorsys.rgb_to_hsv(*p)
            return colorsys.hsv_to_rgb((h + t) % 1.0, s, v)
        return turn, turn, of_pixel
    return pixel_colours("random_hue", keras.layers.RandomHue, change)


def random_saturation():
    def change(f, _):
        factor = f / (1 - f + 1e-7)
        def of_pixel(p, k):
            h, s, v = colorsys.rgb_to_hsv(*p)
            return colorsys.hsv_to_rgb(h, min(s * k, 1.0), v)
        return factor, factor, of_pixel
    return pixel_colours("random_saturation", keras.layers.RandomSaturation, change)


def cutmix():
    """Keras's layer with our draws: its masks, images and labels."""
    f = File("cutmix")
    for shape, alpha, each in (((5, 9, 7, 2), 1, True), ((1, 3, 5, 1), 1, True), ((2, 8, 5, 1), 0.3, True),
                               ((7, 13, 4, 1), 4, False), ((9, 5), 1, True), ((7, 3), 4, False)):
        x, n = f.rng.uniform(0, 1, shape), shape[0]
        words = [philox((2 * (i if each else 0), 0, LAYER, AUGMENTATION), (SEED, 0)) for i in range(n)]
        c = np.array([np.cos(2 * np.pi * unit(w[1])) for w in words])
        w = np.expm1(np.array([-np.log(1 - unit(w[0])) for w in words]) / alpha) * c**2
        share = 0.5 + np.sign(c) * 0.5 * np.sqrt(w / (1 + w))
        roll = 1 + (philox((1, 0, LAYER, AUGMENTATION), (SEED, 0))[0] * (n - 1) >> 32) if n > 1 else 0
        layer, how = keras.layers.CutMix(1), {"permutation_order": torch.tensor([(i + roll) % n for i in range(n)])}
        if len(shape) == 4:
            side, ends = np.sqrt(1 - share), []
            for size, word in ((shape[2], 3), (shape[1], 2)):
                from_ = np.array([unit(w[word]) for w in words]) * (size - side * size)
                ends += [torch.tensor(from_), torch.tensor(from_ + side * size)]
            how["batch_masks"], weight = layer._generate_batch_mask(shape, ends)
            agree(torch.tensor(share), weight.flatten(), "the rectangle's area", 1e-6)
            y = layer.transform_images(torch.tensor(x), how, training=True)
            y = torch.where(how["batch_masks"], torch.tensor(np.roll(x, -roll, 0)), torch.tensor(x))
        else:
            y = layer.transform_labels(torch.tensor(x), how | {"mix_weight": torch.tensor(share)[:, None, None, None]}, training=True)
            own = share[:, None] * x + (1 - share[:, None]) * np.roll(x, -roll, 0)
            agree(torch.tensor(own), y.double(), "keras's labels", 1e-5)
            y = torch.tensor(own)
        f.case(f"{{input: {list(shape)}, alpha: {alpha}, per_image: {str(each).lower()}}}", {"x0": x}, {"y0": y})
    return f


def random_resized_crop():
    """torchvision's resized_crop of the parts that its RandomResizedCrop.make_params would take with our draws."""
    f = File("random_resized_crop")
    for shape, size, scale, ratio in (((9, 7, 11, 3), None, (0.08, 1), (3 / 4, 4 / 3)), ((9, 8, 8, 1), (5, 13), (0.08, 1), (3 / 4, 4 / 3)),
                                      ((3, 3, 40, 1), None, (0.9, 1), (3 / 4, 4 / 3)), ((3, 40, 3, 2), None, (0.9, 1), (3 / 4, 4 / 3)),
                                      ((17, 13, 6, 1), (13, 9), (0.01, 0.3), (0.1, 10))):
        n, h, w, _ = shape
        size = size or (h, w)
        x = f.rng.uniform(0, 1, shape)
        y = []
        for i in range(n):
            for t in range(10):
                word = philox((10 * i + t, 0, LAYER, AUGMENTATION), (SEED, 0))
                area = h * w * (scale[0] + unit(word[0]) * (scale[1] - scale[0]))
                wide = np.exp(np.log(ratio[0]) + unit(word[1]) * np.log(ratio[1] / ratio[0]))
                rows, columns = int(round(np.sqrt(area / wide))), int(round(np.sqrt(area * wide)))
                if 0 < rows <= h and 0 < columns <= w:
                    top, left = word[2] * (h - rows + 1) >> 32, word[3] * (w - columns + 1) >> 32
                    break
            else:
                rows, columns = (int(round(w / ratio[0])), w) if w / h < ratio[0] else \
                                (h, int(round(h * ratio[1]))) if w / h > ratio[1] else (h, w)
                top, left = (h - rows) // 2, (w - columns) // 2
            image = torch.tensor(x[i]).permute(2, 0, 1)[None]
            y.append(vision.resized_crop(image, top, left, rows, columns, size, antialias=False)[0].permute(1, 2, 0))
        f.case(f"{{input: {list(shape)}, height: {size[0]}, width: {size[1]}, scale: {list(scale)}, ratio: {[round(r, 9) for r in ratio]}}}",
               {"x0": x}, {"y0": torch.stack(y)})
    return f


RAND_AUGMENT = [                       # input, options, black, white
    ((5, 7, 11, 3), {}, [0], [1]),
    ((9, 9, 8, 3), {"magnitude": 30}, [-1], [1]),
    ((17, 8, 9, 1), {"magnitude": 22, "fill": 128}, [0], [1]),
    ((5, 9, 6, 3), {"num_ops": 8, "fill": [124, 116, 104], "magnitude": 14}, [-2.1179, -2.0357, -1.8044], [2.2489, 2.4286, 2.64]),
    ((14, 17, 19, 3), {"num_ops": 1, "magnitude": 3, "num_magnitude_bins": 5}, [0], [255]),
    ((33, 6, 2, 1), {"num_ops": 3, "magnitude": 1, "num_magnitude_bins": 2}, [0], [1]),
    ((9, 18, 17, 1), {"num_ops": 2}, [0], [1]),
]


def rand_augment():
    """torchvision's _apply_op on bytes, with the magnitudes of its RandAugment and our draws."""
    torch.set_default_dtype(torch.float32)                 # in which it blends, whatever it is given
    f = rand_augmented()
    torch.set_default_dtype(torch.float64)
    return f


def magnitude_of(last, o):
    """linspace without vectors, whose last bit depends on them."""
    m, bins = o.get("magnitude", 9), np.float32(o.get("num_magnitude_bins", 31))
    each = np.float32(last) / (bins - 1)
    return each * np.float32(m) if m < bins // 2 else np.float32(last) - each * (bins - 1 - m)


def rand_augmented():
    f = File("rand_augment")
    for shape, o, black, white in RAND_AUGMENT:
        n, h, w, channels = shape
        fill = o.get("fill", 0)
        layer = autoaugment.RandAugment(o.get("num_ops", 2), o.get("magnitude", 9), o.get("num_magnitude_bins", 31))
        space = layer._augmentation_space(layer.num_magnitude_bins, (h, w))
        for name, last in (("ShearX", 0.3), ("TranslateX", 150.0 / 331.0 * w), ("Rotate", 30), ("Color", 0.9)):
            assert space[name][0][layer.magnitude] == magnitude_of(last, o), f"rand_augment: {name} by another last bit"
        narrow = f.rng.integers(0, 2, (n, 1, 1, channels))             # half of them dark, with few levels
        bytes_, y = f.rng.integers(0, 256, shape) >> 3 * narrow, []
        for i in range(n):
            picture = torch.tensor(bytes_[i], dtype=torch.uint8).permute(2, 0, 1)
            for k in range(layer.num_ops):
                word = philox((layer.num_ops * i + k, 0, LAYER, AUGMENTATION), (SEED, 0))
                name = list(space)[word[0] * len(space) >> 32]
                magnitudes, signed = space[name]
                magnitude = float(magnitudes[layer.magnitude]) if magnitudes.ndim else 0.0
                magnitude = -magnitude if signed and word[1] >> 31 else magnitude
                levels = [float(v) for v in (fill if isinstance(fill, list) else [fill] * channels)]
                picture = autoaugment._apply_op(picture, name, magnitude, autoaugment.InterpolationMode.NEAREST, levels)
            y.append(picture.permute(1, 2, 0).numpy())
        black, unit = np.array(black), (np.array(white) - black) / 255
        text = json.dumps({"input": list(shape)} | o | {"black": black.tolist(), "white": white}).replace('"', "")
        f.case(text, {"x0": black + bytes_ * unit}, {"y0": black + np.stack(y) * unit})
    return f


NEWER = (dot_product_attention, class_token, position_embedding, cropping2d, permute, space_to_depth, unit_normalization, local_response_normalization, conv2d_transpose, up_sampling2d, group_normalization, multiply, layer_scale, prelu, slice_of_channels, channel_shuffle, stochastic_depth, huber,
         categorical_focal_crossentropy, binary_focal_crossentropy, kl_divergence, threshold_counts, auc,
         binary_counts, binary_accuracy, random_hue,
         random_saturation, cutmix, random_resized_crop, rand_augment)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)
    for make in NEWER:
        if len(sys.argv) == 2 or make.__name__.removesuffix("_of_channels") in sys.argv[2:]:
            make().write(folder)
    if len(sys.argv) > 2:
        return
    for make in (dense, conv2d, max_pooling2d, activation, dropout, accuracy, gather_images, gather_labels, sgd, adam):
        make().write(folder)
    crossentropy("categorical_crossentropy", False).write(folder)
    crossentropy("sparse_categorical_crossentropy", True).write(folder)
    for make in (top_k, confusion_matrix):                  # with random numbers of their own
        make().write(folder)
    for op in ("precision", "recall", "f1"):
        score(op).write(folder)
    for make in (batch_normalization, rmsprop, add, regularizer):        # last, so that the files above keep their numbers
        make().write(folder)
    for make in (concatenate, zero_padding2d, average_pooling2d, spatial_dropout2d):
        make().write(folder)
    global_pooling2d("global_average_pooling2d", keras.layers.GlobalAveragePooling2D, torch.mean).write(folder)
    global_pooling2d("global_max_pooling2d", keras.layers.GlobalMaxPooling2D, torch.amax).write(folder)
    for make in (mean_squared_error, mean_absolute_error, mean_squared_logarithmic_error, hinge, squared_hinge,
                 binary_crossentropy, gather_rows, depthwise_conv2d, separable_conv2d):  # these have numbers of their own
        make().write(folder)
    for make in (adamw, nadam, adamax, adagrad, adadelta, gradient_clipping, layer_normalization): # these have their own
        make().write(folder)
    for make in (random_crop, cutout, random_brightness, random_contrast, mixup):
        make().write(folder)
    for make in (image_data_generator, elastic_distortion) if ndimage else ():
        make().write(folder)


main()
