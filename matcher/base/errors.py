"""The errors of the package.

MatcherError
 ├── InvalidInput       what was given is faulty; lists every fault at once
 ├── InfeasibleError    no plan meets the hard rules; carries the witness
 ├── UnsolvedError      stopped before anything feasible was found
 │    └── StoppedError  stopped before there was anything to hand back, as reading and checking are
 ├── SaveError          a target could not be written; nothing was changed
 └── MissingExtra       the feature needs an optional package
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, Self

from matcher.base.plain import plain, shown
from matcher.words.catalogue import LANGS, has_text, said
from matcher.words.parsers import in_chinese

Lang = Literal["en", "zh"]
#: characters of what a message fills in besides the value, such as the names that would have been right
_LONGEST_DETAIL: Final = 4000


class Repairable(Protocol):
    """What knows its ways out: an infeasible plan or matching."""

    @property
    def repairs(self) -> Callable[..., Any]:
        """Returns them."""


class MatcherError(Exception):
    """Base of every error that the package raises on purpose; `code` is stable."""

    code: str = "error"

    def message(self, lang: Lang = "en") -> str:
        """Say what is wrong."""
        return str(self)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.error/1`), with the message in both languages."""
        said = {lang: self.message(lang) for lang in ("en", "zh")}
        details, _ = _as_json(self._details())
        return {"format": "matcher.error/1", "code": self.code, "message": said, "details": details}

    def _details(self) -> Mapping[str, Any]:
        """Return what the message fills in."""
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to another process as what it is, whatever its constructor takes."""
        return _again, self._said()

    def _said(self) -> tuple[type[Self], Any, dict[str, Any]]:
        """Return what is the same of two errors that are equal: type, arguments and what else they say."""
        state = {name: plain(part) for name, part in self.__dict__.items() if name not in ("faults", "of")}
        if "faults" in self.__dict__:
            state["faults"] = tuple(Fault(*fault.__reduce__()[1]) for fault in self.__dict__["faults"])
        return type(self), plain(self.args), state

    def __deepcopy__(self, memo: Any) -> Self:
        again: Self = _again(*self.__reduce__()[1])
        return again

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MatcherError):
            return NotImplemented
        return self is other or self._said() == other._said()

    def __hash__(self) -> int:
        return hash((type(self), str(self)))


def _again(kind: type[MatcherError], args: tuple[Any, ...], state: Mapping[str, Any]) -> Any:
    """Make an error again from what `__reduce__` gave; its constructor has been run once."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the input, named in the user's own terms.

    Attributes
    ----------
    code
        Stable code; also the key of its text and of its mend in the message catalogue.
    table, sheet, row, column, value
        Where it stands: `row` is the 1-based row as the user's editor shows it (header = 1), None if unknown.
    details
        What the texts of the catalogue fill in.
    """

    code: str
    table: str | None = None
    row: int | None = None
    column: str | None = None
    value: Any = None
    sheet: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def message(self, lang: Lang = "en") -> str:
        """Say what is wrong."""
        key = f"fault.{self.code}"
        if has_text(f"{key}.{self.details.get('why')}"):
            key += f".{self.details['why']}"
        return text(key, lang, **self._fields(lang))

    def mend(self, lang: Lang = "en") -> str:
        """Say how to mend it."""
        key = f"mend.{self.code}"
        if has_text(f"{key}.{self.details.get('why')}"):
            key += f".{self.details['why']}"
        if "nearest" in self.details and has_text(f"{key}.nearest"):
            key += ".nearest"
        return text(key, lang, **self._fields(lang))

    def where(self, lang: Lang = "en") -> str:
        """Say where it stands, as `schools row 12 column lat`."""
        parts = [text("fault.where.table", lang, table=self.table)] if self.table else []
        if self.sheet and self.sheet != self.table:
            parts.append(f"[{self.sheet}]")
        if self.row is not None:
            parts.append(text("fault.where.row", lang, row=self.row))
        if self.column is not None:
            parts.append(text("fault.where.column", lang, column=shown(self.column)))
        return " ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the fault as plain JSON values, with its texts in both languages.

        `shown` names what stands there as text for a value that is no text.
        """
        written, replaced = _as_json(self.details)
        return {
            "code": self.code,
            "table": self.table,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": None if self.value is None else str(shown(self.value)),
            "details": written,
            "shown": sorted([*replaced, *(["value"] if type(self.value) not in (str, type(None)) else [])]),
            "message": {lang: self.message(lang) for lang in ("en", "zh")},
            "mend": {lang: self.mend(lang) for lang in ("en", "zh")},
        }

    def _fields(self, lang: Lang) -> dict[str, Any]:
        place = {"table": self.table, "row": self.row, "column": self.column, "value": self.value, "sheet": self.sheet}
        said = {name: shown(part) for name, part in place.items()}
        said |= {name: shown(part, _LONGEST_DETAIL) for name, part in self.details.items()}
        if lang == "zh" and isinstance(said.get("reason"), str):  # what another's parser says it says in English
            said["reason"] = in_chinese(said["reason"])
        return said

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to another process with what of the value any process can read."""
        place = (self.code, self.table, self.row, self.column)
        return Fault, (*place, plain(self.value), self.sheet, plain(self.details))


def _as_json(details: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return details as JSON has them, and the names of those that a text stands for."""
    written = {str(name): plain(part) for name, part in details.items()}
    atoms = (str, int, float, bool, type(None))
    both = {name for name, part in written.items() if isinstance(part, dict) and part.keys() == set(LANGS)}
    replaced = [name for name, part in written.items() if name not in both and type(part) not in atoms]
    texts = [name for name, part in written.items() if name in replaced or isinstance(part, str)]
    return written | {name: str(shown(details[name], _LONGEST_DETAIL)) for name in texts}, replaced


