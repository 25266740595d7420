"""The command isocl, which comes with the package."""

import os
import sys


def main():
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "isocl")
    os.execv(program, [program, *sys.argv[1:]])
