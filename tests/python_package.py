"""python_package.py PROGRAM: the installed package isocl does what the program does, to the same bits. tests/python.sh
runs it in a virtual environment, in an empty folder."""

import os
import subprocess
import sys
import unittest

import isocl
import numpy

PROGRAM = sys.argv.pop(1)
MODEL = """model: phased
data:
  train: {dataset: 'builtin:digits', split: train, count: 300}
  validation: {dataset: 'builtin:digits', split: test, count: 100}
input: {shape: [28, 28, 1], scale: 1/255, mean: auto}
layers: [{max_pooling2d: 2}, flatten, {dense: {units: 16, activation: relu}}, {dense: {units: 10, activation: softmax}}]
loss: categorical_crossentropy
metrics: [accuracy]
train: {batch_size: 50}
phases: [{name: warm, optimizer: adam, epochs: 2}, {name: last, optimizer: sgd, epochs: 2}]
"""


def program(*arguments):
    done = subprocess.run([PROGRAM, *arguments], check=True, stdout=subprocess.PIPE, universal_newlines=True)
    return done.stdout


def hash_of(output):
    return output.split("sha256 ")[1].split()[0]


def digits(split, count):
    x, y = isocl.datasets.load_split("builtin:digits", split)
    return x[:count], y[:count]


