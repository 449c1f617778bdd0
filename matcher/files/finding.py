"""Which sheets and files are tables: by their name, by words around it, or by what they hold."""

from __future__ import annotations

from typing import Final

from matcher.base.errors import Fault
from matcher.base.notices import Notice
from matcher.files.layout import CellGrid, find
from matcher.files.limits import too_wide
from matcher.files.rawtables import Findings
from matcher.tables.columns import Kit, Table
from matcher.tables.headers import columns_of, nearest_table, table_like, table_of

#: sheets that hold no table: this library's own and those that explain how to fill in a form
OTHER_SHEETS: Final = (
    "readme",
    "说明",
    "notes",
    "填表说明",
    "填报说明",
    "使用说明",
    "instructions",
    "mends",
    "整理记录",
    "rules",
    "要求",
    "rule words",
    "要求选项",
)
#: columns that can be made where there is none: ids from names, levels from what is paired
_MAKEABLE: Final = ("id", "level")
#: columns that a table must have to be known by them alone
_ENOUGH: Final = 3


def take(name: str, grid: CellGrid, found: Findings, *, file: str | None = None, hidden: bool = False) -> None:
    """Take the sheet (or file) `name` as the table it is, or tell that it is none."""
    shown = file or name
    if (hidden and table_of(name, found.kit) is None) or is_other_sheet(name):
        return
    table = table_of(name, found.kit) or table_like(name, found.kit) or _by_content(grid, found.kit)
    if table is None:
        found.notices.append(unknown(shown, name, found.kit))
        return
    first = next((raw.sheet or raw.table for raw in found.tables if raw.table == table), None)
    if first is not None:
        found.faults.append(Fault("repeated_table", table, sheet=shown, details={"first": first}))
        return
    if table_of(name, found.kit) is None:
        found.notices.append(Notice("table_taken", {"name": shown, "table": table}))
    found.add_grid(table, None if shown == table else shown, grid)


def unknown(shown: str, name: str, kit: Kit) -> Notice:
    """Return the notice of a sheet or file that is no table."""
    nearest = nearest_table(name, kit)
    return Notice("unknown_table", {"name": shown} | ({"nearest": nearest} if nearest else {}))


def is_other_sheet(name: str) -> bool:
    """Return whether a sheet of this name is no table and needs no word about it."""
    return name.strip().lower() in OTHER_SHEETS


def _by_content(grid: CellGrid, kit: Kit) -> str | None:
    """Return the one table whose columns a sheet has, None if none or several fit."""
    fitting: list[tuple[int, str]] = []
    if too_wide(len(grid.columns)):
        return None
    for spec in kit.values():
        layout = find(spec, grid)
        columns = set(columns_of(spec, layout.header).values())
        if len(columns) >= _ENOUGH and _needed(spec) <= columns:
            fitting.append((len(columns), spec.name))
    fitting.sort(reverse=True)
    if not fitting or (len(fitting) > 1 and fitting[0][0] == fitting[1][0]):
        return None
    return fitting[0][1]


def _needed(spec: Table) -> set[str]:
    names = {column.name for column in spec.columns}
    needed = {column.name for column in spec.columns if column.required and column.name not in _MAKEABLE}
    return needed | ({"name"} & names)
