"""tables.py: the audit's rows, faults that no kernel may have, and the committed tables of the rest."""
import csv
import os

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["program", "kernel", "architecture", "registers", "local", "waves", "share", "hot_divisions", "divisions",
           "wide_divisions"]
LESS_IS_WORSE = ("waves", "share")
SHARE_NOISE = 0.005
HOT = ("all", "fma", "local", "global")


def row(program, kernel, share):
    """A kernel as the tables have it, and its faults."""
    counts = kernel.count()
    values = dict(program=program, kernel=kernel.name, architecture=kernel.architecture, registers=kernel.registers,
                  local=kernel.local, waves=kernel.waves, share=round(share, 2), hot_divisions=kernel.hot_divisions(),
                  divisions=counts["division"], wide_divisions=kernel.wide_divisions)
    faults = [kernel.fault] if kernel.fault else []
    if kernel.spill:
        faults.append(f"spills {kernel.spill} registers or bytes")
    if counts["memory"] and not kernel.scratch:     # Intel's compiler spills there, and says nothing of it
        faults.append("accesses scratch memory, of which the compiler tells no size")
    elif kernel.scratch:
        faults.append(f"keeps {kernel.scratch} bytes in memory of the work-item's own")
    if counts["approximate"]:
        faults.append(f"{counts['approximate']} approximate or flushing float instructions")
    return {**values, "faults": faults, "hot": kernel.hot_loop(), "spill": kernel.spill, "scratch": kernel.scratch}


def print_rows(rows):
    print("%-48s %-8s %9s %5s %7s %6s %5s %5s %9s   of the hot loop: %s" % (
        "kernel", "for", "registers", "spill", "scratch", "local", "waves", "share", "divisions",
        " ".join("%6s" % kind for kind in HOT)))
    for r in sorted(rows, key=lambda r: (r["program"], r["kernel"])):
        print("%-48s %-8s %9d %5d %7d %6d %5d %5.2f %3d %3d %2d   %16s %s" % (
            f"{r['program']}/{r['kernel']}", r["architecture"], r["registers"], r["spill"], r["scratch"], r["local"],
            r["waves"], r["share"], r["hot_divisions"], r["divisions"], r["wide_divisions"], "",
            " ".join("%6d" % r["hot"][kind] for kind in HOT)))


def path_of(name):
    return f"{HERE}/table-{name}.csv"


def write(vendor, rows, programs):
    """Writes the table of these rows; of a table by the same compiler, the rows of all but `programs` stay."""
    version, known = read(vendor.__name__)
    if programs and version == vendor.version():
        rows = rows + [r for r in known.values() if r["program"] not in programs]
    elif programs:
        raise SystemExit(f"{vendor.__name__}: the table is of compiler {version}: write all of it")
    with open(path_of(vendor.__name__), "w", encoding="utf-8") as file:
        file.write(f"# {vendor.__name__}: compiler {vendor.version()}\n{','.join(COLUMNS)}\n")
        for r in sorted(rows, key=lambda r: (r["program"], r["kernel"], r["architecture"])):
            file.write(",".join(str(r[column]) for column in COLUMNS) + "\n")


def read(name):
    """Of a vendor: (the compiler's version, {(program, kernel, architecture): row}); nothing without a table."""
    if not os.path.exists(path_of(name)):
        return "", {}
    with open(path_of(name), encoding="utf-8") as file:
        version = file.readline().split("compiler ")[1].strip()
        return version, {(r["program"], r["kernel"], r["architecture"]): r for r in csv.DictReader(file)}


def worse(known, new):
    """["registers 40 -> 48", ...]"""
    out = []
    for column in COLUMNS[3:]:
        old, now = float(known[column]), new[column]
        if (now < old - SHARE_NOISE) if column in LESS_IS_WORSE else now > old:
            out.append(f"{column} {known[column]} -> {now}")
    return out


def compare(vendor, rows):
    """Messages on rows that are worse than the table's, or not in it."""
    version, known = read(vendor.__name__)
    if version != vendor.version():
        print(f"{vendor.__name__}: the table is of compiler {version or 'unknown'}, this is {vendor.version()}: "
              "only faults count")
        return []
    messages = []
    for r in rows:
        old = known.get((r["program"], r["kernel"], r["architecture"]))
        found = worse(old, r) if old else ["it is not in the table"]
        if found:
            messages.append(f"{r['program']}/{r['kernel']} on {r['architecture']}: {', '.join(found)}")
    if messages:
        messages.append("To accept what is worse, and say so in the commit: make gpu-tables")
    return messages


def known_faults():
    """{(kernel, architecture, fault)} of known-faults.csv, which says why each is still there."""
    with open(f"{HERE}/known-faults.csv", encoding="utf-8") as file:
        return {(r["kernel"], r["architecture"], r["fault"]) for r in csv.DictReader(file)}


def report(args, vendor, rows, messages):
    """Prints, compares or writes; returns the messages that make the audit fail."""
    if not args.check:
        print_rows(rows)
    known = known_faults()
    for r in rows:
        kernel = f"{r['program']}/{r['kernel']}"
        for fault in r["faults"]:
            text = f"{kernel} on {r['architecture']}: {fault}"
            if (kernel, r["architecture"], fault) in known:
                print("known", text)
            else:
                messages.append(text)
    if args.write and not args.arch:
        write(vendor, rows, args.programs)
    elif args.check:
        messages += compare(vendor, rows)
    for message in messages:
        print("FAIL", message)
    return messages
