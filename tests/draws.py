"""How much of a random test runs by default: few draws of a kind, the others among the long proofs."""

import itertools
import re
from collections.abc import Iterable
from typing import Any

import pytest

#: whether long proofs are wanted; set before any test is collected
LONG = False


def few(now: int, cases: Iterable[object]) -> list[object]:
    """Return the cases for `parametrize`: the first `now` run by default, those after them with `make proofs`.

    A case for several names is a tuple. Those of the long proofs are made only where they run (`LONG`): there are
    thousands, and pytest takes seconds to make and drop them.
    """
    if not LONG:
        return list(itertools.islice(cases, now))
    return [
        case
        if position < now
        else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for position, case in enumerate(cases)
    ]


def blocks(now: int, seeds: range) -> list[object]:
    """Return `seeds` for `parametrize` in two blocks: the first `now` run by default, the rest with `make proofs`."""
    return few(1, [seeds[:now], seeds[now:]])


def told(value: Any) -> str:
    """Return `value` as the name of a case: without addresses, since workers must agree on the names of tests."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
