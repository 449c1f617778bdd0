"""What is no fault but must be said: one small type for every warning, from reading to the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.base.plain import shown
from matcher.words.catalogue import has_text


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a planner should know about an input or a plan.

    Attributes
    ----------
    code
        Stable code; `notice.CODE` in the message catalogue is its text.
    details
        Plain values (text, numbers, or a text in each language by its code) that the text fills in.

    Examples
    --------
    >>> Notice("assumed_children", {"table": "schools", "children": 100}).text()
    'schools has no column for children: every row counts as 100.'
    """

    code: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: Lang = "en") -> str:
        """Say it."""
        key = f"notice.{self.code}"
        if "nearest" in self.details and has_text(f"{key}.nearest"):
            key += ".nearest"
        return text(key, lang, **self.details)

    def to_json(self) -> dict[str, Any]:
        """Return the notice as plain JSON values, with its text in both languages."""
        said = {"en": self.text("en"), "zh": self.text("zh")}
        return {"code": self.code, "details": dict(self.details), "text": said}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Notice:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is something else, or nothing that this version can say.
        """
        code, details = content["code"], content["details"]
        if not (isinstance(code, str) and isinstance(details, Mapping) and has_text(f"notice.{code}")):
            raise ValueError(f"notice {shown(code)!r}")
        notice = cls(code, dict(details))
        try:
            for lang in ("en", "zh"):
                notice.text(lang)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"notice {code!r}: {shown(error)}") from None
        return notice

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted((name, str(value)) for name, value in self.details.items()))))

    def __str__(self) -> str:
        return self.text()


#: what changes a plan's meaning is said before what was merely tidied; columns that are carried on come last
_LIGHT: Final = ("table_taken", "made_ids", "names_for_ids", "partners_taken", "placed_by_gazetteer", "read_as")
_HEAVY_MENDS: Final = ("mended_swapped", "mended_about", "mended_header_unit")


def by_weight(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return notices with the most important first, else in their order."""
    return tuple(sorted(notices, key=_weight))


def _weight(notice: Notice) -> int:
    if notice.code == "unknown_column" and "nearest" not in notice.details:
        return 3
    if notice.code.startswith("mended_") and notice.code not in _HEAVY_MENDS:
        return 2
    return int(notice.code in _LIGHT)


def noted(notices: tuple[Notice, ...]) -> list[dict[str, Any]]:
    """Return notices as plain JSON values without their texts."""
    return [{"code": notice.code, "details": dict(notice.details)} for notice in notices]


def reading_notices(content: Any) -> tuple[Notice, ...]:
    """Read the notices that an instance was written with.

    Raises
    ------
    InvalidInput
        If they are something else (code `broken_notices`).
    """
    try:
        if not isinstance(content, list):
            raise TypeError("no list")
        return tuple(Notice.from_json(row) for row in content)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput([Fault("broken_notices", column="notices", details={"reason": shown(error)})]) from None
