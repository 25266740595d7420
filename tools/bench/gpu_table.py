"""The whole table of a GPU in one command: isocl in exact and fast mode beside PyTorch, eager, with channels_last and
compiled, without and with TF32, at the batch sizes of the model files and at 512.

    python3 tools/bench/gpu_table.py --python /path/to/venv/bin/python
    python3 tools/bench/gpu_table.py --python ... --device opencl:pocl --torch-device cpu --workloads f --batches 64

Training images/s, each measured in a process of its own; what does not run has a dash in the table and a line with
the reason below it. TF32 rounds the factors of products to 11 bits, so its columns are for information: what
computes in float32, as isocl does, is compared. The exit code is 1 if isocl's exact mode has a gap in the table.
"""
import argparse
import json
import os
import sys
import tempfile

import compare
from compare import ROOT, TRAIN, WORKLOADS, say

PYTORCH = ["eager", "channels_last", "compile", "channels_last+compile"]
PRECISIONS = ["no_tf32", "tf32"]


class Column:
    def __init__(self, title, run):
        self.title, self.run = title, run


def isocl_column(args, mode):
    def run(comparison):
        found = compare.objects([os.path.abspath(args.isocl), "bench", comparison.model, "--devices", args.device, "--mode",
                                 mode, "--batch", str(comparison.batch), "--seconds", str(args.seconds), "--json"],
                                comparison.environment)
        for one in found:
            if one["event"] == "failure":
                raise RuntimeError(one["message"])
        return next(one[TRAIN] for one in found if one["event"] == "model")
    return Column(f"isocl {mode}", run)


def pytorch_column(args, flags, precision):
    def run(comparison):
        if "channels_last" in flags and not comparison.convolutions:
            raise RuntimeError("it has no images inside")
        found = compare.objects([args.python, os.path.join(compare.HERE, "pytorch.py"), "--model", comparison.model,
                                 "--batch", str(comparison.batch), "--config", f"{flags}+{precision}", "--device",
                                 args.torch_device, "--seconds", str(args.seconds)], comparison.environment)
        if "error" in found[-1]:
            raise RuntimeError(found[-1]["error"])
        return found[-1][TRAIN]
    return Column(flags + (" TF32" if precision == "tf32" else ""), run)


def columns(args):
    return [isocl_column(args, mode) for mode in ("exact", "fast")] + \
        [pytorch_column(args, flags, precision) for precision in args.precisions for flags in PYTORCH]


def measure(args, comparison, notes):
    """The row of a workload and a batch size: images/s by column title; None where it does not run."""
    row = {}
    for column in columns(args):
        try:
            row[column.title] = column.run(comparison)
        except RuntimeError as error:
            row[column.title] = None
            notes.append(f"{comparison.letter}, batch {comparison.batch}, {column.title}: {error}")
        say(f"  {column.title:30} {text(row[column.title])}")
    return row


def text(value, digits=1):
    return "-" if value is None else f"{value:.{digits}f}"


def best_float32(row):
    return max((value for title, value in row.items() if value is not None and "isocl" not in title and "TF32" not in title),
               default=None)


def ratio(row, mode):
    own, best = row[f"isocl {mode}"], best_float32(row)
    return own / best if own is not None and best is not None else None


def print_table(args, rows):
    titles = [column.title for column in columns(args)]
    head = ["WORKLOAD", "BATCH"] + titles + ["exact/best", "fast/best"]
    lines = [[f"{r['workload']} {r['what']}", str(r["batch"])] + [text(r["rates"][t]) for t in titles] +
             [text(ratio(r["rates"], mode), 2) for mode in ("exact", "fast")] for r in rows]
    widths = [max(map(len, column)) for column in zip(head, *lines)]
    for line in [head] + lines:
        print("  ".join(word.ljust(n) if i == 0 else word.rjust(n) for i, (word, n) in enumerate(zip(line, widths))).rstrip())
    print("training images/s; best: of PyTorch in float32, without TF32")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isocl", default=os.path.join(ROOT, "build", "isocl"))
    parser.add_argument("--python", default=sys.executable, help="a Python that has torch and PyYAML")
    parser.add_argument("--device", default="gpu", help="isocl's device")
    parser.add_argument("--torch-device", default="cuda", help="PyTorch's device")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--batches", help="instead of the model file's and 512, such as 64,512")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--json", metavar="FILE", help="write the rows there, one object a line")
    args = parser.parse_args()
    args.workloads = args.workloads.split(",")
    unknown = set(args.workloads) - set(WORKLOADS)
    if unknown:
        parser.error("unknown workloads: " + ", ".join(sorted(unknown)))
    args.precisions = PRECISIONS if args.torch_device.startswith("cuda") else PRECISIONS[:1]
    args.avx2 = False                      # compare.Comparison reads this
    return args


def batches(args, letter):
    if args.batches:
        return [int(n) for n in args.batches.split(",")]
    return sorted({WORKLOADS[letter][2], 512})


def main():
    args = arguments()
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as folder:
        for letter in args.workloads:
            if not os.path.exists(os.path.join(ROOT, WORKLOADS[letter][1])):
                notes.append(f"{letter}: {WORKLOADS[letter][1]} is not here")
                continue
            for batch in batches(args, letter):
                comparison = compare.Comparison(args, letter, folder)
                comparison.batch = batch
                say(f"{letter} {comparison.what}, batch {batch}: training images/s")
                rows.append({"workload": letter, "what": comparison.what, "batch": batch,
                             "rates": measure(args, comparison, notes)})
    print_table(args, rows)
    for note in notes:
        print("not run: " + note)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    return 1 if not rows or any(row["rates"]["isocl exact"] is None for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
