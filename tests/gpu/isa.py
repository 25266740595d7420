"""isa.py: a compiled kernel, and what its loops consist of."""
import collections
import os
import shutil
import subprocess

# What an instruction may be counted as, besides "all":
#   fma           a fused multiply-add on floats, for each of the lanes
#   valu          occupies the vector unit (AMD)
#   local, global loads from local and from global memory
#   division      a step that only an integer division has, one for each division
#   approximate   float arithmetic that is not correctly rounded, or flushes subnormals
#   memory        loads or stores of memory of the work-item's own: spills, and arrays that are not in registers
KINDS = ("all", "fma", "valu", "local", "global", "division", "approximate", "memory")


class Kernel:
    def __init__(self, name, architecture):
        self.name, self.architecture = name, architecture
        self.registers = self.spill = self.scratch = self.local = self.waves = 0
        self.group = 256        # work-items in a work-group, where the kernel does not say it
        self.fault = ""         # what is wrong besides, in words
        self.kinds = []         # of each instruction: a tuple of KINDS
        self.jumps = []         # (from, to): indices of instructions

    def count(self, first=0, end=None):
        counts = collections.Counter()
        for kinds in self.kinds[first:end]:
            counts.update(kinds)
        return counts

    def loops(self):
        """[(first, last)] of the instructions of each loop."""
        ends = {}
        for at, target in self.jumps:
            if target <= at:
                ends[target] = max(ends.get(target, 0), at)
        return sorted(ends.items())

    def own_counts(self, loop, loops):
        """Those of a loop without the loops inside it."""
        counts = self.count(loop[0], loop[1] + 1)
        inside = [other for other in loops if other != loop and loop[0] <= other[0] and other[1] <= loop[1]]
        for other in inside:
            if not any(other != outer and outer[0] <= other[0] and other[1] <= outer[1] for outer in inside):
                counts.subtract(self.count(other[0], other[1] + 1))
        return counts

    def hot_loop(self):
        """The counts of the loop with the most fma of its own, or else the most loads."""
        loops = self.loops()
        own = [self.own_counts(loop, loops) for loop in loops]
        return max(own, key=lambda c: (c["fma"], c["local"] + c["global"], c["all"]), default=collections.Counter())

    def loop_divisions(self):
        inside = set()
        for first, last in self.loops():
            inside.update(range(first, last + 1))
        return sum("division" in self.kinds[i] for i in inside)


class CompilerError(Exception):
    """A kernel that a compiler does not take; the text is the compiler's."""


def find(name, folders=()):
    """The path of a tool, or None."""
    return next((f"{d}/{name}" for d in folders if os.access(f"{d}/{name}", os.X_OK)), None) or shutil.which(name)


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    if done.returncode != 0:
        raise CompilerError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


# Warnings that say nothing about a kernel.
CLANG = ["clang-19", "-x", "cl", "-O3", "-Wall", "-Werror", "-Wno-unused-function", "-Wno-linker-warnings", "-S",
         "-D__OPENCL_VERSION__=120"]      # as every driver has it


def clang(target, library, source, options, out):
    run([*CLANG, *target, "-Xclang", "-mlink-builtin-bitcode", "-Xclang", library, *options, "-o", out, source])
