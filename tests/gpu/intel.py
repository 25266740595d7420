"""intel.py: kernels for Intel's GPUs, by ocloc."""
import glob
import os
import re
import shutil

import isa

# Threads of a unit with 128 registers each.
THREADS = {"skl": 7, "tgllp": 7, "acm-g11": 8}
ARCHITECTURES = list(THREADS)
IGA = "/usr/lib/x86_64-linux-gnu/libiga64.so.1"     # writes the listing; the package has it under another name


def missing():
    tools = {"ocloc (intel-opencl-icd)": isa.find("ocloc"), "libiga64 (libigc1)": os.path.exists(IGA) or None}
    return [name for name, path in tools.items() if path is None]


def version():
    try:
        return isa.run(["dpkg-query", "-W", "-f", "${Version}", "libigc1"])
    except (OSError, isa.CompilerError):
        return "unknown"


def kinds(text, architecture):
    """(acm-g11 divides integers by way of a float reciprocal, math.inv.)"""
    text = re.sub(r"^\([^)]*\)\s*", "", text)
    name = text.split()[0]
    if name == "mad" and ":f" in text:
        return ("all", "fma")
    if name in ("math.iqot", "math.irem", "math.idiv") or name == "math.inv" and architecture == "acm-g11":
        return ("all", "division")
    if name.startswith("math."):
        return ("all", "approximate")
    if name.startswith("send") and "scratch" in text:
        return ("all", "memory")
    if name.startswith("load.slm") or name.startswith("send") and re.search(r"slm|0x[0-9A-Fa-f]+FE\b", text) and \
            not re.search(r"write|store|fence", text):
        return ("all", "local")
    if name.startswith("load.") or name.startswith("send") and re.search(r"read|load|gather", text):
        return ("all", "global")
    return ("all",)


JUMP = re.compile(r"(\([^)]*\)\s*)?(if|else|endif|while|goto|join|jmpi|brc|brd|break|cont)\b")


def read_code(text, kernel):
    """(goto and its like have two targets: where to go on when no lane is left, and where the lanes go.)"""
    labels, targets = {}, []
    for line in text.splitlines():
        line = line.strip()
        if match := re.match(r"(\w+):\s*(//.*)?$", line):
            labels[match.group(1)] = len(kernel.kinds)
        elif re.match(r"(\([^)]*\)\s*)?[a-z]", line):
            if match := JUMP.match(line):
                targets.append((len(kernel.kinds), re.findall(r"\b\w+\b", line.split("//")[0])))
                if match.group(2) in ("goto", "jmpi") and (match.group(1) or "(W)").startswith("(W)"):
                    kernel.leaves.add(len(kernel.kinds))
            kernel.kinds.append(kinds(line, kernel.architecture))
    kernel.jumps = {at: [labels[word] for word in words if word in labels] for at, words in targets}


def read_info(binary, architecture):
    """{name: Kernel} of what the binary says of its kernels."""
    kernels, kernel, use = {}, None, ""
    text = isa.run(["readelf", "-p", ".ze_info", binary]).split("kernels_misc_info:")[0]
    for line in text.splitlines():
        line = re.sub(r"^\s*\[\s*[0-9a-f]+\]", "", line).replace("\\n", "").rstrip()
        if match := re.match(r"\s*- name:\s+(\w+)$", line):
            kernel = kernels[match.group(1)] = isa.Kernel(match.group(1), architecture)
        match = re.match(r"\s*-?\s*(\w+):\s+(\S+)", line)
        if kernel is None or match is None:
            continue
        key, value = match.groups()
        if key == "simd_size":
            kernel.registers = int(value)
        elif key == "slm_size":
            kernel.local = int(value)
        elif key in ("type", "usage"):
            use = value
        elif key == "size" and use in ("scratch", "private_space"):
            kernel.scratch, use = kernel.scratch + int(value), ""
    return kernels


def share(kernel):
    """Of the peak of fma that the hot loop can reach: one instruction a clock."""
    hot = kernel.hot_loop()
    return hot["fma"] / (hot["all"] + isa.block_end(hot)) if hot["fma"] else 0.0


def compile_one(source, options, architecture, folder):
    out, dump, library = f"{folder}/{architecture}", f"{folder}/{architecture}-dump", f"{folder}/library"
    os.makedirs(library, exist_ok=True)
    if not os.path.exists(library + "/libiga64.so"):
        os.symlink(IGA, library + "/libiga64.so")
    environment = {**os.environ, "IGC_ShaderDumpEnable": "1", "IGC_DumpToCustomDir": dump, "LD_LIBRARY_PATH": library}
    told = isa.run(["ocloc", "compile", "-file", source, "-device", architecture, "-out_dir", out, "--format", "zebin",
                    "-options", " ".join(options)], env=environment)
    spilled = dict(re.findall(r"warning: kernel (\w+) .* spilled around (\d+)", told))
    if len(re.findall("warning|error", told, re.I)) > len(spilled):
        raise isa.CompilerError(told)
    kernels = read_info(glob.glob(out + "/*.bin")[0], architecture)
    for name, registers in spilled.items():
        kernels[name].spill = int(registers)
    for path in sorted(glob.glob(dump + "/*.asm")):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        kernel = kernels.get(re.search(r"//\.kernel (\S+)", text).group(1))
        if kernel is None or f"_simd{kernel.registers}_entry" not in path:
            continue
        kernel.kinds, kernel.waves = [], THREADS[architecture]
        read_code(text, kernel)
        if not re.search(r"\bor\b.*cr0\.0.*0x4C0", text):
            kernel.fault = "subnormals are flushed"
    shutil.rmtree(dump)
    return kernels.values()


def compile_program(source, options, architectures, folder):
    """The kernels of a program, for each architecture."""
    for architecture in architectures:
        yield from compile_one(source, options, architecture, folder)
