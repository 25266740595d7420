#!/usr/bin/env python3
"""build_wheel.py BUNDLE LIBRARY OUT: packs the package, the shared library and what `make bundle` has gathered (the
program, the libraries that both need, the models) into a wheel in the folder OUT. `make wheel` calls it; it needs Python
alone. The wheel runs with any Python 3 from 3.8 on, where the C library is as new as here."""

import base64
import hashlib
import os
import pathlib
import re
import sys
import sysconfig
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
METADATA = """Metadata-Version: 2.1
Name: isocl
Version: {version}
Summary: Deep-learning trainer with the same numbers on every device
License: MIT
Requires-Python: >=3.8
Requires-Dist: numpy
Description-Content-Type: text/markdown

{readme}"""
WHEEL = """Wheel-Version: 1.0
Generator: isocl
Root-Is-Purelib: false
Tag: {tag}
"""
ENTRY_POINTS = """[console_scripts]
isocl = isocl._program:main
"""


def version():
    return re.search(r'ISOCL_VERSION "(.*)"', (ROOT / "core/isocl.h").read_text()).group(1)


def files(bundle, library):
    """Where each file of the package is, by its name in the wheel."""
    found = {f"isocl/{path.name}": path for path in sorted((HERE / "isocl").glob("*.py"))}
    for path in sorted(bundle.rglob("*")):
        inside = path.relative_to(bundle)
        # The C++ library is the system's: a driver may want a newer one.
        if path.is_file() and inside.parts[0] in ("bin", "lib", "share", "licences") and "cxx" not in inside.parts:
            found[f"isocl/{inside}"] = path
    found["isocl/lib/" + library.name] = library
    return found


def record_of(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def write(wheel, name, data, executable, record):
    info = zipfile.ZipInfo(name)  # its time is fixed: the same files give the same wheel
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    wheel.writestr(info, data)
    record.append(record_of(name, data))


def main(bundle, library, out):
    tag = "py3-none-" + re.sub(r"[^a-z0-9_]", "_", sysconfig.get_platform().lower())
    base = f"isocl-{version()}"
    path = pathlib.Path(out) / f"{base}-{tag}.whl"
    record = []
    with zipfile.ZipFile(path, "w") as wheel:
        for name, source in files(pathlib.Path(bundle), pathlib.Path(library)).items():
            write(wheel, name, source.read_bytes(), os.access(source, os.X_OK), record)
        info = f"{base}.dist-info/"
        texts = {
            "METADATA": METADATA.format(version=version(), readme=(HERE / "README.md").read_text()),
            "WHEEL": WHEEL.format(tag=tag),
            "entry_points.txt": ENTRY_POINTS,
            "LICENSE": (ROOT / "LICENSE").read_text(),
        }
        for name, text in texts.items():
            write(wheel, info + name, text.encode(), False, record)
        wheel.writestr(zipfile.ZipInfo(info + "RECORD"), "".join(record) + f"{info}RECORD,,\n")
    print(path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
