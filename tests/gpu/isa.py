"""isa.py: a compiled kernel, and what its loops consist of."""
import collections
import os
import shutil
import subprocess

import flow

# Kinds of instructions that are counted, besides "all":
#   fma           a fused multiply-add on floats, for each of the lanes
#   valu          occupies the vector unit (AMD)
#   local, global loads from local and from global memory
#   division      a step that only an integer division has, one for each division
#   high          the high half of a product: the rest of a division whose reciprocal was taken before the loop
#   approximate   float arithmetic that is not correctly rounded, or flushes subnormals
#   memory        loads or stores of memory of the work-item's own: spills, and arrays that are not in registers
KINDS = ("all", "fma", "valu", "local", "global", "division", "high", "approximate", "memory")


class Kernel:
    def __init__(self, name, architecture):
        self.name, self.architecture = name, architecture
        self.registers = self.spill = self.scratch = self.local = self.waves = 0
        self.wide_divisions = 0 # divisions of 64-bit numbers
        self.group = 256        # work-items in a work-group, where the kernel does not say it
        self.fault = ""         # other faults, in words
        self.kinds = []         # a tuple of KINDS for each instruction
        self.jumps = {}         # index of an instruction: those it may jump to
        self.leaves = set()     # indices of those after which the next one is never run

    def count(self):
        return collections.Counter(kind for kinds in self.kinds for kind in kinds)

    def flow(self):
        return flow.Flow(len(self.kinds), self.jumps, self.leaves)

    def count_block(self, code, block):
        return collections.Counter(kind for kinds in self.kinds[code.starts[block]:code.ends[block]] for kind in kinds)

    def hot_loop(self):
        """The counts of a round of the loop with the most heat, without the loops inside it. A round takes the way with
        the most fma, of those with the most loads, of those with the fewest instructions; so code for what is left
        over, and for the end of a block of terms, is passed by."""
        code = self.flow()
        best = collections.Counter()
        for header in code.loops:
            inside = code.inside(header)
            counts = {block: self.count_block(code, block) for block in code.loops[header] - inside}
            none = collections.Counter()

            def value(block):
                c = counts.get(block, none)
                return c["fma"], c["local"] + c["global"], -c["all"]
            taken = sum((counts.get(block, none) for block in code.best_round(header, value)), none)
            best = max(best, taken, key=heat)
        return best

    def hot_divisions(self):
        """Integer divisions in loops that have no other loop inside, and that read as often as they divide."""
        code, found = self.flow(), 0
        for header, body in code.loops.items():
            counts = sum((self.count_block(code, block) for block in body), collections.Counter())
            divisions = max(counts["division"], counts["high"])
            if not code.inside(header) and counts["local"] + counts["global"] >= divisions:
                found += divisions
        return found


def heat(counts):
    """Orders loops. (Fma for which nothing is read are steps of integer divisions.)"""
    loads = counts["local"] + counts["global"]
    return counts["fma"] if 64 * loads >= counts["fma"] else 0, loads, counts["all"]


def block_end(hot):
    """Instructions that a round of a hot loop costs besides: a block has 128 terms or more of each result; at its end
    the sum is added to another, and is set to 0."""
    return 2 * hot["fma"] / 128


class CompilerError(Exception):
    """A kernel that a compiler does not take; the text is the compiler's."""


def find(name, folders=()):
    """The path of a tool, or None."""
    return next((f"{d}/{name}" for d in folders if os.access(f"{d}/{name}", os.X_OK)), None) or shutil.which(name)


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          **more)
    if done.returncode != 0:
        raise CompilerError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


# Warnings that say nothing about a kernel.
CLANG = ["clang-19", "-x", "cl", "-O3", "-Wall", "-Werror", "-Wno-unused-function", "-Wno-linker-warnings", "-S"]


def clang(target, library, source, options, out):
    run([*CLANG, *target, "-Xclang", "-mlink-builtin-bitcode", "-Xclang", library, *options, "-o", out, source])
