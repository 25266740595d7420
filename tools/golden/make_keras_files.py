#!/usr/bin/env python3
"""Writes tests/keras/*.h5, weights as Keras saves them, and expected.safetensors, the same weights; nested.* and attention.*
are networks and their weights with an output; countless.h5 is no such file.

    python3 tools/golden/make_keras_files.py tests/keras

The files are part of the repository; neither the build nor the tests run this. It needs keras 3, torch and h5py.
"""
import os
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import h5py
import keras
import numpy as np
from keras import layers
from keras.src.legacy.saving import legacy_h5_format

from tensors import write_tensors


def network():
    """tests/keras/model.yaml."""
    keras.utils.set_random_seed(3)
    x = image = layers.Input((6, 5, 3))
    x = layers.Conv2D(4, 3, name="c1", activation="relu")(x)
    x = layers.BatchNormalization(name="n1")(x)
    x = layers.DepthwiseConv2D(2, name="dw")(x)
    x = layers.Flatten()(layers.Dropout(0.2)(x))
    x = layers.Dense(4, name="hidden", use_bias=False)(x)
    model = keras.Model(image, layers.Dense(3, name="out", activation="softmax")(x))
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.1, 1, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def nested():
    """A model as a layer of another, between an input that is scaled and layers that are called by their results."""
    keras.utils.set_random_seed(4)
    inner = keras.Sequential([layers.Input((6, 5, 2)), layers.Conv2D(3, 2, activation="relu"),
                              layers.BatchNormalization()], name="base")
    x = image = layers.Input((6, 5, 2))
    x = inner(layers.Rescaling(1 / 255.0)(layers.RandomFlip()(x)))
    y = layers.Conv2D(3, 1, name="beside")(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU(6.0)(layers.Add()([x, y])))
    model = keras.Model(image, layers.Dense(3, name="out", activation="softmax")(x))
    rng = np.random.default_rng(6)
    model.set_weights([rng.uniform(0.1, 1, w.shape).astype(w.dtype) for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9), "sparse_categorical_crossentropy")
    return model


def attention():
    """A Dense on an image, attention among tokens, whose keys are those of another layer, and a Dense on tokens."""
    keras.utils.set_random_seed(8)
    image = layers.Input((4, 4, 3))
    tokens = layers.Reshape((4, 6))(layers.Dense(6)(layers.MaxPooling2D()(image)))
    key = layers.LayerNormalization(axis=2)(tokens)
    x = layers.MultiHeadAttention(2, 3, dropout=0.1)(tokens, tokens, key)
    x = layers.Dense(5, activation="relu", use_bias=False)(layers.Add()([tokens, x]))
    x = layers.MultiHeadAttention(1, 4, use_bias=False)(x, x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling1D()(x)))


def write_network(folder, name, model):
    """A network as .keras and as .h5. Returns the parts of the first."""
    path = os.path.join(folder, name + ".keras")
    model.save(path)
    with zipfile.ZipFile(path) as whole:
        parts = {n: whole.read(n) for n in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as small:
        for part in parts:
            small.writestr(part, parts[part])
    model.save(path[:-len("keras")] + "h5")
    return parts


def write_attention(folder):
    """With an input and what Keras makes of it."""
    model = attention()
    rng = np.random.default_rng(9)
    model.set_weights([rng.uniform(-1, 1, w.shape).astype(w.dtype) for w in model.get_weights()])
    write_network(folder, "attention", model)
    x = rng.uniform(-1, 1, (2, 4, 4, 3)).astype(np.float32)
    write_tensors(os.path.join(folder, "attention.safetensors"), {"x": x, "y": model.predict(x, verbose=0)})


def write_nested(folder):
    """The same network as .keras, as .h5 and its configuration alone; with an input and what Keras makes of it."""
    model = nested()
    parts = write_network(folder, "nested", model)
    with open(os.path.join(folder, "nested.json"), "wb") as f:
        f.write(parts["config.json"])
    x = np.random.default_rng(7).uniform(0, 255, (2, 6, 5, 2)).astype(np.float32)
    write_tensors(os.path.join(folder, "nested.safetensors"), {"x": x / np.float32(255), "y": model.predict(x, verbose=0)})


def write_keras_2(path, model):
    """As Keras 2.2 wrote it: byte strings of fixed size, ':0' behind every name, a long attribute in chunks."""
    with h5py.File(path, "w") as f:
        names = [l.name.encode() for l in model.layers]
        f.attrs["layer_names0"], f.attrs["layer_names1"] = np.array(names[:3]), np.array(names[3:])
        f.attrs["keras_version"] = b"2.2.4"
        for layer in model.layers:
            group = f.create_group(layer.name)
            weights = [f"{layer.name}/{w.name}:0".encode() for w in layer.weights if "seed" not in w.name]
            group.attrs["weight_names"] = np.array(weights)
            for name, value in zip(weights, layer.get_weights()):
                group.create_dataset(name.decode(), data=value)


def write_countless(path):
    """A weight of more elements than 64 bits count; none of them is in the file."""
    with h5py.File(path, "w", libver="latest") as f:
        f.attrs["layer_names"] = np.array([b"out"])
        group = f.create_group("out")
        group.attrs["weight_names"] = np.array([b"kernel"])
        group.create_dataset("kernel", (2**62, 3), "f4", chunks=(1, 3))


def write_expected(path, model):
    tensors = {f"{l.name}/{w.name}": w.numpy() for l in model.layers for w in l.weights if "seed" not in w.name}
    write_tensors(path, tensors)


def main():
    folder = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    model = network()
    model.save(os.path.join(folder, "model.h5"))
    model.save_weights(os.path.join(folder, "keras3.weights.h5"))
    with h5py.File(os.path.join(folder, "weights.h5"), "w") as f:
        legacy_h5_format.save_weights_to_hdf5_group(f, model)
    write_keras_2(os.path.join(folder, "keras2.h5"), model)
    write_nested(folder)
    write_attention(folder)
    write_countless(os.path.join(folder, "countless.h5"))
    write_expected(os.path.join(folder, "expected.safetensors"), model)


main()
