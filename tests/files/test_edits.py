"""What people order in a plan's workbook, by ids, names, orders and rows; what is unclear is a fault, never an end."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from draws import few
from small_plans import part_of_example, small_instance, small_plan

import matcher
from matcher import InvalidInput
from matcher.base.errors import text
from matcher.cli import main
from matcher.files.bookform import COLUMNS
from matcher.files.plan_edits import Edits, read_edits
from matcher.files.writing import write_tables

Cell = tuple[str, str, Any]


class Book:
    """A plan's workbook, changed cell by cell by the names of its columns."""

    def __init__(self, path: Path, lang: str = "en"):
        self.path, self.lang = path, lang
        self.workbook = openpyxl.load_workbook(path)

    def sheet(self, name: str) -> Any:
        return self.workbook[text(f"book.sheet.{name}", self.lang)]

    def position(self, name: str, column: str) -> int:
        header = [cell.value for cell in self.sheet(name)[1]]
        return header.index(text(f"book.{column}", self.lang)) + 1

    def row(self, name: str, known: str) -> int:
        return next(row[0].row for row in self.sheet(name).iter_rows() if known in [cell.value for cell in row])

    def put(self, name: str, known: str, column: str, value: Any) -> None:
        self.sheet(name).cell(self.row(name, known), self.position(name, column)).value = value

    def get(self, name: str, known: str, column: str) -> Any:
        return self.sheet(name).cell(self.row(name, known), self.position(name, column)).value

    def edits(self) -> Edits:
        self.workbook.save(self.path)
        return read_edits(self.path)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_plan().save(tmp_path_factory.mktemp("book") / "plan.xlsx")


@pytest.fixture
def book(written: Path, tmp_path: Path) -> Book:
    return Book(Path(shutil.copy(written, tmp_path)))


def orders(edits: Edits) -> set[tuple[str, str, str]]:
    return {(lock.kind, lock.provider_id, lock.recipient_id) for lock in edits.locks()}


