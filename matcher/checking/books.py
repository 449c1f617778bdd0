"""What the sheets of an edited workbook show against what its pairs make of them: what is no longer true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matcher.base.escaping import unescape
from matcher.base.names import SIDES
from matcher.base.violations import Violation
from matcher.files.book_reading import plain_cell, same, shown
from matcher.files.book_tables import Book
from matcher.files.bookform import KEY, NOTE, Grid
from matcher.files.plan_book import book_grids
from matcher.model import Instance
from matcher.outcome.claims import Claims, SheetClaims
from matcher.plan import Plan
from matcher.problem.pairs import Pairs


def false_cells(instance: Instance, claims: Claims, pairs: Pairs) -> list[Violation]:
    """Return every cell and row of the sheets that follow from the pairs and do not show what follows from them.

    Parameters
    ----------
    pairs
        The pairs that the workbook has now, positions in `instance`.
    """
    assert claims.book is not None
    plan = Plan.from_pairs(instance, policy=claims.policy)
    ids = {}
    for level, found in zip(SIDES, pairs, strict=True):
        providers, recipients = plan.problem.arrays.sides(level)
        ids[level] = [(providers.ids[provider], recipients.ids[recipient]) for provider, recipient in found.tolist()]
    plan = Plan.from_pairs(instance, county_pairs=ids["county"], school_pairs=ids["school"], policy=claims.policy)
    truth = book_grids(Book(plan, claims.book.lang))  # type: ignore[arg-type]
    return [
        violation
        for name, sheet in claims.book.sheets.items()
        for violation in _compared(sheet, truth.get(name), KEY[name])
    ]


def _compared(sheet: SheetClaims, truth: Grid | None, key: tuple[str, ...]) -> Iterator[Violation]:
    rows = {} if truth is None else {_name(dict(zip(truth.names, row, strict=True)), key): row for row in truth.rows}
    names = () if truth is None else truth.names
    seen = set()
    for number, cells in sheet.rows:
        name = _name(cells, key)
        said = " ".join(part for part in name if part)
        if name not in rows:
            yield Violation("book_row_false", {"sheet": sheet.title, "row": number, "name": said})
            continue
        seen.add(name)
        true = dict(zip(names, rows[name], strict=True))
        for column, claimed in cells.items():
            now = plain_cell(true.get(column))
            if column not in (NOTE, *key) and not same(claimed, now):
                place = {"sheet": sheet.title, "row": number, "name": said}
                told = {"column": sheet.titles[column], "claimed": shown(claimed), "true": shown(now)}
                yield Violation("book_cell", place | told)
    for name in rows:
        if name not in seen:
            said = " ".join(part for part in name if part)
            yield Violation("book_row_missing", {"sheet": sheet.title, "name": said})


def _name(cells: Mapping[str, Any], key: tuple[str, ...]) -> tuple[str, ...]:
    """Return what tells a row apart."""
    return tuple(unescape(str(plain_cell(cells.get(column)) or "")) for column in key)