class InvalidInput(MatcherError):
    """What was given is faulty; `faults` lists every fault, sorted by table, row and column."""

    code = "invalid_input"

    def __init__(self, faults: Sequence[Fault]):
        order = sorted(
            faults,
            key=lambda f: (f.table or "", f.row is not None, f.row or 0, f.column or "", f.code, str(shown(f.value))),
        )
        self.faults: tuple[Fault, ...] = tuple(order)
        super().__init__(self.message())

    def message(self, lang: Lang = "en", *, most: int = 20) -> str:
        """Return the faults as text, at most `most` of each code, the rest counted."""
        lines = [text("fault.head", lang, count=len(self.faults))]
        by_code: dict[str, list[Fault]] = {}
        for fault in self.faults:
            by_code.setdefault(fault.code, []).append(fault)
        for group in by_code.values():
            for fault in group[:most]:
                where = fault.where(lang)
                lines.append(
                    f"  {where + ': ' if where else ''}{fault.message(lang)} {fault.mend(lang)} [{fault.code}]"
                )
            if len(group) > most:
                lines.append(text("fault.more", lang, count=len(group) - most, code=group[0].code))
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return all faults as plain JSON values."""
        return {
            "format": "matcher.faults/1",
            "count": len(self.faults),
            "faults": [fault.to_json() for fault in self.faults],
        }


def check_lang(lang: Any) -> None:
    """Refuse a language without texts.

    Raises
    ------
    InvalidInput
        If there are no texts in `lang` (code `invalid_value`).
    """
    if lang not in LANGS:
        details = {"why": "literal_error", "expected": ", ".join(LANGS)}
        raise InvalidInput([Fault("invalid_value", column="lang", value=lang, details=details)])


def text(key: str, lang: str = "en", /, **fields: Any) -> str:
    """Return the text of `key` in `lang` with `fields` filled in: the one door to the catalogue.

    Raises
    ------
    InvalidInput
        If there are no texts in `lang`.
    """
    check_lang(lang)
    return said(key, lang, **fields)


def check_kind(value: Any, expected: type, column: str) -> None:
    """Refuse an argument of another kind by its name.

    Raises
    ------
    InvalidInput
        If `value` is no `expected` (code `wrong_type`).
    """
    if not isinstance(value, expected):
        raise InvalidInput([wrong_kind(value, expected.__name__, column)])


def check_count(value: Any, column: str) -> None:
    """Refuse what is no whole number of 1 or more.

    Raises
    ------
    InvalidInput
        With the code `invalid_value`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        details = {"reason": "an integer of 1 or more"}
        raise InvalidInput([Fault("invalid_value", column=column, value=value, details=details)])


def wrong_kind(value: Any, expected: str, column: str) -> Fault:
    """Return the fault of an argument that is no `expected`."""
    return Fault("wrong_type", column=column, details={"found": type(value).__name__, "expected": expected})


class InfeasibleError(MatcherError):
    """No plan meets the hard rules; `witness` says why, in a form that the checker recomputes.

    `chinese` is the message in Chinese, where there is one; `of` is the plan or the matching that there is none of:
    its ways out are looked for when they are asked for.
    """

    code = "infeasible"

    def __init__(
        self,
        message: str,
        witness: Mapping[str, Any] | None = None,
        chinese: str | None = None,
        of: Repairable | None = None,
    ):
        super().__init__(message)
        self.witness = witness
        self.of = of
        self._chinese = chinese

    def message(self, lang: Lang = "en") -> str:
        """Say why there is none."""
        return self._chinese if lang == "zh" and self._chinese else str(self)

    def repairs(self, k: int = 3, **limits: Any) -> Any:
        """Return why and up to k ways out, as those of the plan or the matching; None if there is none to ask.

        `limits` are those of `plan.repairs`.
        """
        return None if self.of is None else self.of.repairs(k, **limits)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, the witness among them."""
        return {**super().to_json(), "witness": None if self.witness is None else dict(self.witness)}

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross with the plan or the matching, which cross as they are."""
        kind, args, state = self._said()
        return _again, (kind, args, state | {"of": self.of})


class UnsolvedError(MatcherError):
    """The work was stopped before anything feasible was found."""

    code = "unsolved"


class StoppedError(UnsolvedError):
    """Reading or checking was stopped by its limit or its token; half of either would be worth nothing.

    `reason` is "time" or "cancelled".
    """

    code = "stopped"

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(self.message())

    def message(self, lang: Lang = "en") -> str:
        """Say what stopped it."""
        return text(f"error.stopped.{self.reason}", lang)

    def _details(self) -> Mapping[str, Any]:
        return {"reason": self.reason}


class SaveError(MatcherError):
    """A target could not be written; what stood there before still stands. `code` and `details` say why."""

    def __init__(self, code: str, **details: Any):
        self.code = code
        self.details = details
        super().__init__(self.message())

    def message(self, lang: Lang = "en") -> str:
        """Say why."""
        return text(f"error.{self.code}", lang, **{n: shown(part, _LONGEST_DETAIL) for n, part in self.details.items()})

    def _details(self) -> Mapping[str, Any]:
        return self.details


class MissingExtra(MatcherError):
    """A feature needs an optional package that is not installed."""

    code = "missing_extra"

    def __init__(self, package: str, extra: str):
        self.package, self.extra = package, extra
        super().__init__(self.message())

    def message(self, lang: Lang = "en") -> str:
        """Say what to install."""
        return text("error.missing_extra", lang, package=self.package, extra=self.extra)

    def _details(self) -> Mapping[str, Any]:
        return {"package": self.package, "extra": self.extra}
