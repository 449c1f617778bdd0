"""How much of a random test runs by default: few draws of a kind, the others among the long proofs."""

from collections.abc import Iterable

import pytest


def few(now: int, cases: Iterable[object]) -> list[object]:
    """Return the cases for `parametrize`: the first `now` run by default, those after them with `make proofs`."""
    return [
        case if position < now else pytest.param(case, marks=pytest.mark.slow) for position, case in enumerate(cases)
    ]
