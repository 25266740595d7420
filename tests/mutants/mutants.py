#!/usr/bin/env python3
"""Mutates kernels and lists the mutants that parity kills and those that survive.

    tests/mutants/mutants.py --backend opencl --count 60 --seed 1 [--device opencl:pocl] [--files conv2d,sums]

Each mutant is one small change of one file (sites.py), in a copy (programs.py). One that does not compile, or of which
the compiler makes the same code, does not count. One is killed if the parity cases of the ops that use the file, or the
networks of tests/models, fail, crash or never end, on one of the shapes of device that the file is for (judge.py); the
case that killed it passes on the program as it is. A survivor is hunted for --hunt seconds with random cases: if those
kill it, a parity case is missing. (Slow cases of OpenCL take minutes, and run only for what was hunted down.) Otherwise
it is listed, with its line, to be looked at; equivalent.txt says why some change no result. Ends with the totals for
each backend, and with exit code 1 if a mutant was hunted down or is not explained. The build must be up to date. With
--results a campaign goes on where it was interrupted; with --quick, too, a first pass leaves survivors to the second,
without --quick."""
import argparse
import collections
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from equivalent import Equivalent  # noqa: E402
from judge import Judge, ways  # noqa: E402
from programs import Programs  # noqa: E402
from results import Results  # noqa: E402
from sites import mutate, sites  # noqa: E402
from users import FOLDERS, ROOT, files_of, ops_using, read  # noqa: E402

MOST_OPS = 12  # ops whose cases are run; the nearest
MOST_KILLERS = 4  # cases that are run before all others
# A mutant of the reference differs from the cpu; that it adds to gradients is seen of itself only.
DEVICES = {"reference": "reference,cpu", "cpu": "cpu", "opencl": "opencl"}


def choose(o, backend):
    """A random choice of all sites, the same for the same seed and sources; or every site of a line."""
    every = []
    if o.at:
        path, line = o.at.split(":")
        text = read(path)
        return [(path, site) for site in sites(text) if text.count("\n", 0, site[0]) + 1 == int(line)]
    for path in files_of(backend):
        if not o.files or os.path.basename(path).split(".")[0] in o.files.split(","):
            every += [(path, site) for site in sites(read(path))]
    random.Random(o.seed).shuffle(every)
    return every[o.skip:o.skip + o.count]


