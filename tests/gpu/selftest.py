#!/usr/bin/env python3
"""selftest.py: shows that the audit can fail: each fault planted in plants/ must be found with each vendor's compiler,
and each number that gets worse must be told. Ends with "N passed, N failed, N skipped"."""
import os
import sys
import tempfile

import amd
import intel
import isa
import nvidia
import tables

PLANTS = os.path.dirname(os.path.abspath(__file__)) + "/plants"
ARCHITECTURE = {nvidia: "sm_86", amd: "gfx1030", intel: "tgllp"}
OPTIONS = ["-cl-std=CL1.2"]
FLUSHING = {nvidia: "-fdenormal-fp-math=preserve-sign", amd: "-cl-denorms-are-zero", intel: "-cl-denorms-are-zero"}


def compile_plant(vendor, name, folder):
    """The plant's row; what the compiler says, where it fails."""
    options = [*OPTIONS, FLUSHING[vendor]] if name == "flush" else OPTIONS
    try:
        kernel, = vendor.compile_program(f"{PLANTS}/{name}.cl", options, [ARCHITECTURE[vendor]], folder)
    except isa.CompilerError as error:
        return str(error)
    return tables.row(name, kernel, vendor.share(kernel))


def is_found(vendor, name, row):
    if name == "broken":
        return isinstance(row, str) and "missing" in row
    if isinstance(row, str):
        print(row)
        return False
    faults = " ".join(row["faults"])
    if name == "wide_division":
        return row["wide_divisions"] > 0 or vendor is intel     # (whose divisions of 64 bits have no instruction)
    return {"spill": "spills" in faults, "hot_division": row["hot_divisions"] > 0,
            "approximate": "approximate" in faults, "flush": "flush" in faults or "ftz" in faults}[name]


def check_comparison():
    """The columns whose getting worse, or better, is not told as it should be."""
    good = {**dict.fromkeys(tables.COLUMNS[3:], 10), "share": 0.5}
    bad = []
    for column in tables.COLUMNS[3:]:
        less, more = {**good, column: good[column] * 0.9}, {**good, column: good[column] * 1.1}
        worse, better = (less, more) if column in tables.LESS_IS_WORSE else (more, less)
        if len(tables.worse(good, worse)) != 1 or tables.worse(good, better) or tables.worse(good, good):
            bad.append(column)
    return bad


def main():
    passed, failed, skipped = 0, len(check_comparison()), 0
    for vendor in ARCHITECTURE:
        if vendor.missing():
            skipped += 1
            continue
        for name in sorted(file[:-3] for file in os.listdir(PLANTS)):
            with tempfile.TemporaryDirectory(prefix="audit-") as folder:
                found = is_found(vendor, name, compile_plant(vendor, name, folder))
            if not found:
                print(f"FAIL the audit of {vendor.__name__} does not see the fault in plants/{name}.cl")
            passed, failed = passed + found, failed + (not found)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
