"""flow.py: the loops of a program of numbered instructions, some of which jump."""


class Flow:
    """jumps: {instruction: those it may jump to}; leaves: instructions after which the next one is never run."""

    def __init__(self, length, jumps, leaves):
        starts = {0, *(at + 1 for at in [*jumps, *leaves]), *(t for targets in jumps.values() for t in targets)}
        self.starts = sorted(at for at in starts if at < length)
        self.ends = [*self.starts[1:], length]
        number = {at: i for i, at in enumerate(self.starts)}
        self.following = []
        for i, end in enumerate(self.ends):
            next_ones = [number[t] for t in jumps.get(end - 1, ()) if t in number]
            if end - 1 not in leaves and end in number:
                next_ones.append(number[end])
            self.following.append(next_ones)
        self.order = self.in_order(range(len(self.starts)), 0) if self.starts else []
        self.loops = self.find_loops()

    def in_order(self, blocks, first):
        """The blocks that can be reached from the first one, each before those that follow it, but for ways back."""
        allowed, seen, out = set(blocks), {first}, []
        stack = [(first, iter(self.following[first]))]
        while stack:
            at, rest = stack[-1]
            for other in rest:
                if other in allowed and other not in seen:
                    seen.add(other)
                    stack.append((other, iter(self.following[other])))
                    break
            else:
                out.append(at)
                stack.pop()
        return out[::-1]

    def dominators(self):
        """{block: the blocks on every way to it}"""
        before = {at: [] for at in self.order}
        for at in self.order:
            for other in self.following[at]:
                before[other].append(at)
        found = {at: set(self.order) for at in self.order}
        if self.order:
            found[self.order[0]] = {self.order[0]}
        changed = True
        while changed:
            changed = False
            for at in self.order[1:]:
                new = set.intersection(*(found[other] for other in before[at])) | {at}
                changed |= new != found[at]
                found[at] = new
        return found, before

    def find_loops(self):
        """{header: its blocks}"""
        found, before = self.dominators()
        loops = {}
        for at in self.order:
            for header in self.following[at]:
                if header in found[at]:
                    body = loops.setdefault(header, {header})
                    todo = [at]
                    while todo:
                        block = todo.pop()
                        if block not in body:
                            body.add(block)
                            todo += before[block]
        return loops

    def inside(self, header):
        """The blocks of the loops inside a loop."""
        body = self.loops[header]
        return {block for other in self.loops if other != header and other in body for block in self.loops[other]}

    def best_round(self, header, value):
        """The blocks of a round of a loop on the way whose values, summed, are largest."""
        order = self.in_order(self.loops[header], header)
        place = {block: i for i, block in enumerate(order)}
        best, before = {header: value(header)}, {header: None}
        for at in order:
            for other in self.following[at]:
                if place.get(other, -1) > place[at]:
                    sum_ = tuple(a + b for a, b in zip(best[at], value(other)))
                    if other not in best or best[other] < sum_:
                        best[other], before[other] = sum_, at
        at = max((block for block in order if header in self.following[block]), key=best.get)
        blocks = []
        while at is not None:
            blocks.append(at)
            at = before[at]
        return blocks
