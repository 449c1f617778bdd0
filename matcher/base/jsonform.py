"""Read what somebody else wrote: JSON, TOML and mappings, each of which may hold anything.

One door for every `from_json` and `from_toml` of the package: what is no text, no JSON, too deep or has a number that
no computer needs is a fault, never an error of the parser. And one translation of pydantic's errors into faults.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

from matcher.base.collecting import collecting_later
from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput, wrong_kind
from matcher.base.manyfaults import MOST_IN_ALL, NESTED, FaultList, portions
from matcher.base.plain import shown

T = TypeVar("T")
#: lists and objects within one another; what this library writes has less than twelve
MOST_DEPTH: Final = 50
#: characters of a TOML text, which people write by hand; its parser takes a second for that many
MOST_TOML: Final = 1_000_000
#: dots of one line of it; the parser takes time as the square of the parts of a key
_MOST_DOTS: Final = 1000


def read_json(source: Any, table: str | None = None) -> Any:
    """Return what a JSON text holds.

    Raises
    ------
    InvalidInput
        If it is no text (code `wrong_type`), no JSON (`not_json`), or too deep (`too_deep`).
    """
    return _parsed(source, table, json.loads, "not_json", (str, bytes, bytearray))


def read_object(source: Any, table: str | None = None) -> dict[str, Any]:
    """Return the object that a JSON text holds.

    Raises
    ------
    InvalidInput
        As `read_json`, and if it holds something else than an object.
    """
    content = read_json(source, table)
    if not isinstance(content, dict):
        raise InvalidInput([Fault("not_json", table, details={"reason": "not an object"})])
    return content


def read_toml(source: Any, table: str | None = None) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises
    ------
    InvalidInput
        If it is no text (code `wrong_type`), no TOML (`not_toml`), too deep (`too_deep`) or has more than `MOST_TOML`
        characters (`text_too_long`).
    """
    if isinstance(source, str) and len(source) > MOST_TOML:
        raise InvalidInput([Fault("text_too_long", table, details={"most": MOST_TOML, "found": len(source)})])
    if isinstance(source, str) and any(line.count(".") > _MOST_DOTS for line in source.split("\n")):
        raise InvalidInput([Fault("too_deep", table, details={"most": MOST_DEPTH})])
    content: dict[str, Any] = _parsed(source, table, tomllib.loads, "not_toml", (str,))
    return content


def read_settings(path: Any, table: str) -> dict[str, Any]:
    """Return what a file named .json holds, or any other as TOML.

    Raises
    ------
    InvalidInput
        As `regular_bytes`, `read_object` and `read_toml`.
    """
    content = regular_bytes(path, table=table)
    if str(path).lower().endswith(".json"):
        return read_object(content, table)
    try:
        return read_toml(content.decode("utf-8-sig"), table)
    except UnicodeDecodeError as error:
        raise InvalidInput([Fault("not_toml", table, details={"reason": str(error)})]) from None


def _parsed(source: Any, table: str | None, parse: Callable[[Any], Any], code: str, kinds: tuple[type, ...]) -> Any:
    if not isinstance(source, kinds):
        raise InvalidInput([wrong_kind(source, " or ".join(kind.__name__ for kind in kinds), "source")])
    with no_deeper(table), collecting_later():
        try:
            content = parse(source)
        except ValueError as error:  # of the parser, of UTF-8, and of an integer of too many digits
            raise InvalidInput([Fault(code, table, details={"reason": shown(str(error))})]) from None
        if depth_of(content) > MOST_DEPTH:
            raise RecursionError
    return content


@contextmanager
def no_deeper(table: str | None = None) -> Iterator[None]:
    """Turn what runs out of stack on lists within lists into a fault (code `too_deep`)."""
    try:
        yield
    except RecursionError:
        raise InvalidInput([Fault("too_deep", table, details={"most": MOST_DEPTH})]) from None


def depth_of(content: Any) -> int:
    """Return how many lists and mappings stand within one another; it needs no stack, and stops beyond `MOST_DEPTH`."""
    depth, here = 0, [content]
    while here and depth <= MOST_DEPTH:
        here = [item for item in here if isinstance(item, NESTED)]
        depth += bool(here)
        here = [item for each in here for item in (each.values() if isinstance(each, dict) else each)]
    return depth


def faults_of_validation(
    error: ValidationError, place: Callable[[tuple[Any, ...]], tuple[str | None, int | None, str | None]]
) -> list[Fault]:
    """Return a fault for each of pydantic's errors; `place` says table, row and column of a location.

    Of more than `MOST_IN_ALL` only how many there are: pydantic hands out all or none.
    """
    count = error.error_count()
    if count > MOST_IN_ALL:
        return [Fault("too_many_faults", place(())[0], details={"why": "counted", "count": count})]
    return FaultList(fault_of(item, *place(tuple(item["loc"]))) for item in error.errors(include_url=False))


def records_of(adapter: TypeAdapter[tuple[T, ...]], given: Sequence[Any], table: str) -> tuple[T, ...]:
    """Return the records that rows of several kinds are; `table` is what they are together.

    Raises
    ------
    InvalidInput
        With every fault of the first rows that have any.
    """
    from pydantic import ValidationError  # a market needs neither, and a child begins without it

    before = 0

    def place(location: tuple[Any, ...]) -> tuple[str, int | None, str | None]:
        row = before + location[0] + 1 if location and isinstance(location[0], int) else None
        return table, row, ".".join(str(part) for part in location[2:]) or None

    found: list[T] = []
    try:
        with no_deeper(table):
            for before, part in portions(given, table):  # noqa: B007 - `place` reads it
                found += adapter.validate_python(tuple(part))
    except ValidationError as error:
        raise InvalidInput(faults_of_validation(error, place)) from None
    return tuple(found)


def fault_of(item: Mapping[str, Any], table: str | None, row: int | None, column: str | None) -> Fault:
    """Translate one of pydantic's errors into a fault."""
    code = {"missing": "missing_value", "extra_forbidden": "unknown_field"}.get(item["type"], "invalid_value")
    value = None if code == "missing_value" else item["input"]
    context = {name: part for name, part in item.get("ctx", {}).items() if name != "error"}
    return Fault(code, table, row, column, value, details={**context, "reason": item["msg"], "why": item["type"]})
