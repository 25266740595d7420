#!/usr/bin/env python3
"""launches.py [MODEL...]: what isocl queues in a training step on a GPU, as the counting device writes it down.

    launches.py                        every benchmark model: launches, transfers and waits of a step
    launches.py model10 --list         the launches of a step, one a line
    launches.py my.yaml --gpu h100     a model file, on another GPU of counting.c
    launches.py --check                holds the numbers to launches.csv: none may rise
    launches.py --write                makes launches.csv anew

Exits with 1 when a number has risen."""
import argparse
import collections
import sys

import step_table
from counted import HERE, MODELS

TABLE = f"{HERE}/launches.csv"
COLUMNS = ["launches", "arguments", "reads", "writes", "fills", "waits", "bytes", "builds"]
# Models with layers that Winograd's algorithm defines; both ways are counted.
BOTH = ("cnn", "base", "model10", "cifar-100", "resnet18")


def numbers(step):
    count = step.counts
    arguments = sum(launch.set for launch in step.launches)
    return dict(zip(COLUMNS, (count["launch"], arguments, count["read"], count["write"], count["fill"], step.waits(),
                              sum(step.bytes.values()), len(step.builds))))


def cases(models):
    """(name in the table, model, winograd)"""
    for model in models:
        if model in BOTH:
            yield model + " off", model, "off"
            yield model + " auto", model, "auto"
        else:
            yield model, model, None


def print_launches(step):
    for launch in step.launches:
        print("  %-36s %-16s %-12s %s" % (launch.kernel, "x".join(map(str, launch.groups)),
                                         "x".join(map(str, launch.items)), " ".join(launch.arguments)))
    counts = collections.Counter(launch.kernel for launch in step.launches)
    print("  " + ", ".join(f"{kernel} {n}" for kernel, n in counts.most_common()))


def measure(tracer, args):
    """{name: {column: number}} of the models; tells each as it goes."""
    found = {}
    print("%-16s %s" % ("a step of", " ".join("%9s" % column for column in COLUMNS)))
    for name, model, winograd in cases(args.models or MODELS):
        step = tracer.trace(model, args.gpu, winograd)
        found[name] = numbers(step)
        print("%-16s %s" % (name, " ".join("%9d" % found[name][column] for column in COLUMNS)), flush=True)
        if args.list:
            print_launches(step)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu", default="rtx3060")
    table = step_table.StepTable(TABLE, COLUMNS, text="{:.0f}".format, worse=lambda old, new: new > old,
                                 tell="{} {:.0f} -> {:.0f}".format)
    return table.main(parser, measure)


if __name__ == "__main__":
    sys.exit(main())
