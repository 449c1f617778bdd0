"""A workbook as raw tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matcher.base.errors import Fault
from matcher.files.finding import take
from matcher.files.layout import CellGrid
from matcher.files.rawtables import NEEDED, Findings
from matcher.files.workbook import BadWorkbook, open_workbook
from matcher.tables.columns import TABLES, Kit


def read_workbook(path: Path, kit: Kit = TABLES, needed: Sequence[str] = NEEDED) -> Findings:
    """Read every sheet of a workbook that is one of the tables of a kit; name those that are not.

    Raises
    ------
    MissingExtra
        If the extra `excel` is not installed.
    """
    found = Findings(kit=kit, needed=needed)
    try:
        sheets = open_workbook(path)
    except BadWorkbook as refused:
        found.faults.append(refused.fault)
        found.broken.update(kit)
        return found
    for sheet in sheets:
        grid = CellGrid(list(sheet.columns), sheet.numbers, sheet.merged)
        take(sheet.name, grid, found, hidden=sheet.hidden)
    if not found.tables and not found.broken:
        found.faults.append(Fault("no_tables", value=path.name, details={"tables": ", ".join(kit)}))
        found.broken.update(kit)
    return found
