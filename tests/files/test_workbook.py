"""A plan's workbook: safe to open, the same bytes each time, and every edit named when it comes back."""

from __future__ import annotations

import posixpath
import random
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from draws import few
from small_plans import part_of_example, small_instance, small_plan

import matcher
from matcher import InvalidInput
from matcher.base.errors import text
from matcher.files.bookform import COLUMNS
from matcher.files.plan_book import write_plan
from matcher.files.plan_edits import read_edits
from matcher.files.writing import write_workbook


@pytest.fixture(scope="module")
def plan() -> matcher.Plan:
    return matcher.solve(part_of_example())


@pytest.fixture(scope="module")
def book(plan: matcher.Plan, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_plan(plan, tmp_path_factory.mktemp("book") / "plan.xlsx").read_bytes()


@pytest.fixture
def path(book: bytes, tmp_path: Path) -> Path:
    """Where a workbook of the plan is, to be edited."""
    copy = tmp_path / "plan.xlsx"
    copy.write_bytes(book)
    return copy


def names_of(sheet: Any, level: str) -> list[str]:
    """Return which column each header of a sheet of pairs is, "" of those carried from the input."""
    known = {text(f"book.{column}"): column for column in COLUMNS[level]}
    return [known.get(cell.value, "") for cell in sheet[1]]


def rows_of(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def rewrite(sheet: Any, rows: list[list[Any]]) -> None:
    sheet.delete_rows(2, sheet.max_row)
    for row in rows:
        sheet.append(row)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_unedited_workbook_verifies(plan: matcher.Plan, tmp_path: Path, lang: Any) -> None:
    """What was written reads back without an edit, in both languages, and twice the same bytes are written."""
    path = write_plan(plan, tmp_path / "plan.xlsx", lang=lang)
    report = matcher.verify(plan.instance, path)
    assert report.ok
    assert report.edits == ()
    first = path.read_bytes()
    assert plan.save(path) == path
    assert write_plan(plan, path, lang=lang).read_bytes() == first


def test_the_sheets_are_made_for_people(plan: matcher.Plan, path: Path) -> None:
    """Headers are frozen and carry filters and units, ids are text, and every unmatched row says why."""
    workbook = openpyxl.load_workbook(path)
    shown = [name for name in workbook.sheetnames if workbook[name].sheet_state == "visible"]
    assert shown == [
        *("overview", "counties", "by organisation", "by branch", "county pairings", "school pairings", "unmatched"),
        *("changes", "policy and proof"),
    ]
    for name in shown[1:-1]:
        sheet = workbook[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert all(sheet.column_dimensions[cell.column_letter].width >= 8 for cell in sheet[1])
        assert sheet.print_title_rows == "$1:$1"
        assert all(
            any(cell.value is not None for cell in column[1:]) or column[0].value in ("note", "order")
            for column in sheet.iter_cols()
        )
    assert all("&P" in workbook[name].oddFooter.right.text for name in shown)
    sheet = workbook["school pairings"]
    header = [cell.value for cell in sheet[1]]
    assert "distance (km)" in header
    assert "children (number)" in header
    assert sheet["A2"].number_format == "@"
    assert sheet.cell(2, header.index("distance (km)") + 1).number_format == "#,##0.000"
    assert workbook["unmatched"].max_row - 1 == len(plan.unmatched)
    assert all(row[-3] and row[-2] for row in rows_of(workbook["unmatched"]))
    changes = Counter((row[0], row[1]) for row in rows_of(workbook["changes"])[1:])
    for level in ("county", "school"):
        assert changes[level, "kept"] == plan.metrics[f"{level}_kept"]
        assert changes[level, "ended"] + changes[level, "replaced"] == plan.metrics[f"{level}_ended"]
        assert changes[level, "new"] + changes[level, "replaced"] == plan.metrics[f"{level}_new"]


def test_a_leader_finds_the_numbers(plan: matcher.Plan, path: Path) -> None:
    """The tables of counties, organisations and branches add up to the metrics; the first page says them."""
    workbook = openpyxl.load_workbook(path)
    metrics = plan.metrics

    def total(sheet: str, title: str) -> int:
        header, *rows = rows_of(workbook[sheet])
        return sum(row[header.index(title)] or 0 for row in rows)

    for sheet in ("counties", "by organisation", "by branch"):
        assert total(sheet, "children reached") == metrics["schools_children_covered"]
    assert total("counties", "schools served") == total("by organisation", "schools served")
    assert total("counties", "schools not served") == metrics["schools"] - metrics["schools_covered"]
    assert total("counties", "children (number)") == metrics["schools_children"]
    assert total("by organisation", "branches in use") == metrics["branches_used"]
    assert workbook["counties"].max_row - 1 == metrics["counties"]
    page = "\n".join(str(cell) for row in rows_of(workbook["overview"]) for cell in row)
    for said in (f"{metrics['schools_children_covered']:,}", f"{metrics['schools_covered']:,} of", "Approved by"):
        assert said in page
    short = [row for row in rows_of(workbook["counties"])[1:] if row[10]]
    assert all(row[11] and row[12] for row in short)


def test_the_first_page_is_one_page_and_branches_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Every organisation may have a branch called the same: what would help names both."""
    owners = {"B1": "U1", "B2": "U1", "B3": "U2"}
    branches = [{"id": known, "organization_id": owner, "name": "教育学院团支部"} for known, owner in owners.items()]
    plan = matcher.solve(small_instance(branches=branches, previous=()))
    workbook = openpyxl.load_workbook(write_plan(plan, tmp_path / "plan.xlsx", lang="zh"))
    assert workbook["概览"].page_setup.fitToHeight == 1
    assert not workbook["政策与证明"].page_setup.fitToHeight
    cells = [str(cell) for row in rows_of(workbook["未结对"]) for cell in row]
    said = [cell for cell in cells if "增加一个名额" in cell]
    assert said
    assert all("乙大学 教育学院团支部" in each or "甲大学 教育学院团支部" in each for each in said)


def test_no_codes_and_no_english_in_a_chinese_book(plan: matcher.Plan, tmp_path: Path) -> None:
    """Latin letters stand in ids, check sums and what the input itself brought only."""
    workbook = openpyxl.load_workbook(write_plan(plan, tmp_path / "plan.xlsx", lang="zh"))
    ids = {record.id for table in COLUMNS_OF_INSTANCE[:4] for record in getattr(plan.instance, table)} | {"ZY99"}
    for sheet in workbook:
        if sheet.sheet_state != "visible":
            continue
        assert not re.search("[A-Za-z]", sheet.title)
        own = [not str(cell.value).endswith("source") for cell in sheet[1]]
        for row in sheet.iter_rows(values_only=True):
            for value, is_ours in zip(row, own, strict=True):
                if is_ours and isinstance(value, str) and "source" not in value:
                    words = [word for word in re.findall("[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*", value) if len(word) < 60]
                    assert all(word in ids or word.startswith("ZY99") or word[0] == "S" for word in words), value


def test_formulas_come_out_inert(tmp_path: Path) -> None:
    """No cell is a formula, and no text begins as one, whatever names, ids and extra columns hold."""
    evil = "=cmd|' /C calc'!A0"
    instance = small_instance()
    tables = {name: [record.model_dump() for record in getattr(instance, name)] for name in COLUMNS_OF_INSTANCE}
    tables["counties"][0] |= {"name": evil, "extras": {"@note": "+1", "=x": "-2"}}
    tables["organizations"][0] |= {"name": "\t=1"}
    bad = matcher.Instance(**tables)
    path = write_plan(small_plan(instance=bad), tmp_path / "plan.xlsx")
    workbook = openpyxl.load_workbook(path)
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [value for value in texts if value.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'" + evil in [cell.value for cell in cells]
    assert matcher.verify(bad, path).ok


COLUMNS_OF_INSTANCE = ("organizations", "branches", "counties", "schools", "previous")


class Editor:
    """Changes a workbook at random and remembers how."""

    def __init__(self, path: Path, seed: int):
        self.path, self.draw = path, random.Random(seed)
        self.workbook = openpyxl.load_workbook(path)
        self.expected: Counter[tuple[Any, ...]] = Counter()

    def edit(self, level: str, number: int) -> None:
        """Change `number` different rows of a sheet of pairs, then put its rows in another order."""
        sheet = self.workbook[f"{level} pairings"]
        names = names_of(sheet, level)
        header, *rows = rows_of(sheet)
        provider = names.index("organization_id" if level == "county" else "branch_id")
        known = dict(sorted((row[provider], row[provider + 1]) for row in rows))
        gone = []
        for row in self.draw.sample(rows, number):
            kind = self.draw.choice(
                [
                    "provider",
                    "partner",
                    "order",
                    "stranger",
                    "empty",
                    "delete",
                    "km",
                    "since",
                    "kept",
                    "km text",
                    "note",
                ]
            )
            self._edit_row(kind, row, names, header, provider, known, gone)
        rows = [row for row in rows if not any(row is other for other in gone)]
        added = f"NEW{self.draw.random()}"
        first = next(iter(known))
        rows.append([added, *[None] * (len(header) - 1)])
        rows[-1][provider] = first
        self.expected["edit_pair_added", first, added] += 1
        self.draw.shuffle(rows)
        rewrite(sheet, rows)

    def _edit_row(
        self,
        kind: str,
        row: list[Any],
        names: list[str],
        header: list[Any],
        provider: int,
        known: dict[str, str],
        gone: Any,
    ) -> None:
        recipient, old = row[0], row[provider]
        if kind in ("provider", "partner", "order", "stranger"):
            new = "X99" if kind == "stranger" else self.draw.choice([other for other in known if other != old])
            if kind == "partner":
                row[provider + 1] = known[new]
            elif kind == "order":
                row[names.index("order")] = f"replace by {self.draw.choice([new, known[new]])}"
            else:
                row[provider] = new
            self.expected["edit_pair_changed", recipient, old, new] += 1
        elif kind in ("empty", "delete"):
            row[provider] = row[provider + 1] = None
            if kind == "delete":
                gone.append(row)
            self.expected["edit_pair_removed", old, recipient] += 1
        elif kind == "note":
            row[names.index("note")] = "see me"
            self.expected["edit_note", f"{old} – {recipient}", "see me"] += 1
        else:
            column, new = {
                "km": ("km", (row[names.index("km")] or 0) + 1.5),
                "km text": ("km", "far"),
                "since": ("since", (row[names.index("since")] or 2000) + 1),
                "kept": ("kept", {"yes": "no", "no": "yes"}[row[names.index("kept")]]),
            }[kind]
            row[names.index(column)] = new
            self.expected["edit_cell", header[names.index(column)], f"{old} – {recipient}", str(new)] += 1

    def found(self, report: matcher.Report) -> Counter[tuple[Any, ...]]:
        """Return the edits that a report names, in the form of `expected`."""
        fields = {
            "edit_pair_added": ("provider", "recipient"),
            "edit_pair_changed": ("recipient", "old", "new"),
            "edit_pair_removed": ("provider", "recipient"),
            "edit_cell": ("column", "name", "new"),
            "edit_note": ("name", "new"),
        }
        return Counter((edit.code, *(str(edit.details[name]) for name in fields[edit.code])) for edit in report.edits)


@pytest.mark.parametrize("seed", few(1, range(10)))
def test_exactly_the_edits_are_named(plan: matcher.Plan, path: Path, seed: int) -> None:
    """Over 500 random edits in ten workbooks: each is named once, nothing else is, and false numbers are found."""
    editor = Editor(path, seed)
    editor.edit("county", 12)
    editor.edit("school", 40)
    editor.workbook.save(path)
    report = matcher.verify(plan.instance, path)
    assert editor.found(report) == editor.expected
    assert sum(editor.expected.values()) == 54
    assert not report.ok
    for lang in ("en", "zh"):
        assert "{" not in report.summary(lang, most=100)  # type: ignore[arg-type]
    numbers = [edit for edit in report.edits if edit.code == "edit_cell" and edit.details["column"] == "distance (km)"]
    false_km = [violation for violation in report.violations if violation.code == "km_differs"]
    assert len(false_km) == sum(edit.details["new"] != "far" for edit in numbers)


def test_an_edit_that_breaks_no_rule_is_no_breach(plan: matcher.Plan, path: Path) -> None:
    """A pair taken out is named, and the plan still keeps every rule."""
    workbook = openpyxl.load_workbook(path)
    workbook["school pairings"].delete_rows(2)
    workbook.save(path)
    report = matcher.verify(plan.instance, path)
    assert report.ok
    assert [edit.code for edit in report.edits] == ["edit_pair_removed"]
    assert report.to_json()["edits"][0]["code"] == "edit_pair_removed"


def test_a_broken_rule_is_said_beside_the_edit(plan: matcher.Plan, path: Path) -> None:
    """A county given to another organisation leaves its schools' branches without a county pairing."""
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["county pairings"]
    column = names_of(sheet, "county").index("organization_id") + 1
    used = {row[column - 1] for row in rows_of(sheet)[1:]}
    free = next(known.id for known in plan.instance.organizations if known.id not in used)
    school_county = rows_of(workbook["school pairings"])[1][2]
    row = next(number for number, cells in enumerate(rows_of(sheet), 1) if cells[0] == school_county)
    sheet.cell(row, column).value = free
    workbook.save(path)
    report = matcher.verify(plan.instance, path)
    assert [edit.code for edit in report.edits] == ["edit_pair_changed"]
    assert set(report.codes) == {"county_not_paired"}


def test_edits_come_back_as_locks(plan: matcher.Plan, path: Path) -> None:
    """A new plan keeps what was edited: the new pair is pinned, the old one forbidden."""
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["county pairings"]
    column = names_of(sheet, "county").index("organization_id") + 1
    county, old = sheet.cell(2, 1).value, sheet.cell(2, column).value
    used = {row[column - 1] for row in rows_of(sheet)[1:]}
    new = next(known.id for known in plan.instance.organizations if known.id not in used)
    sheet.cell(2, column).value = new
    workbook.save(path)
    edits = read_edits(path)
    assert [(lock.kind, lock.provider_id, lock.recipient_id) for lock in edits.locks()] == [
        ("pin", new, county),
        ("forbid", old, county),
    ]
    again = matcher.solve(edits.applied(plan.instance))
    assert (new, county) in zip(again.county_pairings.organization_id, again.county_pairings.county_id, strict=True)


@pytest.mark.parametrize("change", ["hidden", "other", "none"])
def test_what_is_no_plan_is_refused(plan: matcher.Plan, path: Path, change: str) -> None:
    """A workbook whose hidden sheet was changed, or that never held a plan, is no plan."""
    workbook = openpyxl.load_workbook(path)
    if change == "hidden":
        workbook["_plan"]["A3"] = str(workbook["_plan"]["A3"].value).replace("county", "country", 1)
    elif change == "other":
        workbook.remove(workbook["_plan"])
    workbook.save(path)
    if change == "none":
        path.write_bytes(b"nothing")
    with pytest.raises(InvalidInput) as error:
        matcher.verify(plan.instance, path)
    assert error.value.faults[0].code == ("not_a_workbook" if change == "none" else "no_plan_sheet")


def test_an_infeasible_plan_has_a_workbook_too(tmp_path: Path) -> None:
    """A plan without pairs is written and read back."""
    plan = matcher.Plan.from_pairs(small_instance())
    path = write_plan(plan, tmp_path / "plan.xlsx", lang="zh")
    assert matcher.verify(plan.instance, path).ok


def test_a_target_that_is_no_file_is_one_clear_error(tmp_path: Path) -> None:
    """A folder in the way gives a SaveError, and nothing is left behind."""
    (tmp_path / "plan.xlsx").mkdir()
    with pytest.raises(matcher.SaveError):
        write_plan(small_plan(), tmp_path / "plan.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.xlsx"]


def test_every_workbook_is_a_sound_package(plan: matcher.Plan, tmp_path: Path) -> None:
    """Each part has a content type, each relationship leads to a part, and every part is well-formed XML."""
    paths = [
        write_plan(plan, tmp_path / "plan.xlsx", lang="zh"),
        matcher.template(tmp_path / "template.xlsx"),
        write_workbook(plan.instance, tmp_path / "instance.xlsx"),
    ]
    for path in paths:
        with zipfile.ZipFile(path) as package:
            assert package.testzip() is None
            parts = {
                f"/{name}": ElementTree.fromstring(package.read(name))
                for name in package.namelist()
                if name[-4:] != ".vml"
            }
            names = {f"/{name}" for name in package.namelist()}
        types = parts.pop("/[Content_Types].xml")
        typed = {entry.get("PartName") for entry in types} | {entry.get("Extension") for entry in types}
        assert all(name in typed or name.rsplit(".", 1)[-1] in typed for name in names)
        assert {entry.get("PartName") for entry in types} - {None} <= names
        for name, part in parts.items():
            if name.endswith(".rels"):
                folder = posixpath.dirname(posixpath.dirname(name))
                for link in part:
                    assert posixpath.normpath(posixpath.join(folder, str(link.get("Target")))) in names
