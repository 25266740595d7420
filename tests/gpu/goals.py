#!/usr/bin/env python3
"""goals.py: what is demanded of kernels and of training steps on GPUs, and what the committed tables say is reached.

    goals.py kernels    share of the peak of fma and waves of the products of large layers, spills, divisions
    goals.py steps      launches of a step, and the bounds of its speed; with Winograd's algorithm no lower than without

Exits with 1 when a goal is missed."""
import csv
import os
import sys

import tables

HERE = os.path.dirname(os.path.abspath(__file__))
# Least share of the peak of fma, and waves that can be resident.
SHARES = {"sm_86": 0.75, "sm_90": 0.75, "gfx1030": 0.70, "gfx1100": 0.80, "tgllp": 0.65, "acm-g11": 0.65}
WAVES = {"nvidia": 8, "amd": 2, "intel": 4}
LARGE = ("chains_gpu_128x128", "chains_gpu_128x64", "chains_gpu_64x64", "chains_gpu_128x32", "chains_gpu_intel")
# Winograd's in one kernel. What winograd_fused_16 has besides is for small layers.
FUSED = {"nvidia": ("winograd_fused_32/",), "intel": ("winograd_fused_intel/",),
         "amd": ("winograd_fused_16/winograd_fused", "winograd_fused_16/winograd_fused_taps", "winograd_fused_wide/")}
# Most launches of a step; least shares on the H100, RTX 3060, RX 6600 and A380, in percent.
LAUNCHES = {"mlp": 20, "cnn off": 22, "base off": 28, "model10 off": 110, "cifar-100 off": 50, "linear": 12,
            "brief": 25, "model10 auto": 170}
BOUNDS = {"cnn off": (35, 38, 36, 45), "model10 off": (34, 34, 34, 45), "cifar-100 off": (62, 65, 60, 62)}
GPUS = ("h100", "rtx3060", "rx6600", "a380")


class Goals:
    """Prints goals, a line each, and counts them."""

    def __init__(self):
        self.passed = self.failed = 0

    def tell(self, what, demanded, reached, met):
        self.passed, self.failed = self.passed + met, self.failed + (not met)
        print("%-58s %10s %10s  %s" % (what, demanded, reached, "met" if met else "MISSED"))

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed, 0 skipped")
        return 1 if self.failed else 0


def read_steps(name):
    with open(f"{HERE}/{name}.csv", encoding="utf-8") as file:
        return {row["model"]: row for row in csv.DictReader(file)}


def products(goals, programs_of):
    """programs_of: of a vendor, programs with a slash, or kernels. The share of chains_gpu_intel's empty one is 0."""
    for vendor, waves in WAVES.items():
        for (program, kernel, architecture), row in sorted(tables.read(vendor)[1].items()):
            least = SHARES.get(architecture)
            what = f"{program}/{kernel} {architecture}"
            wanted = {f"{program}/", f"{program}/{kernel}"} & set(programs_of(vendor))
            if not wanted or least is None or float(row["share"]) == 0:
                continue
            goals.tell(what + ", share", f"{least:.2f}", row["share"], float(row["share"]) >= least)
            goals.tell(what + ", waves", waves, row["waves"], int(row["waves"]) >= waves)


def kernels():
    goals = Goals()
    products(goals, lambda vendor: [program + "/" for program in LARGE])
    products(goals, FUSED.get)
    for vendor in WAVES:
        for (program, kernel, architecture), row in sorted(tables.read(vendor)[1].items()):
            if int(row["hot_divisions"]) > 0:
                goals.tell(f"{program}/{kernel} {architecture}, hot divisions", 0, row["hot_divisions"], False)
    for kernel, architecture, fault in sorted(tables.known_faults()):
        goals.tell(f"{kernel} {architecture}", "no fault", fault, False)
    return goals.end()


def steps():
    goals, launches, bounds = Goals(), read_steps("launches"), read_steps("steps")
    for model, most in LAUNCHES.items():
        goals.tell(model + ", launches", most, launches[model]["launches"], int(launches[model]["launches"]) <= most)
    for model, row in bounds.items():
        for gpu, least in zip(GPUS, BOUNDS.get(model, ())):
            goals.tell(f"{model} on {gpu}, percent", least, row[gpu], float(row[gpu]) >= least)
        off = bounds.get(model.replace(" auto", " off"), row)
        for gpu in GPUS if off is not row else ():
            goals.tell(f"{model} on {gpu}, no lower than off", off[gpu], row[gpu], float(row[gpu]) >= float(off[gpu]))
    return goals.end()


if __name__ == "__main__":
    if sys.argv[1:] not in (["kernels"], ["steps"]):
        sys.exit(__doc__)
    sys.exit(kernels() if sys.argv[1] == "kernels" else steps())
