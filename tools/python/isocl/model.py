"""A model file with its weights, and what can be done with both."""

import ctypes
import os
import tempfile
import weakref

import numpy

from ._library import CHECK_FN, LAYER_FN, LOG_FN, WEIGHT_FN, Check, Handle, Options, Teller, c_int64, call, check, text
from ._rows import Rows, Targets
from .callbacks import History, Printer

_ROW = "{:<24}{:<24}{:<16}{:>12}{:>12}"


class Model:
    """A model file, the folder of a run, whose weights it then has, or a path models/... that came with isocl.

    device, mode, threads, data: as `isocl.options()` describes them.
    """

    def __init__(self, path, *, device=None, mode=None, threads=None, data=None):
        self._settle(device, mode, threads, data)
        self._open_path(os.fspath(path))

    @classmethod
    def from_text(cls, yaml, name="model.yaml", **settings):
        """A model of a model file's text; name: the file that messages name."""
        model = cls.__new__(cls)
        model._settle(**settings)
        model._open_text(yaml, name)
        return model

    @classmethod
    def from_onnx(cls, path, **settings):
        """The network of an ONNX file, with its weights."""
        model = cls.__new__(cls)
        model._settle(**settings)
        model._open(Handle("model", call.model_import, text(path)))
        model.load_weights(path)
        return model

    def _settle(self, device=None, mode=None, threads=None, data=None):
        self._settings = {"device": device, "mode": mode, "threads": threads, "data": data}

    def _open_path(self, path):
        self._open(Handle("model", call.model_read, text(path)), path if os.path.isdir(path) else None)

    def _open_text(self, yaml, name):
        self._open(Handle("model", call.model_parse, yaml.encode(), text(name)))

    def _open(self, handle, run=None):
        """Takes the handle, and the weights of a run."""
        self._handle, self.run, self._weights = handle, run, run
        self._network, self._opened, self._changed = None, None, False
        self._scratch = None
        self.stop_training = False

    # ---- What it is ----------------------------------------------------------------------------

    @property
    def name(self):
        return call.model_name(self._handle).decode()

    @property
    def text(self):
        """The text of the model file."""
        return call.model_text(self._handle).decode("utf-8", "replace")

    @property
    def layers(self):
        """A dictionary for each layer, the input first: name, op, shape, parameters, trainable."""
        found = []

        def add(l):
            found.append({"name": l.name.decode(), "op": l.op.decode(), "shape": tuple(l.dim[: l.ndim]),
                          "parameters": l.parameters, "trainable": l.trainable})

        teller = Teller(LAYER_FN, add)
        teller.check(call.model_layers(self._handle, teller, None))
        return found

    def count_params(self):
        return sum(layer["parameters"] for layer in self.layers)

    def summary(self, print_fn=print):
        print_fn(_ROW.format("LAYER", "OP", "OUTPUT", "PARAMETERS", "TRAINABLE"))
        for l in self.layers:
            print_fn(_ROW.format(l["name"], l["op"], "x".join(map(str, l["shape"])), l["parameters"], l["trainable"]))

    # ---- Training ------------------------------------------------------------------------------

    def fit(self, x=None, y=None, batch_size=None, epochs=None, verbose=1, callbacks=None, validation_split=0.0,
            validation_data=None, *, run=None, resume=False, **options):
        """Trains all phases, and keeps the run in a folder, as `isocl train` does. Returns a History.

        x, y: images, whole numbers from 0 to 255, and classes, or isocl.Targets(numbers); left out, the data that the model file names.
        validation_split: share of the rows, from the end, that is validated and not trained on.
        epochs: in all. verbose: 0 prints nothing. callbacks: Callback objects.
        run: the run's folder (default: a new one, runs/MODEL-NNN). resume: goes on with that run, or the last one, to
        the bits of a training that never stopped; without it, training begins with the weights that the model has.
        options: more of isocl.options(). Ctrl-C saves, stops, and raises KeyboardInterrupt.
        """
        run = os.fspath(run) if run is not None else self.run if resume else None
        o = Options(**{**self._settings, "batch_size": batch_size, "epochs": epochs, "run": run, "resume": resume or None,
                       "weights": None if resume else self._weights_file(), "command": "Python", **options})
        if x is not None:
            x, y, validation_data = _split(x, y, validation_split, validation_data)
            o.put("train", Rows(x, y))
        if validation_data is not None:
            o.put("validation", Rows(*validation_data))
        training = Handle("training", call.training_open, None if resume else self._handle, o)
        return self._train(training, list(callbacks or []), verbose)

    def _train(self, training, callbacks, verbose):
        history, last = History(), {"epochs": 0}
        callbacks = [history] + callbacks + ([Printer(lambda: last["epochs"])] if verbose else [])
        tell = _Tell(self, training, callbacks, last)
        history.run = os.fsdecode(call.training_folder(training))
        self.stop_training = False
        try:
            for c in callbacks:
                c.model = weakref.proxy(self)
                c.on_train_begin()
            code = call.training_run(training)
            history.finished = code == 0 and bool(call.training_finished(training))
            history.verified = _verified(call.training_verified(training))
        finally:
            training.free()  # and with it the run's folder
        tell.check(code)
        self._open_path(history.run)
        for c in callbacks:
            c.on_train_end({name: values[-1] for name, values in history.history.items()})
        if tell.interrupt is not None:
            raise tell.interrupt
        return history

    # ---- Use -----------------------------------------------------------------------------------

    def _open_network(self, targets=None, **options):
        """The network with these options; it stays open for as long as they are the same. targets: rows that have them."""
        wanted = {**options, "targets": targets is not None}
        if self._network is None or self._opened != wanted:
            weights = self._weights_file()
            o = Options(**self._settings, **options)
            if targets is not None:
                o.put("test", targets)
            self._network = Handle("network", call.network_open, self._handle, text(weights), o)
            self._rows = targets  # these must outlive it
            self._opened = wanted
        return self._network

    def _weights_file(self):
        """The file that has the weights; None: as the model file initializes them."""
        if self._changed:
            self._scratch = self._scratch or tempfile.TemporaryDirectory(prefix="isocl-")
            path = os.path.join(self._scratch.name, "weights.safetensors")
            check(call.network_export(self._network, text(path)))
            return path
        if self._weights is not None and os.path.isdir(self._weights):
            return os.path.join(self._weights, "weights.safetensors")
        return self._weights

    def _put(self, network, split, rows):
        count = c_int64()
        check(call.network_rows(network, split.encode(), rows, count))
        return count.value

    def evaluate(self, x=None, y=None, batch_size=None, verbose=0, return_dict=False, *, split="test", limit=None):
        """Returns loss and metrics, as Keras does, of x and y, or of a split of the model file's data."""
        rows = Rows(x, y) if x is not None else None
        network = self._open_network(rows if isinstance(y, Targets) else None, batch_size=batch_size, limit=limit)
        self._put(network, split, rows)
        scores = {}
        teller = Teller(LOG_FN, lambda log: scores.update(log.numbers()))
        teller.check(call.network_evaluate(network, teller, None))
        if verbose:
            print("  ".join(f"{k} {v:.4f}" for k, v in scores.items()))
        return scores if return_dict else list(scores.values()) if len(scores) > 1 else next(iter(scores.values()))

    def predict(self, x=None, batch_size=None, verbose=0, *, split="test", layer=None, limit=None):
        """Returns float32 [rows, ...]: what the last layer gives, or this one."""
        network = self._open_network(batch_size=batch_size, layer=layer, limit=limit)
        rows = self._put(network, split, Rows(x) if x is not None else None)
        dim = (c_int64 * 4)()
        out = numpy.empty((rows, *dim[: call.network_output(network, dim)]), numpy.float32)
        check(call.network_predict(network, out.ctypes.data))
        return out

    # ---- Weights -------------------------------------------------------------------------------

    @property
    def weights(self):
        """The weights, a dictionary of arrays: LAYER/kernel, ..."""
        found = {}

        def add(w):
            shape = tuple(w.dim[: w.ndim])
            found[w.name.decode()] = numpy.ctypeslib.as_array(w.values, shape).copy()

        teller = Teller(WEIGHT_FN, add)
        teller.check(call.network_weights(self._open_network(), teller, None))
        return found

    def set_weights(self, weights):
        """Sets those of the weights that the dictionary has."""
        network = self._open_network()
        for name, values in weights.items():
            values = numpy.ascontiguousarray(values, numpy.float32)
            check(call.network_set_weight(network, name.encode(), values.ctypes.data, values.size))
            self._changed = True

    def load_weights(self, path, by_order=False):
        """From .safetensors, or what a file of Keras (.h5) or ONNX (.onnx) has for layers of the same names, or order."""
        if os.fspath(path).endswith(".safetensors"):
            self._weights, self._network, self._changed = os.fspath(path), None, False
            self._open_network()
            return
        check(call.network_import(self._open_network(), text(path), int(by_order)))
        self._changed = True

    def save_weights(self, path):
        """To .safetensors, or to .h5 for Keras."""
        check(call.network_export(self._open_network(), text(path)))

    def export(self, path, with_preprocessing=False):
        """Writes network and weights as ONNX (.onnx). with_preprocessing: it takes bytes from 0 to 255."""
        check(call.network_export(self._open_network(with_preprocessing=with_preprocessing), text(path)))

    def hash(self):
        """The SHA-256 of the weights, as `isocl train` prints it."""
        out = ctypes.create_string_buffer(65)
        check(call.network_hash(self._open_network(), out))
        return out.value.decode()

    # ---- Proof ---------------------------------------------------------------------------------

    def trace(self, path, x=None, y=None, *, steps=1, batch_size=None, **options):
        """Writes every tensor of some training steps to a safetensors file."""
        o = Options(**self._settings, steps=steps, batch_size=batch_size, **options)
        if x is not None:
            o.put("train", Rows(x, y))
        check(call.trace(self._handle, text(self._weights_file()), o, text(path)))

    def parity(self, **options):
        """Compares devices over this model: see isocl.parity."""
        return _parity(self._handle, options)


