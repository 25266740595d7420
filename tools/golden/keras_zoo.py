#!/usr/bin/env python3
"""Imports networks that Keras saved (.keras and .h5), compares their outputs, and takes them back to Keras.

    python3 tools/golden/keras_zoo.py build/isocl [NAME...]

Neither the build nor the tests run this. It needs keras 3, torch and h5py. Each network has random weights and
statistics and is saved in both forms. `isocl import` makes a model file and weights of the file; the network's output
for random images must then be within 1e-5 of Keras's, relative to its largest. `isocl export --out NAME.keras` of the
import must load in Keras with equal weights, and `isocl import` of that must give equal bits.

Prints a line for each file: equal, refused with isocl's reason, or WRONG. Exits with 1 when a result is wrong.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
warnings.simplefilter("ignore")
import keras
import numpy as np
from keras import layers

from tensors import read_tensors, write_tensors

MOST = 1e-5                            # relative to the largest output
ROWS = 2
NAMES = {"MobileNet": 32, "MobileNetV2": 32, "MobileNetV3Small": 32, "MobileNetV3Large": 32, "DenseNet121": 32,
         "EfficientNetB0": 32, "EfficientNetV2B0": 32, "ResNet50": 32, "ResNet50V2": 32, "VGG16": 32, "VGG19": 32,
         "InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71, "NASNetMobile": 32, "ConvNeXtTiny": 32,
         "ConvNeXtV2Atto": 32}


def base():
    return keras.Sequential([layers.Input((12, 10, 3)), layers.Conv2D(6, 3, activation="relu"),
                             layers.BatchNormalization(), layers.MaxPooling2D()], name="base")


def tutorial_mnist():
    return keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
                             layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
                             layers.Dropout(0.5), layers.Dense(10, activation="softmax")])


def transfer():
    """A model as a layer of a network, as transfer learning has it."""
    image = layers.Input((12, 10, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(layers.RandomFlip()(image))
    x = layers.GlobalAveragePooling2D()(base()(x))
    return keras.Model(image, layers.Dense(4, activation="softmax")(x))


def nested_functional():
    inner_image = layers.Input((12, 10, 3))
    x = layers.Conv2D(6, 3, padding="same")(inner_image)
    y = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(6, 1)(x))
    inner = keras.Model(inner_image, layers.Add()([x, y]))
    image = layers.Input((12, 10, 3))
    z = layers.Conv2D(5, 3)(inner(image))
    z = layers.LeakyReLU()(layers.SeparableConv2D(4, 3)(z))
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(z)))


def in_a_sequence():
    return keras.Sequential([base(), layers.Conv2D(5, 2, activation="elu"), layers.ReLU(6.0), layers.Flatten(),
                             layers.Dense(3)])


OWN = {f.__name__: f for f in (tutorial_mnist, transfer, nested_functional, in_a_sequence)}


def network(name):
    keras.utils.set_random_seed(1)
    if name in OWN:
        model = OWN[name]()
        model.compile("adam", "sparse_categorical_crossentropy" if name in ("transfer", "tutorial_mnist") else "mse")
    else:
        size = NAMES[name]
        model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=10)
    rng = np.random.default_rng(2)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_mean.assign(rng.uniform(-0.1, 0.1, layer.moving_mean.shape))
            layer.moving_variance.assign(rng.uniform(0.8, 1.2, layer.moving_variance.shape))
    return model


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def output(isocl, model, weights, x, shape, folder):
    """isocl's output for x, or a sentence"""
    batch, trace = os.path.join(folder, "xy.st"), os.path.join(folder, "trace.st")
    write_tensors(batch, {"x": x, "y": np.zeros(len(x), np.int32)})
    done = run(isocl, "trace", model, "--weights", weights, "--inference", "--batch-from", batch, "--batch",
               str(len(x)), "--device", "cpu", "--out", trace)
    if done.returncode != 0:
        return "NOT RUN: " + done.stderr.strip()[:200]
    last = [l for l in open(model, encoding="utf-8") if l.startswith("  - ")][-1]
    return read_tensors(trace)[re.search("name: ([^,}]+)", last).group(1) + "/y@0"].reshape(shape)


