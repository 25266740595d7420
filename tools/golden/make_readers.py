"""Writes the small files that the tests of the data readers read: tests/readers/.

    python make_readers.py tests/readers

Needs numpy (2) and Pillow. The files are committed; run this only to add one.
"""
import gzip
import os
import pickle
import struct
import sys

import numpy as np

ROWS, HEIGHT, WIDTH = 4, 3, 5


def images(kind, channels=None):
    shape = (ROWS, HEIGHT, WIDTH) + ((channels,) if channels else ())
    return ((np.arange(np.prod(shape)) * 7 + 3) % 256).reshape(shape).astype(kind)


def object_npy(path, value, protocol, old_names=False):
    """A .npy file as numpy.save writes it for an object, with any protocol."""
    data = pickle.dumps(np.array(value, dtype=object), protocol=protocol)
    if old_names:                                  # the module's name in NumPy 1
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


def other_numpy_files(folder):
    """Arrays under other names, in other orders, with one-hot labels, and without labels."""
    target = np.array([1, 2, 3, 1])
    one_hot = np.eye(4)[target]
    np.savez(folder + "/medical.npz", train_images=np.asfortranarray(images("u1")),
             train_labels=target.reshape(4, 1), val_images=images("f4"), val_labels=one_hot)
    np.savez(folder + "/pair.npz", images("i8"), one_hot.astype(bool))
    np.savez(folder + "/named.npz", pictures=images("u1"), truth=one_hot.astype("u1"))
    first = images("u1", 3).transpose(0, 3, 1, 2)
    np.savez(folder + "/first.npz", X=np.ascontiguousarray(first), y=target)
    np.savez(folder + "/soft.npz", x=images("u1"), y=one_hot * 0.9 + 0.025)
    object_npy(folder + "/unlabelled.npy",
               {"id": np.arange(4.0) + 60000, "features": images("f8")}, 4)


def picture(channels, seed, height=9, width=13):
    """Smooth, so that JPEG keeps it, and different in every pixel."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    value = 120 + 90 * np.sin(0.4 * y + seed) * np.cos(0.3 * x - c) + 5 * c
    return value.clip(0, 255).astype("u1")


def resize(a, height, width):
    """Bilinear in whole numbers, from the definition in core/data/image.h."""
    def places(n, size):
        at = np.maximum((2 * np.arange(n) + 1) * size - n, 0)
        low = at // (2 * n)
        return low, np.minimum(low + 1, size - 1), at % (2 * n)
    a = a.astype(int)
    y0, y1, wy = places(height, a.shape[0])
    x0, x1, wx = places(width, a.shape[1])
    wy, wx = wy[:, None, None], wx[None, :, None]
    rows = [a[y][:, x0] * (2 * width - wx) + a[y][:, x1] * wx for y in (y0, y1)]
    total = rows[0] * (2 * height - wy) + rows[1] * wy
    whole = 4 * height * width
    return ((2 * total + whole) // (2 * whole)).astype("u1")


def image_files(folder):
    """One file of each kind, and what Pillow makes of them."""
    from PIL import Image
    os.makedirs(folder + "/decode", exist_ok=True)
    grey, colour = Image.fromarray(picture(1, 1)[:, :, 0]), Image.fromarray(picture(3, 2))
    deep = picture(1, 3)[:, :, 0].astype("<u2") * 256 + 77
    files = {
        "grey.png": grey, "colour.png": colour, "palette.png": colour.quantize(16),
        "bits.png": grey.point(lambda v: 255 * (v > 120)).convert("1"),
        "deep.png": Image.fromarray(deep), "alpha.png": colour.convert("RGBA"),
        "grey-alpha.png": grey.convert("LA"),
        "grey.jpg": grey, "colour.jpg": colour, "progressive.JPEG": colour, "whole.jpg": colour,
        "cmyk.jpg": colour.convert("CMYK"),
    }
    options = {"progressive.JPEG": {"progressive": True}, "whole.jpg": {"subsampling": 0}}
    expected = {}
    for name, image in files.items():
        image.save(f"{folder}/decode/{name}", **options.get(name, {}))
        image = Image.open(f"{folder}/decode/{name}")
        if name == "deep.png":
            array = (deep >> 8).astype("u1")
        elif name == "cmyk.jpg":
            continue
        else:
            small = image.mode in ("L", "1", "LA")
            array = np.asarray(image.convert("L" if small else "RGB"))
        expected[name] = array.reshape(array.shape[0], array.shape[1], -1)
    for size in ((5, 20), (9, 13), (1, 1), (40, 7)):
        expected["resized-%d-%d" % size] = resize(picture(3, 2), *size)
    np.savez_compressed(folder + "/decode.npz", **expected)


def image_folders(folder):
    """train: bird 0 1 2, cat 10 11, dog 20; test: cat 30, dog 40. Each image has one value."""
    from PIL import Image
    for split, name, values in (("train", "bird", (0, 1, 2)), ("train", "cat", (10, 11)),
                                ("train", "dog", (20,)), ("test", "cat", (30,)),
                                ("test", "dog", (40,))):
        os.makedirs(f"{folder}/pets/{split}/{name}", exist_ok=True)
        for value in values:
            Image.new("L", (3, 2), value).save(f"{folder}/pets/{split}/{name}/{value}.png")
    with open(folder + "/pets/train/cat/notes.txt", "w") as f:
        f.write("not an image\n")
    for name, size, mode in (("a", (3, 2), "L"), ("b", (4, 2), "RGB")):
        os.makedirs(f"{folder}/sizes/{name}", exist_ok=True)
        Image.new(mode, size, 7 if mode == "L" else (8, 9, 10)).save(f"{folder}/sizes/{name}/1.png")


def text_files(folder):
    rows = images("u1").reshape(ROWS, -1)
    with open(folder + "/numbers.csv", "w") as f:
        f.write("label," + ",".join(f"p{i}" for i in range(rows.shape[1])) + "\n")
        for label, row in zip((1, 2, 0, 1), rows):
            f.write(",".join(map(str, [label, *row])) + "\n")
    with open(folder + "/names.csv", "w", newline="") as f:
        for label, row in zip(("cat", '"a ""dog"""', "cat", "bird"), rows):
            f.write(";".join(map(str, [label, *row])) + "\r\n")


def published_files(folder):
    """Files as the authors of MNIST and CIFAR publish them, of five images of 4x3 and of two."""
    pixels, labels = (np.arange(60) * 11 % 256).astype("u1"), np.array([3, 0, 9, 3, 1], "u1")
    for name, header, data in (("images", (0x803, 5, 4, 3), pixels), ("labels", (0x801, 5), labels)):
        whole = struct.pack(f">{len(header)}I", *header) + data.tobytes()
        for ending, content in ((".idx", whole), (".idx.gz", gzip.compress(whole, mtime=0))):
            if (name, ending) != ("labels", ".idx"):
                with open(f"{folder}/{name}{ending}", "wb") as f:
                    f.write(content)
    for name, classes in (("cifar10", ([3], [9])), ("cifar100", ([2, 71], [19, 4]))):
        with open(f"{folder}/{name}.bin", "wb") as f:
            for i, label in enumerate(classes):
                f.write(bytes(label) + (np.arange(3072) // 32 + i).astype("u1").tobytes())


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    numpy_files(folder)
    other_numpy_files(folder)
    image_files(folder)
    image_folders(folder)
    text_files(folder)
    published_files(folder)
