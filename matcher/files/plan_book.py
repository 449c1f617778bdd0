"""The workbook of a plan: to hand over, to edit, and to take back.

What is shown is also kept on a hidden sheet, so that `workbook_edits` can name every cell that was changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import Lang, text
from matcher.base.escaping import escape
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.files.bookform import COLUMNS, FORMAT, HIDDEN, Grid, Rows, packed
from matcher.files.plan_edits import plan_claims as plan_claims
from matcher.files.sheets import SheetColumn, add_hidden, add_sheet, add_text, new_workbook, save_workbook
from matcher.outcome import document as plandata
from matcher.outcome.changes import CAUSES, KINDS, classify
from matcher.outcome.unmatched import detail_words
from matcher.show import summary

if TYPE_CHECKING:
    from matcher.plan import Plan

#: widths of the sheets of text, whose tables have up to five columns
_WIDTHS: Final = (20, 44, 28, 28, 20)
_CHANGES: Final = {
    "level": "text",
    "change": "text",
    "provider_id": "id",
    "provider_name": "text",
    "recipient_id": "id",
    "recipient_name": "text",
    "since": "year",
    "ended_kind": "text",
    "cause": "text",
}


def write_plan(plan: Plan, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write `plan` as a workbook with its sheets in English or Chinese; return its path.

    The same plan gives the same bytes.

    Raises
    ------
    SaveError
        If the target can't be written, for one because it is open in Excel.
    MissingExtra
        If the extra `excel` is not installed.
    """
    workbook = new_workbook()
    grids = {name: _grid(plan, name, lang) for name in COLUMNS}
    overview = [text("book.title", lang), *plan.summary(lang).split("\n")]
    add_text(workbook, _title("overview", lang), overview, _WIDTHS)
    for name, grid in grids.items():
        kinds = [COLUMNS[name].get(column, "text") for column in grid.names]
        columns = [SheetColumn(title, kind) for title, kind in zip(grid.titles, kinds, strict=True)]
        add_sheet(workbook, _title(name, lang), columns, grid.rows)
    columns = [SheetColumn(text(f"book.{column}", lang), kind) for column, kind in _CHANGES.items()]
    add_sheet(workbook, _title("changes", lang), columns, _change_rows(plan, lang))
    add_text(workbook, _title("policy", lang), _policy_lines(plan, lang), _WIDTHS)
    add_hidden(workbook, HIDDEN, _hidden(plan, grids, lang))
    return save_workbook(workbook, Path(path), replace=replace)


def _title(sheet: str, lang: Lang) -> str:
    return text(f"book.sheet.{sheet}", lang)


def _grid(plan: Plan, name: str, lang: Lang) -> Grid:
    rows = _unmatched_rows(plan, lang) if name == "unmatched" else _pair_rows(plan, name, lang)
    names = list(COLUMNS[name])
    extras: list[str] = []
    if name != "unmatched":
        frame = plan.county_pairings if name == "county" else plan.school_pairings
        shown = {"county_id", "organization_id", "school_id", "branch_id", "km", "minutes", "kept", "since"}
        extras = [str(column) for column in frame.columns if column not in shown]
        carried = [frame[column].tolist() for column in extras]
        rows = [
            row + [_text(value) for value in more] for row, more in zip(rows, _transposed(carried, rows), strict=True)
        ]
    titles = [text(f"book.{column}", lang) for column in names] + [escape(column) for column in extras]
    return Grid(tuple(names + extras), tuple(titles), rows)


def _transposed(columns: Sequence[Sequence[Any]], rows: Rows) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


def _text(value: Any) -> str | None:
    return escape(value) if isinstance(value, str) and value else None


def _number(value: Any) -> Any:
    """Return a plain number, None for nothing."""
    value = value.item() if hasattr(value, "item") else value
    return None if value is None or value != value else value


def _pair_rows(plan: Plan, level: str, lang: Lang) -> Rows:
    instance = plan.instance
    named = {table: {record.id: record for record in getattr(instance, table)} for table in KIND_OF_TABLE}
    table_of = {kind: table for table, kind in KIND_OF_TABLE.items()}
    frame = plan.county_pairings if level == "county" else plan.school_pairings
    children = dict(zip(*_ids_and_children(plan, level), strict=True))
    recipient = f"{KIND_OF_TABLE[SIDES[level][1]]}_id"
    ids = {
        column: frame[column].tolist()
        for column in frame.columns
        if column in COLUMNS[level] and column.endswith("_id")
    }
    plain = {column: frame[column].tolist() for column in ("km", "minutes", "kept")}
    plain["since"] = [
        None if missing else int(year) for year, missing in zip(frame["since"], frame["since"].isna(), strict=True)
    ]
    columns: list[list[Any]] = []
    for column in COLUMNS[level]:
        if column in ids:
            columns.append([_text(known) for known in ids[column]])
        elif column.endswith("_name"):
            kind = column.removesuffix("_name")
            records = [named[table_of[kind]].get(known) for known in ids[f"{kind}_id"]]
            columns.append([None if record is None else _text(record.name) for record in records])
        elif column == "province":
            records = [named["counties"].get(known) for known in ids["county_id"]]
            columns.append([None if record is None else _text(record.province) for record in records])
        elif column == "children":
            columns.append([children.get(known) for known in ids[recipient]])
        elif column == "kept":
            columns.append([text("book.yes" if kept else "book.no", lang) for kept in plain["kept"]])
        else:
            columns.append([_number(value) for value in plain[column]])
    return [list(row) for row in zip(*columns, strict=True)]


