"""Read back the errors that `to_json` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from matcher.base.errors import (
    Fault,
    InfeasibleError,
    InvalidInput,
    MatcherError,
    MissingExtra,
    SaveError,
    StoppedError,
    UnsolvedError,
)
from matcher.base.forms import made, read_document
from matcher.base.jsonform import read_object
from matcher.base.plain import Shown
from matcher.words.catalogue import has_text

_FAULTS: Final = "matcher.faults/1"
_ERROR: Final = "matcher.error/1"


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    table: str | None
    sheet: str | None
    row: int | None
    column: str | None
    value: str | None
    details: Mapping[str, Any]
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Faults:
    faults: tuple[_Fault, ...]


@dataclass(frozen=True, slots=True)
class _Error:
    code: str
    message: Mapping[str, str]
    details: Mapping[str, Any] | None = None
    witness: Mapping[str, Any] | None = None


def error_from_json(source: Mapping[str, Any] | str | bytes) -> MatcherError:
    """Return the error that was written by `to_json`, as it is or as text.

    A value that JSON has no form for comes back as the text that stood for it.

    Raises
    ------
    InvalidInput
        If it is something else.

    Examples
    --------
    >>> import matcher
    >>> try:
    ...     matcher.Policy(child_km=-1)
    ... except matcher.InvalidInput as error:
    ...     print(matcher.base.error_from_json(error.to_json()).message() == error.message())
    True
    """
    content = source if isinstance(source, Mapping) else read_object(source)
    if content.get("format") == _FAULTS:
        read = made(_Faults, read_document(content, _FAULTS), ("count",))
        return _checked(InvalidInput([_fault(each) for each in read.faults]))
    return _checked(_error(made(_Error, read_document(content, _ERROR))))


def _checked(error: MatcherError) -> MatcherError:
    """Return the error if it can be said: what its texts fill in may be missing."""
    try:
        error.message("zh")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as reason:
        raise InvalidInput([Fault("not_json", details={"reason": str(reason)})]) from None
    return error


def _fault(read: _Fault) -> Fault:
    shown = set(read.shown)
    details = {name: Shown(value) if name in shown else value for name, value in read.details.items()}
    value = Shown(read.value) if read.value is not None and "value" in shown else read.value
    if not has_text(f"fault.{read.code}"):
        raise InvalidInput([Fault("not_an_option", column="code", value=read.code, details={"known": "fault.*"})])
    try:
        return Fault(read.code, read.table, read.row, read.column, value, read.sheet, details)
    except (KeyError, IndexError, TypeError, ValueError) as reason:
        raise InvalidInput([Fault("not_json", details={"reason": str(reason)})]) from None


def _error(read: _Error) -> MatcherError:
    said, details = read.message.get("en", ""), dict(read.details or {})
    if read.code == InfeasibleError.code:
        return InfeasibleError(said, read.witness, read.message.get("zh"))
    if read.code == UnsolvedError.code:
        return UnsolvedError(said)
    try:
        if read.code == StoppedError.code:
            return StoppedError(**details)
        if read.code == MissingExtra.code:
            return MissingExtra(**details)
        return SaveError(read.code, **details) if has_text(f"error.{read.code}") else MatcherError(said)
    except (KeyError, IndexError, TypeError, ValueError) as reason:
        raise InvalidInput([Fault("not_json", details={"reason": str(reason)})]) from None
