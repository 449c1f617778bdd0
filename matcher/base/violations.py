"""A breach of a hard rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matcher.base.errors import text


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of one hard rule by a plan.

    Attributes
    ----------
    code
        Stable code; `violation.CODE` is its text.
    details
        What the text fills in: ids, kinds, values.
    """

    code: str
    details: Mapping[str, Any]

    def text(self, lang: str = "en") -> str:
        """Say what is broken."""
        return text(f"violation.{self.code}", lang, **self.details)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values with the text in both languages."""
        return {
            "code": self.code,
            "details": dict(self.details),
            "text": {lang: self.text(lang) for lang in ("en", "zh")},
        }
