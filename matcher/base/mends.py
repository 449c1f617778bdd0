"""What a reader mended: a cell with one meaning, taken as what it means and told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from matcher.base.errors import Lang, text
from matcher.base.notices import Notice

#: examples that the notice of a column shows
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing of an input that was not written as asked but has one meaning.

    Attributes
    ----------
    code
        Stable code of what was mended; `notice.mended_CODE` in the message catalogue says it.
    table, sheet, row, column
        Where it stands, as in a fault.
    before, after
        What the cell held, and what it was taken for; None where there was nothing, or nothing is left.
    key, name
        What the record is ordered by in its table, and the column's own name, if the cell is in a record.
    """

    code: str
    table: str
    row: int | None = None
    column: str | None = None
    before: Any = None
    after: Any = None
    sheet: str | None = None
    key: tuple[str, ...] | None = None
    name: str | None = None

    def change(self) -> str:
        """Return `before → after`, each cut to a readable length."""
        return f"{_short(self.before)} → {_short(self.after)}"

    def line(self, lang: Lang = "en") -> str:
        """Say where and what, on one line."""
        place = [text("fault.where.table", lang, table=self.table)]
        place += [f"[{self.sheet}]"] if self.sheet and self.sheet != self.table else []
        place += [] if self.row is None else [text("fault.where.row", lang, row=self.row)]
        place += [] if self.column is None else [text("fault.where.column", lang, column=self.column)]
        return f"{' '.join(place)}: {self.change()}"

    def to_json(self) -> dict[str, Any]:
        """Return the mend as plain JSON values."""
        return {
            "code": self.code,
            "table": self.table,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "before": None if self.before is None else str(self.before),
            "after": None if self.after is None else str(self.after),
        }


def mend_notices(mends: Iterable[Mend]) -> list[Notice]:
    """Return one notice for each kind of mend in each column, with how many there are and the first of them."""
    groups: dict[tuple[str, str, str], list[Mend]] = {}
    for mend in mends:
        groups.setdefault((mend.code, mend.table, mend.column or ""), []).append(mend)
    notices = []
    for (code, table, column), group in groups.items():
        shown = [(f"{mend.row}: " if mend.row else "") + mend.change() for mend in group[:_EXAMPLES]]
        examples = "; ".join(shown) + ("; …" if len(group) > _EXAMPLES else "")
        notices.append(
            Notice(f"mended_{code}", {"table": table, "column": column, "count": len(group), "examples": examples})
        )
    return notices


def _short(value: Any) -> str:
    if value is None:
        return "∅"
    said = f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
    return said if len(said) <= 40 else said[:39] + "…"
