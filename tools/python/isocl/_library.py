"""The shared library through ctypes: the declarations of isocl.h, and what fails as an exception."""

import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_uint64, c_void_p

SONAME = "libisocl.so.0"


def _load():
    """The library in this package or, in a clone, the one that the system finds (LD_LIBRARY_PATH=build)."""
    packed = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib", SONAME)
    return ctypes.CDLL(packed if os.path.exists(packed) else SONAME)


_lib = _load()


class Error(Exception):
    """A failure of the library. `code` is the name of its isocl_rc without ISOCL_, such as EMODEL."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


_CODES = ("OK", "ENOMEM", "EMODEL", "ESHAPE", "EUNSUP", "EDEVICE", "EIO", "EDATA", "EUSAGE", "EPARITY")


def check(code):
    """Raises what an isocl_rc says."""
    if code != 0:
        raise Error(_lib.isocl_error().decode("utf-8", "replace"), _CODES[-code])


# ---- Structs and callbacks ---------------------------------------------------------------------


class Device(Structure):
    _fields_ = [
        ("id", c_char_p),
        ("name", c_char_p),
        ("platform", c_char_p),
        ("driver", c_char_p),
        ("note", c_char_p),
        ("usable", c_int),
        ("gpu", c_int),
        ("exact", c_int),
        ("memory", c_uint64),
    ]


class Array(Structure):
    _fields_ = [("data", c_void_p), ("type", c_char_p), ("ndim", c_int), ("dim", c_int64 * 4)]


class RowsShape(Structure):
    _fields_ = [
        ("rows", c_int64),
        ("height", c_int),
        ("width", c_int),
        ("channels", c_int),
        ("classes", c_int),
        ("labels", POINTER(c_int32)),
        ("targets", POINTER(c_float)),
    ]


class Layer(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("op", c_char_p),
        ("ndim", c_int),
        ("dim", c_int64 * 4),
        ("parameters", c_int64),
        ("trainable", c_int64),
    ]


class Verified(Structure):
    _fields_ = [
        ("device", c_char_p),
        ("compared", c_char_p),
        ("strayed", c_char_p),
        ("steps", c_int64),
        ("seconds", c_double),
    ]


class Log(Structure):
    _fields_ = [
        ("phase", c_char_p),
        ("epoch", c_int64),
        ("epochs", c_int64),
        ("step", c_int64),
        ("seconds", c_double),
        ("count", c_int),
        ("names", POINTER(c_char_p)),
        ("values", POINTER(c_double)),
    ]

    def numbers(self):
        """The numbers by their names."""
        return {self.names[i].decode(): self.values[i] for i in range(self.count)}


class Weight(Structure):
    _fields_ = [("name", c_char_p), ("ndim", c_int), ("dim", c_int64 * 4), ("values", POINTER(c_float))]


class Check(Structure):
    _fields_ = [
        ("device", c_char_p),
        ("subject", c_char_p),
        ("rung", c_char_p),
        ("result", c_char_p),
        ("message", c_char_p),
        ("repeat", c_char_p),
        ("values", c_int64),
    ]


DEVICE_FN = CFUNCTYPE(c_int, c_void_p, POINTER(Device))
OPTION_FN = CFUNCTYPE(c_int, c_void_p, c_char_p, c_char_p, c_char_p)
LAYER_FN = CFUNCTYPE(c_int, c_void_p, POINTER(Layer))
LOG_FN = CFUNCTYPE(c_int, c_void_p, POINTER(Log))
WEIGHT_FN = CFUNCTYPE(c_int, c_void_p, POINTER(Weight))
CHECK_FN = CFUNCTYPE(c_int, c_void_p, POINTER(Check))

_OUT = POINTER(c_void_p)
_SIGNATURES = {
    "version": (c_char_p,),
    "arithmetic": (c_int,),
    "features": (c_char_p,),
    "error": (c_char_p,),
    "devices": (c_int, DEVICE_FN, c_void_p),
    "options_new": (c_int, _OUT),
    "options_set": (c_int, c_void_p, c_char_p, c_char_p),
    "options_rows": (c_int, c_void_p, c_char_p, c_void_p),
    "options_free": (None, c_void_p),
    "options_list": (c_int, OPTION_FN, c_void_p),
    "rows_new": (c_int, POINTER(Array), POINTER(Array), c_int, _OUT),
    "rows_new_targets": (c_int, POINTER(Array), POINTER(Array), POINTER(c_char_p), _OUT),
    "rows_load": (c_int, c_char_p, c_char_p, c_char_p, _OUT),
    "rows_about": (POINTER(RowsShape), c_void_p),
    "rows_images": (c_int, c_void_p, c_int64, c_int64, c_void_p),
    "rows_class": (c_char_p, c_void_p, c_int),
    "rows_free": (None, c_void_p),
    "model_read": (c_int, c_char_p, _OUT),
    "model_parse": (c_int, c_char_p, c_char_p, _OUT),
    "model_import": (c_int, c_char_p, _OUT),
    "model_name": (c_char_p, c_void_p),
    "model_text": (c_char_p, c_void_p),
    "model_layers": (c_int, c_void_p, LAYER_FN, c_void_p),
    "model_free": (None, c_void_p),
    "training_open": (c_int, c_void_p, c_void_p, _OUT),
    "training_on_phase": (None, c_void_p, LOG_FN, c_void_p),
    "training_on_step": (None, c_void_p, LOG_FN, c_void_p),
    "training_on_epoch": (None, c_void_p, LOG_FN, c_void_p),
    "training_run": (c_int, c_void_p),
    "training_stop": (None, c_void_p),
    "training_finished": (c_int, c_void_p),
    "training_folder": (c_char_p, c_void_p),
    "training_verified": (POINTER(Verified), c_void_p),
    "training_hash": (c_int, c_void_p, c_char_p),
    "training_free": (None, c_void_p),
    "network_open": (c_int, c_void_p, c_char_p, c_void_p, _OUT),
    "network_rows": (c_int, c_void_p, c_char_p, c_void_p, POINTER(c_int64)),
    "network_evaluate": (c_int, c_void_p, LOG_FN, c_void_p),
    "network_output": (c_int, c_void_p, POINTER(c_int64)),
    "network_predict": (c_int, c_void_p, c_void_p),
    "network_weights": (c_int, c_void_p, WEIGHT_FN, c_void_p),
    "network_set_weight": (c_int, c_void_p, c_char_p, c_void_p, c_int64),
    "network_import": (c_int, c_void_p, c_char_p, c_int),
    "network_export": (c_int, c_void_p, c_char_p),
    "network_hash": (c_int, c_void_p, c_char_p),
    "network_free": (None, c_void_p),
    "trace": (c_int, c_void_p, c_char_p, c_void_p, c_char_p),
    "parity": (c_int, c_void_p, c_void_p, CHECK_FN, c_void_p),
}


class _Functions:
    """isocl_NAME as attribute NAME."""


call = _Functions()
for _name, (_result, *_arguments) in _SIGNATURES.items():
    _function = getattr(_lib, "isocl_" + _name)
    _function.restype, _function.argtypes = _result, _arguments
    setattr(call, _name, _function)


# ---- Objects -----------------------------------------------------------------------------------


def text(value):
    """A path or a text as bytes; None stays."""
    return None if value is None else os.fsencode(value)


class Handle:
    """An object of the library, an argument of its functions, freed with the Python object.

    kind: what stands before its functions' names. (ctypes passes _as_parameter_, and keeps the object for the call.)
    """

    def __init__(self, kind, function, *arguments):
        self._as_parameter_, self._free = c_void_p(), getattr(call, kind + "_free")
        check(function(*arguments, byref(self._as_parameter_)))

    def free(self):
        pointer, self._as_parameter_ = self._as_parameter_, c_void_p()
        if pointer:
            self._free(pointer)

    def __del__(self):
        self.free()


class Teller:
    """Calls back a Python function that may raise: the exception ends what runs, and is raised again by `check`."""

    def __init__(self, kind, function):
        self.raised = None

        def told(_self, argument, *more):
            try:
                function(argument.contents if not isinstance(argument, bytes) else argument, *more)
                return 0
            except BaseException as error:  # pylint: disable=broad-except
                self.raised = error
                return 1

        self._as_parameter_ = kind(told)

    def check(self, code):
        if self.raised is not None:
            raise self.raised
        check(code)


class Options(Handle):
    """Options by their names; None leaves one as it is."""

    def __init__(self, **values):
        super().__init__("options", call.options_new)
        self.rows = {}
        for name, value in values.items():
            if value is not None:
                self.set(name, value)

    def set(self, name, value):
        if isinstance(value, bool):
            value = "true" if value else "false"
        check(call.options_set(self, name.encode(), text(str(value) if isinstance(value, (int, float)) else value)))

    def put(self, split, rows):
        check(call.options_rows(self, split.encode(), rows))
        self.rows[split] = rows  # these must outlive the options


# ---- The library -------------------------------------------------------------------------------


def version():
    """The version of the library."""
    return call.version().decode()


def arithmetic():
    """The version of the arithmetic: results of two are not comparable."""
    return call.arithmetic()


def features():
    """Which optional libraries were built in."""
    return call.features().decode()


def devices():
    """The devices of this machine, a dictionary each: id, name, platform, driver, note, usable, gpu, exact, memory."""
    found = []

    def add(device):
        row = {name: getattr(device, name) for name, _ in Device._fields_}
        for name, value in row.items():
            row[name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name in ("usable", "gpu", "exact"):
            row[name] = bool(row[name])
        found.append(row)

    teller = Teller(DEVICE_FN, add)
    teller.check(call.devices(teller, None))
    return found


def options():
    """What each option is for, by its name: they are arguments of Model, fit, parity, ..."""
    found = {}

    def add(name, _default, doc):
        found[name.decode()] = doc.decode()

    teller = Teller(OPTION_FN, add)
    teller.check(call.options_list(teller, None))
    return found
