"""counted.py: trains models on the counting device (counting.c), and reads its log: the calls of one steady step."""
import collections
import os
import re
import subprocess
import tempfile

import datasets
import signatures

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STEPS = 6

# The benchmark models, and 1e9 operations of a step's sums of products, as isocl bench has them.
Model = collections.namedtuple("Model", "path gigaflops")
MODELS = {"mlp": Model("mnist/mlp", 3.179), "cnn": Model("mnist/cnn", 6.291), "base": Model("cifar10/base", 0.824),
          "model10": Model("cifar10/model10", 14.659), "cifar-100": Model("cifar100/elu", 147.272),
          "linear": Model("mnist/linear", 0.003), "brief": Model("fashion-mnist/brief", 0.733),
          "resnet18": Model("cifar10/resnet18", 106.528), "mobilenet": Model("mobilenet", 19.282)}

Launch = collections.namedtuple("Launch", "program kernel groups items set arguments")


class Step:
    """One training step in the middle of a run: its launches, and how many calls of another kind it has."""

    def __init__(self, calls, builds, known):
        self.signatures = known
        self.launches = [launch(words) for words in calls if words[0] == "launch"]
        self.counts = collections.Counter(words[0] for words in calls)
        self.bytes = collections.Counter()
        for words in calls:
            if words[0] in ("read", "write"):
                self.bytes[words[0]] += int(words[1])
        self.builds = builds            # {program's number: (its name, options)}

    def arguments(self, launch):
        return self.signatures.arguments(launch)

    def waits(self):
        """Calls in which the host waits for the device."""
        return self.counts["finish"] + self.counts["wait"] + self.counts["read"] + self.counts["map"]


def launch(words):
    sizes = [int(n) for n in words[3:9]]
    return Launch(int(words[1]), words[2], tuple(sizes[:3]), tuple(sizes[3:]), int(words[9]), words[10:])


def identity(words):
    return words[1:9]


def period(calls):
    """The number of launches in a step: the fewest that the run's last STEPS - 2 steps repeat."""
    kernels = [identity(words) for words in calls if words[0] == "launch"]
    for n in range(1, len(kernels) // (STEPS - 1) + 1):
        last = kernels[-n:]
        if all(kernels[-(i + 1) * n:len(kernels) - i * n] == last for i in range(STEPS - 2)):
            return n
    raise SystemExit("no step of the run repeats the one before it")


def unsteady(calls):
    """Orders steps: now and then, by the clock, one reads the log or waits until the queue is shorter."""
    return sum(words[0] not in ("launch", "flush") for words in calls), len(calls)


def steady_step(calls):
    """The steadiest of the steps that repeat."""
    n = period(calls)
    at = [i for i, words in enumerate(calls) if words[0] == "launch"]
    ends = [at[len(at) - 1 - i * n] + 1 for i in range(STEPS - 2)]
    steps = [calls[begin:end] for end, begin in zip(ends, ends[1:])]
    return min(steps, key=unsteady)


def read_log(path, programs):
    with open(path, encoding="utf-8") as file:
        calls = [line.split() for line in file]
    builds = {int(words[1]): (words[2], words[3:]) for words in calls if words[0] == "build"}
    return Step(steady_step(calls), builds, signatures.Signatures(programs, builds))


def with_data_at(text, folder):
    return re.sub(r"'folder:photos', split: train, resize: [^]]*\], part: [^]]*\], stratified: true",
                  f"'npy:{folder}/photos.npz', split: train", text)


def add_arguments(parser):
    """Those that launches.py and steps.py share."""
    parser.add_argument("models", nargs="*")
    parser.add_argument("--isocl", default=f"{ROOT}/build/isocl")
    parser.add_argument("--builder", default=f"{ROOT}/build/gpu/programs")
    parser.add_argument("--library", default=f"{ROOT}/build/gpu/libOpenCL.so.1")
    for flag in ("--list", "--check", "--write"):
        parser.add_argument(flag, action="store_true")


class Tracer:
    """Trains on the counting device, in a scratch folder, within `with`."""

    def __init__(self, args):
        self.isocl, self.builder = args.isocl, args.builder
        self.library = os.path.dirname(os.path.abspath(args.library))
        self.runs = 0

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="counting-")
        self.folder = self.scratch.name
        datasets.make(self.folder)
        return self

    def __exit__(self, *_):
        self.scratch.cleanup()

    def read_tiles(self):
        """{program: rows and columns of a work-group's results} of the variants of the products' kernels."""
        told = self.run([self.builder, "probe.cl"], "rtx3060")
        return {name[:-3]: (int(rows), int(cols)) for name, rows, cols in map(str.split, told.splitlines())}

    def run(self, command, gpu, **more):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("ISOCL_")}
        environment = {**clean, "LD_LIBRARY_PATH": self.library, "COUNTING_GPU": gpu, "ISOCL_DATA": self.folder,
                       "XDG_CACHE_HOME": self.folder + "/cache", **more}
        done = subprocess.run(command, env=environment, timeout=300, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}")
        return done.stdout

    def trace(self, model, gpu, winograd=None):
        """The steady step of a model of MODELS, or of a file; winograd: a word, or None for the model's own."""
        path = f"{ROOT}/models/{MODELS[model].path}.yaml" if model in MODELS else model
        with open(path, encoding="utf-8") as file:
            text = with_data_at(file.read(), self.folder)
        if winograd is not None:
            text = re.sub(r"^winograd:.*\n", "", text, flags=re.M) + f"winograd: {winograd}\n"
        self.runs += 1
        log, programs, copy = (f"{self.folder}/{name}-{self.runs}" for name in ("log", "programs", "model.yaml"))
        os.makedirs(programs)
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text)
        self.run([self.isocl, "train", copy, "--tune", "off", "--device", "opencl", "--mode", "exact", "--quiet",
                  "--steps", str(STEPS), "--out", f"{self.folder}/run-{self.runs}"], gpu,
                 COUNTING_LOG=log, COUNTING_PROGRAMS=programs)
        return read_log(log, programs)
