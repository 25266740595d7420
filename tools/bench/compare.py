"""Compares isocl with PyTorch, and with Keras on TensorFlow where it is installed, on the same networks, in
turns, on this machine, and prints ratios.

For each workload and number of threads, every configuration of both is tried once, briefly. Then PyTorch as it
comes, the two configurations that trained fastest, the one that was best at inference, and isocl take turns for
some rounds. Samples are gated in all programs; the table shows medians over the rounds, of the best of these
configurations.

    python3 tools/bench/compare.py --python /path/to/venv/bin/python --threads 2,1
"""
import argparse
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# (description, model file, batch, shape of the input in place of the file's)
WORKLOADS = {
    "a": ("mlp, Adam", "models/mnist/mlp.yaml", 100, None),
    "b": ("cnn, Adam", "models/mnist/cnn.yaml", 100, None),
    "c": ("D base, Adam", "models/cifar10/base.yaml", 32, None),
    "d": ("D10, Adam", "models/cifar10/model10.yaml", 32, None),
    "e": ("A, RMSprop", "models/cifar100/elu.yaml", 64, None),
    "f": ("linear, SGD", "models/mnist/linear.yaml", 100, None),
    "g": ("B brief, Adam", "models/fashion-mnist/brief.yaml", 128, None),
    "h": ("ResNet-18, Adam", "models/cifar10/resnet18.yaml", 32, None),
    "i": ("ResNet-50, SGD", "models/resnet50.yaml", 8, "[224, 224, 3]"),
    "j": ("MobileNet, Adam", "models/mobilenet.yaml", 32, None),
}
STOCK = ("PyTorch", "eager")
SCRIPTS = {"PyTorch": "pytorch.py", "Keras": "keras_tensorflow.py"}
CONFIGS = {
    "PyTorch": ["eager", "channels_last", "foreach", "fused", "channels_last+fused", "tuned",
                "tuned+channels_last", "tuned+foreach", "tuned+fused", "tuned+channels_last+foreach",
                "tuned+channels_last+fused", "tuned+compile", "tuned+compile+foreach",
                "tuned+compile+fused", "tuned+channels_last+compile+foreach",
                "tuned+channels_last+compile+fused", "tuned+flush+compile+fused"],
    "Keras": ["graph", "jit", "tuned+graph", "tuned+jit"],
}
TRAIN, INFER, MEMORY = ("training_images_per_second", "inference_images_per_second",
                        "peak_memory_bytes")
TIMEOUT = 900                              # seconds for one process: a compilation that takes longer is not run
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "ISOCL_CPU": "avx2"}


def tuned_environment(threads):
    """Threads that stay on their processors; an allocator that does not map memory anew."""
    env = {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores", "OMP_NUM_THREADS": str(threads),
           "MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
           "MALLOC_TOP_PAD_": str(1 << 26)}
    allocators = [f for name in ("tcmalloc_minimal", "tcmalloc", "jemalloc")
                  for f in glob.glob(f"/usr/lib/*/lib{name}.so*")]
    if allocators:
        env["LD_PRELOAD"] = allocators[0]
    return env


def objects(command, env):
    """The JSON objects that a program prints. Raises RuntimeError with what it said instead."""
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"took longer than {TIMEOUT} s") from None
    except OSError as error:
        raise RuntimeError(str(error)) from None
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not found:
        said = done.stderr.strip().splitlines()
        raise RuntimeError(said[-1][:200] if said else f"ended with {done.returncode}")
    return found


