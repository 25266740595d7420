#!/usr/bin/env python3
"""audit.py [PROGRAM...]: what three vendors' compilers make of the GPU kernels, without a GPU.

    audit.py                                every program of clkernels, for every architecture
    audit.py chains sums --arch sm_86,gfx1030,acm-g11
    audit.py chains --kernels DIR           the texts of another tree, which has DIR/clkernels/chains.cl
    audit.py --check [--quick]              holds the numbers to table-*.csv: none may get worse
    audit.py [PROGRAM...] --write           makes the tables anew, or their rows of these programs

The texts and the options are those that isocl hands to the compiler of each vendor's GPU: build/gpu/programs builds
all of them on the counting device, which writes them down. The columns: registers (on Intel: lanes of a thread), bytes
of spills and of memory of a work-item's own, bytes of local memory, waves that can be resident, the share of the peak
of fma that the hot loop can reach, integer divisions in loops and in all, and of the hot loop: instructions, fma, loads
from local and from global memory. Exits with 1 when a kernel has a fault, or a number is worse than the table's."""
import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import amd
import intel
import isa
import nvidia
import tables

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GPU = {nvidia: "rtx3060", amd: "rx6600", intel: "a380"}      # devices in counting_gpu.c
QUICK = ("sm_86", "gfx1030", "tgllp")


def write_programs(args, vendor, folder):
    """[(program, path of its text, options)] that isocl hands to a vendor's compiler."""
    log = folder + "/log"
    environment = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(args.library), "COUNTING_GPU": GPU[vendor],
                   "COUNTING_LOG": log, "COUNTING_PROGRAMS": folder, "XDG_CACHE_HOME": folder}
    if args.kernels:
        environment["ISOCL_KERNEL_DIR"] = os.path.abspath(args.kernels)
    own = ["--own"] if (args.write or args.check) and args.programs else []
    done = subprocess.run([args.builder, *own, *(name + ".cl" for name in args.programs)], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise SystemExit(f"{args.builder} failed:\n{done.stdout}")
    with open(log, encoding="utf-8") as file:
        builds = [line.split() for line in file if line.startswith("build ")]
    return [(name, f"{folder}/{name}-{number}.cl", options) for _, number, name, *options in builds
            if not args.programs or name in args.programs]


def compile_program(vendor, program, architectures, folder):
    """([row], [message]) of a program."""
    name, source, options = program
    os.makedirs(folder)
    try:
        kernels = list(vendor.compile_program(source, options, architectures, folder))
    except isa.CompilerError as error:
        return [], [f"{name} does not compile: {str(error)[:2000]}"]
    return [tables.row(name, kernel, vendor.share(kernel)) for kernel in kernels], []


def audit(args, vendor, architectures, pool, folder):
    os.makedirs(folder + "/programs")
    programs = write_programs(args, vendor, folder + "/programs")
    jobs = [pool.submit(compile_program, vendor, program, architectures, f"{folder}/{i}")
            for i, program in enumerate(programs)]
    results = [job.result() for job in jobs]
    return [row for rows, _ in results for row in rows], [text for _, texts in results for text in texts]


def wanted(args, vendor):
    if args.arch:
        return [name for name in args.arch.split(",") if name in vendor.ARCHITECTURES]
    return [name for name in vendor.ARCHITECTURES if not args.quick or name in QUICK]


def audit_all(args):
    """(failed, skipped) vendors."""
    failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="audit-") as scratch, ThreadPoolExecutor(args.jobs) as pool:
        for vendor in GPU:
            architectures = wanted(args, vendor)
            if not architectures:
                continue
            if vendor.missing():
                print(f"skip {vendor.__name__}: {', '.join(vendor.missing())} is not installed")
                skipped += 1
                continue
            rows, messages = audit(args, vendor, architectures, pool, f"{scratch}/{vendor.__name__}")
            failed += bool(tables.report(args, vendor, rows, messages))
    return failed, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--arch")
    parser.add_argument("--kernels")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--builder", default=f"{ROOT}/build/gpu/programs")
    parser.add_argument("--library", default=f"{ROOT}/build/gpu/libOpenCL.so.1")
    for flag in ("--check", "--write", "--quick"):
        parser.add_argument(flag, action="store_true")
    args = parser.parse_args()
    failed, skipped = audit_all(args)
    print(f"{3 - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
