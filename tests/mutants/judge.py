"""Runs parity on the program of a mutant, until the first check fails.

A kernel of OpenCL may be for one shape of device or one size of tiles: ways() says in which ways a file's kernels are
reached, and a mutant is killed if one of them shows it."""
import os
import re
import resource
import signal
import subprocess
import threading

from users import ROOT

FAILED = re.compile(r"^\S+ +(\w+)/(\d+)(?: (\w+))? +(\w+) +(?:FAILED|CRASHED|TIMED OUT)", flags=re.I | re.M)
FAST = {"MODE": "fast", "ISOCL_OPENCL_SHAPE": "gpu"}  # the kernels beside CLBlast's
CPU, GPU = {"ISOCL_OPENCL_SHAPE": "cpu"}, {"ISOCL_OPENCL_SHAPE": "gpu", "ISOCL_OPENCL_UNITS": "300"}


def variant(name):
    return dict(GPU, ISOCL_OPENCL_VARIANT=name)


# Patterns of names of kernels' files, with the settings under which they run; the first that matches counts.
WAYS = [
    (r"_cpu\.(cl|h)$", [CPU]), (r"^(conv2d|dense)\.cl$", [FAST]),
    (r"^winograd_fused_(\d+|wide)", [variant(r"winograd-\1")]),
    (r"^winograd_fused\w*\.h", [variant("winograd-32"), variant("winograd-16"), variant("winograd-wide"),
                                 variant("winograd-32-taps"), variant("winograd-16-taps")]),
    (r"^winograd_gpu", [GPU]), (r"^winograd_tiles", [CPU, GPU]), (r"^chains_gpu_(\w+)\.cl", [variant(r"\1")]),
    (r"^chains_", [GPU, variant("128x128"), variant("any"), variant("small")]), (r"", [CPU, GPU]),
]


def ways(backend, path):
    """Returns the settings of the environment under which a file's kernels run."""
    if backend == "cpu":
        return [{"ISOCL_CPU": "avx2"}]
    if backend == "reference":
        return [{}]
    name = os.path.basename(path)
    for pattern, settings in WAYS:
        found = re.search(pattern, name)
        if found:
            return [{key: found.expand(value) for key, value in s.items()} for s in settings]
    return [{}]


class Judge:
    def __init__(self, device, copy, timeout):
        self.device, self.timeout = device, timeout
        self.base = dict(os.environ, XDG_CACHE_HOME=os.path.join(copy, "cache"), ISOCL_KERNEL_DIR=copy,
                         POCL_CACHE_DIR=os.path.join(copy, "pocl"))

    def limit(self):
        """Ends a process after so many seconds of a processor, however busy the machine is."""
        resource.setrlimit(resource.RLIMIT_CPU, (self.timeout, self.timeout + 5))

    def fails(self, program, settings, *arguments):
        """Returns why parity fails, or "". It is ended at the first failure."""
        command = [program, "parity", "--quiet", "--mode", settings.get("MODE", "exact"), "--devices", self.device,
                   *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=dict(self.base, **settings), stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                                   preexec_fn=self.limit)
        patience = threading.Timer(10 * self.timeout, os.killpg, (process.pid, signal.SIGXCPU))
        patience.start()
        said = []
        for line in process.stdout:
            said.append(line)
            if FAILED.search(line):
                os.killpg(process.pid, signal.SIGTERM)
                break
        process.stdout.close()
        code = process.wait()
        patience.cancel()
        return self.reason("".join(said), code)

    @staticmethod
    def reason(text, code):
        failed = FAILED.search(text)
        if failed:
            op, case, which, check = failed.groups()
            return f"{op}/{case} {which or ''} {check}"
        failed = re.search(r"^.*\bFAILED\b.*", text, flags=re.M)
        if failed:
            return " ".join(failed.group().split())[:100].replace("/", ":")
        if re.search(r"does not build|\d+ errors? generated|nothing was checked", text):
            return "broken"
        if code == -signal.SIGXCPU:
            return "never ends"
        return f"ends with {code}" if code != 0 else ""
