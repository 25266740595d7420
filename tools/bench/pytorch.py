"""Trains and runs one workload in PyTorch, in one configuration, and prints one JSON object.

The workloads are those of `isocl bench`'s model files, layer for layer, on the same kind of batch:
random, already in memory, always the same one. compare.py calls this once for each configuration,
so that each has a process, its settings and its peak memory of its own.

    python3 tools/bench/pytorch.py --workload b --config channels_last+fused --threads 2
"""
import argparse
import json
import os
import statistics
import sys
import time

# (what it is, model file, shape of the input (channels, height, width), classes, batch)
WORKLOADS = {
    "a": ("mlp, Adam", "models/mnist/mlp.yaml", (1, 28, 28), 10, 100),
    "b": ("cnn, Adam", "models/mnist/cnn.yaml", (1, 28, 28), 10, 100),
    "c": ("D base, Adam", "models/cifar10/base.yaml", (3, 32, 32), 10, 32),
    "d": ("D10, Adam", "models/cifar10/model10.yaml", (3, 32, 32), 10, 32),
    "e": ("A, RMSprop", "models/cifar100/elu.yaml", (3, 32, 32), 100, 64),
    "f": ("linear, SGD", "models/mnist/linear.yaml", (1, 28, 28), 10, 100),
    "g": ("B brief, Adam", "models/fashion-mnist/brief.yaml", (1, 28, 28), 5, 128),
}
# What a configuration may be made of, joined with "+"; "eager" is PyTorch as it comes. `tuned` is
# set in the environment by compare.py, before the process starts.
FLAGS = ("eager", "tuned", "channels_last", "foreach", "fused", "compile", "flush")
# C: convolution, S: with same padding; P: pool; B: batch normalisation; D: dropout;
# F: dense. A number is a width, a fraction a rate.
NETS = {
    "a": "flatten F1500 relu F1500 relu F1500 relu F10",
    "b": "S32,5 relu P S64,5 relu P flatten F10",
    "c": "C32,3 relu P C64,3 relu P C64,3 relu flatten F64 relu F10",
    "d": "S32,3 relu S32,3 relu B S32,3 relu D.1 B P S64,3 relu B S64,3 relu B S64,3 relu B D.1 P "
         "S128,3 relu B S128,3 relu B S128,3 relu B S128,3 relu B D.1 P "
         "flatten F128 relu B D.1 F10",
    "e": "S128,3 elu C128,3 elu P S256,3 elu C256,3 elu P D.25 S512,3 elu C512,3 elu P D.25 "
         "flatten F1024 elu D.5 F100",
    "f": "flatten F10 F10",
    "g": "S32,3 relu B P flatten F128 relu F10",
}


def build(torch, letter):
    """The network as a Sequential; its shapes are found by running a zero image through it."""
    nn = torch.nn
    layers, x = [], torch.zeros(2, *WORKLOADS[letter][2])
    for word in NETS[letter].split():
        kind, value = word[0], word[1:]
        if word in ("relu", "elu"):
            layer = nn.ReLU(inplace=True) if word == "relu" else nn.ELU(inplace=True)
        elif word == "flatten":
            layer = nn.Flatten()
        elif kind in "SC":
            width, size = map(int, value.split(","))
            layer = nn.Conv2d(x.shape[1], width, size, padding=size // 2 if kind == "S" else 0)
        elif kind == "P":
            layer = nn.MaxPool2d(2)
        elif kind == "B":
            norm = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
            layer = norm(x.shape[1], eps=1e-3, momentum=0.01)
        elif kind == "D":
            layer = nn.Dropout(float(value))
        else:
            layer = nn.Linear(x.shape[1], int(value))
        layers.append(layer)
        with torch.no_grad():
            x = layer(x)
    return nn.Sequential(*layers)


def optimizer(torch, letter, net, flags):
    """The optimizer of the model file. Fails where PyTorch has no fused one."""
    how = {}
    if "foreach" in flags:
        how["foreach"] = True
    if "fused" in flags:
        how["fused"] = True
    if letter == "e":
        return torch.optim.RMSprop(net.parameters(), lr=1e-4, alpha=0.9, eps=1e-7, **how)
    if letter == "f":
        return torch.optim.SGD(net.parameters(), lr=0.5, **how)
    eps = 1e-8 if letter in "ab" else 1e-7
    return torch.optim.Adam(net.parameters(), lr=1e-3, eps=eps, **how)


class Gate:
    """Samples between two probes of the processor; a sample beside a low probe is taken again.
    The probe is a product of matrices that lie in the cache."""
    LOW, SAMPLES, SPARE = 0.9, 7, 2

    def __init__(self, torch):
        self.torch, self.best, self.repeated, self.noisy = torch, 0.0, 0, False
        self.a = torch.rand(512, 512)
        for _ in range(50):
            self.high()

    def high(self):
        self.torch.mm(self.a, self.a)
        began = time.perf_counter()
        self.torch.mm(self.a, self.a)
        rate = 2 * 512 ** 3 / (time.perf_counter() - began)
        self.best = max(self.best, rate)
        return rate >= self.LOW * self.best

    def measure(self, work, seconds):
        """Median seconds of one call of work."""
        def timed(times):
            began = time.perf_counter()
            for _ in range(times):
                work()
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


def run(args):
    import torch
    imported = peak_memory()
    flags = args.config.split("+")
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    if "flush" in flags:
        torch.set_flush_denormal(True)
    _, _, shape, classes, batch = WORKLOADS[args.workload]
    net, x = build(torch, args.workload), torch.rand(batch, *shape)
    y = torch.randint(classes, (batch,))
    if "channels_last" in flags:
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    net.train()
    update = optimizer(torch, args.workload, net, flags)
    criterion = torch.nn.CrossEntropyLoss()
    gate = Gate(torch)

    def loss_of(images, labels):
        return criterion(net(images), labels)
    forward = torch.compile(loss_of) if "compile" in flags else loss_of

    def step():
        update.zero_grad(set_to_none=True)
        forward(x, y).backward()
        update.step()
    training = gate.measure(step, args.seconds)
    memory = peak_memory()

    net.eval()
    infer = net
    if "compile" in flags:
        import torch._inductor.config as inductor
        inductor.freezing = True           # weights may be packed: they no longer change
        infer = torch.compile(net)

    def predict():
        torch.softmax(infer(x), 1)
    with torch.no_grad():
        inference = gate.measure(predict, args.seconds)
    return {"workload": args.workload, "config": args.config, "threads": args.threads,
            "version": torch.__version__, "batch": batch,
            "training_images_per_second": batch / training,
            "inference_images_per_second": batch / inference, "peak_memory_bytes": memory,
            "import_memory_bytes": imported, "probe_gflops": gate.best / 1e9,
            "repeated": gate.repeated, "noisy": gate.noisy}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workload", choices=sorted(WORKLOADS), required=True)
    parser.add_argument("--config", default="eager",
                        help="flags joined with +: " + ", ".join(FLAGS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    unknown = set(args.config.split("+")) - set(FLAGS)
    if unknown:
        parser.error("unknown flags: " + ", ".join(sorted(unknown)))
    try:
        result = run(args)
    except Exception as error:             # told as a result: another configuration may work
        text = str(error).strip() or type(error).__name__
        result = {"workload": args.workload, "config": args.config,
                  "error": f"{type(error).__name__}: {text.splitlines()[0][:200]}"}
    json.dump(result, sys.stdout)
    print()
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
