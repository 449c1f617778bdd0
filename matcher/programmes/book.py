"""The plan of a programme as a workbook to read, print and hand over: an overview, a sheet a frame, the rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import Lang, text
from matcher.files.sheets import SheetColumn, TextLine, add_page, add_sheet, new_workbook, save_workbook
from matcher.programmes.explaining import one_of
from matcher.programmes.forms import policy_lines, word
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    import pandas as pd

    from matcher.programmes.result import ProgrammePlan

#: columns of ids, and whether they are those of the providers
_SIDES: Final = {"provider_id": True, "recipient_id": False}
#: columns of codes that have a word in either language
_CODES: Final = ("kind", "reason", "mode")


def write_book(plan: ProgrammePlan, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write a plan as a workbook in English or Chinese; return its path.

    Raises
    ------
    SaveError
        If the target can't be written, or is not ours to replace.
    MissingExtra
        If the extra `excel` is not installed.
    """
    workbook = new_workbook()
    add_page(workbook, text("programme.frame.overview", lang), overview(plan, lang), pages=1)
    for name in plan.frames:
        frame = plan.frame(name)
        if len(frame):
            columns, rows = sheet(plan, name, frame, lang)
            add_sheet(workbook, word("programme.frame", name, lang), columns, rows, wraps=True)
    return save_workbook(workbook, Path(path), replace=replace)


def overview(plan: ProgrammePlan, lang: Lang) -> list[TextLine]:
    """Return the plan on one page: what its summary says, and what was asked for."""
    head, *lines = plan.summary(lang).split("\n")
    page = [TextLine("title", head), *(TextLine("figure", *_halves(line)) for line in lines)]
    return [*page, TextLine("head", text("rulebook.sheet", lang)), *map(_rule, policy_lines(plan.policy, lang))]


def _halves(line: str) -> tuple[str, str]:
    """Return the name of a line of the summary, and what is said of it."""
    *name, said = (part.strip() for part in line.strip().split("  ") if part.strip())
    return " ".join(name), said


def _rule(line: str) -> TextLine:
    name, _, said = line.replace("：", ": ", 1).partition(": ")
    return TextLine("figure", name, said)


def sheet(plan: ProgrammePlan, name: str, frame: pd.DataFrame, lang: Lang) -> tuple[list[SheetColumn], list[Any]]:
    """Return the columns and rows of a frame, everybody with their name, codes in words."""
    columns: list[SheetColumn] = []
    cells: list[list[Any]] = []
    said = _words_of(plan, lang)
    for column in frame.columns:
        values = frame[column].astype(object).where(frame[column].notna(), None).tolist()
        coded = column in _CODES
        cells.append([said.get(value) or _word(value, lang) for value in values] if coded else values)
        kind = "id" if column.endswith("id") else {"i": "whole", "f": "km"}.get(frame[column].dtype.kind, "text")
        columns.append(SheetColumn(_title(plan, name, column, lang), kind))
        known = _names(plan, column)
        if known and "name" not in frame.columns:
            columns.append(SheetColumn(text("programme.column.name", lang)))
            cells.append([known.get(value) for value in values])
    return columns, [list(row) for row in zip(*cells, strict=True)]


def _words_of(plan: ProgrammePlan, lang: Lang) -> dict[str, str]:
    """Return the words of the codes of a plan: reasons, names of tables, choices of their columns."""
    kit = plan.programme.schema.kit
    found = {code: word("programme.reason", code, lang) for code in ("nobody_in_reach", "no_room_or_not_open")}
    if lang == "zh":
        found |= {name: table.zh for name, table in kit.items()}
        found |= {
            code: words[0] for table in kit.values() for each in table.columns for code, words in each.values.items()
        }
    return found


def _word(code: Any, lang: Lang) -> Any:
    """Return the word of a code that is none of its tables; what a planner wrote stands."""
    return word("programme.value", code, lang) if isinstance(code, str) else code


def _title(plan: ProgrammePlan, frame: str, column: str, lang: Lang) -> str:
    """Return the header of a column: ids are called as in the table whose they are."""
    if column in _SIDES:
        programme = plan.programme
        table = programme.schema.kit[programme.providers if _SIDES[column] else programme.recipients]
        return table.column("id").zh if lang == "zh" else f"{one_of(table.name)} id"
    key = f"programme.column.{frame}.{column}"
    return text(key, lang) if has_text(key) else word("programme.column", column, lang)


def _names(plan: ProgrammePlan, column: str) -> dict[str, str]:
    """Return the name of everybody whose id stands in a column; none where nobody has one."""
    sides = {"provider_id": plan.providers, "recipient_id": plan.recipients, "id": plan.recipients}
    return {row.id: row.name for row in sides.get(column, ()) if getattr(row, "name", None)}
