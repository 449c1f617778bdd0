"""True and false pass for no number: in any field of any record or policy, and among the numbers of a market."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

import matcher
from matcher import InvalidInput, Market


def numeric(annotation: Any) -> bool:
    """Whether a type takes numbers alone or beside None, and no booleans of its own."""
    if typing.get_origin(annotation) is typing.Literal or annotation is bool:
        return False
    inner = typing.get_args(annotation)
    return annotation in (int, float) or (bool not in inner and any(map(numeric, inner)))


def fields() -> list[tuple[type[BaseModel], str]]:
    found = set()
    for module in pkgutil.walk_packages(matcher.__path__, "matcher."):
        if not module.name.endswith("__main__"):
            members = vars(importlib.import_module(module.name)).values()
            found |= {each for each in members if inspect.isclass(each) and issubclass(each, BaseModel)}
    made = [each for each in found if not inspect.isabstract(each)]  # what is abstract is tried as what it becomes
    classes = sorted(made, key=lambda each: (each.__module__, each.__name__))
    return [(each, name) for each in classes for name, field in each.model_fields.items() if numeric(field.annotation)]


def test_no_field_takes_true_for_a_number() -> None:
    """Whatever is added later too."""
    listed = fields()
    assert len(listed) > 100
    taken = []
    for owner, name in listed:
        for value in (True, np.True_):
            try:
                owner.__pydantic_validator__.validate_assignment(owner.model_construct(), name, value)
            except ValidationError:
                continue
            taken.append((owner.__name__, name, value))
    assert taken == []


@pytest.mark.parametrize(
    "given",
    [
        [[True, 2]],
        [[1.5, False]],
        [[1, np.True_]],
        ((1, 2), (True, 3)),
        [np.array([True, False]), np.array([1, 2])],
        np.array([[True, 2]], dtype=object),
        np.array([[True, False]]),
    ],
    ids=str,
)
def test_no_market_takes_true_for_a_cost(given: Any) -> None:
    """NumPy would make 1 of it where a number stands beside."""
    with pytest.raises(InvalidInput) as caught:
        Market.from_matrix(given)
    assert [fault.code for fault in caught.value.faults] == ["array_type"]


def test_no_market_takes_true_for_a_bound() -> None:
    with pytest.raises(InvalidInput):
        Market.from_matrix([[1, 2], [3, 4]], demand=[True, 2])
    with pytest.raises(InvalidInput):
        Market.from_points([(26.6, 106.7)], [(True, 105.5)])
