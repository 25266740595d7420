"""Writes the small files that the tests of the data readers read: tests/readers/.

    python make_readers.py tests/readers

Needs numpy (2) and Pillow. The files are committed; run this only to add one.
"""
import os
import pickle
import sys

import numpy as np

ROWS, HEIGHT, WIDTH = 4, 3, 5


def images(kind, channels=None):
    shape = (ROWS, HEIGHT, WIDTH) + ((channels,) if channels else ())
    return ((np.arange(np.prod(shape)) * 7 + 3) % 256).reshape(shape).astype(kind)


def object_npy(path, value, protocol, old_names=False):
    """A .npy file as numpy.save writes it for an object, with any protocol."""
    data = pickle.dumps(np.array(value, dtype=object), protocol=protocol)
    if old_names:                                  # what NumPy 1 called the module
        assert protocol == 3
        data = data.replace(b"numpy._core", b"numpy.core")
    with open(path, "wb") as f:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(f, header)
        f.write(data)


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def numpy_files(folder):
    target = np.array([1, 2, 3, 1])
    both = {"features": images("f8"), "target": target.astype("f8")}
    object_npy(folder + "/float64.npy", both, 3, old_names=True)
    object_npy(folder + "/float64-4.npy", both, 4)
    object_npy(folder + "/float64-5.npy", both, 5)
    more = {"note": "a text", "n": np.float32(0.5), "list": [1, 2.5, None, True, -7, (), {}],
            "big": 1 << 40, "images": images(">u2"), "labels": target.astype(">i4").reshape(4, 1)}
    object_npy(folder + "/mixed.npy", more, 4)
    object_npy(folder + "/half.npy", {"x": images("f2", 3), "y": target.astype("u1")}, 3)
    object_npy(folder + "/scaled.npy", {"features": images("f8") / 255, "target": target}, 4)
    object_npy(folder + "/fortran.npy",
               {"features": np.asfortranarray(images("f8")), "target": target}, 3)
    object_npy(folder + "/keys.npy", {"pictures": images("u1"), "target": target}, 4)
    object_npy(folder + "/fractions.npy", {"x": images("u1"), "y": target + 0.5}, 4)
    object_npy(folder + "/objects.npy",
               {"x": np.array([images("u1"), None], dtype=object), "y": target}, 4)
    object_npy(folder + "/evil.npy", {"features": Evil(), "target": target}, 4)
    object_npy(folder + "/list.npy", [1, 2, 3], 4)
    np.save(folder + "/array.npy", images("u1"))
    os.makedirs(folder + "/arrays", exist_ok=True)
    for split in ("train", "test"):
        np.save(f"{folder}/arrays/x_{split}.npy", images("f4") if split == "train"
                else images("u1")[:2].reshape(2, -1))
        np.save(f"{folder}/arrays/y_{split}.npy", target if split == "train" else target[:2])
    np.savez_compressed(folder + "/arrays.npz", x_train=images("u1"), y_train=target)


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    numpy_files(folder)