CHANGED = {("pin", "U3", "C2"), ("forbid", "U2", "C2")}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"organization_id": "U3"}, CHANGED),
        ({"organization_id": "Ｕ3"}, CHANGED),
        ({"organization_id": "丙企业"}, CHANGED),
        ({"organization_name": "丙企业"}, CHANGED),
        ({"organization_name": "丙 企业"}, CHANGED),
        ({"organization_id": None, "organization_name": "丙企业"}, CHANGED),
        ({"organization_id": "U3", "organization_name": "丙企业"}, CHANGED),
        ({"organization_id": "U3", "organization_name": None}, CHANGED),
        ({"order": "换成丙企业"}, CHANGED),
        ({"order": "换成：U3"}, CHANGED),
        ({"order": "改为 丙企业"}, CHANGED),
        ({"order": "replace by U3"}, CHANGED),
        ({"order": "pin"}, {("pin", "U2", "C2")}),
        ({"order": "固定"}, {("pin", "U2", "C2")}),
        ({"order": "forbid"}, {("forbid", "U2", "C2")}),
        ({"order": "禁止"}, {("forbid", "U2", "C2")}),
        ({"organization_id": None, "organization_name": None}, {("forbid", "U2", "C2")}),
        ({"organization_id": "U3", "order": "pin"}, CHANGED),
        ({"note": "call them"}, set()),
        ({"km": 3}, set()),
    ],
)
def test_every_way_to_say_it(book: Book, cells: dict[str, Any], expected: set[tuple[str, str, str]]) -> None:
    """Ids and names typed over, and orders, by id or name, in either language."""
    row = book.row("county", "C2")
    for column, value in cells.items():
        book.sheet("county").cell(row, book.position("county", column)).value = value
    edits = book.edits()
    assert orders(edits) == expected
    assert len(edits.changes) == 1
    for lang in ("en", "zh"):
        assert "{" not in edits.changes[0].text(lang)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"organization_id": None}, "edit_half_row"),
        ({"county_id": None, "county_name": None}, "edit_half_row"),
        ({"organization_id": "=A1"}, "edit_error_value"),
        ({"organization_id": "#N/A"}, "edit_error_value"),
        ({"km": "#REF!"}, "edit_error_value"),
        ({"organization_name": "nobody"}, "unknown_id"),
        ({"county_name": "nowhere"}, "unknown_id"),
        ({"organization_id": "U3", "organization_name": "=甲大学".replace("=", "'=")}, "edit_two_names"),
        ({"order": "perhaps"}, "edit_unknown_order"),
        ({"order": "换成 某大学"}, "unknown_id"),
        ({"order": "禁止吧"}, "edit_unknown_order"),
        ({"organization_id": "U3", "order": "换成 U1"}, "edit_two_orders"),
    ],
)
def test_what_is_unclear_is_a_fault(book: Book, cells: dict[str, Any], code: str) -> None:
    """Never a pair taken out; each fault names sheet and row, in both languages."""
    row = book.row("county", "C2")
    for column, value in cells.items():
        book.sheet("county").cell(row, book.position("county", column)).value = value
    with pytest.raises(InvalidInput) as caught:
        book.edits()
    (fault,) = caught.value.faults
    assert (fault.code, fault.sheet, fault.row) == (code, "county pairings", row)
    for lang in ("en", "zh"):
        assert "{" not in fault.message(lang) + fault.mend(lang)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of a plan with two branches of one name."""
    rows = [{"id": f"B{i}", "name": "同名", "organization_id": "U1", "capacity": 2} for i in (1, 2)]
    instance = small_instance(branches=[*rows, {"id": "B3", "organization_id": "U2", "capacity": 2}])
    return small_plan(instance=instance).save(tmp_path_factory.mktemp("namesakes") / "plan.xlsx")


@pytest.mark.parametrize("kind", ["half", "sheet", "gone", "header", "title above", "many"])
def test_sheets_and_rows_that_are_not_whole_are_faults(namesakes: Path, tmp_path: Path, kind: str) -> None:
    """A sheet or header renamed or deleted, a row with one partner, a name that several have."""
    book = Book(Path(shutil.copy(namesakes, tmp_path)))
    sheet = book.sheet("school")
    if kind == "half":
        sheet.cell(sheet.max_row + 1, book.position("school", "branch_id")).value = "B1"
    elif kind == "sheet":
        sheet.title = "结对"
    elif kind == "gone":
        book.workbook.remove(sheet)
    elif kind == "header":
        sheet.cell(1, book.position("school", "km")).value = "far"
    elif kind == "title above":
        sheet.insert_rows(1)
    else:
        book.put("school", "S4", "branch_name", "同名")
    code = {
        "half": "edit_half_row", "sheet": "edit_sheet_missing", "gone": "edit_sheet_missing",
        "header": "edit_header_missing", "title above": "edit_header_missing", "many": "edit_many_names",
    }[kind]  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        book.edits()
    assert {fault.code for fault in caught.value.faults} == {code}


def test_a_formula_with_a_value_is_its_value(book: Book) -> None:
    """As written by a program that stores it: nothing was changed."""
    edits = book.edits()
    assert edits.changes == ()
    assert edits.locks() == ()


def test_sheets_that_follow_may_go(book: Book) -> None:
    """Whoever hands on some sheets only has ordered nothing."""
    for name in ("counties", "unmatched", "changes"):
        book.workbook.remove(book.sheet(name))
    edits = book.edits()
    assert [change.code for change in edits.changes] == ["edit_sheet_removed"]
    assert orders(edits) == set()
    assert matcher.verify(small_instance(), book.path).ok


def test_orders_accumulate_until_they_are_lifted(tmp_path: Path) -> None:
    """Three rounds from the same input: each adds to what the rounds before ordered, and lifting takes it back."""
    instance, path = small_instance(), tmp_path / "plan.xlsx"
    book = Book(small_plan().save(path))
    book.put("county", "C1", "order", "pin")
    book.put("county", "C2", "note", "寄过公函")
    book.put("school", "S4", "order", "forbid")
    first = book.edits()
    plan = matcher.solve(first.applied(instance))
    book = Book(plan.save(path, replace=True, edits=first))
    assert book.get("county", "C1", "order") == "pin"
    assert book.get("county", "C2", "note") == "寄过公函"
    assert [cell.value for cell in book.sheet("bans")[2]][:3] == ["school", "B3", "S4"]
    book.put("school", "S3", "order", "pin")
    second = book.edits()
    pinned = {("pin", "U1", "C1"), ("forbid", "B3", "S4")}
    assert pinned < orders(second)
    assert len(orders(second)) == 3
    plan = matcher.solve(second.applied(instance))
    book = Book(plan.save(path, replace=True, edits=second))
    book.put("county", "C1", "order", None)
    book.sheet("bans").delete_rows(2)
    third = book.edits()
    assert orders(third) == orders(second) - pinned
    assert {change.code for change in third.changes} == {"edit_lifted"}
    assert set(third.lifted) == {("county", "U1", "C1"), ("school", "B3", "S4")}


def test_a_lock_of_the_tables_can_be_lifted_for_good(tmp_path: Path) -> None:
    """It comes back with the same tables each time, and stays lifted."""
    lock = {"level": "county", "provider_id": "U1", "recipient_id": "C1", "kind": "pin"}
    instance, path = small_instance(locks=[lock]), tmp_path / "plan.xlsx"
    book = Book(matcher.solve(instance).save(path))
    book.put("county", "C1", "order", "lift")
    for _ in range(2):
        edits = book.edits()
        again = edits.applied(instance)
        assert again.locks == ()
        book = Book(matcher.solve(again).save(path, replace=True, edits=edits))


def test_notes_follow_their_recipient(tmp_path: Path) -> None:
    """To its new partner, to the sheet of who is left over, and back."""
    instance, path = small_instance(), tmp_path / "plan.xlsx"
    book = Book(small_plan().save(path))
    book.put("school", "S4", "note", "校长已同意")
    book.put("unmatched", "S5", "note", "太远")
    edits = book.edits()
    alone = small_plan(school_pairs=[("B1", "S1")])
    book = Book(alone.save(path, replace=True, edits=edits))
    assert book.get("unmatched", "S4", "note") == "校长已同意"
    edits = book.edits()
    moved = matcher.Plan.from_pairs(instance, county_pairs=[("U1", "C2")], school_pairs=[("B2", "S4"), ("B1", "S5")])
    book = Book(moved.save(path, replace=True, edits=edits))
    assert (book.get("school", "S4", "note"), book.get("school", "S5", "note")) == ("校长已同意", "太远")
    edits = book.edits()
    empty = matcher.Plan.from_pairs(instance)
    assert read_edits(empty.save(path, replace=True, edits=edits)).notes == {
        ("unmatched", "school", "S4"): "校长已同意",
        ("unmatched", "school", "S5"): "太远",
    }


def test_verify_says_what_is_no_longer_true_sheet_by_sheet(book: Book) -> None:
    """A pair taken out makes numbers of other sheets false: each is named with what it should be; no rule is broken."""
    book.put("school", "S4", "order", "forbid")
    book.edits()
    report = matcher.verify(small_instance(), book.path)
    assert report.ok
    by_sheet = {sheet: [each for each in report.stale if each.details["sheet"] == sheet] for sheet in STALE}
    assert all(by_sheet.values())
    cells = {(each.details.get("column"), each.details["name"]): each.details for each in by_sheet["counties"]}
    assert (cells["children reached", "C2"]["claimed"], cells["children reached", "C2"]["true"]) == ("90", "0")
    for lang in ("en", "zh"):
        said = report.summary(lang)  # type: ignore[arg-type]
        assert "{" not in said
        assert said.count("counties") >= 1
    assert report.to_json()["stale"][0]["code"].startswith("book_")


STALE = ("overview", "counties", "by organisation", "by branch", "unmatched", "changes")


def test_a_false_number_on_a_sheet_that_follows_is_false(book: Book) -> None:
    """Where no pair was touched, what a sheet says and is not so is a violation."""
    book.put("counties", "C1", "children_covered", 1000)
    book.edits()
    report = matcher.verify(small_instance(), book.path)
    assert report.codes == ("book_cell",)
    assert report.violations[0].details["true"] == "260"


def draw_edits(book: Book, draw: random.Random, number: int) -> tuple[set[Any], set[Any], dict[str, str]]:
    """Order `number` things at random; return what must be pinned and forbidden then, and the notes by school."""
    pins, bans, notes = set(), set(), {}
    sheet = book.sheet("school")
    header = [cell.value for cell in sheet[1]]
    at = {name: header.index(text(f"book.{name}")) for name in COLUMNS["school"] if text(f"book.{name}") in header}
    rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    names = {row[at["branch_id"]]: row[at["branch_name"]] for row in rows}
    kept = []
    chosen = {id(row) for row in draw.sample(rows, number)}
    for row in rows:
        school, branch = row[at["school_id"]], row[at["branch_id"]]
        kind = draw.choice(["pin", "forbid", "id", "name", "replace", "delete", "note"]) if id(row) in chosen else ""
        other = draw.choice([known for known in names if known != branch])
        if kind in ("pin", "forbid"):
            row[at["order"]] = kind
            (pins if kind == "pin" else bans).add((branch, school))
        elif kind in ("id", "name", "replace"):
            cell = {"id": "branch_id", "name": "branch_name", "replace": "order"}[kind]
            row[at[cell]] = {"id": other, "name": names[other], "replace": f"换成{names[other]}"}[kind]
            pins.add((other, school))
            bans.add((branch, school))
        elif kind == "note":
            notes[school] = row[at["note"]] = f"{school} {draw.random()}"
        if kind == "delete":  # and with the row what was written in it
            bans.add((branch, school))
            notes[school] = ""
        else:
            kept.append(row)
    draw.shuffle(kept)
    sheet.delete_rows(2, sheet.max_row)
    for row in kept:
        sheet.append(row)
    return pins, bans, notes


@pytest.mark.parametrize("seed", few(1, range(9)))
def test_random_edits_accumulate_exactly(tmp_path: Path, seed: int) -> None:
    """Over three rounds of 20 edits each from the same input: what was ordered last of a pair holds, and every note."""
    draw, instance, path = random.Random(seed), part_of_example(), tmp_path / "plan.xlsx"
    plan: matcher.Plan = matcher.solve(instance)
    wanted: dict[Any, str] = {}
    notes: dict[str, str] = {}
    edits = None
    for _ in range(3):
        book = Book(plan.save(path, replace=True, edits=edits))
        pins, bans, said = draw_edits(book, draw, 20)
        for pair in bans:
            wanted[pair] = "forbid"
        for pair in pins:
            wanted[pair] = "pin"
        notes = {school: note for school, note in (notes | said).items() if note}
        edits = book.edits()
        assert {(lock.provider_id, lock.recipient_id): lock.kind for lock in edits.locks()} == wanted
        assert {key[2]: note for key, note in edits.notes.items()} == notes
        # the pairs as they stand, whether or not they keep the rules: only the workbook is on trial
        rows = edits.claims.rows["school"]
        pairs = list(zip(rows["branch_id"], rows["school_id"], strict=True))
        county = [tuple(row) for row in plan.county_pairings[["organization_id", "county_id"]].to_numpy().tolist()]
        plan = matcher.Plan.from_pairs(edits.applied(instance), county_pairs=county, school_pairs=pairs)


def test_the_command_takes_edits_says_them_and_keeps_the_workbook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Round after round from the same tables; every edited workbook is kept, and the new one has the notes."""
    tables, out = tmp_path / "in", tmp_path / "out"
    tables.mkdir()
    write_tables(small_instance(), tables)
    command = ["plan", str(tables), "-o", str(out), "--lang", "zh"]
    assert main([*command, "--xlsx"]) == 0
    for number, (column, value) in enumerate((("order", "固定"), ("note", "已联系")), 1):
        book = Book(out / "plan.xlsx", "zh")
        book.put("county", "C1", column, value)
        book.workbook.save(book.path)
        capsys.readouterr()
        assert main([*command, "--edits", str(book.path)]) == 0
        said = capsys.readouterr().out
        assert "采纳工作簿中的修改（1 处）" in said
        assert "固定 1 对" in said
        assert (out / f"plan-edited-{number}.xlsx").is_file()
    book = Book(out / "plan.xlsx", "zh")
    assert (book.get("county", "C1", "order"), book.get("county", "C1", "note")) == ("固定", "已联系")
    assert matcher.load_plan(out).instance.locks[0].provider_id == "U1"
    assert main(["verify", str(tables), str(out / "plan.xlsx")]) in (0, 1)


def test_orders_of_who_is_gone_are_dropped_and_told(book: Book) -> None:
    """Next year's tables may lack a partner that was pinned."""
    book.put("school", "S4", "order", "pin")
    edits = book.edits()
    fewer = small_instance(
        branches=[{"id": "B1", "organization_id": "U1", "capacity": 2}, {"id": "B2", "organization_id": "U1"}],
        previous=[],
    )
    assert edits.gone(fewer) == (("school", "B3", "S4"),)
    assert edits.applied(fewer).locks == ()
