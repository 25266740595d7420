"""nvidia.py: kernels for NVIDIA's GPUs, by clang, libclc and ptxas."""
import glob
import os
import re

import isa

LIBCLC = "/usr/lib/clc/nvptx64--nvidiacl.bc"
# Limits per multiprocessor: warps, bytes of local memory, work-groups; all have 65,536 registers.
LIMITS = {"sm_75": (32, 65536, 16), "sm_80": (64, 167936, 32), "sm_86": (48, 102400, 16), "sm_90": (64, 233472, 32)}
ARCHITECTURES = list(LIMITS)
HALF_RATE = ("sm_75", "sm_80")   # 16 lanes of fma in each of the four parts; 32 in the others
# ptxas and nvdisasm: PyPI's triton has both, in the virtual environment that audit.sh makes or AUDIT_VENV names.
VENV = os.environ.get("AUDIT_VENV", os.path.dirname(os.path.abspath(__file__)) + "/../../build/gpu/venv")
FOLDERS = [*glob.glob(VENV + "/lib/python3*/site-packages/triton/backends/nvidia/bin"), "/usr/local/cuda/bin"]


def tool(name):
    return isa.find(name, FOLDERS)


def missing():
    tools = {"clang-19": isa.find("clang-19"), "libclc (mesa-opencl-icd)": os.path.exists(LIBCLC) or None,
             "ptxas": tool("ptxas"), "nvdisasm": tool("nvdisasm")}
    return [name for name, path in tools.items() if path is None]


def version():
    return isa.run([tool("ptxas"), "--version"]).split("release ")[1].split(",")[0]


NAMES = {"FFMA": ("fma",), "LDS": ("local",), "LDG": ("global",), "LD": ("global",), "LDL": ("memory",),
         "STL": ("memory",)}


def kinds(text):
    words = text.split()
    name = words[1] if words[0].startswith("@") else words[0]
    parts = name.rstrip(";").split(".")
    more = NAMES.get(parts[0], ())
    if parts[0] == "MUFU":      # a reciprocal belongs to an integer division: PTX has none of floats (read_ptx)
        more = ("division",) if "RCP" in parts else ("approximate",)
    if parts[0] in ("FFMA", "FADD", "FMUL") and "FTZ" in parts:
        more += ("approximate",)
    return ("all", *more)


def read_ptx(text):
    """{kernel: (a fault in words, divisions of 64-bit numbers)}. Faults: float instructions that approximate, flush, or
    leave it to ptxas to contract them."""
    found = {}
    for entry in re.split(r"\.entry ", text)[1:]:
        name = re.match(r"\w+", entry).group()
        bad = re.findall(r"\t((?:[\w.]*\.ftz[\w.]*|(?:div|rcp|sqrt|rsqrt|sin|cos|ex2|lg2|tanh)\.[\w.]*f32|"
                         r"(?:add|sub|mul)\.f32))\s", entry)
        found[name] = ("PTX has " + ", ".join(sorted(set(bad))) if bad else "",
                       len(re.findall(r"\t(?:div|rem)\.[su]64\s", entry)))
    return found


def group_sizes(source, options):
    """{kernel: work-items} of the kernels that say it."""
    text = isa.run(["clang-19", "-x", "cl", "-E", "-P", *options, source])
    found = re.findall(r"reqd_work_group_size\(([^;{]*?)\)\s*\)\s*\)\s*void\s+(\w+)", text)
    return {name: [eval(size.replace("/", "//"), {}) for size in sizes.split(",")] for sizes, name in found}


def set_group_sizes(ptx, sizes):
    """clang leaves the sizes of work-groups out; NVIDIA's own compiler does not."""
    with open(ptx, encoding="utf-8") as file:
        text = file.read()
    for name, size in sizes.items():
        text = re.sub(r"(\.entry %s\([^)]*\))" % name, r"\1\n.reqntid %d, %d, %d" % tuple(size), text)
    with open(ptx, "w", encoding="utf-8") as file:
        file.write(text)
    return text


def read_report(text, architecture):
    """{name: Kernel} of what ptxas -v says."""
    kernels, kernel = {}, None
    for line in text.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            kernel = kernels[match.group(1)] = isa.Kernel(match.group(1), architecture)
        if match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            kernel.scratch, kernel.spill = int(match.group(1)), int(match.group(2)) + int(match.group(3))
        if match := re.search(r"Used (\d+) registers", line):
            kernel.registers = int(match.group(1))
            local = re.search(r"(\d+) bytes smem", line)
            kernel.local = int(local.group(1)) if local else 0
    return kernels


def read_instruction(text, kernel, targets):
    at = len(kernel.kinds)
    if jump := re.search(r"\bBRA\b.*`\((\.L\w+)\)", text):
        targets.append((kernel, at, jump.group(1)))
    if re.match(r"(BRA|EXIT|RET)\b(?!.*\bU?P\d)", text):
        kernel.leaves.add(at)
    kernel.kinds.append(kinds(text))


def read_code(text, kernels):
    labels, kernel, targets = {}, None, []
    for line in text.splitlines():
        if match := re.match(r"\.text\.(\w+):", line):
            kernel = kernels.get(match.group(1))
        elif match := re.match(r"(\.L\w+):", line):
            labels[match.group(1)] = len(kernel.kinds) if kernel else 0
        elif kernel and (match := re.match(r"\s+/\*[0-9a-f]+\*/\s+(.*?;)", line)):
            read_instruction(match.group(1), kernel, targets)
    for kernel, at, label in targets:
        if labels.get(label, at) != at:          # (the last instruction jumps to itself)
            kernel.jumps[at] = [labels[label]]


def resident_warps(kernel):
    warps, local, groups = LIMITS[kernel.architecture]
    each = -(-kernel.group // 32)
    of_warp = -(-kernel.registers * 32 // 256) * 256
    fit = min(65536 // of_warp // each, groups, warps // each)
    return each * min(fit, local // (kernel.local + 1024) if kernel.local else fit)


def share(kernel):
    """Of the peak of fma that the hot loop can reach: one instruction a clock in each of the four parts of a
    multiprocessor, one access of local memory in all of them."""
    hot = kernel.hot_loop()
    if not hot["fma"]:
        return 0.0
    slots = hot["fma"] * (2 if kernel.architecture in HALF_RATE else 1)
    return min(1.0, slots / (hot["all"] + isa.block_end(hot)), slots / 4 / max(hot["local"], 1))


def compile_program(source, options, architectures, folder):
    """The kernels of a program, for each architecture: one front end, as PTX is the same for all."""
    ptx = f"{folder}/nvidia.ptx"
    target = ["-target", "nvptx64-nvidia-nvcl", "-Xclang", "-target-cpu", "-Xclang", "sm_75"]
    isa.clang(target, LIBCLC, source, options, ptx)
    sizes = group_sizes(source, options)
    ptx_tells = read_ptx(set_group_sizes(ptx, sizes))
    for architecture in architectures:
        cubin = f"{folder}/{architecture}.cubin"
        report = isa.run([tool("ptxas"), f"-arch={architecture}", "-v", ptx, "-o", cubin])
        kernels = read_report(report, architecture)
        read_code(isa.run([tool("nvdisasm"), "-c", cubin]), kernels)
        for kernel in kernels.values():
            x, y, z = sizes.get(kernel.name, (256, 1, 1))
            kernel.group = x * y * z
            kernel.fault, kernel.wide_divisions = ptx_tells[kernel.name]
            kernel.waves = resident_warps(kernel)
            yield kernel
