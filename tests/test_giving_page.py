"""The page in Chinese about wishes, buddies, experts and calls: every command runs, on lists of a few rows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from matcher.cli import main
from matcher.files.sheets import SheetColumn, add_sheet, new_workbook, save_workbook
from matcher.programmes import example_of, load_programme, programme_of
from matcher.programmes.doors import PROGRAMMES

PAGE = (Path(__file__).parents[1] / "docs" / "giving.zh.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
#: the list of each programme, and how many rows of its tables
LISTS: dict[str, tuple[str, dict[str, int]]] = {
    "buddies": ("手拉手.xlsx", {"families": 12, "children": 6, "preferences": 0}),
    "wishes": ("微心愿.xlsx", {"wishes": 12, "members": 6}),
    "experts": ("专家.xlsx", {"experts": 5, "cases": 6}),
    "calls": ("征集.xlsx", {}),
}


def written(name: str, path: Path, rows: dict[str, int]) -> None:
    """Write synthetic rows as a list, the first two of each table of buddies with short ids."""
    schema, records = programme_of(name).schema, example_of(name)
    tables: dict[str, Any] = {table: all_of[: rows.get(table, len(all_of))] for table, all_of in records.items()}
    if name == "buddies":
        for table, letter in (("families", "F"), ("children", "C")):
            tables[table] = [row.model_copy(update={"id": f"{letter}{n}"}) for n, row in enumerate(tables[table])]
    if name == "experts":
        tables["cases"] = [tables["cases"][0].model_copy(update={"id": "A1"}), *tables["cases"][1:]]
    if name == "calls":
        first = tables["needs"][0].id
        for table, key in (("needs", "id"), ("pledges", "need_id")):
            tables[table] = [
                row.model_copy(update={key: "N1"}) if getattr(row, key) == first else row for row in tables[table]
            ]
    workbook = new_workbook()
    for spec, header, cells in schema.grids(schema.from_records(tables), "zh"):
        add_sheet(workbook, spec.zh, [SheetColumn(title) for title in header], cells)
    save_workbook(workbook, path)


def test_the_commands_run_as_the_page_tells_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, (file, rows) in LISTS.items():
        written(name, Path(file), rows)
    assert len(COMMANDS) > 12
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "matcher"
        assert main(arguments) == 0, command
    kept = load_programme("手拉手2027").metrics["pairs_kept"]
    assert kept == len(load_programme("手拉手2026").pairings) > 0
    assert not set(load_programme("微心愿2027").pairings["recipient_id"]) & set(
        load_programme("微心愿2026").pairings["recipient_id"]
    )
    first, second = load_programme("征集一").metrics, load_programme("征集二").metrics
    assert second["pieces_promised"] == first["pieces_promised"] + first["pieces_given"] > first["pieces_promised"]
    assert Path("手拉手2026/plan.html").exists()
    assert Path("专家2026/plan.xlsx").exists()


def test_the_page_names_the_tables_as_they_are_called() -> None:
    named = re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert {name for name, _ in named} == set(LISTS)
    for name, tables in named:
        known = {spec.zh for spec in PROGRAMMES[name].schema.kit.values()}
        assert set(re.split("、|；可选：", tables.strip())) <= known
