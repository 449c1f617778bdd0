"""Demands that contradict each other, found by asking one question alone: whether some of them go together.

Two known ways build on it: a conflict is made irreducible by halving (QuickXplain; U. Junker, AAAI 2004), and the
cheapest ways out are the smallest sets that hit every conflict, found in the order of their size (the hitting-set tree
of R. Reiter, Artificial Intelligence 32 (1987)). So the first way out gives up as few demands as any can. Where the
tree grows too large, one way out is found by adding demands while they go together: it may not be the smallest.

It is taken for granted that if some demands go together, so does every part of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, TypeVar

#: nodes of the tree that are looked at
_MOST_NODES: Final = 200

D = TypeVar("D", bound=Hashable)


def irreducible(
    together: Callable[[Sequence[D]], bool],
    among: Sequence[D],
    kept: Sequence[D] = (),
    added: Sequence[D] = (),
) -> list[D]:
    """Return an irreducible part of demands that do not go with those kept, by halving.

    Parameters
    ----------
    together
        Whether some demands go together.
    among, kept
        Demands that do not go together with those kept.
    added
        Those of the kept that were added last.
    """
    if added and not together(kept):
        return []
    if len(among) <= 1:
        return list(among)
    half = len(among) // 2
    first, second = among[:half], among[half:]
    of_second = irreducible(together, second, [*kept, *first], first)
    of_first = irreducible(together, first, [*kept, *of_second], of_second)
    return of_first + of_second


def smallest_ways(
    together: Callable[[Sequence[D]], bool],
    demands: Sequence[D],
    conflict: Sequence[D],
    k: int,
    stopped: Callable[[], bool],
) -> list[frozenset[D]]:
    """Return up to k sets of demands whose loss is a way out, no one within another, the smallest first.

    Parameters
    ----------
    conflict
        An irreducible part of the demands.
    stopped
        Asked before every node whether to end with what is found.
    """
    conflicts = [conflict]
    found: list[frozenset[D]] = []
    level: list[frozenset[D]] = [frozenset()]
    looked = 0
    while level and len(found) < k:
        following: dict[frozenset[D], None] = {}
        for chosen in level:
            looked += 1
            if looked > _MOST_NODES or stopped():
                return found
            if any(way <= chosen for way in found):
                continue
            hit = next((each for each in conflicts if not chosen & set(each)), None)
            if hit is None:
                rest = [demand for demand in demands if demand not in chosen]
                if together(rest):
                    found.append(chosen)
                    if len(found) == k:
                        break
                    continue
                hit = irreducible(together, rest)
                conflicts.append(hit)
            for demand in hit:
                following[chosen | {demand}] = None
        level = list(following)
    return found


def one_way(together: Callable[[Sequence[D]], bool], demands: Sequence[D]) -> frozenset[D]:
    """Return demands whose loss is a way out: those that do not go with the ones before them."""
    kept: list[D] = []
    lost: list[D] = []

    def add(some: Sequence[D]) -> None:
        if together([*kept, *some]):
            kept.extend(some)
        elif len(some) == 1:
            lost.extend(some)
        else:
            add(some[: len(some) // 2])
            add(some[len(some) // 2 :])

    if demands:
        add(demands)
    return frozenset(lost)


def largest(fits: Callable[[int], bool], low: int, high: int) -> int:
    """Return the largest number up to `high` that fits; `low` is known to, and what is below one that fits does too."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def smallest(fits: Callable[[int], bool], low: int, high: int) -> int:
    """Return the smallest number from `low` that fits; `high` is known to, and what is above one that fits does too."""
    return -largest(lambda number: fits(-number), -high, -low)
