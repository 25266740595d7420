"""isocl: trains image classifiers with the same numbers on every device.

The package is a thin layer over the library's public header, isocl.h: arrays of NumPy go in and out, and names and
arguments are Keras's where Keras has them.

    import isocl
    (x, y), (x_test, y_test) = isocl.datasets.load("builtin:digits")
    model = isocl.Model("models/demo.yaml")
    model.fit(x, y, epochs=2, validation_data=(x_test, y_test))
    model.predict(x_test[:3])
"""

from . import datasets, layers, optimizers
from ._library import (
    Error,
    arithmetic,
    devices,
    features,
    options,
    version,
)
from ._rows import Targets
from .callbacks import Callback, History
from .layers import Input, Sequential
from .model import Model, parity

__version__ = version()
__all__ = [
    "Callback",
    "Error",
    "History",
    "Input",
    "Model",
    "Sequential",
    "Targets",
    "arithmetic",
    "datasets",
    "devices",
    "features",
    "layers",
    "optimizers",
    "options",
    "parity",
    "version",
]
