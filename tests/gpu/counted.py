"""counted.py: trains models on the counting device (counting.c), and reads its log: the calls of one steady step."""
import collections
import os
import re
import subprocess
import tempfile

import datasets

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STEPS = 6

# The benchmark models; winograd as the model has it, or another word in its place.
MODELS = {"mlp": "mnist/mlp", "cnn": "mnist/cnn", "base": "cifar10/base", "model10": "cifar10/model10",
          "cifar-100": "cifar100/elu", "linear": "mnist/linear", "brief": "fashion-mnist/brief",
          "resnet18": "cifar10/resnet18", "mobilenet": "mobilenet"}

Launch = collections.namedtuple("Launch", "program kernel groups items arguments")


class Step:
    """One training step in the middle of a run: its launches, and how many calls of another kind it has."""

    def __init__(self, calls, builds):
        self.launches = [launch(words) for words in calls if words[0] == "launch"]
        self.counts = collections.Counter(words[0] for words in calls)
        self.bytes = collections.Counter()
        for words in calls:
            if words[0] in ("read", "write"):
                self.bytes[words[0]] += int(words[1])
        self.builds = builds

    def waits(self):
        """Calls in which the host waits for the device."""
        return self.counts["finish"] + self.counts["wait"] + self.counts["read"] + self.counts["map"]


def launch(words):
    sizes = [int(n) for n in words[3:9]]
    return Launch(int(words[1]), words[2], tuple(sizes[:3]), tuple(sizes[3:]), words[9:])


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


def steady_step(calls):
    """The step of those that repeat which has the fewest other calls: now and then one reads the log, by the clock."""
    n = period(calls)
    at = [i for i, words in enumerate(calls) if words[0] == "launch"]
    ends = [at[len(at) - 1 - i * n] + 1 for i in range(STEPS - 2)]
    steps = [calls[begin:end] for end, begin in zip(ends, ends[1:])]
    return min(steps, key=len)


def read_log(path):
    with open(path, encoding="utf-8") as file:
        calls = [line.split() for line in file]
    return Step(steady_step(calls), sum(words[0] == "build" for words in calls))


def with_data_at(text, folder):
    return re.sub(r"'folder:photos', split: train, resize: [^]]*\], part: [^]]*\], stratified: true",
                  f"'npy:{folder}/photos.npz', split: train", text)


class Tracer:
    """Trains on the counting device, in a scratch folder that close() removes."""

    def __init__(self, isocl, library):
        self.isocl, self.library = isocl, os.path.dirname(os.path.abspath(library))
        self.scratch = tempfile.TemporaryDirectory(prefix="counting-")
        self.folder = self.scratch.name
        datasets.make(self.folder)

    def close(self):
        self.scratch.cleanup()

    def environment(self, gpu, **more):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("ISOCL_")}
        return {**clean, "LD_LIBRARY_PATH": self.library, "COUNTING_GPU": gpu, "ISOCL_DATA": self.folder,
                "XDG_CACHE_HOME": self.folder + "/cache", **more}

    def run(self, command, gpu, **more):
        done = subprocess.run([self.isocl, *command], env=self.environment(gpu, **more), timeout=300, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"isocl {' '.join(command)} failed:\n{done.stdout}")

    def trace(self, model, gpu, winograd=None):
        """The steady step of a model of MODELS, or of a file; winograd: a word, or None for the model's own."""
        path = f"{ROOT}/models/{MODELS[model]}.yaml" if model in MODELS else model
        with open(path, encoding="utf-8") as file:
            text = with_data_at(file.read(), self.folder)
        if winograd is not None:
            text = re.sub(r"^winograd:.*\n", "", text, flags=re.M) + f"winograd: {winograd}\n"
        with open(f"{self.folder}/model.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        log = f"{self.folder}/log"
        self.run(["train", f"{self.folder}/model.yaml", "--device", "opencl", "--mode", "exact", "--steps", str(STEPS),
                  "--out", f"{self.folder}/run-{len(os.listdir(self.folder))}", "--quiet"], gpu, COUNTING_LOG=log)
        return read_log(log)
