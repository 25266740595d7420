"""step_table.py: a committed table of what a training step takes, a row for each model; no number may get worse."""
import csv

import counted


class StepTable:
    """path: the file. text(number): as the file has it. worse(old, new): true if new is worse.
    tell(column, old, new): a change as a person reads it."""

    def __init__(self, path, columns, text, worse, tell):
        self.path, self.columns, self.text, self.worse, self.tell = path, list(columns), text, worse, tell

    def read(self):
        """{model: {column: number}}"""
        with open(self.path, encoding="utf-8") as file:
            return {row["model"]: {column: float(row[column]) for column in self.columns}
                    for row in csv.DictReader(file)}

    def write(self, found):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(",".join(["model", *self.columns]) + "\n")
            for name, row in found.items():
                file.write(",".join([name, *(self.text(row[column]) for column in self.columns)]) + "\n")

    def compare(self, found):
        """Returns the number of rows that got worse; prints which, and the totals."""
        known, bad = self.read(), 0
        for name, row in found.items():
            old = known.get(name)
            messages = [f"{self.path} has no such row"] if old is None else [
                self.tell(column, old[column], row[column]) for column in self.columns
                if self.worse(old[column], row[column])]
            if messages:
                print(f"FAIL {name}: {', '.join(messages)}")
            bad += bool(messages)
        if bad:
            print("To accept what is worse, and say so in the commit: make gpu-tables")
        elif any(self.worse(row[column], known[name][column]) for name, row in found.items() for column in row):
            print("Better than the table: make gpu-tables keeps that")
        print(f"{len(found) - bad} passed, {bad} failed, 0 skipped")
        return bad

    def main(self, parser, measure):
        """Measures, by measure(tracer, args); writes or compares as the arguments ask. Returns the exit code."""
        counted.add_arguments(parser)
        args = parser.parse_args()
        with counted.Tracer(args) as tracer:
            found = measure(tracer, args)
        if args.write:
            self.write(found)
        return 1 if args.check and self.compare(found) else 0
