#!/usr/bin/env python3
"""Mutates kernels of one backend and lists the mutants that parity kills and those that survive.

    tests/mutants/mutants.py opencl --count 60 --seed 1 [--device opencl:pocl] [--files conv2d] [--hunt 20]

Each mutant is one small change of one file (sites.py), in a copy; sources of the program are built with the flags of
the Makefile, kernels of OpenCL are read from the copy (ISOCL_KERNEL_DIR). A mutant that does not compile does not
count. One is killed if the parity cases of the ops that use the file fail, crash or never end. A survivor is hunted
for --hunt seconds with random cases: if those kill it, a parity case is missing; otherwise it is listed to be looked
at, with its line. Ends with "N killed, N hunted down, N survive, N do not build". The build must be up to date."""
import argparse
import collections
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sites as sites_of  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = {"reference": ["backends/reference"], "cpu": ["backends/cpu"], "opencl": ["clkernels"]}
VARIANTS = {"reference": ["reference", "reference_fma", "reference_double"], "cpu": ["cpu_avx2"]}
# Files that choose devices, threads and memory, and change no number.
LEFT_OUT = {"device.c", "kernels.c", "kernels.h", "team.c", "team.h", "peak.c", "cpu.h", "conv_weights_plan.c",
            "flops.cl", "peak.cl", "arguments.h"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def files_of(backend):
    """The files that are mutated."""
    out = []
    for folder in FOLDERS[backend]:
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            if re.search(r"\.(c|h|cl)$", name) and name not in LEFT_OUT:
                out.append(f"{folder}/{name}")
    return out


def neighbours(path):
    """The files that a file names: headers with what implements them, and files of kernels."""
    text, out = read(path), set()
    folder = os.path.dirname(path)
    for name in re.findall(r'"([\w/]+\.(?:h|cl))"', text):
        for where in (name, f"{folder}/{name}", f"clkernels/{name}"):
            for file in (where, re.sub(r"\.h$", ".c", where)):
                if os.path.exists(os.path.join(ROOT, file)):
                    out.add(file)
    return out


def distances(start, graph):
    far, queue = {start: 0}, collections.deque([start])
    while queue:
        path = queue.popleft()
        if path not in graph:
            graph[path] = neighbours(path)
        for other in graph[path]:
            if other not in far:
                far[other] = far[path] + 1
                queue.append(other)
    return far


def callers(path, users):
    """The ops that use a file with a call of one of the functions of `path`: where no name of a file leads there."""
    names = ["".join(n) for n in re.findall(r"^(?!static)[a-z][\w \*]*?\b(?:[A-Z_]+\((\w+)\)|([a-z]\w+))\(", read(path),
                                            flags=re.M)]
    word, found = re.compile(r"\b(?:" + "|".join(sorted(set(names))) + r")\b\)?\("), []
    for other in sorted(users):
        if names and other.endswith(".c") and other != path and word.search(read(other)):
            found.append(users[other])
    return min(found, key=len) if found else []


def ops_using(backend, graph):
    """For each file, the ops that use it, the nearest first."""
    ops = re.findall(r"^OP\((\w+),", read("core/ops.def"), flags=re.M)
    users = collections.defaultdict(list)
    for op in ops:
        start = f"backends/{backend}/{op}.c"
        if os.path.exists(os.path.join(ROOT, start)):
            for path, far in distances(start, graph).items():
                users[path].append((far, op))
    out = {path: [op for _, op in sorted(found)] for path, found in users.items()}
    for path in files_of(backend):
        name = os.path.basename(path).split(".")[0]
        if path not in out:
            out[path] = [name] if name in ops else callers(path, out)
    return out


class Campaign:
    def __init__(self, o):
        self.o = o
        self.copy = tempfile.mkdtemp(prefix="mutants-")
        for folder in ("backends", "clkernels", "core"):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(self.copy, folder))
        self.graph = {}
        self.users = ops_using(o.backend, self.graph)
        self.env = dict(os.environ, XDG_CACHE_HOME=os.path.join(self.copy, "cache"),
                        POCL_CACHE_DIR=os.path.join(self.copy, "pocl"))
        if o.backend == "opencl":
            self.env["ISOCL_KERNEL_DIR"] = self.copy
        if o.backend == "cpu":
            self.env["ISOCL_CPU"] = "avx2"

    # ---- Building ----

    def make(self, *arguments):
        return subprocess.run(["make", "-n", "VECTOR=-O1", f"BUILD={self.o.build}", *arguments], cwd=ROOT, text=True,
                              capture_output=True, check=True).stdout

    def compile(self, source, variant):
        """Compiles a source of the copy as the Makefile would; returns the object, or None."""
        name = os.path.basename(source)[:-2]
        target = f"{self.o.build}/backends/{variant}/{name}.o"
        lines = [l for l in self.make("-W", source, target).splitlines() if f" {source}" in l and " -c " in l]
        os.makedirs(os.path.join(self.copy, os.path.dirname(target)), exist_ok=True)
        command = lines[0].split(";", 1)[-1] if lines[0].lstrip().startswith(("@echo", "echo")) else lines[0]
        rc = subprocess.run(command.replace("-Werror", ""), shell=True, cwd=self.copy, capture_output=True)
        return target if rc.returncode == 0 else None

    def sources(self, path):
        """The sources that have to be compiled again after a change of a file."""
        if path.endswith(".c"):
            return [path]
        folder = os.path.dirname(path)
        every = [f"{folder}/{n}" for n in os.listdir(os.path.join(ROOT, folder)) if n.endswith(".c")]
        return [s for s in every if s.rsplit("/", 1)[1] not in ("device.c", "team.c") and path in self.included(s)]

    def included(self, path):
        found, queue = set(), [path]
        while queue:
            here = queue.pop()
            for name in re.findall(r'^#include "([\w/]+\.h)"', read(here), flags=re.M):
                for where in (name, f"{os.path.dirname(here)}/{name}"):
                    if os.path.exists(os.path.join(ROOT, where)) and where not in found:
                        found.add(where)
                        queue.append(where)
        return found

    def build(self, path):
        """Returns the program of the mutant, or None."""
        if self.o.backend == "opencl":
            return os.path.join(ROOT, self.o.build, "isocl")
        objects = []
        for variant in VARIANTS[self.o.backend]:
            for source in self.sources(path):
                target = self.compile(source, variant)
                if target is None:
                    return None
                objects.append(target)
        program = os.path.join(self.copy, "isocl")
        link = ["cc", "-Wl,--allow-multiple-definition", "-o", program,
                os.path.join(ROOT, self.o.build, "tools/isocl.o"), *objects,
                os.path.join(ROOT, self.o.build, "libisocl.a"), *self.libraries()]
        rc = subprocess.run(link, cwd=self.copy, capture_output=True)
        return program if rc.returncode == 0 else None

    def libraries(self):
        last = [l for l in self.make("-W", "tools/isocl.c", f"{self.o.build}/isocl").splitlines() if "libisocl.a" in l]
        return [w for w in last[-1].split("libisocl.a")[-1].split() if w.startswith("-")]

    # ---- Checking ----

    def limit(self):
        """Ends the process after so many seconds of a processor, however busy the machine is."""
        resource.setrlimit(resource.RLIMIT_CPU, (self.o.timeout, self.o.timeout + 5))

    def runs(self, program, *arguments):
        """Returns (killed, why)."""
        command = [program, "parity", "--mode", "exact", "--quiet", "--devices", self.o.device, *arguments]
        try:
            done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, errors="replace",
                                  timeout=10 * self.o.timeout, preexec_fn=self.limit)
        except subprocess.TimeoutExpired:
            return True, "never ends"
        if done.returncode == -signal.SIGXCPU:
            return True, "never ends"
        if done.returncode == 0:
            return False, ""
        text = done.stdout + done.stderr
        if "does not build" in text or "no kernels" in text:
            return None, "does not build"
        failed = re.search(r"^\S+ +(\S+(?: \w+)?) +(\w+) +FAILED", text, flags=re.M)
        return True, " ".join(failed.groups()) if failed else f"ends with {done.returncode}"

    def judge(self, path):
        """Returns the verdict of the mutant that lies in the copy: killed, hunted, survives or broken."""
        program = self.build(path)
        if program is None:
            return "broken", "does not compile"
        ops = self.users.get(path) or ["all"]
        killed, why = self.runs(program, "--quick", "--ops", ",".join(ops))
        if killed is None:
            return "broken", why
        if killed:
            return "killed", why
        if self.o.hunt > 0:
            out = os.path.join(self.copy, "hunt")
            killed, why = self.runs(program, "--hunt", "--seconds", str(self.o.hunt), "--ops", ",".join(ops),
                                    "--out", out)
            if killed:
                return "hunted", why
        return "survives", ""

    def run(self):
        chosen, totals = self.choose(), collections.Counter()
        for number, (path, site) in enumerate(chosen, 1):
            text = read(path)
            with open(os.path.join(self.copy, path), "w", encoding="utf-8") as f:
                f.write(sites_of.mutate(text, site))
            verdict, why = self.judge(path)
            with open(os.path.join(self.copy, path), "w", encoding="utf-8") as f:
                f.write(text)
            totals[verdict] += 1
            line = text.count("\n", 0, site[0]) + 1
            column = site[0] - text.rfind("\n", 0, site[0])
            before = text.splitlines()[line - 1].strip()
            print(f"{number:4} {verdict:9} {path}:{line}:{column} {site[3]}: {text[site[0]:site[1]].strip()!r} -> "
                  f"{site[2].strip()!r}   {why}", flush=True)
            if verdict in ("survives", "hunted"):
                print(f"     {before}", flush=True)
        print(f"{totals['killed']} killed, {totals['hunted']} hunted down, {totals['survives']} survive, "
              f"{totals['broken']} do not build")
        shutil.rmtree(self.copy, ignore_errors=True)
        return 1 if totals["hunted"] else 0

    def choose(self):
        """A random choice of all sites, the same for the same seed and sources."""
        every = []
        for path in files_of(self.o.backend):
            if self.o.files and os.path.basename(path).split(".")[0] not in self.o.files.split(","):
                continue
            every += [(path, site) for site in sites_of.sites(read(path))]
        random.Random(self.o.seed).shuffle(every)
        return every[self.o.skip:self.o.skip + self.o.count]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("backend", choices=sorted(FOLDERS))
    p.add_argument("--count", type=int, default=60, help="number of mutants")
    p.add_argument("--skip", type=int, default=0, help="leave out the first of them")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--files", help="only these files, without their endings: conv2d,sums")
    p.add_argument("--device", help="default: cpu for reference and cpu, opencl for opencl")
    p.add_argument("--build", default="build", help="build folder")
    p.add_argument("--hunt", type=float, default=15, help="seconds of random cases for each survivor")
    p.add_argument("--timeout", type=int, default=200, help="seconds of a processor after which a run never ends")
    o = p.parse_args()
    o.device = o.device or ("opencl" if o.backend == "opencl" else "cpu")
    sys.exit(Campaign(o).run())


if __name__ == "__main__":
    main()
