"""The verdicts of earlier mutants, in a file to which each is added as it comes, so that a campaign can be interrupted.

A verdict holds for the mutant's text and that of its file: after a change of the file it is found again."""
import hashlib
import json
import os

from sites import mutate
from users import read


class Results:
    def __init__(self, path):
        self.path, self.verdicts = path, {}
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    key, word, why, killer = json.loads(line)
                    self.verdicts[key] = word, why, killer

    @staticmethod
    def key(backend, path, site):
        """Names a mutant by its backend, its file and the contents."""
        text = read(path)
        both = "\0".join((text, mutate(text, site)))
        return f"{backend} {path} {hashlib.sha256(both.encode()).hexdigest()[:16]}"

    def get(self, key):
        """Returns the word, the reason and what killed a mutant, or None."""
        return self.verdicts.get(key)

    def add(self, key, word, why, killer):
        self.verdicts[key] = word, why, killer
        if self.path:
            with open(self.path, "a", encoding="utf-8") as f:
                f.write(json.dumps([key, word, why, killer]) + "\n")

    def killers(self, backend, path):
        """Returns what killed other mutants of a file, [settings, arguments] each: the most frequent first."""
        of_file = f"{backend} {path} "
        every = [json.dumps(k) for key, (_, _, k) in self.verdicts.items() if k and key.startswith(of_file)]
        return [json.loads(k) for k in sorted(set(every), key=lambda k: -every.count(k))]