class Campaign:
    def __init__(self, o, backend):
        self.o, self.backend = o, backend
        self.programs = Programs(backend, o.build)
        self.users = ops_using(backend)
        self.judge = Judge(o.device or DEVICES[backend], self.programs.copy, o.timeout)
        self.equivalent = Equivalent()
        self.results = Results(o.results)
        self.passes = {}  # cases that pass without a mutant

    def confirmed(self, path, text, killed):
        """What killed a mutant passes without it: the case, if one is named."""
        _, settings, arguments = killed
        key = repr((sorted(settings.items()), arguments))
        if key not in self.passes:
            self.programs.write(path, text)
            self.passes[key] = not self.judge.fails(self.programs.unmutated(), settings, *arguments)
        return self.passes[key]

    @staticmethod
    def case_of(killed):
        """Returns what killed a mutant with the arguments of the one case that did, if it is named."""
        why, settings, arguments = killed
        if "/" in why:
            op, case = why.split()[0].split("/")
            arguments = ["--ops", op, "--case", case]
        return why, settings, arguments

    def try_ways(self, program, path, *arguments):
        """Returns why the mutant is killed, with the settings and the arguments, or None."""
        for settings in ways(self.backend, path):
            why = self.judge.fails(program, settings, *arguments)
            if why:
                return why, settings, arguments
        return None

    def try_killers(self, program, path):
        """Runs the cases first that killed other mutants of the file."""
        for settings, arguments in self.results.killers(self.backend, path)[:MOST_KILLERS]:
            why = self.judge.fails(program, settings, *arguments)
            if why:
                return why, settings, arguments
        return None

    def verdict(self, path, site):
        """Returns a word, the reason, and the settings and arguments that killed the mutant. The word is broken, same,
        killed, unclear, hunted, equivalent, survives, or with --quick undecided."""
        text = read(path)
        if self.equivalent.reason(path, text, site):
            return "equivalent", "", None
        program, word = self.programs.mutant(path, mutate(text, site))
        if word:
            return word, "", None
        cases = ["--ops", ",".join(self.users.get(path, [])[:MOST_OPS] or ["all"])]
        killed = self.try_killers(program, path) or self.try_ways(program, path, *cases, "--quick")
        if not killed and self.o.quick:
            return "undecided", "", None
        killed = killed or self.try_ways(program, path, *self.networks())
        if not killed and self.backend != "opencl":
            killed = self.try_ways(program, path, *cases)
        if not killed:
            hunted = self.hunt(program, path, cases)
            if hunted and self.backend == "opencl":
                killed = self.try_ways(program, path, *cases)
            if not killed:
                return ("hunted", hunted[0], None) if hunted else ("survives", "", None)
        if killed[0] == "broken":
            return killed[0], "", None
        killed = self.case_of(killed)
        word = "killed" if self.confirmed(path, text, killed) else "unclear"
        return word, killed[0], killed[1:] if word == "killed" and "--case" in killed[2] else None

    def known(self, path, site):
        """Returns the word and the reason of a mutant, from the file of results if it is there."""
        key = self.results.key(self.backend, path, site)
        found = self.results.get(key)
        again = () if self.o.quick else ("undecided",)
        if found and found[0] not in ("survives", "hunted", "unclear", *again):
            return found[:2]
        if found and self.equivalent.reason(path, read(path), site):
            return "equivalent", ""
        if found and not self.o.again and found[0] not in again:
            return found[:2]
        found = self.verdict(path, site)
        self.results.add(key, *found)
        return found[:2]

    def networks(self):
        """The arguments for the networks of tests/models: ops that were joined run only there."""
        names = sorted(os.listdir(os.path.join(ROOT, "tests/models")))
        if self.backend == "opencl":  # whose kernels take long to build
            names = [n for n in names if n.startswith(("fused", "passed"))]
        return [f"tests/models/{n}" for n in names] + ["--steps", "1"]

    def hunt(self, program, path, cases):
        out = os.path.join(self.programs.copy, "hunt")
        return self.o.hunt and self.try_ways(program, path, *cases, "--hunt", "--seconds", str(self.o.hunt),
                                             "--out", out)

    def run(self):
        """Prints a line for each mutant, and two more for one to be looked at. Returns the totals."""
        totals = collections.Counter()
        for number, (path, site) in enumerate(choose(self.o, self.backend), 1):
            word, why = self.known(path, site)
            text = read(path)
            self.programs.write(path, text)
            totals[word] += 1
            line = text.count("\n", 0, site[0]) + 1
            print(f"{number:4} {word:10} {path}:{line} {site[3]}: {text[site[0]:site[1]].strip()!r} -> "
                  f"{site[2].strip()!r}   {why}", flush=True)
            if word in ("survives", "hunted", "unclear", "undecided"):
                print("\n".join(self.equivalent.lines(path, text, site)), flush=True)
        self.programs.close()
        return totals


def tell(backend, totals):
    """Prints the totals of a backend. Returns true if every mutant was killed or is explained."""
    bad = totals["hunted"] + totals["survives"] + totals["unclear"] + totals["undecided"]
    counted = totals["killed"] + totals["hunted"]
    share = 100 * totals["killed"] / counted if counted else 100
    print(f"{backend}: {totals['killed']} killed, {totals['hunted']} hunted down ({share:.1f} % of those that change a "
          f"result are killed), {totals['equivalent'] + totals['same']} equivalent, {totals['survives']} survive, "
          f"{totals['broken']} do not build, {totals['unclear']} unclear, {totals['undecided']} undecided", flush=True)
    return bad == 0


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--backend", choices=sorted(FOLDERS), help="default: all three")
    p.add_argument("--count", type=int, default=60, help="number of mutants of each backend")
    p.add_argument("--skip", type=int, default=0, help="leave out the first of them")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--files", help="only these files, without their endings: conv2d,sums")
    p.add_argument("--at", metavar="FILE:LINE", help="every mutant of this line, with --backend")
    p.add_argument("--device", help="default: reference,cpu for reference, cpu for cpu, opencl for opencl")
    p.add_argument("--build", default="build", help="build folder")
    p.add_argument("--hunt", type=float, default=15, help="seconds of random cases for each survivor")
    p.add_argument("--quick", action="store_true", help="leave those undecided that the quick cases do not kill")
    p.add_argument("--results", metavar="FILE", help="keep verdicts here, and take those that are there")
    p.add_argument("--again", action="store_true", help="look again at survivors in the file of results")
    p.add_argument("--timeout", type=int, default=60, help="seconds of a processor after which a process never ends")
    o = p.parse_args()
    backends = [o.backend] if o.backend else list(FOLDERS)
    good = [tell(backend, Campaign(o, backend).run()) for backend in backends]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
