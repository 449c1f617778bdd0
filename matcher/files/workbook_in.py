"""A workbook as raw tables."""

from __future__ import annotations

from pathlib import Path

from matcher.base.errors import Fault
from matcher.files.finding import take
from matcher.files.layout import CellGrid
from matcher.files.rawtables import Findings
from matcher.files.workbook import BadWorkbook, open_workbook
from matcher.tables.columns import TABLES


def read_workbook(path: Path) -> Findings:
    """Read every sheet of a workbook that is one of the tables; name those that are not.

    Raises
    ------
    MissingExtra
        If the extra `excel` is not installed.
    """
    found = Findings()
    try:
        sheets = open_workbook(path)
    except BadWorkbook as refused:
        found.faults.append(refused.fault)
        found.broken.update(TABLES)
        return found
    for sheet in sheets:
        grid = CellGrid(list(sheet.columns), sheet.numbers, sheet.merged)
        take(sheet.name, grid, found, hidden=sheet.hidden)
    if not found.tables and not found.broken:
        found.faults.append(Fault("no_tables", value=path.name, details={"tables": ", ".join(TABLES)}))
        found.broken.update(TABLES)
    return found
