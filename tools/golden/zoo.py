#!/usr/bin/env python3
"""Imports networks as PyTorch's two exporters and Keras write them, and compares their outputs.

    python3 tools/golden/zoo.py build/isocl [NAME...] [--keep DIR] [--torch] [--keras]

Neither the build nor the tests run this. It needs torch, torchvision, onnx, onnxscript, onnxruntime, keras 3, h5py and
numpy (written with 2.15, 0.29, 1.23, keras 3.15). Networks are every family of classifiers in torchvision.models and
keras.applications at its smallest size, and those of tutorials, for images as small as each can take, with random
weights and statistics. PyTorch's are exported with the default exporter and with the older one, for a batch of a fixed
and of any size, and a state dict is saved for a model file that there is (pth/NAME); keras_zoo.py saves Keras's.
`isocl import` makes a model file and weights of each file; the network's output for random images must then be within
1e-5 of onnxruntime's, PyTorch's or Keras's, relative to its largest.

Prints a line for each file: equal, refused with isocl's reason, or WRONG; then totals. Exits with 1 when a result is
wrong.
"""
import argparse
import contextlib
import functools
import os
import sys
import tempfile
import warnings

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np
import torch
import torchvision
from torch import nn

from zoo_files import ROWS, compare_onnx, compare_weights, summary

NAMES = """alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5
mobilenet_v2 mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnet50 resnext50_32x4d wide_resnet50_2
shufflenet_v2_x0_5 squeezenet1_0 squeezenet1_1 swin_t swin_v2_t vgg11 vgg11_bn vit_b_16""".split()
SIZES = {"inception_v3": 75, "maxvit_t": 224, "vgg11": 224, "vgg11_bn": 224, "alexnet": 224, "vit_b_16": 32}
MORE = {"googlenet": {"init_weights": True}, "inception_v3": {"init_weights": True}, "vit_b_16": {"image_size": 32}}


# Model files that compute what torchvision's networks do.
MODELS = {"vgg16": "vgg16", "resnet18": "imagenet/resnet18", "resnet34": "imagenet/resnet34",
          "resnext50_32x4d": "imagenet/resnext50", "densenet121": "imagenet/densenet121",
          "squeezenet1_1": "imagenet/squeezenet", "mobilenet_v2": "imagenet/mobilenet-v2",
          "mobilenet_v3_small": "imagenet/mobilenet-v3-small", "shufflenet_v2_x1_0": "imagenet/shufflenet-v2",
          "efficientnet_b0": "imagenet/efficientnet-b0", "vit_b_16": "imagenet/vit-b-16"}


class Tutorial(nn.Module):
    """The network of PyTorch's tutorial on CIFAR-10."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


class Example(nn.Module):
    """The network of PyTorch's example on MNIST."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, 1), nn.Conv2d(32, 64, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = torch.flatten(self.dropout1(nn.functional.max_pool2d(x, 2)), 1)
        x = self.fc2(self.dropout2(torch.relu(self.fc1(x))))
        return nn.functional.log_softmax(x, dim=1)


def sequential():
    """The network of PyTorch's quickstart."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(),
                         nn.Linear(512, 10))


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(),
                         nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 10),
                         nn.Softmax(1))


def alexnet_of_2012():
    """With local response normalization."""
    return nn.Sequential(nn.Conv2d(3, 24, 5), nn.ReLU(), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2),
                         nn.MaxPool2d(3, 2), nn.Conv2d(24, 32, 5, padding=2, groups=2), nn.ReLU(),
                         nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2), nn.MaxPool2d(3, 2), nn.Flatten(),
                         nn.Dropout(0.5), nn.Linear(1152, 64), nn.ReLU(), nn.Linear(64, 10))


def network_in_network():
    return nn.Sequential(nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 16, 1), nn.ReLU(),
                         nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5), nn.Conv2d(16, 10, 3, padding=1),
                         nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())


class Residual(nn.Module):
    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, x):
        return self.inside(x) + x


def convmixer():
    block = [nn.Sequential(Residual(nn.Sequential(nn.Conv2d(16, 16, 5, groups=16, padding="same"), nn.GELU(),
                                                  nn.BatchNorm2d(16))),
                           nn.Conv2d(16, 16, 1), nn.GELU(), nn.BatchNorm2d(16)) for _ in range(2)]
    return nn.Sequential(nn.Conv2d(3, 16, 4, stride=4), nn.GELU(), nn.BatchNorm2d(16), *block,
                         nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(16, 10))


class Encoded(nn.Module):
    """An encoder and decoder with transposed convolutions, then a head; the image is scaled inside."""

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.Hardswish())
        self.up = nn.Sequential(nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.LeakyReLU(0.2), nn.ConvTranspose2d(8, 6, 2, 2),
                                nn.GroupNorm(2, 6), nn.Mish())
        self.head = nn.Linear(6 * 32 * 32, 10)
        self.register_buffer("mean", torch.tensor([0.48, 0.46, 0.41]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.23, 0.22, 0.22]).view(1, 3, 1, 1))

    def forward(self, x):
        x = self.up(self.down((x - self.mean) / self.std))
        return self.head(x.view(x.size(0), -1))


class Excited(nn.Module):
    """Squeeze and excitation in the tutorials' form, with views and dense layers."""

    def __init__(self):
        super().__init__()
        self.conv, self.prelu = nn.Conv2d(3, 12, 3, padding=1, bias=False), nn.PReLU(12)
        self.a, self.b, self.head = nn.Linear(12, 4, bias=False), nn.Linear(4, 12, bias=False), nn.Linear(12, 10)

    def forward(self, x):
        x = self.prelu(self.conv(x))
        b, c, _, _ = x.size()
        y = nn.functional.adaptive_avg_pool2d(x, 1).view(b, c)
        y = torch.sigmoid(self.b(nn.functional.relu(self.a(y)))).view(b, c, 1, 1)
        return self.head((x * y.expand_as(x)).mean((2, 3)))