class _Tell:
    """Hands what the library tells of a training to callbacks."""

    def __init__(self, model, training, callbacks, last):
        self.interrupt, self._model, self._callbacks, self._last = None, model, callbacks, last
        self._training = training
        self._tellers = [Teller(LOG_FN, f) for f in (self._phase, self._step, self._epoch)]
        for function, teller in zip(("phase", "step", "epoch"), self._tellers):
            getattr(call, "training_on_" + function)(self._training, teller, None)

    def _each(self, log, name, *arguments):
        self._last["epochs"] = log.epochs
        try:
            for c in self._callbacks:
                getattr(c, name)(*arguments)
        except KeyboardInterrupt as interrupt:
            self.interrupt = interrupt
        if self.interrupt is not None or self._model.stop_training:
            call.training_stop(self._training)

    def _phase(self, log):
        self._each(log, "on_phase_begin", log.phase.decode(), {})

    def _step(self, log):
        self._each(log, "on_train_batch_end", log.step - 1, log.numbers())

    def _epoch(self, log):
        self._each(log, "on_epoch_end", log.epoch - 1, log.numbers())

    def check(self, code):
        for teller in self._tellers:
            teller.check(0)
        check(code)


def _verified(v):
    """What fit(verify=...) had computed again, as a dictionary; None: nothing."""
    if not v:
        return None
    v = v.contents
    return {"device": v.device.decode(), "compared": v.compared.decode(), "strayed": v.strayed.decode(),
            "steps": v.steps, "seconds": v.seconds}


def _split(x, y, share, validation):
    """The rows to train on, and if no others are given the last ones to validate with."""
    if not share or validation is not None:
        return x, y, validation
    first = int(len(x) * (1 - share))
    return x[:first], y[:first], (x[first:], y[first:])


def _parity(model, options):
    checks = []

    def add(c):
        checks.append({name: getattr(c, name) for name, _ in Check._fields_})
        for name, value in checks[-1].items():
            checks[-1][name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    teller = Teller(CHECK_FN, add)
    teller.check(call.parity(model, Options(**options), teller, None))
    return checks


def parity(ops=None, devices=None, **options):
    """Compares devices with the reference over the cases of ops ("conv2d,dense"; None: all).

    Returns a dictionary for each check; raises Error, code EPARITY, where one fails.
    """
    return _parity(None, {"ops": ops, "devices": devices, **options})
