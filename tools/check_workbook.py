"""Send a plan's workbook through LibreOffice and compare what comes back.

    python tools/check_workbook.py plan.xlsx [INPUT]

Converts to PDF and back to .xlsx without a screen, then compares every cell of every sheet, the hidden one too, the
filters, widths and number formats; with INPUT (the tables of the plan) the workbook that came back must verify without
an edit. Needs LibreOffice (`soffice`) on the path. Frozen panes are not compared: LibreOffice drops them in any file
that it converts without a screen. Exit 1 if anything was lost.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import openpyxl

import matcher

#: another program's rounding in writing a number
ROUNDING = 1e-9


def convert(path: Path, kind: str, folder: Path) -> Path:
    """Convert `path` with LibreOffice; return the new file."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=1800)
    return folder / f"{path.stem}.{kind}"


def same(one: Any, other: Any) -> bool:
    """Compare two cells."""
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) < ROUNDING
    return bool(one == other)


def differences(before: Any, after: Any) -> list[str]:
    """Return what differs between two sheets."""
    found = []
    for row, back in zip(before.iter_rows(), after.iter_rows(), strict=False):
        for cell, other in zip(row, back, strict=False):
            if not same(cell.value, other.value):
                found.append(f"{before.title}!{cell.coordinate}: {cell.value!r} came back as {other.value!r}")
            elif cell.value is not None and cell.number_format != other.number_format:
                found.append(f"{before.title}!{cell.coordinate}: format {cell.number_format} -> {other.number_format}")
    if (before.max_row, before.max_column) != (after.max_row, after.max_column):
        found.append(f"{before.title}: {before.dimensions} came back as {after.dimensions}")
    if before.auto_filter.ref != after.auto_filter.ref:
        found.append(f"{before.title}: filter {before.auto_filter.ref} -> {after.auto_filter.ref}")
    return found


def main(path: Path, source: str | None) -> int:
    """Check one workbook; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pdf = convert(path, "pdf", folder)
        print(f"PDF: {pdf.stat().st_size:,} bytes")
        back = convert(path, "xlsx", folder)
        before, after = openpyxl.load_workbook(path), openpyxl.load_workbook(back)
        lost = [] if before.sheetnames == after.sheetnames else [f"sheets {before.sheetnames} -> {after.sheetnames}"]
        for title in before.sheetnames:
            found = differences(before[title], after[title])
            print(f"{title}: {before[title].max_row} rows, {len(found)} differences")
            lost += found
        if source is not None:
            report = matcher.verify(matcher.read(source), back)
            print(report.summary())
            lost += [edit.text() for edit in report.edits] + ([] if report.ok else ["it does not verify"])
    print("\n".join(lost[:20]))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
