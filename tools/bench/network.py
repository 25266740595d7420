"""Reads isocl's model files into a list of layers, for the programs that isocl is compared with.

As core/model/layer_list.c does, but for files that isocl has found right: layer blocks are unfolded, each
layer has its name and what it reads, and an activation that a layer ends in is a layer of its own. Needs
PyYAML.

    python3 tools/bench/network.py models/resnet50.yaml      prints the layers
"""
import copy
import re
import sys

import yaml


class Reader(yaml.SafeLoader):
    """YAML 1.2, in which off, on, yes and no are words, and 1e-7 is a number."""


Reader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:float")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Reader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), "tf")
Reader.add_implicit_resolver("tag:yaml.org,2002:float",
                             re.compile(r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"),
                             "-+.0123456789")

# The key that a layer's value stands for when it is no mapping, and the defaults that are needed here.
CONVOLUTION = {"kernel_size": None, "strides": 1, "padding": "valid", "dilation_rate": 1,
               "activation": "linear", "use_bias": True}
DEFAULTS = {
    "conv2d": {"filters": None, **CONVOLUTION},
    "depthwise_conv2d": {**CONVOLUTION, "depth_multiplier": 1},
    "separable_conv2d": {"filters": None, **CONVOLUTION, "depth_multiplier": 1},
    "dense": {"units": None, "activation": "linear", "use_bias": True},
    "activation": {"function": None},
    "batch_normalization": {"momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True},
    "max_pooling2d": {"pool_size": 2, "strides": None, "padding": "valid"},
    "average_pooling2d": {"pool_size": 2, "strides": None, "padding": "valid"},
    "global_average_pooling2d": {}, "global_max_pooling2d": {}, "flatten": {}, "add": {},
    "concatenate": {}, "dropout": {"rate": None}, "spatial_dropout2d": {"rate": None},
    "zero_padding2d": {"padding": 1},
}
LAYER_KEYS = ("name", "inputs", "trainable", "repeat", "first")


class Layer:
    def __init__(self, op, name, args, inputs):
        self.op, self.name, self.args, self.inputs = op, name, args, inputs

    def __getattr__(self, key):
        try:
            return self.args[key]
        except KeyError:
            raise AttributeError(key) from None

    def pair(self, key):
        """A size of one or two numbers, as (height, width)."""
        value = self.args[key]
        return tuple(value) if isinstance(value, list) else (value, value)


class Network:
    """layers: in order; an input is the index of a layer, or -1 for the images. The last one's softmax is
    left out: losses take logits, and `softmax` says that predictions are to have it."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = yaml.load(file, Reader)
        self.layers, self.names, self.blocks = [], {}, text.get("blocks", {})
        self.shape = tuple(text["input"]["shape"])
        self.batch = text.get("train", {}).get("batch_size", 32)
        training = (text.get("phases") or [{}])[0] | {}
        self.loss, _ = named(training.get("loss", text.get("loss")))
        self.optimizer = named(training.get("optimizer", text.get("optimizer")))
        self.read(text["layers"], "", -1, {})
        last = self.layers[-1]
        self.softmax = last.op == "activation" and last.function == "softmax"
        if self.softmax:
            self.layers.pop()
        self.classes = self.layers[-1].units

    def readers(self, index):
        """How many layers read this one."""
        return sum(layer.inputs.count(index) for layer in self.layers)

    def read(self, entries, prefix, start, counts):
        """A list of layers that begins behind layer `start`. Returns the index of the last."""
        last = start
        for entry in entries:
            op, args = named(entry)
            if not isinstance(args, dict):
                args = {} if args is None else {first_key(op, self.blocks): args}
            for turn in range(args.get("repeat", 1)):
                local = args.get("name")
                if local is None:
                    counts[op] = counts.get(op, 0) + 1
                    local = f"{op}_{counts[op]}"
                elif "repeat" in args:
                    local = f"{local}{args.get('first', 1) + turn}"
                name = f"{prefix}_{local}" if prefix else str(local)
                inputs = [last]
                if turn == 0 and "inputs" in args:         # in a series of layers, only the first has these inputs
                    given = args["inputs"]
                    inputs = [self.find(source, prefix, start) for source in (given if isinstance(given, list) else [given])]
                own = {key: value for key, value in args.items() if key not in LAYER_KEYS}
                last = self.add(op, name, own, inputs)
                self.names[name] = last
        return last

    def find(self, source, prefix, start):
        if source == "input":
            return start
        return self.names[f"{prefix}_{source}" if prefix else str(source)]

    def add(self, op, name, args, inputs):
        if op in self.blocks:
            block = self.blocks[op]
            values = {key: args.get(key, value) for key, value in (block.get("parameters") or {}).items()}
            return self.read(substitute(copy.deepcopy(block["layers"]), values), name, inputs[0], {})
        if op not in DEFAULTS:
            raise ValueError(f"{name}: {op} is not among the layers that are compared")
        layer = Layer(op, name, DEFAULTS[op] | args, inputs)
        self.layers.append(layer)
        if layer.args.get("activation", "linear") != "linear":
            self.layers.append(Layer("activation", name + "_activation", {"function": layer.activation},
                                     [len(self.layers) - 1]))
        return len(self.layers) - 1


def named(node):
    """`relu`, `dropout: 0.5` or `dense: {units: 10}` as a name and what belongs to it."""
    return next(iter(node.items())) if isinstance(node, dict) else (node, None)


def first_key(op, blocks):
    keys = blocks[op].get("parameters") if op in blocks else DEFAULTS[op]
    return next(iter(keys))


def substitute(node, values):
    """Puts values in place of the $names of a layer block's parameters."""
    if isinstance(node, dict):
        return {key: substitute(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [substitute(value, values) for value in node]
    return values[node[1:]] if isinstance(node, str) and node.startswith("$") else node


if __name__ == "__main__":
    for number, one in enumerate(Network(sys.argv[1]).layers):
        print(number, one.op, one.name, one.args, one.inputs)
