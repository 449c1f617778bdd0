"""The workbook of a plan: to hand over, to edit, and to take back.

What is shown is also kept on a hidden sheet, so that `plan_edits` can name every cell that was changed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher._version import __version__
from matcher.base.errors import Lang, text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.files.book_overview import figures, overview, policy_lines
from matcher.files.book_pairs import ban_grid, order_words, pair_grid, settle
from matcher.files.book_tables import Book
from matcher.files.bookform import FORMAT, HIDDEN, NOTE, ORDER, Grid, packed
from matcher.files.plan_edits import Edits
from matcher.files.plan_edits import plan_claims as plan_claims
from matcher.files.sheets import SheetColumn, add_hidden, add_page, add_sheet, new_workbook, save_workbook
from matcher.outcome import document as plandata
from matcher.outcome.unmatched import REASONS
from matcher.show import summary

if TYPE_CHECKING:
    from matcher.plan import Plan

#: the sheets of tables in their order
_ORDER: Final = ("counties", "organizations", "branches", "county", "school", "unmatched", "bans", "changes")
#: sheets of which not every cell is kept: they follow from the pairs
_FOLLOWING: Final = ("counties", "organizations", "branches", "changes")


def write_plan(
    plan: Plan, path: str | Path, *, lang: Lang = "en", replace: bool = False, edits: Edits | None = None
) -> Path:
    """Write `plan` as a workbook with its sheets in English or Chinese; return its path.

    The same plan gives the same bytes. `edits` are those of the workbook that was taken back for this plan: its notes
    and lifted locks are carried on.

    Raises
    ------
    SaveError
        If the target can't be written, for one because it is open in Excel, or is not ours to replace.
    MissingExtra
        If the extra `excel` is not installed.
    """
    workbook = new_workbook()
    book = Book(plan, lang, None if edits is None else edits.notes)
    settle(book)
    grids = book_grids(book)
    shown = [name for name in _ORDER if name in grids]
    add_page(workbook, _title("overview", lang), overview(book, grids["overview"], [*shown, "policy"]), pages=1)
    for name in shown:
        add_sheet(workbook, _title(name, lang), _sheet_columns(grids[name], lang), grids[name].rows, wraps=True)
    proof = summary.proof_words(plan, lang)
    levels = summary.level_lines(plan.levels, lang)
    add_page(workbook, _title("policy", lang), policy_lines(book, proof, levels, plan.instance.digest, __version__))
    lifted = () if edits is None else edits.lifted
    hidden = {"notes": [[*key, note] for key, note in sorted(book.notes.items())], "lifted": [list(p) for p in lifted]}
    add_hidden(workbook, HIDDEN, packed(_hidden(plan, grids, lang) | hidden))
    return save_workbook(workbook, Path(path), replace=replace)


def book_grids(book: Book) -> dict[str, Grid]:
    """Return every table of the workbook by the name of its sheet."""
    pairs = {level: pair_grid(book, level) for level in SIDES}
    bans = ban_grid(book)
    found = {"overview": figures(book), **book.tables(), **pairs}
    return found | ({"bans": bans} if bans.rows else {})


def _title(sheet: str, lang: Lang) -> str:
    return text(f"book.sheet.{sheet}", lang)


def _sheet_columns(grid: Grid, lang: Lang) -> list[SheetColumn]:
    """Return the columns of a sheet, those that a person fills in with their help."""
    columns = []
    for name, title, kind in zip(grid.names, grid.titles, grid.kinds, strict=True):
        note = text(f"book.{name}.note", lang) if name in (ORDER, NOTE) else ""
        choices = tuple(order_words(lang).values()) if name == ORDER else ()
        columns.append(SheetColumn(title, kind, note, choices, strict=False, fill_in=name in (ORDER, NOTE)))
    return columns


def _hidden(plan: Plan, grids: Mapping[str, Grid], lang: Lang) -> dict[str, Any]:
    """Return what the workbook shows, and what the plan says of itself."""
    head = plandata.head(plan)
    return {
        "format": FORMAT,
        "lang": lang,
        "input": head["input"],
        "policy": head["policy"],
        "status": head["status"],
        "stop_reason": head["stop_reason"],
        "witness": head["witness"],
        "metrics": head["metrics"],
        # the words of the day it was written: a later version may say it otherwise
        "kinds": {text(f"book.{kind}", lang): kind for kind in KIND_OF_TABLE.values()},
        "kept": {text(f"book.{word}", lang): word == "yes" for word in ("yes", "no")},
        "reasons": {text(f"reason.{reason}", lang): reason for reason in REASONS},
        "orders": {word: order for order, word in order_words(lang).items()},
        "replace_words": [text(f"book.order.replace.{number}", lang) for number in (1, 2)],
        "names": {
            table: {record.id: record.name for record in getattr(plan.instance, table)} for table in KIND_OF_TABLE
        },
        "locks": [
            [lock.level, lock.provider_id, lock.recipient_id, lock.kind, lock.reason] for lock in plan.instance.locks
        ],
        "sheets": {
            name: {
                "title": _title(name, lang),
                "names": list(grid.names),
                "titles": list(grid.titles),
                "rows": [] if name in _FOLLOWING else grid.rows,
            }
            for name, grid in grids.items()
        },
    }
