"""What the programs that isocl is compared with share: how they are measured and called."""
import argparse
import json
import os
import statistics
import sys
import time

from network import Network


class Gate:
    """Samples between two probes of the processor; a sample beside a low probe is taken again.
    The probe, product(), multiplies two matrices of 512 x 512 that lie in the cache."""
    LOW, SAMPLES, SPARE = 0.9, 7, 2

    def __init__(self, product, wait=None):
        """wait(): returns when the device has done what it was given; None: it always has."""
        self.product, self.best, self.repeated, self.noisy = product, 0.0, 0, False
        self.wait = wait or (lambda: None)
        for _ in range(50):
            self.high()

    def high(self):
        self.product()
        self.wait()
        began = time.perf_counter()
        self.product()
        self.wait()
        rate = 2 * 512 ** 3 / (time.perf_counter() - began)
        self.best = max(self.best, rate)
        return rate >= self.LOW * self.best

    def measure(self, work, seconds):
        """Median seconds of one call of work."""
        def timed(times):
            began = time.perf_counter()
            for _ in range(times):
                work()
            self.wait()
            return time.perf_counter() - began

        target, times = seconds / self.SAMPLES, 1
        for _ in range(3):                 # compilation, memory, caches
            took = timed(1)
        while took < target / 4:
            times *= 4
            took = timed(times)
        times = max(1, int(times * target / took))
        samples, spare, before = [], self.SPARE * self.SAMPLES, self.high()
        while len(samples) < self.SAMPLES:
            took = timed(times)
            after = self.high()
            good, before = before and after, after
            if not good and spare > 0:
                spare -= 1
                self.repeated += 1
                continue
            self.noisy = self.noisy or not good
            samples.append(took / times)
        return statistics.median(samples)


def peak_memory():
    """VmHWM: the most this process has had, in bytes."""
    with open("/proc/self/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


def main(doc, flags, run):
    """Prints what run(network, batch, flags, arguments) returns, as one JSON object. What it raises is told as
    a result: another configuration may work."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--model", required=True, help="one of isocl's model files")
    parser.add_argument("--batch", type=int, default=0, help="instead of the model file's")
    parser.add_argument("--config", default="eager", help="flags joined with +: " + ", ".join(flags))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu", help="PyTorch's name of it, such as cuda")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--check", action="store_true", help="train one step and count the parameters, no more")
    args = parser.parse_args()
    unknown = set(args.config.split("+")) - set(flags)
    if unknown:
        parser.error("unknown flags: " + ", ".join(sorted(unknown)))
    result = {"model": args.model, "config": args.config, "threads": args.threads}
    try:
        network = Network(args.model)
        result |= run(network, args.batch or network.batch, args.config.split("+"), args)
    except Exception as error:
        text = str(error).strip() or type(error).__name__
        result["error"] = f"{type(error).__name__}: {text.splitlines()[0][:200]}"
    json.dump(result, sys.stdout)
    print()
    return 1 if "error" in result else 0


def figures(gate, batch, training, inference, memory, imported):
    """The figures of a result: seconds of a step and of a prediction; bytes."""
    return {"batch": batch, "training_images_per_second": batch / training,
            "inference_images_per_second": batch / inference, "peak_memory_bytes": memory,
            "import_memory_bytes": imported, "probe_gflops": gate.best / 1e9,
            "repeated": gate.repeated, "noisy": gate.noisy}
