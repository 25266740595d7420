#!/usr/bin/env python3
"""Writes tests/targets: rows with several labels and with numbers, and what Keras's training makes of a network's weights.

    python3 tools/golden/make_target_steps.py tests/targets

rows.npz has images, y (labels) and z (numbers); NAME_before.safetensors the weights before, and NAME_after.safetensors, in
float64, those after three steps of Keras 3 in float64 with all rows in a batch, loss and metrics of each step, and for
each tensor `bound`: 16 times how far a training moves by itself, as core/arithmetic/bounds.md has it, which is the larger
of two distances from the training in float64: of the same training from weights each of which is moved by one ULP of
float32, up or down as drawn, and of Keras's own in float32. The files are part of the repository; neither the build nor
the tests run this. It needs keras 3, torch and numpy.
"""
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras
import numpy as np
from keras import layers

from tensors import write_tensors

ROWS, SIDE, STEPS, FACTOR = 24, 6, 3, 16
NAMES = ["hidden/kernel", "hidden/bias", "out/kernel", "out/bias"]
CASES = {                              # last layer, loss, metrics, optimizer
    "labels": ((3, "sigmoid"), "binary_crossentropy", ["binary_accuracy"], lambda: keras.optimizers.SGD(0.5, momentum=0.9)),
    "numbers": ((2, None), "mean_squared_error", ["mean_absolute_error"], lambda: keras.optimizers.Adam(0.01)),
}


def train(case, x, y, start, kind):
    """The weights after the steps, and loss and metric of each."""
    (units, activation), loss, metrics, optimizer = CASES[case]
    keras.config.set_floatx(kind)
    keras.config.set_dtype_policy(kind)
    model = keras.Sequential([layers.Input((SIDE, SIDE, 1)), layers.Flatten(),
                              layers.Dense(16, "relu"), layers.Dense(units, activation)])
    model.set_weights([w.astype(kind) for w in start])
    model.compile(optimizer(), loss, metrics=metrics)
    h = model.fit((x / 255).astype(kind), y.astype(kind), batch_size=ROWS, epochs=STEPS, shuffle=False, verbose=0)
    assert all(w.dtype == kind for w in model.get_weights()), kind
    return [w.astype(np.float64) for w in model.get_weights()], np.array([h.history[k] for k in ("loss", metrics[0])])


def main(folder):
    rng = np.random.default_rng(18)
    x = rng.integers(0, 256, (ROWS, SIDE, SIDE, 1)).astype(np.uint8)
    y = (rng.uniform(0, 1, (ROWS, 3)) < (0.3, 0.5, 0.8)).astype(np.float32)
    z = rng.normal((0.5, -2), (1, 0.3), (ROWS, 2)).astype(np.float32)
    np.savez(os.path.join(folder, "rows.npz"), x_train=x, y_train=y, z_train=z)
    for case, targets in (("labels", y), ("numbers", z)):
        units = CASES[case][0][0]
        shapes = [(SIDE * SIDE, 16), (16,), (16, units), (units,)]
        start = [rng.uniform(-0.4, 0.4, s).astype(np.float32) for s in shapes]
        moved = [np.nextafter(w, np.where(rng.integers(0, 2, w.shape), np.inf, -np.inf).astype(np.float32)) for w in start]
        want, numbers = train(case, x, targets, start, "float64")
        others = [train(case, x, targets, w, k) for w, k in ((moved, "float64"), (start, "float32"))]
        bounds = FACTOR * np.max([np.abs(n - numbers).max(1) for _, n in others], 0)
        after = {"numbers": numbers, "bound/numbers": bounds}
        for i, name in enumerate(NAMES):
            bound = FACTOR * max(np.abs(o[i] - want[i]).max() for o, _ in others)
            after |= {name: want[i], "bound/" + name: np.array([bound])}
            print(case, name, f"moves by {np.abs(want[i] - start[i]).max():.3g}, bound {bound:.3g}")
        write_tensors(os.path.join(folder, case + "_before.safetensors"), dict(zip(NAMES, start)))
        write_tensors(os.path.join(folder, case + "_after.safetensors"), after, {"keras": keras.__version__})


main(sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__))
