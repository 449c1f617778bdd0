"""Read back what `to_json` of a small object wrote: one door for reports, recommendations, explanations and progress.

The fields are held against the types of the dataclass, strictly: a number that is no number, a word that is none, a
field too many or too few are faults.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from matcher.base.crossing import Crosses
from matcher.base.errors import Fault, InvalidInput
from matcher.base.jsonform import MOST_DEPTH, depth_of, faults_of_validation, read_object
from matcher.base.manyfaults import FaultList, check_size, portions

T = TypeVar("T")
#: rows of a list that are judged with all the rest
_FEW: Final = 1000


def read_document(source: Any, form: str) -> dict[str, Any]:
    """Return the object that a JSON text, or what was read from one, holds, without its format.

    Raises
    ------
    InvalidInput
        If it is none (codes `wrong_type`, `not_json`, `too_deep`), or of another format (`unknown_format`).
    """
    if isinstance(source, Mapping):
        content = dict(source)
        if depth_of(content) > MOST_DEPTH:
            raise InvalidInput([Fault("too_deep", details={"most": MOST_DEPTH})])
    else:
        content = read_object(source)
    found = content.pop("format", None)
    if found != form:
        raise InvalidInput([Fault("unknown_format", value=found, details={"known": form})])
    return content


def made(kind: type[T], content: Mapping[str, Any], derived: Iterable[str] = ()) -> T:
    """Return the dataclass that has these fields; what is `derived` from them is left aside.

    Raises
    ------
    InvalidInput
        With every field that is missing, unknown, or of another kind.
    """
    names = {each.name for each in fields(cast(Any, kind))}
    faults = FaultList(Fault("unknown_field", column=str(name)) for name in content if name not in names | set(derived))
    try:
        found = _whole(kind, {name: value for name, value in content.items() if name in names})
    except InvalidInput as refused:
        raise InvalidInput([*faults, *refused.faults]) from None
    if faults:
        raise InvalidInput(faults)
    mappings = {each.name: getattr(found, each.name) for each in fields(cast(Any, kind))}
    sealed = (
        {name: MappingProxyType(value) for name, value in mappings.items() if isinstance(value, dict)}
        if issubclass(kind, Crosses)
        else {}
    )
    return cast(T, replace(cast(Any, found), **sealed)) if sealed else found


def _whole(kind: type[T], given: Mapping[str, Any]) -> T:
    """Return the dataclass of these fields, long lists of rows judged a portion at a time."""
    rows = {name: value for name, value in given.items() if isinstance(value, list) and len(value) > _FEW}
    rest = {name: value for name, value in given.items() if name not in rows}
    check_size(rest)
    found = _judged(kind, {**rest, **{name: [] for name in rows}})
    for name, values in rows.items():
        parts = [
            getattr(_judged(kind, {**rest, **dict.fromkeys(rows, ()), name: part}, name, before), name)
            for before, part in portions(values)
        ]
        found = cast(T, replace(cast(Any, found), **{name: type(parts[0])(chain(*parts))}))
    return found


def _judged(kind: type[T], given: Mapping[str, Any], rows: str = "", before: int = 0) -> T:
    """Return the dataclass of these fields; in the field `rows` stand those after the first so many."""
    from pydantic import ValidationError  # a market needs neither, and a child begins without it

    def place(location: tuple[Any, ...]) -> tuple[None, None, str]:
        if location[:1] == (rows,) and len(location) > 1:
            location = (rows, before + location[1], *location[2:])
        return None, None, ".".join(map(str, location))

    try:
        # as JSON again, since only there a list may stand for a tuple and yet a text never for a number
        return cast(T, _adapter(cast(Any, kind)).validate_json(json.dumps(given), strict=True))
    except ValidationError as error:
        raise InvalidInput(faults_of_validation(error, place)) from None
    except (TypeError, ValueError) as error:
        raise InvalidInput([Fault("not_json", details={"reason": str(error)})]) from None
    except RecursionError:
        raise InvalidInput([Fault("too_deep", details={"most": MOST_DEPTH})]) from None


@cache
def _adapter(kind: type[Any]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
