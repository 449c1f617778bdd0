"""How much of a random test runs by default: few draws of a kind, the others among the long proofs."""

import re
from collections.abc import Iterable
from typing import Any

import pytest


def few(now: int, cases: Iterable[object]) -> list[object]:
    """Return the cases for `parametrize`: the first `now` run by default, those after them with `make proofs`.

    A case for several names is a tuple.
    """
    return [
        case
        if position < now
        else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for position, case in enumerate(cases)
    ]


def told(value: Any) -> str:
    """Return `value` as the name of a case: without addresses, since workers must agree on the names of tests."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
