"""Compares isocl with PyTorch on the same networks, in turns, on this machine, and prints ratios.

For each workload and number of threads, every configuration of PyTorch is tried once, briefly. Then
PyTorch as it comes, the two configurations that trained fastest, the one that was best at
inference, and isocl take turns for some rounds. Samples are gated in both programs; the table shows
medians over the rounds, of the best of these configurations.

    python3 tools/bench/compare.py --python /path/to/venv/bin/python --threads 2,1
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True             # the source tree stays clean
import pytorch  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STOCK = "eager"
CONFIGS = [STOCK, "channels_last", "foreach", "fused", "channels_last+fused", "tuned",
           "tuned+channels_last", "tuned+foreach", "tuned+fused", "tuned+channels_last+foreach",
           "tuned+channels_last+fused", "tuned+compile", "tuned+compile+foreach",
           "tuned+compile+fused", "tuned+channels_last+compile+foreach",
           "tuned+channels_last+compile+fused", "tuned+flush+compile+fused"]
TRAIN, INFER, MEMORY = ("training_images_per_second", "inference_images_per_second",
                        "peak_memory_bytes")
TIMEOUT = 900                              # seconds for one process: compilation takes minutes


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


def objects(command, env=None):
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


def run_pytorch(args, letter, config, threads, seconds):
    env = dict(os.environ)
    if "tuned" in config.split("+"):
        env.update(tuned_environment(threads))
    found = objects([args.python, os.path.join(HERE, "pytorch.py"), "--workload", letter,
                     "--config", config, "--threads", str(threads), "--seconds", str(seconds)], env)
    if "error" in found[-1]:
        raise RuntimeError(found[-1]["error"])
    return found[-1]


def run_isocl(args, letter, threads, mode):
    model = pytorch.WORKLOADS[letter][1]
    batch = pytorch.WORKLOADS[letter][4]
    found = objects([os.path.abspath(args.isocl), "bench", model, "--devices", args.device,
                     "--mode", mode, "--threads", str(threads), "--batch", str(batch), "--seconds",
                     str(args.seconds), "--json"])
    for one in found:
        if one["event"] == "failure":
            raise RuntimeError(one["message"])
    result = next((one for one in found if one["event"] == "model"), None)
    if result is None:
        raise RuntimeError("isocl bench printed no figures")
    result["fma_gflops"] = found[-1]["fma_gflops"]
    return result


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def survey(args, letter, threads):
    """Tries every configuration once; returns those that are worth more time, stock first."""
    convolutions = any(word[0] in "SC" for word in pytorch.NETS[letter].split())
    results = {}
    for config in args.configs:
        if "channels_last" in config and not convolutions:
            continue
        try:
            results[config] = run_pytorch(args, letter, config, threads, args.survey_seconds)
            say(f"  {config:40} {results[config][TRAIN]:12.1f} {results[config][INFER]:12.1f}")
        except RuntimeError as error:
            say(f"  {config:40} {error}")
    if not results:
        raise RuntimeError("PyTorch runs in no configuration")
    by_training = sorted(results, key=lambda c: results[c][TRAIN], reverse=True)
    by_inference = max(results, key=lambda c: results[c][INFER])
    return list(dict.fromkeys([STOCK] + by_training[:2] + [by_inference]))


def median(results, key):
    """None where it is not known: the share of peak of an OpenCL device."""
    values = [one[key] for one in results if one[key] is not None]
    return statistics.median(values) if values else None


def compare(args, letter, threads):
    """A row for each mode: dictionaries of medians."""
    torch_results = {config: [] for config in survey(args, letter, threads)}
    own = {mode: [] for mode in args.modes}
    for _ in range(args.rounds):
        for config, results in torch_results.items():
            results.append(run_pytorch(args, letter, config, threads, args.seconds))
            for mode in args.modes:        # a turn of isocl after each turn of PyTorch
                own[mode].append(run_isocl(args, letter, threads, mode))
    best, best_infer = (max(torch_results, key=lambda c: median(torch_results[c], key))
                        for key in (TRAIN, INFER))
    rows = []
    for mode in args.modes:
        results = own[mode]
        everything = results + [one for some in torch_results.values() for one in some]
        rows.append({
            "workload": letter, "what": pytorch.WORKLOADS[letter][0], "threads": threads,
            "mode": mode, "isocl": median(results, TRAIN),
            "share": median(results, "training_share_of_peak"),
            "fma_gflops": median(results, "fma_gflops"), "stock": median(torch_results[STOCK], TRAIN),
            "best": median(torch_results[best], TRAIN), "best_config": best,
            "isocl_infer": median(results, INFER), "best_infer": median(torch_results[best_infer], INFER),
            "best_infer_config": best_infer, "isocl_memory": median(results, MEMORY),
            "best_memory": median(torch_results[best], MEMORY),
            "best_memory_without_import": median(torch_results[best], MEMORY) -
            median(torch_results[best], "import_memory_bytes"),
            "pytorch": torch_results[best][0]["version"],
            "noisy": any(one["noisy"] for one in everything)})
    return rows


COLUMNS = [  # (width, first line of the head, second line); text is aligned left, numbers right
    (-16, "WORKLOAD", ""), (2, "T", ""), (-5, "MODE", ""),
    (10, "isocl", "train/s"), (8, "of peak", ""), (10, "PyTorch", "best/s"), (10, "", "stock/s"),
    (6, "times", "best"), (6, "", "stock"), (11, "isocl", "infer/s"), (11, "PyTorch", "best/s"),
    (6, "times", ""), (6, "isocl", "MiB"), (8, "PyTorch", "MiB"), (7, "beyond", "import"),
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
    print_line([
        f"{r['workload']} {r['what']}", r["threads"], r["mode"], f"{r['isocl']:.1f}", share,
        f"{r['best']:.1f}", f"{r['stock']:.1f}", f"{r['isocl'] / r['best']:.2f}",
        f"{r['isocl'] / r['stock']:.2f}", f"{r['isocl_infer']:.1f}", f"{r['best_infer']:.1f}",
        f"{r['isocl_infer'] / r['best_infer']:.2f}", f"{r['isocl_memory'] / mib:.0f}",
        f"{r['best_memory'] / mib:.0f}", f"{r['best_memory_without_import'] / mib:.0f}",
        f"{r['best_config']}; {r['best_infer_config']}{'  ~' if r['noisy'] else ''}"])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isocl", default=os.path.join(ROOT, "build", "isocl"))
    parser.add_argument("--python", default=sys.executable, help="a Python that has torch")
    parser.add_argument("--workloads", default="a,b,c,d,e,f,g")
    parser.add_argument("--threads", default="2,1")
    parser.add_argument("--modes", default="exact", help="exact, fast or both")
    parser.add_argument("--device", default="cpu", help="isocl's device")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--survey-seconds", type=float, default=0.7)
    parser.add_argument("--configs", default=",".join(CONFIGS),
                        help="of PyTorch: flags joined with +; " + ", ".join(pytorch.FLAGS))
    parser.add_argument("--json", metavar="FILE", help="write the rows there, one object a line")
    args = parser.parse_args()
    args.workloads, args.modes = args.workloads.split(","), args.modes.split(",")
    args.threads = [int(n) for n in args.threads.split(",")]
    args.configs = list(dict.fromkeys([STOCK] + args.configs.split(",")))
    unknown = set(args.workloads) - set(pytorch.WORKLOADS)
    if unknown:
        parser.error("unknown workloads: " + ", ".join(sorted(unknown)))
    return args


def main():
    args = arguments()
    rows, missing = [], 0
    for letter in args.workloads:
        what, model = pytorch.WORKLOADS[letter][:2]
        if not os.path.exists(os.path.join(ROOT, model)):
            say(f"{letter} {what}: {model} is not here; left out")
            missing += 1
            continue
        for threads in args.threads:
            say(f"{letter} {what}, {threads} threads: training and inference, images/s")
            try:
                new = compare(args, letter, threads)
            except RuntimeError as error:
                say(f"{letter} {what}: {error}; left out")
                missing += 1
                continue
            if not rows:
                print_head()
            rows += new
            for row in new:
                print_row(row)
    if rows:
        print(f"PyTorch {rows[0]['pytorch']}; ~: the processor was busy with something else too")
    for n in sorted({row["threads"] for row in rows}):
        peak = max(row["fma_gflops"] for row in rows if row["threads"] == n)
        print(f"FMA peak with {n} thread{'' if n == 1 else 's'}: {peak:.1f} GFLOP/s")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(row) + "\n")
    return 1 if missing or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
