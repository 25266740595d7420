"""The list of mutants that change no result, equivalent.txt: a file, its line before and after, and the reason."""
import os

from sites import mutate
from users import read

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "equivalent.txt")


class Equivalent:
    def __init__(self):
        self.reasons = {}
        with open(LIST, encoding="utf-8") as f:
            blocks = f.read().split("\n\n")
        for block in blocks:
            lines = [l for l in block.splitlines() if not l.startswith("#")]
            if lines:
                self.add(lines)

    def add(self, lines):
        """Takes an entry; fails if the file has no such line any more."""
        path, before, after = lines[0], lines[1][2:], lines[2][2:]
        if lines[1][:2] != "- " or lines[2][:2] != "+ " or len(lines) < 4:
            raise SystemExit(f"equivalent.txt: the entry of {path} has not the form: file, - line, + line, reason")
        if before not in (l.strip() for l in read(path).splitlines()):
            raise SystemExit(f"equivalent.txt: {path} has no line {before!r}: remove or change the entry")
        self.reasons[path, before, after] = " ".join(l.strip() for l in lines[3:])

    @staticmethod
    def lines(path, text, site):
        """Returns the entry of a mutant, without its reason."""
        number = text.count("\n", 0, site[0])
        return [path, f"- {text.splitlines()[number].strip()}",
                f"+ {mutate(text, site).splitlines()[number].strip()}"]

    def reason(self, path, text, site):
        _, before, after = self.lines(path, text, site)
        return self.reasons.get((path, before[2:], after[2:]))