OWN = {"tutorial_cifar10": (Tutorial, (3, 32, 32)), "example_mnist": (Example, (1, 28, 28)),
       "quickstart": (sequential, (1, 28, 28)), "lenet": (lenet, (1, 28, 28)),
       "alexnet_of_2012": (alexnet_of_2012, (3, 32, 32)), "network_in_network": (network_in_network, (3, 32, 32)),
       "convmixer": (convmixer, (3, 32, 32)), "encoded": (Encoded, (3, 32, 32)), "excited": (Excited, (3, 32, 32))}


def randomized(made):
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
    return made.eval()


def network(name):
    """(the network in eval mode with random statistics, the shape of an image)"""
    torch.manual_seed(1)
    if name in OWN:
        made, shape = OWN[name][0](), OWN[name][1]
    else:
        shape = (3,) + (SIZES.get(name, 64),) * 2
        made = getattr(torchvision.models, name)(weights=None, num_classes=10, **MORE.get(name, {}))
        if name.startswith("vit"):
            nn.init.normal_(made.heads.head.weight)        # torchvision makes it 0
    return randomized(made), shape


def export(made, x, path, default, dynamic):
    more = {}
    if default and dynamic:
        more["dynamic_shapes"] = ({0: torch.export.Dim("batch", min=1)},)
    elif dynamic:
        more.update(dynamic_axes={"input": {0: "batch"}}, input_names=["input"])
    with warnings.catch_warnings(), open(os.devnull, "w", encoding="utf-8") as quiet, \
            contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")
        torch.onnx.export(made, (x,), path, dynamo=default, **more)


def torch_verdict(isocl, made, x, path, default, dynamic, folder):
    try:
        if not os.path.exists(path):
            export(made(), x, path, default, dynamic)
    except Exception as e:                                             # an exporter that cannot: no matter of isocl's
        return f"not exported: {type(e).__name__}: {str(e).splitlines()[0][:100]}"
    return compare_onnx(isocl, path, np.ascontiguousarray(np.moveaxis(x.numpy(), 1, -1)), True, folder)


def torch_verdicts(isocl, name, kept, folder):
    """Yields (file, verdict) of the four files of a network."""
    made = functools.cache(lambda: network(name)[0])
    shape = OWN[name][1] if name in OWN else (3,) + (SIZES.get(name, 64),) * 2
    x = torch.rand((ROWS, *shape), generator=torch.Generator().manual_seed(2)) * 2 - 1
    for default, dynamic in ((True, False), (True, True), (False, False), (False, True)):
        label = f"{name}-{'default' if default else 'older'}-{'any' if dynamic else 'fixed'}.onnx"
        path = os.path.join(kept or folder, label)
        yield label, torch_verdict(isocl, made, x, path, default, dynamic, folder)
        if not kept:
            for made_file in (path, path + ".data"):
                if os.path.exists(made_file):
                    os.remove(made_file)


def state_dict_verdicts(isocl, name, kept, folder):
    """Yields (file, verdict) of a state dict as weights of the network's model file."""
    del kept
    name = name.split("/")[1]
    torch.manual_seed(1)
    made = randomized(getattr(torchvision.models, name)(weights=None))
    path, x = os.path.join(folder, name + ".pth"), torch.rand(ROWS, 3, 224, 224) * 2 - 1
    model = os.path.join(os.path.dirname(__file__), "..", "..", "models", MODELS[name] + ".yaml")
    torch.save(made.state_dict(), path)
    with torch.no_grad():
        want = torch.softmax(made(x), 1).numpy()
    verdict = compare_weights(isocl, path, model, np.ascontiguousarray(np.moveaxis(x.numpy(), 1, -1)), want, folder)
    os.remove(path)
    yield name + ".pth", verdict


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("isocl")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", help="a folder for the files, which are made once")
    parser.add_argument("--torch", action="store_true", help="PyTorch's networks only")
    parser.add_argument("--keras", action="store_true", help="Keras's networks only")
    args = parser.parse_intermixed_args()
    everything = {n: torch_verdicts for n in [*OWN, *NAMES]} if not args.keras else {}
    everything.update({"pth/" + n: state_dict_verdicts for n in MODELS} if not args.keras else {})
    if not args.torch:
        import keras_zoo
        everything.update({n: keras_zoo.verdicts for n in [*keras_zoo.OWN, *keras_zoo.NAMES]})
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
        for name in args.names or everything:
            for label, verdict in everything[name](args.isocl, name, args.keep, folder):
                print(f"{label:42} {verdict}", flush=True)
                verdicts.append(verdict)
    sys.exit(summary(verdicts))


if __name__ == "__main__":
    main()
