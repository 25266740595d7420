"""Builds the program of a mutant: the sources that its change concerns, and a link.

A folder of its own holds a copy of the sources, in which the mutant lies. Flags are those of the Makefile; the build
folder of the repository is read and never written."""
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from users import ROOT, exists, read

VARIANTS = {"reference": ["reference", "reference_fma", "reference_double"], "cpu": ["cpu_avx2"]}
ONCE = ("device.c",)  # sources that are not built for each variant


def included(path):
    """Returns the headers that a source includes, also through others."""
    found, queue = set(), [path]
    while queue:
        here = queue.pop()
        for name in re.findall(r'^#include "([\w/]+\.h)"', read(here), flags=re.M):
            for where in (name, f"{os.path.dirname(here)}/{name}"):
                if exists(where) and where not in found:
                    found.add(where)
                    queue.append(where)
    return found


def sources_of(path):
    """Returns the sources that have to be compiled again after a change of a file."""
    if path.endswith(".c"):
        return [path]
    folder = os.path.dirname(path)
    every = [f"{folder}/{n}" for n in sorted(os.listdir(os.path.join(ROOT, folder)))
             if n.endswith(".c") and n not in ONCE]
    return [s for s in every if path in included(s)]


class Programs:
    def __init__(self, backend, build):
        self.backend, self.build = backend, build
        self.copy = tempfile.mkdtemp(prefix="mutants-")
        for folder in ("backends", "clkernels", "core"):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(self.copy, folder))
        self.clean = {}  # objects of sources that were not changed
        self.commands = {}
        self.unmutated()
        if backend != "opencl":
            self.library()

    def close(self):
        shutil.rmtree(self.copy, ignore_errors=True)

    def write(self, path, text):
        with open(os.path.join(self.copy, path), "w", encoding="utf-8") as f:
            f.write(text)

    def unmutated(self):
        """Returns a copy of the program as it is, which a build meanwhile does not replace."""
        path = os.path.join(self.copy, "unmutated")
        if not os.path.exists(path):
            shutil.copy2(os.path.join(ROOT, self.build, "isocl"), path)
        return path

    def make(self, *arguments):
        return subprocess.run(["make", "-n", "VECTOR=-O1", f"BUILD={self.build}", *arguments], cwd=ROOT, text=True,
                              capture_output=True, check=True).stdout.splitlines()

    def command(self, variant, source, target):
        """Returns the Makefile's command for an object of a variant, without debugging information. make is asked
        once for each variant."""
        if variant not in self.commands:
            line = next(l for l in self.make("-W", source, target) if f" {source}" in l and " -c " in l)
            words = shlex.split(line.rsplit("; ", 1)[-1])  # an echo comes before the command
            self.commands[variant] = [w for w in words if w not in ("-Werror", "-g", "-o", source, target)]
        return [*self.commands[variant], "-o", target, source]

    def compile(self, source, variant):
        """Compiles a source of the copy. Returns the object's path and content, or None."""
        target = f"{self.build}/backends/{variant}/{os.path.basename(source)[:-2]}.o"
        os.makedirs(os.path.join(self.copy, os.path.dirname(target)), exist_ok=True)
        done = subprocess.run(self.command(variant, source, target), cwd=self.copy, capture_output=True)
        if done.returncode != 0:
            return None
        with open(os.path.join(self.copy, target), "rb") as f:
            return target, f.read()

    def objects(self, path, text):
        """Compiles what a change of a file to `text` concerns. Returns objects by path, or None."""
        self.write(path, text)
        out = {}
        for variant in VARIANTS[self.backend]:
            for source in sources_of(path):
                built = self.compile(source, variant)
                if built is None:
                    return None
                out[built[0]] = built[1]
        return out

    def mutant(self, path, text):
        """Builds the mutant whose file `path` has the content `text`. Returns the program and a word if there is
        none to run: "broken", or "same" if the compiler makes the same of it."""
        if self.backend == "opencl":  # the program reads kernels from the copy (ISOCL_KERNEL_DIR)
            self.write(path, text)
            return self.unmutated(), ""
        if path not in self.clean:
            self.clean[path] = self.objects(path, read(path))
            if self.clean[path] is None:
                raise SystemExit(f"{path} does not compile as it is: run make first")
        objects = self.objects(path, text)
        if objects is None:
            return None, "broken"
        if objects == self.clean[path]:
            return None, "same"
        program = os.path.join(self.copy, "isocl")
        link = ["cc", *self.linker(), "-Wl,--allow-multiple-definition", "-o", program,
                os.path.join(self.copy, "isocl.o"), *objects, self.library(), *self.libraries()]
        done = subprocess.run(link, cwd=self.copy, capture_output=True)
        return (program, "") if done.returncode == 0 else (None, "broken")

    @staticmethod
    def linker():
        """Returns the options for the fastest linker there is."""
        return ["-fuse-ld=lld"] if shutil.which("ld.lld") else []

    def library(self):
        """Returns a copy of the library without debugging information, which is what linking takes long for."""
        path = os.path.join(self.copy, "libisocl.a")
        if not os.path.exists(path):
            subprocess.run(["strip", "-g", "-o", path, os.path.join(ROOT, self.build, "libisocl.a")], check=True)
            shutil.copy2(os.path.join(ROOT, self.build, "tools/isocl.o"), self.copy)
        return path

    def libraries(self):
        if "" not in self.commands:
            lines = self.make("-W", "tools/isocl.c", f"{self.build}/isocl")
            last = [l for l in lines if "libisocl.a" in l][-1]
            self.commands[""] = [w for w in last.split("libisocl.a")[-1].split() if w.startswith("-")]
        return self.commands[""]
