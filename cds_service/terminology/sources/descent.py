"""Who descends from whom, among the numbered codes of a release: a few bytes for each edge."""

from array import array
from collections.abc import Sequence

Integers = Sequence[int]


class Descent:
    """The children of each node, as one array of them and one of where each node's begin."""

    def __init__(self, nodes: int, parents: Integers, children: Integers) -> None:
        """`parents[i]` is a parent of `children[i]`; nodes are numbers below `nodes`. An edge may be named twice."""
        self._begins = begins = array("I", bytes(4 * (nodes + 1)))
        for parent in parents:
            begins[parent + 1] += 1
        for node in range(nodes):
            begins[node + 1] += begins[node]
        free = begins[:]
        self._children = placed = array("I", bytes(4 * len(children)))
        for parent, child in zip(parents, children, strict=True):
            placed[free[parent]] = child
            free[parent] += 1

    def below(self, node: int) -> set[int]:
        """The node itself and whatever descends from it. What descends from itself ends nothing."""
        begins, children = self._begins, self._children
        found, waiting = {node}, [node]
        while waiting:
            parent = waiting.pop()
            for child in children[begins[parent] : begins[parent + 1]]:
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found
