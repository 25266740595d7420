"""Images and their classes or targets, from arrays."""

import numpy

from ._library import Array, Handle, byref, c_char_p, call, check, text


class Targets:
    """Numbers [rows, targets] or [rows] in place of classes: y of fit and evaluate, for a regression's loss, or 0 and 1
    for labels, of which a row has any number, for binary_crossentropy. names: of the targets (default: target_0, ...)."""

    def __init__(self, values, names=None):
        self.values, self.names = numpy.ascontiguousarray(values), names
        columns = self.values.shape[1] if self.values.ndim > 1 else 1
        if names is not None and len(names) != columns:
            raise ValueError(f"{len(names)} names for {columns} targets")

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return Targets(self.values[rows], self.names)


class Rows(Handle):
    """Rows of the library. x: whole numbers from 0 to 255, not scaled; y: classes, Targets, or None."""

    def __init__(self, x, y=None, classes=0):
        images = numpy.ascontiguousarray(x)
        if isinstance(y, Targets):
            names = (c_char_p * len(y.names))(*map(str.encode, y.names)) if y.names is not None else None
            super().__init__("rows", call.rows_new_targets, byref(_array(images)), byref(_array(y.values)), names)
            return
        labels = numpy.ascontiguousarray(y) if y is not None else None
        super().__init__(
            "rows",
            call.rows_new,
            byref(_array(images)),
            byref(_array(labels)) if labels is not None else None,
            classes,
        )


class NamedRows(Handle):
    """The rows of a data set by its name."""

    def __init__(self, name, split, folder=None):
        super().__init__("rows", call.rows_load, text(name), text(split), text(folder))
        self.about = call.rows_about(self).contents

    def arrays(self):
        """x, uint8 [rows, height, width, channels], and y, int32 [rows]."""
        a = self.about
        x = numpy.empty((a.rows, a.height, a.width, a.channels), numpy.uint8)
        check(call.rows_images(self, 0, a.rows, x.ctypes.data))
        return x, numpy.ctypeslib.as_array(a.labels, (a.rows,)).copy()

    def class_names(self):
        names = [call.rows_class(self, i) for i in range(self.about.classes)]
        return [name.decode("utf-8", "replace") if name else str(i) for i, name in enumerate(names)]


def _array(a):
    dims = (a.shape + (0, 0, 0, 0))[:4]
    return Array(a.ctypes.data, a.dtype.str.encode(), a.ndim, dims)
