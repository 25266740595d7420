"""Optimizers of a model file as objects: optimizers.Adam(learning_rate=0.01)."""

from .layers import make_class

_NAMES = {"SGD": "Sgd", "RMSprop": "Rmsprop", "AdamW": "Adamw"}


def __getattr__(name):
    return make_class(_NAMES.get(name, name))
