"""Layers as objects that write a model file's text. Every layer of a model file has a class here: layers.Conv2D is
conv2d, layers.MaxPooling2D max_pooling2d; its arguments are the keys that `isocl help conv2d` lists. The library checks
them, and says of what is wrong where and what to do."""

import re

from .model import Model


def _snake(name):
    """Conv2D is conv2d, BatchNormalization batch_normalization."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def yaml(value):
    """The value as YAML in one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(yaml(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Use):
        return value.yaml()
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./+-]*", value):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


class Use:
    """Something that a model file names, with its parameters. Positional: the first parameter alone."""

    op = None

    def __init__(self, *value, **parameters):
        if len(value) > 1 or (value and parameters):
            raise TypeError(f"{type(self).__name__} takes one value, or parameters by their names")
        self.value, self.parameters = value, parameters

    def yaml(self):
        if self.value:
            return f"{{{self.op}: {yaml(self.value[0])}}}"
        return f"{{{self.op}: {yaml(self.parameters)}}}" if self.parameters else self.op


def make_class(name):
    """A subclass of Use for a name in Keras's spelling."""
    if name.startswith("_") or not name[0].isupper():
        raise AttributeError(name)
    return type(name, (Use,), {"op": _snake(name)})


def __getattr__(name):
    return make_class(name)


class Input:
    """What one example is: Input((28, 28, 1), scale="1/255", mean="auto"); keys as `isocl help input` lists them."""

    def __init__(self, shape, **parameters):
        self.parameters = {"shape": list(shape), **parameters}


class Sequential(Model):
    """A model of an Input and layers. compile makes its text, which `model.text` shows.

    keys: other sections of a model file, such as phases, augmentation, schedule or data.
    """

    def __init__(self, layers, name="sequential"):
        if not layers or not isinstance(layers[0], Input):
            raise TypeError('the first layer is an Input, such as Input((28, 28, 1), scale="1/255")')
        self._input, self._layers, self._called = layers[0], list(layers[1:]), name

    def compile(self, optimizer=None, loss=None, metrics=None, *, batch_size=32, epochs=10, seed=1, device=None,
                mode=None, threads=None, **keys):
        train = {"batch_size": batch_size, "epochs": epochs, "seed": seed}
        sections = {"model": self._called, "input": self._input.parameters, "layers": self._layers, "loss": loss,
                    "optimizer": optimizer, "metrics": metrics, "train": train, **keys}
        lines = [_section(key, value) for key, value in sections.items() if value]
        self._settle(device, mode, threads, None)
        self._open_text("".join(lines), self._called + ".yaml")
        return self


def _section(key, value):
    if key in ("layers", "phases"):
        return f"{key}:\n" + "".join(f"  - {yaml(entry)}\n" for entry in value)
    return f"{key}: {yaml(value)}\n"
