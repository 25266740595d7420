"""amd.py: kernels for AMD's GPUs, by clang and libclc."""
import os
import re

import isa

LIBCLC = "/usr/lib/clc/amdgcn--amdhsa.bc"
# Fma a clock of a compute unit's waves, and its loads from local memory a clock (128 bytes).
RATES = {"gfx906": (1, 0.5), "gfx90a": (1, 0.5), "gfx1030": (2, 1), "gfx1100": (2, 1)}
ARCHITECTURES = list(RATES)


def missing():
    tools = {"clang-19": isa.find("clang-19"), "libclc (mesa-opencl-icd)": os.path.exists(LIBCLC) or None}
    return [name for name, path in tools.items() if path is None]


def version():
    return isa.run(["clang-19", "--version"]).split("version ")[1].split()[0]


FMA = re.compile(r"v_(fma|fmac|fmaak|fmamk)_f32")
# (v_mad_f32 is left out: with subnormals kept, only integer divisions have it.)
APPROXIMATE = re.compile(r"v_(rcp|rsq|sqrt|exp|log|sin|cos|div_scale|div_fmas|div_fixup|mul_legacy)_(legacy_)?f32")
TWO_TO_32 = "0x4f800000"        # as a float: a step before the reciprocal of a 64-bit division


def kinds(text, before):
    """before: the instructions just before it."""
    name = text.split()[0]
    more = ["valu"] if name.startswith("v_") else []
    if name.startswith("v_dual_"):
        more += ["fma"] * len(re.findall(r"v_dual_(?:fma|fmac|fmaak|fmamk)", text))
    elif name.startswith("v_pk_fma_f32"):
        more += ["fma", "fma"]
    elif FMA.match(name):
        more.append("fma")
    elif name.startswith("v_rcp_iflag"):
        more.append("division")
    elif name.startswith("v_rcp_f32") and TWO_TO_32 in before:
        more.append("division")
    elif re.match(r"[sv]_mul_hi_[iu]32", name):
        more.append("high")
    elif APPROXIMATE.match(name):
        more.append("approximate")
    elif re.match(r"ds_(read|load)", name):
        more.append("local")
    elif re.match(r"(global|flat|buffer|s)_load", name):
        more.append("global")
    elif name.startswith("scratch_"):
        more.append("memory")
    return ("all", *more)


def read_code(body, kernel):
    labels, targets, before = {}, [], [""] * 8
    for line in body.splitlines():
        line = line.split(";")[0].rstrip()
        if match := re.match(r"(\.?LBB\w+):", line):
            labels[match.group(1)] = len(kernel.kinds)
        elif line.startswith("\t") and not line.lstrip().startswith("."):
            if match := re.match(r"\ts_c?branch\w* +(\.?LBB\w+)", line):
                targets.append((len(kernel.kinds), match.group(1)))
            if re.match(r"\ts_(branch|endpgm)\b", line):
                kernel.leaves.add(len(kernel.kinds))
            kernel.kinds.append(kinds(line, " ".join(before)))
            kernel.wide_divisions += line.startswith("\tv_rcp_f32") and "division" in kernel.kinds[-1]
            before = [*before[1:], line]
    kernel.jumps = {at: [labels[label]] for at, label in targets}


def read_kernel(text, name, architecture):
    kernel = isa.Kernel(name, architecture)
    rest = text.split(f"\n{name}:", 1)[1]
    metadata = next(part for part in text.split("\n  - .")[1:] if re.search(rf"\.name: +{name}$", part, re.M))

    def number(key, where=rest):
        return int(re.search(key + r":? +(\d+)", where).group(1))
    kernel.registers, kernel.scratch = number("; NumVgprs"), number("; ScratchSize")
    kernel.local, kernel.waves = number("; LDSByteSize"), number("; Occupancy")
    kernel.spill = number(r"\.vgpr_spill_count", metadata)
    if number(r"\.amdhsa_float_denorm_mode_32") != 3 or number(r"\.amdhsa_float_round_mode_32") != 0:
        kernel.fault = "subnormals are flushed, or results not rounded to nearest"
    read_code(rest.split("\n.Lfunc_end", 1)[0], kernel)
    return kernel


def share(kernel):
    """Of the peak of fma that the hot loop can reach: one vector instruction a clock (four on gfx9) in each part of a
    compute unit, beside scalar ones and loads."""
    hot = kernel.hot_loop()
    if not hot["fma"]:
        return 0.0
    fma, local = RATES[kernel.architecture]
    return min(1.0, hot["fma"] / (hot["valu"] + isa.block_end(hot)), hot["fma"] / fma / (max(hot["local"], 1) / local))


def compile_program(source, options, architectures, folder):
    """The kernels of a program, for each architecture."""
    for architecture in architectures:
        out = f"{folder}/{architecture}.s"
        isa.clang(["-target", "amdgcn-amd-amdhsa", f"-mcpu={architecture}", "-nogpulib"], LIBCLC, source, options, out)
        with open(out, encoding="utf-8") as file:
            text = file.read()
        for name in re.findall(r"^\s+\.amdhsa_kernel (\w+)", text, re.M):
            yield read_kernel(text, name, architecture)
