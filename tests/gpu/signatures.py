"""signatures.py: the names of a kernel's arguments, read from the text of its program."""
import re
import subprocess

SIZES = {"char": 1, "uchar": 1, "short": 2, "ushort": 2, "int": 4, "uint": 4, "float": 4, "long": 8, "ulong": 8,
         "iso_i64": 8, "iso_u64": 8, "iso_i32": 4, "iso_u32": 4}


class Signatures:
    """Of the programs that the counting device wrote into a folder."""

    def __init__(self, folder, builds):
        """builds: {program's number: (its name, options)}"""
        self.folder = folder
        self.known = {number: self.read(number, *build) for number, build in builds.items()}
        self.variants = {number: self.variant(number, build[0]) for number, build in builds.items()}

    def variant(self, number, name):
        """The file of kernels for products that a program was joined from, as chains_gpu_any; or the program's name."""
        with open(f"{self.folder}/{name}-{number}.cl", encoding="utf-8") as file:
            found = re.search(r'#line \d+ "clkernels/((?:chains_gpu|winograd_fused)_\w+)\.cl"', file.read())
        return found.group(1) if found else name

    def read(self, number, name, options):
        """({kernel: [(type, name)]}, {struct: [name of a member]})"""
        defined = [word for word in options if word.startswith("-D")]
        command = ["cc", "-E", "-P", "-x", "c", "-D__OPENCL_VERSION__=120", "-D__OPENCL_C_VERSION__=120",
                   "-Dcl_intel_subgroups=1", *defined,
                   f"{self.folder}/{name}-{number}.cl"]
        text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        bodies = re.findall(r"struct (\w+) \{([^}]*)\}", text)
        structs = {struct: re.findall(r"(\w+)\s*(?=[,;])", body) for struct, body in bodies}
        kernels = {}
        for kernel, arguments in re.findall(r"\bkernel\b[^;{]*?\bvoid\s+(\w+)\s*\(([^)]*)\)\s*\{", text):
            split = [re.match(r"\s*(.*?)(\w+)\s*$", argument, re.S).groups() for argument in arguments.split(",")]
            kernels[kernel] = [(" ".join(type_.split()), argument) for type_, argument in split]
        return kernels, structs

    def arguments(self, launch):
        """({name: number}, [(name, bytes of an element, written)]) of a launch; a struct's members have their names,
        and struct.member."""
        kernels, structs = self.known[launch.program]
        numbers, pointers = {}, []
        for (type_, name), value in zip(kernels[launch.kernel], launch.arguments):
            if value[0] == "m":
                element = re.sub(r"\b(global|const|restrict|__global)\b|\*", "", type_).strip()
                match = re.match(r"([a-z_0-9]*[a-z_])(\d*)$", element)
                base, width = (match.group(1), match.group(2)) if element not in SIZES else (element, "")
                pointers.append((name, SIZES.get(base, 4) * int(width or 1), "const" not in type_))
            elif type_.startswith("struct"):
                members = dict(zip(structs[type_.split()[1]], map(int, value[1:].split(","))))
                numbers.update(members)
                numbers.update({f"{name}.{member}": number for member, number in members.items()})
            elif value[0] in "il":
                numbers[name] = int(value[1:])
        return numbers, pointers
