#!/usr/bin/env python3
"""steps.py [MODEL...]: upper bounds of how fast whole training steps can be on GPUs that are not at hand.

    steps.py                      every benchmark model on every GPU: microseconds a step, share of the peak of fma
    steps.py model10 --list       each launch with its bound
    steps.py --check | --write    holds the shares to steps.csv, of which none may fall; or makes it anew

The counting device says what a step launches on each GPU; the audit's tables say which share of the peak the hot loops
of products reach. A launch takes the longest of: what a launch that follows another takes at least; its bytes, each
operand moved once; its multiply-adds, in whole tiles and in whole rounds over the units; the terms of a chain, one
after the other. So the bound is optimistic: caches always hit, latency is hidden, what a kernel does besides is free.
The share is that of the sums of products of direct convolution, so that Winograd's algorithm is seen to gain."""
import argparse
import collections
import sys

import costs
import step_table
import tables
from counted import HERE, MODELS, ROOT
from launches import cases

TABLE = f"{HERE}/steps.csv"
# A launch's least time, and the clocks that an fma waits for the one before it, are estimates; nothing is measured.
Gpu = collections.namedtuple("Gpu", "name vendor architecture units teraflops gigabytes launch clock wait")
GPUS = {"h100": Gpu("H100", "nvidia", "sm_90", 132, 66.9, 3350, 2.5e-6, 1.98e9, 4),
        "rtx3060": Gpu("RTX 3060", "nvidia", "sm_86", 28, 12.7, 360, 2.5e-6, 1.78e9, 4),
        "rx6600": Gpu("RX 6600", "amd", "gfx1030", 28, 8.9, 224, 4e-6, 2.49e9, 5),
        "a380": Gpu("Arc A380", "intel", "acm-g11", 8, 4.2, 186, 5e-6, 2.05e9, 6)}
# The share where the audit found no fma in a loop, because the compiler did not unroll what it holds: a guess.
NOT_UNROLLED = 0.1
NOISE = 0.2                             # percent


def read_shares(gpu):
    """{(program, kernel): share} of the audit's table."""
    rows = tables.read(gpu.vendor)[1].values()
    return {(row["program"], row["kernel"]): float(row["share"]) for row in rows
            if row["architecture"] == gpu.architecture}


def tile_of(step, launch, tiles):
    """(rows, cols) of a product's work-group; None: it is no product."""
    name, options = step.signatures.variants[launch.program], step.builds[launch.program][1]
    if not launch.kernel.startswith("chains_over_"):
        return None
    return tiles.get(name) or tuple(int(word.split("=")[1]) for word in options
                                         if word.startswith(("-DTILE_ROWS=", "-DTILE_COLS=")))


def seconds(gpu, launch, cost, share):
    groups = cost.groups or launch.groups[0] * launch.groups[1] * launch.groups[2]
    rounds = -(-groups // gpu.units) * gpu.units / groups
    products = 2 * cost.whole * rounds / (gpu.teraflops * 1e12 * share) if cost.whole else 0
    return max(gpu.launch, cost.bytes / gpu.gigabytes / 1e9, products, cost.chain * gpu.wait / gpu.clock)


def bound(gpu, step, shares, tiles, listed):
    """Seconds of a step."""
    total, by_kernel = 0.0, collections.Counter()
    for launch in step.launches:
        numbers, pointers = step.arguments(launch)
        tile = tile_of(step, launch, tiles)
        cost = costs.cost(launch, numbers, pointers, tile)
        program = step.signatures.variants[launch.program]
        share = shares.get((program, launch.kernel)) if cost.whole else 1
        if share is None:
            raise SystemExit(f"{program}/{launch.kernel} has no share of fma on {gpu.architecture}: make gpu-tables")
        took = seconds(gpu, launch, cost, max(share, NOT_UNROLLED))
        total += took
        by_kernel[launch.kernel] += took
        if listed:
            print("  %-36s %-14s %8.1f us  %8.3f GFLOP  %8.3f MB" % (
                launch.kernel, "x".join(map(str, launch.groups)), took * 1e6, 2e-9 * cost.fma, cost.bytes / 1e6))
    if listed:
        print("  " + ", ".join(f"{kernel} {1e6 * took:.0f}" for kernel, took in by_kernel.most_common()))
    return total


def direct_flops(tracer, model, tiles):
    """Of a step's sums of products without Winograd's algorithm, two a multiply-add. Taps outside of an image count, as
    they do in the sums' definition; so dx has more than isocl bench says."""
    step, fma = tracer.trace(model, "rtx3060", "off"), 0
    for launch in step.launches:
        numbers, pointers = step.arguments(launch)
        fma += costs.cost(launch, numbers, pointers, tile_of(step, launch, tiles)).fma
    least = MODELS[model].gigaflops if model in MODELS else 0
    if 2e-9 * fma < 0.999 * least:
        raise SystemExit(f"{model} has {least} GFLOP, but costs.py finds only {2e-9 * fma:.3f} in its launches")
    return 2 * fma


def measure(tracer, args):
    """{name: {gpu: share in percent}}"""
    found, tiles, shares = {}, tracer.read_tiles(), {key: read_shares(gpu) for key, gpu in GPUS.items()}
    print("%-16s %8s  %s" % ("a step of", "GFLOP", "  ".join("%16s" % gpu.name for gpu in GPUS.values())))
    for name, model, winograd in cases(args.models or MODELS):
        flops, took = direct_flops(tracer, model, tiles), {}
        for key, gpu in GPUS.items():
            if args.list:
                print(f"{name} on {gpu.name}")
            took[key] = bound(gpu, tracer.trace(model, key, winograd), shares[key], tiles, args.list)
        found[name] = {key: 100 * flops / took[key] / gpu.teraflops / 1e12 for key, gpu in GPUS.items()}
        print("%-16s %8.2f  %s" % (name, flops / 1e9, "  ".join(
            "%7.0f us %4.1f %%" % (1e6 * took[key], found[name][key]) for key in GPUS)), flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    table = step_table.StepTable(TABLE, GPUS, text="{:.1f}".format, worse=lambda old, new: new < old - NOISE,
                                 tell=lambda key, old, new: f"{GPUS[key].name} {old} -> {new:.1f} %")
    return table.main(parser, measure)


if __name__ == "__main__":
    sys.exit(main())