def scaled(model_file, x):
    """x as the model file's input line scales it; isocl trace takes what the first layer reads."""
    line = next(l for l in open(model_file, encoding="utf-8") if l.startswith("input:"))
    spec = json.loads(re.sub(r"(\w+):", r'"\1":', line.split(":", 1)[1]))
    one = np.asarray(spec.get("scale", 1), np.float32)
    std, mean = (np.asarray(spec.get(k, d), np.float32) for k, d in (("std", 1), ("mean", 0)))
    return (x * one - mean) / std if "std" not in spec else (x - mean) / std


def back(isocl, model_file, weights, saved, folder):
    """The way to Keras and back: a verdict"""
    there, model, again = (os.path.join(folder, n) for n in ("back.keras", "back.yaml", "back.st"))
    done = run(isocl, "export", model_file, "--weights", weights, "--out", there)
    if done.returncode != 0:
        return "not exported: " + done.stderr.strip()[-120:]
    loaded = keras.saving.load_model(there)
    mine = sorted(w.numpy().tobytes() for w in loaded.weights if "seed" not in w.path)
    missing = [w.path for w in saved.weights if "seed" not in w.path and w.numpy().tobytes() not in mine
               and "normalization/" not in w.path.split("batch_")[0]]
    done = run(isocl, "import", there, "--model", model, "--out", again)
    if done.returncode != 0:
        return "WRONG: not taken back: " + done.stderr.strip()[-120:]
    a, b = read_tensors(weights), read_tensors(again)
    same = a.keys() == b.keys() and all(a[k].tobytes() == b[k].tobytes() for k in a)
    return "equal bits there and back" if same and not missing else f"WRONG: bits differ, {missing[:3]}"


def compare(isocl, saved, path, folder):
    model, weights = os.path.join(folder, "m.yaml"), os.path.join(folder, "w.st")
    done = run(isocl, "import", path, "--model", model, "--out", weights)
    if done.returncode != 0:
        return "refused: " + done.stderr.strip().replace("\n", "; ")[:300]
    x = np.random.default_rng(3).uniform(0, 255, (ROWS, *saved.input_shape[1:])).astype(np.float32)
    want = saved.predict(x, verbose=0)
    got = output(isocl, model, weights, scaled(model, x).astype(np.float32), want.shape, folder)
    if isinstance(got, str):
        return got
    error = float(np.abs(got - want).max() / np.abs(want).max())
    verdict = f"{'equal' if error <= MOST else 'WRONG'}: {error:.1e} of the largest output"
    return verdict + ("; " + back(isocl, model, weights, saved, folder) if path.endswith(".keras") else "")


def main():
    isocl, names = sys.argv[1], sys.argv[2:] or [*OWN, *NAMES]
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
        for name in names:
            saved = network(name)
            for form in ("keras", "h5"):
                path = os.path.join(folder, f"{name}.{form}")
                saved.save(path)
                try:
                    verdict = compare(isocl, saved, path, folder)
                except Exception as e:                                 # Keras cannot load what isocl wrote
                    verdict = f"WRONG: {type(e).__name__}: {str(e)[:200]}"
                os.remove(path)
                print(f"{name + '.' + form:30} {verdict}", flush=True)
                verdicts.append("WRONG" if "WRONG" in verdict else verdict.split(":")[0])
    print(", ".join(f"{verdicts.count(v)} {v}" for v in sorted(set(verdicts))), "of", len(verdicts), "files")
    sys.exit(1 if any(v in ("WRONG", "NOT RUN") for v in verdicts) else 0)


if __name__ == "__main__":
    main()
