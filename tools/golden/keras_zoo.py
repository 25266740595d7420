"""Imports networks that Keras saved (.keras, .h5, ONNX), compares their outputs, and takes them back to Keras.

    python3 tools/golden/zoo.py build/isocl --keras [NAME...]

Neither the build nor the tests run this. It needs keras 3, torch, h5py, onnx and onnxruntime. Each network has random
weights and statistics and is saved in each form. `isocl import` makes a model file and weights of the file; the
output for random images must then be within 1e-5 of Keras's, relative to its largest. `isocl export --out NAME.keras` of the
import must load in Keras with equal weights, and `isocl import` of that must give equal bits.
"""
import os
import warnings

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
warnings.simplefilter("ignore")
import keras
import numpy as np
from keras import layers

import zoo_files
from tensors import read_tensors
from zoo_files import ROWS, run

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


def vision_transformer():
    """Patches, blocks of attention on tokens, and their mean."""
    image = layers.Input((8, 8, 3))
    x = layers.Reshape((16, 12))(layers.Conv2D(12, 2, strides=2)(image))
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(3, 4, dropout=0.1)(y, y)])
        y = layers.Dense(24, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x))
        x = layers.Add()([x, layers.Dense(12)(layers.Dropout(0.1)(y))])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(image, layers.Dense(5, activation="softmax")(x))


OWN = {f.__name__: f for f in (tutorial_mnist, transfer, nested_functional, in_a_sequence, vision_transformer)}


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


def export_onnx(saved, path):
    """Without what the exporter prints, from C++, when it fails."""
    kept = os.dup(1)
    with open(os.devnull, "w", encoding="utf-8") as quiet:
        os.dup2(quiet.fileno(), 1)
        try:
            saved.export(path, format="onnx", verbose=False)
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def verdict_on(isocl, saved, path, folder):
    x = np.random.default_rng(3).uniform(0, 255, (ROWS, *saved.input_shape[1:])).astype(np.float32)
    if path.endswith(".onnx"):
        return zoo_files.compare_onnx(isocl, path, x, False, folder)
    verdict, model, weights = zoo_files.compare(isocl, path, x, saved.predict(x, verbose=0), folder)
    if not path.endswith(".keras") or not verdict.startswith("equal"):
        return verdict
    try:
        return verdict + "; " + back(isocl, model, weights, saved, folder)
    except Exception as e:                                             # Keras cannot load what isocl wrote
        return f"WRONG: {type(e).__name__}: {str(e)[:200]}"


def verdicts(isocl, name, kept, folder):
    """Yields (file, verdict) of the three files of a network."""
    try:
        saved = network(name)
    except (ValueError, AttributeError) as e:                          # Keras cannot, or this version has none
        yield name, f"not exported: {str(e)[:100]}"
        return
    for form, save in (("keras", saved.save), ("h5", saved.save), ("onnx", lambda p: export_onnx(saved, p))):
        path = os.path.join(kept or folder, f"{name}.{form}")
        verdict = None
        try:
            if not os.path.exists(path):
                save(path)
        except Exception as e:                                         # no matter of isocl's
            verdict = f"not exported: {type(e).__name__}: {str(e).splitlines()[0][:100]}"
        yield os.path.basename(path), verdict or verdict_on(isocl, saved, path, folder)
        if not kept and os.path.exists(path):
            os.remove(path)