def _ids_and_children(plan: Plan, level: str) -> tuple[tuple[str, ...], list[int]]:
    nodes = plan.problem.arrays.sides(level)[1]
    return nodes.ids, nodes.children.tolist()


def _unmatched_rows(plan: Plan, lang: Lang) -> Rows:
    table_of = {kind: table for table, kind in KIND_OF_TABLE.items()}
    names = {table: {record.id: record.name for record in getattr(plan.instance, table)} for table in KIND_OF_TABLE}
    return [
        [
            text(f"book.{row.kind}", lang),
            escape(row.id),
            _text(names[table_of[row.kind]].get(row.id)),
            row.missing,
            row.reason,
            text(f"reason.{row.reason}", lang),
            _text(detail_words(row.detail, lang)),
        ]
        for row in plan.unmatched_rows
    ]


def _change_rows(plan: Plan, lang: Lang) -> Rows:
    """Return every pair of this year and of last year: new, ended, kept, in that order for each level."""
    rows: Rows = []
    for level, changes in classify(plan.problem, plan.county_pairs, plan.school_pairs).items():
        providers, recipients = plan.problem.arrays.sides(level)
        tables = SIDES[level]
        names = [{record.id: record.name for record in getattr(plan.instance, table)} for table in tables]
        years = dict(zip(*_pairs_and_years(plan, level), strict=True))

        def row(
            pair: tuple[str, str], change: str, since: int | None, ended: tuple[str, str] | None = None
        ) -> list[Any]:
            said = (
                [None, None]
                if ended is None
                else [text(f"book.ended.{ended[0]}", lang), text(f"book.cause.{ended[1]}", lang)]
            )
            ids = [value for side in (0, 1) for value in (escape(pair[side]), _text(names[side].get(pair[side])))]  # noqa: B023
            return [text(f"book.{level}", lang), text(f"book.change.{change}", lang), *ids, since, *said]  # noqa: B023

        chosen = [(providers.ids[p], recipients.ids[r]) for p, r in plan.pairs(level).tolist()]
        kept = changes.kept.tolist()
        rows += [row(pair, "new", None) for pair, is_kept in zip(chosen, kept, strict=True) if not is_kept]
        ended = changes.ended
        for number, pair in enumerate(zip(ended.provider_id, ended.recipient_id, strict=True)):
            why = (KINDS[changes.kind[number]], CAUSES[changes.cause[number]])
            rows.append(row(pair, "ended", int(ended.since[number]) or None, why))
        rows += [row(pair, "kept", years.get(pair)) for pair, is_kept in zip(chosen, kept, strict=True) if is_kept]
    return rows


def _pairs_and_years(plan: Plan, level: str) -> tuple[list[tuple[str, str]], list[int | None]]:
    frame = plan.county_pairings if level == "county" else plan.school_pairings
    recipient, provider = (f"{KIND_OF_TABLE[table]}_id" for table in reversed(SIDES[level]))
    pairs = list(zip(frame[provider].tolist(), frame[recipient].tolist(), strict=True))
    return pairs, [
        None if missing else int(year) for year, missing in zip(frame["since"], frame["since"].isna(), strict=True)
    ]


def _policy_lines(plan: Plan, lang: Lang) -> list[str]:
    said = [_title("policy", lang), *plan.policy.sentences(lang), "", summary.proof_words(plan, lang)]
    said += [*summary.level_lines(plan.levels, lang), "", *(notice.text(lang) for notice in plan.warnings), ""]
    versions = ", ".join(f"{name} {number}" for name, number in plandata.versions().items())
    return [
        *said,
        text("book.versions", lang, versions=versions),
        text("book.digest", lang, digest=plan.instance.digest),
    ]


def _hidden(plan: Plan, grids: Mapping[str, Grid], lang: Lang) -> list[str]:
    """Return what the workbook shows, and what the plan says of itself, as lines of text that fit into cells."""
    head = plandata.head(plan)
    content = {
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
        "sheets": {
            name: {
                "title": _title(name, lang),
                "names": list(grid.names),
                "titles": list(grid.titles),
                "rows": grid.rows,
            }
            for name, grid in grids.items()
        },
    }
    return packed(content)