class StopAfter(isocl.Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == self.epoch


class Raises(isocl.Callback):
    def __init__(self, error):
        self.error = error

    def on_epoch_end(self, epoch, logs=None):
        raise self.error


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open("phased.yaml", "w", encoding="utf-8") as f:
            f.write(MODEL)
        cls.whole = hash_of(program("train", "phased.yaml", "--quiet", "--out", "whole"))

    def test_a_file_and_arrays_train_to_the_weights_of_the_program(self):
        model = isocl.Model("phased.yaml")
        model.fit(verbose=0)
        self.assertEqual(model.hash(), self.whole)
        model = isocl.Model.from_text(MODEL, "phased.yaml")
        history = model.fit(*digits("train", 300), validation_data=digits("test", 100), verify="1/2", verbose=0)
        self.assertGreater(history.verified["steps"], 0)
        self.assertEqual((history.verified["compared"], history.verified["strayed"]), ("bits", ""))
        self.assertEqual(model.hash(), self.whole)
        self.assertTrue(history.finished)
        self.assertEqual(sorted(history.history), ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"])
        self.assertEqual(history.epoch, [0, 1, 2, 3])

    def test_targets_train_to_the_weights_of_the_program(self):
        x, labels = digits("train", 200)
        x_test, labels_test = digits("test", 50)
        y, y_test = (numpy.stack([l > 4, l % 2 == 0], 1).astype("f4") for l in (labels, labels_test))
        numpy.savez("rows.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
        data = "data: {%s: &d {dataset: 'npy:rows.npz', split: train, target_array: y}, validation: {<<: *d, split: test}}\n"
        text = MODEL.split("data:")[0] + MODEL[MODEL.index("input:"):]
        text = text.replace("units: 10, activation: softmax", "units: 2, activation: sigmoid").replace("[accuracy]", "[binary_accuracy]")
        text = text.replace("loss: categorical_crossentropy", "loss: binary_crossentropy")
        with open("targets.yaml", "w", encoding="utf-8") as f:
            f.write(data % "train" + text)
        wanted = hash_of(program("train", "targets.yaml", "--quiet", "--out", "targets"))
        model = isocl.Model.from_text(text, "targets.yaml")
        with self.assertRaises(isocl.Error) as raised:
            model.fit(x, isocl.Targets(y[:, :1]), verbose=0)
        self.assertIn("give it 1 unit", str(raised.exception))
        train, test = (isocl.Targets(t, ["high", "even"]) for t in (y, y_test))
        history = model.fit(x, train, validation_data=(x_test, test), verbose=0)
        self.assertEqual(model.hash(), wanted)
        scores = model.evaluate(x_test, test, return_dict=True)
        self.assertAlmostEqual(scores["binary_accuracy"], history.history["val_binary_accuracy"][-1], 6)
        right = (model.predict(x_test) > 0.5) == (y_test > 0.5)
        self.assertAlmostEqual(scores["binary_accuracy"], right.mean(), 6)
        with self.assertRaises(isocl.Error) as raised:
            model.evaluate(x_test, isocl.Targets(y_test))
        self.assertIn("lacks the target 'high'", str(raised.exception))
        with self.assertRaises(ValueError):
            isocl.Targets(y, ["one"])

    def test_what_was_stopped_goes_on_here_and_in_the_program(self):
        for resume in ("here", "program"):
            model = isocl.Model("phased.yaml")
            history = model.fit(callbacks=[StopAfter(0)], verbose=0)
            self.assertFalse(history.finished)
            if resume == "here":
                model.fit(resume=True, verbose=0)
                self.assertEqual(model.hash(), self.whole)
            else:
                self.assertEqual(hash_of(program("train", "--resume", "--out", history.run, "--quiet")), self.whole)

    def test_prediction_and_scores_are_those_of_the_program(self):
        program("predict", "whole", "--split", "validation", "--npy", "theirs.npy")
        model = isocl.Model("whole")
        x, y = digits("test", 100)
        ours = model.predict(x)
        self.assertEqual(ours.dtype, numpy.float32)
        self.assertTrue(numpy.array_equal(ours, numpy.load("theirs.npy")))
        self.assertTrue(numpy.array_equal(model.predict(x[7:8]), ours[7:8]))
        self.assertEqual(model.predict(x[:3], layer="dense_1").shape, (3, 16))
        loss, accuracy = model.evaluate(x, y)
        self.assertEqual([loss, accuracy], model.evaluate(split="validation"))
        self.assertAlmostEqual(accuracy, (ours.argmax(axis=1) == y).mean())

    def test_layer_objects_write_the_model_file(self):
        layers, optimizers = isocl.layers, isocl.optimizers
        model = isocl.Sequential(
            [isocl.Input((28, 28, 1), scale="1/255", mean="auto"), layers.MaxPooling2D(2), layers.Flatten(),
             layers.Dense(units=16, activation="relu"), layers.Dense(units=10, activation="softmax")], name="phased")
        model.compile(loss="categorical_crossentropy", metrics=["accuracy"], batch_size=50, phases=[
            {"name": "warm", "optimizer": optimizers.Adam(), "epochs": 2},
            {"name": "last", "optimizer": optimizers.SGD(), "epochs": 2}])
        model.fit(*digits("train", 300), verbose=0)
        self.assertEqual(model.hash(), self.whole)

    def test_weights_go_out_and_come_back(self):
        model = isocl.Model("whole")
        weights = model.weights
        self.assertEqual(weights["dense_1/kernel"].shape, (196, 16))
        empty = isocl.Model("phased.yaml")
        self.assertNotEqual(empty.hash(), self.whole)
        empty.set_weights(weights)
        self.assertEqual(empty.hash(), self.whole)
        self.assertEqual(empty.predict(digits("test", 2)[0], batch_size=1).shape, (2, 10))  # keeps them
        self.assertEqual(empty.hash(), self.whole)
        formats = ["safetensors"] + (["h5"] if "no HDF5" not in isocl.features() else [])
        for ending in formats:
            model.save_weights("weights." + ending)
            other = isocl.Model("phased.yaml")
            other.load_weights("weights." + ending)
            self.assertEqual(other.hash(), self.whole, ending)
        if "no ONNX" not in isocl.features():
            model.export("whole.onnx")
            other = isocl.Model.from_onnx("whole.onnx")
            self.assertEqual(other.hash(), self.whole)

    def test_training_begins_with_the_weights_that_are_there(self):
        again = hash_of(program("train", "phased.yaml", "--weights", "whole/weights.safetensors", "--quiet", "--out", "again"))
        model = isocl.Model("phased.yaml")
        model.fit(verbose=0)
        model.fit(verbose=0)
        self.assertNotEqual(again, self.whole)
        # The mean of the run's own model file is a number, in place of auto: the same.
        self.assertEqual(model.hash(), again)

    def test_what_is_wrong_is_raised(self):
        with self.assertRaises(isocl.Error) as caught:
            isocl.Model.from_text("layers: 3\n", "bad.yaml")
        self.assertEqual(caught.exception.code, "EMODEL")
        self.assertIn("bad.yaml:1:9: ", str(caught.exception))
        x, y = digits("train", 10)
        model = isocl.Model("phased.yaml")
        with self.assertRaisesRegex(isocl.Error, "whole numbers from 0 to 255"):
            model.fit(x / 255, y)
        with self.assertRaisesRegex(isocl.Error, "did you mean 'threads'"):
            model.fit(x, y, thread=1)
        with self.assertRaises(ZeroDivisionError):
            model.fit(x, y, callbacks=[Raises(ZeroDivisionError())], verbose=0)
        with self.assertRaises(isocl.Error):
            model.predict(x[:, :5])

    def test_ctrl_c_saves(self):
        model = isocl.Model("phased.yaml")
        with self.assertRaises(KeyboardInterrupt):
            model.fit(callbacks=[Raises(KeyboardInterrupt())], verbose=0)
        model.fit(resume=True, verbose=0)
        self.assertEqual(model.hash(), self.whole)

    def test_proof(self):
        model = isocl.Model("models/demo.yaml")  # comes with the package
        self.assertEqual(model.count_params(), 12810)
        self.assertEqual({c["result"] for c in model.parity(devices="cpu")}, {"passed"})
        self.assertEqual({c["result"] for c in isocl.parity("sgd", devices="cpu", quick=True)} - {"skipped"}, {"passed"})
        model.trace("trace.safetensors", steps=2, limit=100)
        self.assertTrue(os.path.getsize("trace.safetensors") > 100000)
        self.assertIn("cpu", [d["id"] for d in isocl.devices()])


if __name__ == "__main__":
    unittest.main(verbosity=2)