class Comparison:
    """One workload: its model file, which may be a copy with another input."""

    def __init__(self, args, letter, folder):
        self.args, self.letter = args, letter
        self.what, self.model, self.batch, shape = WORKLOADS[letter]
        self.environment = dict(os.environ) | (AVX2 if args.avx2 else {})
        self.not_run = []                  # (configuration, why)
        with open(os.path.join(ROOT, self.model), encoding="utf-8") as file:
            text = file.read()
        self.convolutions = "conv2d" in text
        if shape is not None:
            text, found = re.subn(r"(?m)^(input: *\{shape: *)\[[^]]*\]", r"\g<1>" + shape, text)
            assert found == 1, f"{self.model}: no input of its own line"
            self.model = os.path.join(folder, os.path.basename(self.model))
            with open(self.model, "w", encoding="utf-8") as file:
                file.write(text)

    def run_peer(self, config, threads, *more):
        peer, flags = config
        env = dict(self.environment)
        if "tuned" in flags.split("+"):
            env.update(tuned_environment(threads))
        python = self.args.keras_python if peer == "Keras" else self.args.python
        found = objects([python, os.path.join(HERE, SCRIPTS[peer]), "--model", self.model, "--batch", str(self.batch),
                         "--config", flags, "--threads", str(threads), *more], env)
        if "error" in found[-1]:
            raise RuntimeError(found[-1]["error"])
        return found[-1]

    def run_isocl(self, threads, mode):
        found = objects([os.path.abspath(self.args.isocl), "bench", self.model, "--devices", self.args.device,
                         "--mode", mode, "--threads", str(threads), "--batch", str(self.batch), "--seconds",
                         str(self.args.seconds), "--json"], self.environment)
        for one in found:
            if one["event"] == "failure":
                raise RuntimeError(one["message"])
        result = next((one for one in found if one["event"] == "model"), None)
        if result is None:
            raise RuntimeError("isocl bench printed no figures")
        machine = next(one for one in found if one["event"] == "machine")
        return result | {"fma_gflops": found[-1]["fma_gflops"], "handoff_ns": machine["handoff_ns"]}

    def parameters(self):
        """As isocl counts them."""
        done = subprocess.run([os.path.abspath(self.args.isocl), "summary", self.model], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        counted = re.search(r"(?m)^(\d+) parameters are trained, (\d+) are not", done.stdout)
        if counted is None:
            raise RuntimeError((done.stderr.strip() or "isocl summary counts no parameters")[:200])
        return sum(map(int, counted.groups()))

    def configurations(self):
        for config in self.args.configs:
            if "channels_last" not in config[1] or self.convolutions:
                yield config

    def survey(self, threads):
        """Tries every configuration once; returns those that are worth more time, stock first."""
        results, wanted = {}, self.parameters()
        for config in self.configurations():
            try:
                one = self.run_peer(config, threads, "--seconds", str(self.args.survey_seconds))
            except RuntimeError as error:
                say(f"  {name_of(config):48} {error}")
                self.not_run.append((config, str(error)))
                continue
            if one["parameters"] != wanted:
                raise RuntimeError(f"{config[0]} has {one['parameters']} parameters and isocl {wanted}")
            results[config] = one
            say(f"  {name_of(config):48} {one[TRAIN]:12.1f} {one[INFER]:12.1f}")
        if STOCK not in results:
            raise RuntimeError("PyTorch does not run as it comes")
        by_training = sorted(results, key=lambda c: results[c][TRAIN], reverse=True)
        by_inference = max(results, key=lambda c: results[c][INFER])
        return list(dict.fromkeys([STOCK] + by_training[:2] + [by_inference]))

    def rows(self, threads):
        """A row for each mode: dictionaries of medians."""
        args = self.args
        peers = {config: [] for config in self.survey(threads)}
        own = {mode: [] for mode in args.modes}
        for _ in range(args.rounds):
            for config, results in peers.items():
                results.append(self.run_peer(config, threads, "--seconds", str(args.seconds)))
                for mode in args.modes:    # a turn of isocl after each turn of another
                    own[mode].append(self.run_isocl(threads, mode))
        best, best_infer = (max(peers, key=lambda c: median(peers[c], key)) for key in (TRAIN, INFER))
        noisy = any(one["noisy"] for some in (*own.values(), *peers.values()) for one in some)
        return [{
            "workload": self.letter, "what": self.what, "threads": threads, "mode": mode, "avx2": args.avx2,
            "isocl": median(own[mode], TRAIN), "share": median(own[mode], "training_share_of_peak"),
            "fma_gflops": median(own[mode], "fma_gflops"), "handoff_ns": median(own[mode], "handoff_ns"),
            "stock": median(peers[STOCK], TRAIN), "best": median(peers[best], TRAIN), "best_config": name_of(best),
            "isocl_infer": median(own[mode], INFER), "best_infer": median(peers[best_infer], INFER),
            "best_infer_config": name_of(best_infer), "isocl_memory": median(own[mode], MEMORY),
            "best_memory": median(peers[best], MEMORY),
            "best_memory_without_import": median(peers[best], MEMORY) - median(peers[best], "import_memory_bytes"),
            "versions": sorted({f"{one['peer']} {one['version']}" for some in peers.values() for one in some}),
            "not_run": [f"{name_of(config)}: {why}" for config, why in self.not_run],
            "noisy": noisy} for mode in args.modes]

    def check(self):
        """Every configuration trains one step, and has as many parameters as isocl's network."""
        wanted, failed = self.parameters(), 0
        for config in self.configurations():
            try:
                one = self.run_peer(config, 1, "--check")
                good = one["parameters"] == wanted
                told = f"{one['parameters']} parameters, loss {one['loss']:.4f}"
            except RuntimeError as error:
                good, told = False, str(error)
            failed += not good
            print(f"{self.letter} {name_of(config):48} {'ok' if good else 'FAILED'}  {told}", flush=True)
        return failed


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def name_of(config):
    peer, flags = config
    return flags if peer == "PyTorch" else f"{peer} {flags}"


def median(results, key):
    """None where it is not known: the share of peak of an OpenCL device, the handoff of one thread."""
    values = [one[key] for one in results if one[key] is not None]
    return statistics.median(values) if values else None


COLUMNS = [  # (width, first line of the head, second line); text is aligned left, numbers right
    (-17, "WORKLOAD", ""), (2, "T", ""), (-5, "MODE", ""), (7, "handoff", "ns"),
    (10, "isocl", "train/s"), (8, "of peak", ""), (10, "others'", "best/s"), (10, "PyTorch", "stock/s"),
    (6, "times", "best"), (6, "", "stock"), (11, "isocl", "infer/s"), (11, "others'", "best/s"),
    (6, "times", ""), (6, "isocl", "MiB"), (8, "best's", "MiB"), (7, "beyond", "import"),
    (-1, "best configuration", "training; inference")]


def print_line(words):
    print(" ".join(f"{word:<{-width}}" if width < 0 else f"{word:>{width}}"
                   for (width, _, _), word in zip(COLUMNS, words)).rstrip(), flush=True)


def print_head():
    print_line([first for _, first, _ in COLUMNS])
    print_line([second for _, _, second in COLUMNS])


def print_row(r):
    mib = 1 << 20
    share = f"{100 * r['share']:.1f} %" if r["share"] is not None else "-"
    handoff = f"{r['handoff_ns']:.0f}" if r["handoff_ns"] is not None else "-"
    print_line([
        f"{r['workload']} {r['what']}", r["threads"], r["mode"], handoff, f"{r['isocl']:.1f}", share,
        f"{r['best']:.1f}", f"{r['stock']:.1f}", f"{r['isocl'] / r['best']:.2f}",
        f"{r['isocl'] / r['stock']:.2f}", f"{r['isocl_infer']:.1f}", f"{r['best_infer']:.1f}",
        f"{r['isocl_infer'] / r['best_infer']:.2f}", f"{r['isocl_memory'] / mib:.0f}",
        f"{r['best_memory'] / mib:.0f}", f"{r['best_memory_without_import'] / mib:.0f}",
        f"{r['best_config']}; {r['best_infer_config']}{'  ~' if r['noisy'] else ''}"])


def print_end(rows):
    versions = sorted({version for row in rows for version in row["versions"]})
    print("; ".join(versions + ["~: the processor was busy with something else too"] +
                    (["all held to AVX2"] if rows[0]["avx2"] else [])))
    for n in sorted({row["threads"] for row in rows}):
        peak = max(row["fma_gflops"] for row in rows if row["threads"] == n)
        print(f"FMA peak with {n} thread{'' if n == 1 else 's'}: {peak:.1f} GFLOP/s")
    for row in rows:
        for one in row["not_run"] if row["mode"] == rows[0]["mode"] else ():
            print(f"not run: {row['workload']}, {row['threads']} threads, {one}")


def imports(python, module):
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False,
                          env=dict(os.environ) | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    return done.returncode == 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isocl", default=os.path.join(ROOT, "build", "isocl"))
    parser.add_argument("--python", default=sys.executable, help="a Python that has torch and PyYAML")
    parser.add_argument("--keras-python", help="a Python that has tensorflow, keras and PyYAML (default: --python)")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--threads", default="2,1")
    parser.add_argument("--modes", default="exact", help="exact, fast or both")
    parser.add_argument("--device", default="cpu", help="isocl's device")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--survey-seconds", type=float, default=0.7)
    parser.add_argument("--configs", help="of PyTorch: flags joined with +, such as tuned+compile+fused")
    parser.add_argument("--keras-configs", help="of Keras; none: leave Keras out")
    parser.add_argument("--avx2", action="store_true", help="hold all programs to AVX2")
    parser.add_argument("--check", action="store_true",
                        help="measure nothing: each configuration trains one step, and parameters are counted")
    parser.add_argument("--json", metavar="FILE", help="write the rows there, one object a line")
    args = parser.parse_args()
    args.workloads, args.modes = args.workloads.split(","), args.modes.split(",")
    args.threads = [int(n) for n in args.threads.split(",")]
    args.keras_python = args.keras_python or args.python
    chosen = {"PyTorch": args.configs, "Keras": args.keras_configs}
    args.configs = [STOCK]
    for peer, configs in CONFIGS.items():
        configs = chosen[peer].split(",") if chosen[peer] else configs
        if peer == "Keras" and (configs == ["none"] or not imports(args.keras_python, "tensorflow, keras, yaml")):
            say("Keras on TensorFlow is left out")
            continue
        args.configs += [(peer, flags) for flags in configs if (peer, flags) != STOCK]
    unknown = set(args.workloads) - set(WORKLOADS)
    if unknown:
        parser.error("unknown workloads: " + ", ".join(sorted(unknown)))
    return args


def measure(args, comparison, rows):
    """Adds the workload's rows, and prints them; returns how many numbers of threads have none."""
    missing = 0
    for threads in args.threads:
        say(f"{comparison.letter} {comparison.what}, {threads} threads: training and inference, images/s")
        try:
            new = comparison.rows(threads)
        except RuntimeError as error:
            say(f"{comparison.letter} {comparison.what}: {error}; left out")
            missing += 1
            continue
        if not rows:
            print_head()
        rows += new
        for row in new:
            print_row(row)
    return missing


def main():
    args = arguments()
    rows, missing = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for letter in args.workloads:
            what, model = WORKLOADS[letter][:2]
            if not os.path.exists(os.path.join(ROOT, model)):
                say(f"{letter} {what}: {model} is not here; left out")
                missing += 1
                continue
            comparison = Comparison(args, letter, folder)
            missing += comparison.check() if args.check else measure(args, comparison, rows)
    if rows:
        print_end(rows)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(row) + "\n")
    return 1 if missing or not (rows or args.check) else 0


if __name__ == "__main__":
    sys.exit(main())
