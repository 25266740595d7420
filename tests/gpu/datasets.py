"""datasets.py: data sets of black images, small, in the files that isocl reads; so that a model can be trained where
nothing was downloaded and only what is queued matters."""
import os
import struct
import zipfile

ROWS = 1200          # per split: several batches of every model
CIFAR_IMAGE = bytes(3 * 32 * 32)


def write(path, *parts):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        for part in parts:
            file.write(part)


def idx(folder):
    """MNIST's files, all classes in turn."""
    for split in ("train", "t10k"):
        images = struct.pack(">4I", 0x803, ROWS, 28, 28)
        labels = struct.pack(">2I", 0x801, ROWS)
        write(f"{folder}/{split}-images-idx3-ubyte", images, bytes(ROWS * 28 * 28))
        write(f"{folder}/{split}-labels-idx1-ubyte", labels, bytes(i % 10 for i in range(ROWS)))


def cifar10(folder):
    rows = [bytes([i % 10]) + CIFAR_IMAGE for i in range(ROWS // 5)]
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        write(f"{folder}/{name}.bin", *rows)


def cifar100(folder):
    rows = [bytes([i % 20, i % 100]) + CIFAR_IMAGE for i in range(ROWS)]
    for name in ("train", "test"):
        write(f"{folder}/{name}.bin", *rows)


def array(shape, kind, values):
    """A .npy file's bytes; kind: as numpy writes it."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values


def photos(path, classes, rows=200, side=96):
    """An .npz archive of square colour images."""
    with zipfile.ZipFile(path, "w") as archive:
        for split in ("train", "test"):
            archive.writestr(f"x_{split}.npy", array((rows, side, side, 3), "|u1", bytes(rows * side * side * 3)))
            archive.writestr(f"y_{split}.npy", array((rows,), "|u1", bytes(i % classes for i in range(rows))))


def make(folder):
    """All of them, below a folder that ISOCL_DATA may name."""
    idx(f"{folder}/mnist")
    idx(f"{folder}/fashion-mnist")
    cifar10(f"{folder}/cifar-10-batches-bin")
    cifar100(f"{folder}/cifar-100-binary")
    photos(f"{folder}/photos.npz", 10)
