"""Data sets by the names that a model file has for them: builtin:digits, mnist, cifar10, folder:PATH, ..."""

from ._rows import NamedRows


def load(name, folder=None):
    """Returns (x_train, y_train), (x_test, y_test): uint8 [rows, height, width, channels], and int32 [rows].

    folder: where data sets lie; None: ISOCL_DATA, then ~/.local/share/isocl.
    """
    return load_split(name, "train", folder), load_split(name, "test", folder)


def load_split(name, split, folder=None):
    """Returns x and y of one split: train or test."""
    return NamedRows(name, split, folder).arrays()


def class_names(name, split="train", folder=None):
    """Returns the names of the classes, or their numbers as texts."""
    return NamedRows(name, split, folder).class_names()
