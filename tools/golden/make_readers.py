"""Writes the small files that the tests of the data readers read: tests/readers/.

    python make_readers.py tests/readers

Needs numpy (2) and Pillow. The files are committed; run this only to add one.
"""
import gzip
import os
import pickle
import struct
import subprocess
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


def crop(image, height, width):
    """As Keras's crop_to_aspect_ratio takes the middle."""
    w, h = image.size
    high, wide = min(h, int(float(w * height) / width)), min(w, int(float(h * width) / height))
    top, left = int(float(h - high) / 2), int(float(w - wide) / 2)
    return image.crop((left, top, left + wide, top + high))


def pad(image, height, width):
    """As Keras's pad_to_aspect_ratio adds black."""
    from PIL import Image
    w, h = image.size
    high, wide = max(h, int(float(w * height) / width)), max(w, int(float(h * width) / height))
    whole = Image.new(image.mode, (wide, high))
    whole.paste(image, (int(float(wide - w) / 2), int(float(high - h) / 2)))
    return whole


def area(a, height, width):
    """The mean over what each pixel of the result covers, as TensorFlow's AREA has it."""
    def shares(n, size):
        edge = np.arange(n + 1) * size / n
        low, high = np.arange(size), np.arange(size) + 1
        share = np.minimum(edge[1:, None], high) - np.maximum(edge[:-1, None], low)
        return share.clip(0) * n / size
    rows = np.einsum("ih,hwc->iwc", shares(height, a.shape[0]), a.astype("f8"))
    return np.einsum("jw,iwc->ijc", shares(width, a.shape[1]), rows)


def linear(a, height, width):
    """Bilinear without antialias, as TensorFlow has it: between the nearest pixels."""
    def places(n, size):
        at = ((np.arange(n) + 0.5) * size / n - 0.5).clip(0, size - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, size - 1), at - low
    y0, y1, wy = places(height, a.shape[0])
    x0, x1, wx = places(width, a.shape[1])
    wy, wx, a = wy[:, None, None], wx[None, :, None], a.astype("f8")
    rows = [a[y][:, x0] * (1 - wx) + a[y][:, x1] * wx for y in (y0, y1)]
    return rows[0] * (1 - wy) + rows[1] * wy


def resized(expected):
    """What colour.png and the larger wide.png become: bytes of Pillow, numbers of TensorFlow's
    definitions. Names: FILE-height-width-way-interpolation."""
    from PIL import Image
    ways = {"crop": crop, "pad": pad, "squash": lambda image, h, w: image}
    for name, array in (("colour", picture(3, 2)), ("wide", picture(3, 4, 61, 150))):
        image = Image.fromarray(array)
        for size in ((5, 20), (1, 1), (24, 24), (40, 17)):
            for way, change in ways.items():
                shown = change(image, *size)
                key = f"{name}-{size[0]}-{size[1]}-{way}"
                for kind in ("bilinear", "box"):
                    expected[f"{key}-{kind}"] = np.asarray(
                        shown.resize(size[::-1], getattr(Image, kind.upper())))
                expected[f"{key}-area"] = area(np.asarray(shown), *size).astype("f4")
                expected[f"{key}-linear"] = linear(np.asarray(shown), *size).astype("f4")


def damaged_files(folder, expected):
    """JPEG files of which libjpeg warns, and PNG files without their end, that Pillow reads; and
    those that are cut short."""
    with open(folder + "/colour.jpg", "rb") as f:
        jpeg = f.read()
    with open(folder + "/colour.png", "rb") as f:
        png = f.read()
    assert jpeg[2:4] == b"\xff\xe0" and jpeg[6:11] == b"JFIF\0" and jpeg[-2:] == b"\xff\xd9"
    files = {"revision.jpg": jpeg[:11] + b"\0\0" + jpeg[13:],      # version of JFIF: 0.00
             "extra.jpg": jpeg[:-2] + bytes(range(1, 200)) + jpeg[-2:],
             "behind.jpg": jpeg + b"more",
             "endless.png": png[:-12]}
    for name, data in files.items():
        with open(f"{folder}/{name}", "wb") as f:
            f.write(data)
        expected[name] = expected["colour.png" if name.endswith("png") else "colour.jpg"]
    for name, data in {"short.jpg": jpeg[:-40], "short.png": png[:-60]}.items():
        with open(f"{folder}/{name}", "wb") as f:
            f.write(data)


def image_files(folder):
    """One file of each kind, and what Pillow makes of them."""
    from PIL import Image, ImageOps
    os.makedirs(folder + "/decode", exist_ok=True)
    grey, colour = Image.fromarray(picture(1, 1)[:, :, 0]), Image.fromarray(picture(3, 2))
    deep = picture(1, 3)[:, :, 0].astype("<u2") * 256 + 77
    few, wide = colour.quantize(16), Image.fromarray(picture(3, 4, 61, 150))
    see_through = colour.copy()
    see_through.putalpha(grey)
    files = {
        "grey.png": grey, "colour.png": colour, "palette.png": few, "wide.png": wide,
        "bits.png": grey.point(lambda v: 255 * (v > 120)).convert("1"),
        "deep.png": Image.fromarray(deep), "alpha.png": see_through,
        "grey-alpha.png": grey.convert("LA"),
        "grey.jpg": grey, "colour.jpg": colour, "progressive.JPEG": colour, "whole.jpg": colour,
        "cmyk.jpg": colour.convert("CMYK"), "turned.jpg": colour,
        "colour.bmp": colour, "grey.bmp": grey, "palette.bmp": few, "alpha.bmp": see_through,
        "bits.bmp": grey.point(lambda v: 255 * (v > 120)).convert("1"),
        "palette.gif": few, "grey.gif": grey, "first.gif": few, "interlaced.gif": few,
        "colour.webp": colour, "lossy.webp": colour, "alpha.webp": see_through, "first.webp": colour,
        "colour.tif": colour, "packed.tiff": colour, "grey.tif": grey, "alpha.tif": see_through,
        "palette.tif": few, "cmyk.tif": colour.convert("CMYK"),
        "grey.avif": grey,
    }
    turned = Image.Exif()
    turned[0x112] = 6
    film = {"save_all": True, "append_images": [colour.rotate(180)], "duration": 9}
    options = {"progressive.JPEG": {"progressive": True}, "whole.jpg": {"subsampling": 0},
               "turned.jpg": {"exif": turned}, "first.gif": film, "interlaced.gif": {"interlace": 1},
               "colour.webp": {"lossless": True}, "first.webp": {"lossless": True, **film},
               "alpha.webp": {"lossless": True, "exact": True},
               "packed.tiff": {"compression": "tiff_lzw"}, "grey.avif": {"quality": 100}}
    expected = {}
    for name, image in files.items():
        image.save(f"{folder}/decode/{name}", **options.get(name, {}))
        image = Image.open(f"{folder}/decode/{name}")
        if name == "deep.png":
            array = (deep >> 8).astype("u1")
        else:
            small = image.mode in ("L", "1", "LA") or name == "grey.gif"
            small = small and not name.endswith("avif")     # libheif makes colours of it
            array = np.asarray(ImageOps.exif_transpose(image).convert("L" if small else "RGB"))
        expected[name] = array.reshape(array.shape[0], array.shape[1], -1)
    subprocess.run(["heif-enc", "-L", "-o", folder + "/decode/grey.heic",
                    folder + "/decode/grey.png"], check=True)          # from libheif's examples
    expected["grey.heic"] = expected["grey.avif"]
    damaged_files(folder + "/decode", expected)
    resized(expected)
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
