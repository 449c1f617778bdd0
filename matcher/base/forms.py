"""Read back what `to_json` of a small object wrote: one door for reports, recommendations, explanations and progress.

The fields are held against the types of the dataclass, strictly: a number that is no number, a word that is none, a
field too many or too few are faults.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, TypeVar, cast

from matcher.base.crossing import Crosses
from matcher.base.errors import Fault, InvalidInput
from matcher.base.jsonform import MOST_DEPTH, depth_of, faults_of_validation, read_object

T = TypeVar("T")


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
    from pydantic import TypeAdapter, ValidationError  # a market needs neither, and a child begins without it

    names = {each.name for each in fields(cast(Any, kind))}
    faults = [Fault("unknown_field", column=str(name)) for name in content if name not in names | set(derived)]
    given = {name: value for name, value in content.items() if name in names}
    try:
        # as JSON again, since only there a list may stand for a tuple and yet a text never for a number
        found = TypeAdapter(kind).validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        faults += faults_of_validation(error, lambda place: (None, None, ".".join(map(str, place))))
    except (TypeError, ValueError) as error:
        faults.append(Fault("not_json", details={"reason": str(error)}))
    except RecursionError:
        raise InvalidInput([Fault("too_deep", details={"most": MOST_DEPTH})]) from None
    if faults:
        raise InvalidInput(faults)
    mappings = {each.name: getattr(found, each.name) for each in fields(cast(Any, kind))}
    sealed = (
        {name: MappingProxyType(value) for name, value in mappings.items() if isinstance(value, dict)}
        if issubclass(kind, Crosses)
        else {}
    )
    return cast(T, replace(cast(Any, found), **sealed)) if sealed else found
