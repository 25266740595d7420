#!/usr/bin/env python3
"""Compares the features of VGG16 and ResNet152 with Keras's, for weights that Keras has made and saved.

    python3 tools/golden/compare_features.py [build/isocl [--device D] [--mode exact|fast]]

Neither the build nor the tests run this. It needs keras 3, torch and h5py, and some minutes. For each network:
Keras makes it without its top and with random weights, moving statistics that are not 0 and 1 among them, and
saves it as .h5; isocl imports that file into models/NAME.yaml and predicts the features of 8 images of 32x32x3,
which it reads as PNG files.

What is right, Keras says in float64. How far from it a result in float32 may be is settled as core/parity settles
it for whole networks, which are too deep for a bound that follows from the length of each sum: the root of the
summed squares of all differences is at most 16 times that which moving every weight by one unit in the last place
of float32, up or down at random, makes in float64. Keras's own float32 is measured beside it.
"""
import os
import struct
import subprocess
import sys
import tempfile
import zlib

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras
import numpy as np

SHARE = 16                             # sensitivity_share in core/parity/lockstep.c
IMAGES, SHAPE = 8, (32, 32, 3)
NETWORKS = {"vgg16": (keras.applications.VGG16, "block5_pool"),
            "resnet152": (keras.applications.ResNet152, "conv5_block3_out")}


def write_png(path, image):
    """8 bits of red, green and blue; no line is filtered."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width, _ = image.shape
    lines = b"".join(b"\0" + line.tobytes() for line in image)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def make(name, precision):
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(1)
    return NETWORKS[name][0](include_top=False, weights=None, input_shape=SHAPE)


def random_statistics(model, rng):
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.get_weights()[0].shape
            layer.set_weights([rng.uniform(0.5, 1, n), rng.uniform(-0.2, 0.2, n), rng.uniform(-0.2, 0.2, n),
                               rng.uniform(0.5, 2, n)])


def features(model, x):
    y = np.concatenate([keras.ops.convert_to_numpy(model(x[i:i + 1], training=False)) for i in range(len(x))])
    assert y.dtype == x.dtype, f"keras computed in {y.dtype}, not in {x.dtype}"
    return y.astype(np.float64)


def moved(weight, rng):
    """Each number to its neighbour in float32; 0 stays."""
    up = np.where(rng.integers(0, 2, weight.shape), np.float32(np.inf), np.float32(-np.inf))
    return np.where(weight == 0, 0, np.nextafter(weight.astype(np.float32), up))


def distance(a, b):
    return np.sqrt(((a - b) ** 2).sum()), np.abs(a - b).max()


def compare(name, program, options, folder):
    rng = np.random.default_rng(2)
    single = make(name, "float32")
    random_statistics(single, rng)
    h5, weights, array = (os.path.join(folder, name + end) for end in (".h5", ".safetensors", ".npy"))
    single.save(h5)
    pixels = rng.integers(0, 256, (IMAGES, *SHAPE), dtype=np.uint8)
    paths = [os.path.join(folder, f"{name}-{i}.png") for i in range(IMAGES)]
    for path, image in zip(paths, pixels):
        write_png(path, image)
    model = f"models/{name}.yaml"
    subprocess.run([program, "import", h5, model, "--out", weights], check=True)
    subprocess.run([program, "predict", model, *paths, "--weights", weights, "--layer", NETWORKS[name][1], "--npy",
                    array, *options], check=True)

    x = pixels.astype(np.float32) * np.float32(1 / 255)
    theirs, values = features(single, x), single.get_weights()
    double = make(name, "float64")
    double.set_weights(values)
    truth = features(double, x.astype(np.float64))
    double.set_weights([moved(w, rng) for w in values])
    allowed = SHARE * distance(features(double, x.astype(np.float64)), truth)[0]
    ours = np.load(array).astype(np.float64)
    assert ours.shape == truth.shape and np.abs(truth).max() > 0, (ours.shape, truth.shape)
    apart, largest = distance(ours, truth)
    print(f"{name}: {truth.size} features up to {np.abs(truth).max():.3g}, {apart / allowed:.3g} of the bound "
          f"(distance {apart:.3g} of {allowed:.3g}, largest difference {largest:.3g}); keras in float32 "
          f"{distance(theirs, truth)[0] / allowed:.3g} of it, {distance(ours, theirs)[1]:.3g} from isocl at most",
          flush=True)
    return apart <= allowed            # NaN is not


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/isocl")
    with tempfile.TemporaryDirectory() as folder:
        good = [compare(name, program, sys.argv[2:], folder) for name in NETWORKS]
    sys.exit(0 if all(good) else "the features differ by more than the bound")


main()
