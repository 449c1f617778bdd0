"""An empty workbook for planners to fill in: headers, notes, drop-downs and one example row a table."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.base.names import EXAMPLE, PAIR_COLUMNS, REFERENCES
from matcher.files.rulebook import add_rules
from matcher.files.sheets import SheetColumn, add_sheet, add_text, new_workbook, save_workbook
from matcher.files.writing import KINDS, grids
from matcher.model import Instance
from matcher.policy.policy import Policy
from matcher.tables.columns import TABLES, Column, Table
from matcher.words.catalogue import has_text

_NEEDED: Final = ("organizations", "counties", "branches", "schools")


def example_rows(lang: Lang = "en") -> Instance:
    """Return the instance of the template's example rows: one row in every table, of ids that are never planned."""
    u, b, c, s, old = (EXAMPLE[lang] + known for known in ("U0001", "B0001", "520204", "S0001", "520221"))
    return Instance(
        organizations=[
            {"id": u, "name": "示例大学", "kind": "university", "province": "贵州省", "lat": 26.60, "lon": 106.72}
        ],
        branches=[
            {
                "id": b,
                "name": "示例大学教育学院团委",
                "organization_id": u,
                "lat": 26.60,
                "lon": 106.72,
                "capacity": (0, 3),
                "volunteers": 40,
                "skills": "课业辅导;心理辅导",
            }
        ],
        counties=[{"id": c, "name": "水城区", "province": "贵州省", "lat": 26.55, "lon": 104.96, "children": 2100}],
        schools=[
            {
                "id": s,
                "name": "水城区示例小学",
                "county_id": c,
                "lat": 26.56,
                "lon": 104.99,
                "coord_precision": "乡镇",
                "children": 120,
                "needs": "课业辅导",
            }
        ],
        previous=[{"level": "county", "provider_id": u, "recipient_id": old, "since": 2016}],
        preferences=[{"level": "county", "side": "provider", "id": u, "choice_id": c, "rank": 1}],
        travel_times=[{"level": "county", "origin_id": u, "destination_id": c, "minutes": 165, "km": 210}],
        locks=[{"level": "county", "provider_id": u, "recipient_id": c, "kind": "pin", "reason": "示例"}],
        successors=[{"table": "counties", "old_id": old, "new_id": c}],
    )


def note(table: str, column: Column, lang: Lang) -> str:
    """Return what a column holds and whether it is needed."""
    own = f"column.{table}.{column.name}"
    told = text(own if has_text(own) else f"column.{column.name}", lang)
    if column.name == "children":  # all cells or none, as its own text says
        return told
    needed = text("column.required" if column.required else "column.optional", lang)
    return f"{told} {needed}" if lang == "en" else told + needed


def template(path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write the template as a workbook; return its path.

    Parameters
    ----------
    path
        Of the .xlsx file.
    lang
        "en" or "zh": language of headers, notes and drop-downs.
    replace
        Whether a file there that this library did not make, or that was filled in since, is written over.

    Raises
    ------
    InvalidInput
        If the name does not end in .xlsx.
    SaveError
        If the target can't be written, or is not ours to replace.
    MissingExtra
        If the extra `excel` is not installed.

    Examples
    --------
    >>> import matcher, pathlib, tempfile
    >>> path = matcher.template(pathlib.Path(tempfile.mkdtemp()) / "tables.xlsx", lang="zh")
    >>> path.name
    'tables.xlsx'
    """
    if Path(path).suffix.lower() != ".xlsx":
        raise InvalidInput([Fault("not_a_workbook_name", value=str(path))])
    workbook = new_workbook()
    titles = {name: spec.zh if lang == "zh" else name for name, spec in TABLES.items()}
    needed = ("、" if lang == "zh" else ", ").join(titles[name] for name in _NEEDED)
    lines = text("template.readme", lang, needed=needed).split("\n")
    add_text(workbook, "说明" if lang == "zh" else "readme", [text("template.title", lang), *lines])
    for spec, header, rows in grids(example_rows(lang), lang):
        columns = [
            SheetColumn(
                title,
                KINDS.get(column.type, "text"),
                note(spec.name, column, lang),
                *_choices(spec, column, titles, lang),
            )
            for title, column in zip(header, spec.columns, strict=True)
        ]
        add_sheet(workbook, titles[spec.name], columns, rows)
    add_rules(workbook, Policy(), lang)
    return save_workbook(workbook, Path(path), replace=replace)


def _choices(spec: Table, column: Column, titles: dict[str, str], lang: Lang) -> tuple[tuple[str, ...] | str, bool]:
    """Return the drop-down of a column, and whether nothing else may be entered."""
    if column.values:
        return tuple(words[0] if lang == "zh" else name for name, words in column.values.items()), True
    target = REFERENCES.get((spec.name, column.name))
    if target is not None and spec.name not in PAIR_COLUMNS:
        return f"'{titles[target]}'!$A$2:$A$10000", False  # a name may stand for an id
    return (), True
