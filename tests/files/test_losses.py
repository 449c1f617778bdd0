"""Nothing that a person made is ever lost: what may be written over is ours and as we wrote it, all else is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from small_plans import small_instance, small_plan

import matcher
from matcher.base.seal import is_untouched, sealed_page, sealed_picture
from matcher.cli import main
from matcher.files.faultbook import mark_faults
from matcher.files.writing import write_tables, write_workbook
from matcher.show import report
from matcher.show.page import live

ONE_TO_ONE = "county_demand = [1, 1]\nmax_county_km = 100\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sound tables `in/` and their workbook `in.xlsx`."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "in").mkdir()
    write_tables(small_instance(), folder / "in")
    write_workbook(small_instance(), folder / "in.xlsx")
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what was made, and in it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without figures and scripts: what they show is looked at elsewhere."""
    monkeypatch.setattr(report, "_figures", lambda *given: ())
    monkeypatch.setattr(live, "find_spec", lambda name: None)


def everything(folder: Path) -> dict[str, Any]:
    """Return every file and link of a folder with its content."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def refused(work: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must end with 2 and change nothing; return what it says."""
    before = everything(work)
    assert main(arguments) == 2
    assert everything(work) == before
    return capsys.readouterr().err


def edit(path: Path) -> None:
    """Change one cell of a workbook, as a person does."""
    workbook = openpyxl.load_workbook(path)
    workbook.worksheets[-2]["A2"] = "changed"
    workbook.save(path)


def test_a_seal_breaks_with_any_change(work: Path) -> None:
    """Of a workbook, a page and a picture; what has none is not ours."""
    book = (work / "in.xlsx").read_bytes()
    assert is_untouched(book)
    edit(work / "in.xlsx")
    assert not is_untouched((work / "in.xlsx").read_bytes())
    page, picture = sealed_page(b"<html></html>\n"), sealed_picture(small_plan().map().png())
    for content, at in ((page, 3), (picture, 60), (picture, len(picture) - 30)):
        assert is_untouched(content)
        assert not is_untouched(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    assert not any(map(is_untouched, (b"", b"PK", b"PK\x03\x04", b"\x89PNG", b"<html></html>")))


def test_a_sealed_picture_is_one(tmp_path: Path) -> None:
    """Readers of pictures pass over the seal."""
    import matplotlib.image

    plain = small_plan().map().png()
    for name, content in (("plain", plain), ("sealed", sealed_picture(plain))):
        (tmp_path / f"{name}.png").write_bytes(content)
    pixels = [matplotlib.image.imread(str(tmp_path / f"{name}.png")) for name in ("plain", "sealed")]
    assert (pixels[0] == pixels[1]).all()


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "in.xlsx", "-o", "in.xlsx"],
        ["plan", "in", "-o", "in"],
        ["plan", "in", "-o", "./in/../in"],
        ["plan", "in", "-o", "link"],
        ["plan", "in", "-o", "p.toml", "--policy", "p.toml"],
        ["plan", "in.xlsx", "-o", "in.xlsx", "--force"],
        ["plan", "in", "-o", "in", "--force"],
    ],
)
def test_the_input_is_never_the_output(work: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """By whatever name, and even if forced."""
    (work / "link").symlink_to("in")
    (work / "p.toml").write_text("child_km = 5\n")
    assert "is the input itself" in refused(work, arguments, capsys)


def test_a_filled_template_is_not_overwritten(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty one is written again; a filled one only if forced."""
    assert main(["template", "t.xlsx"]) == 0
    assert main(["template", "t.xlsx", "--lang", "zh"]) == 0
    edit(work / "t.xlsx")
    capsys.readouterr()
    assert "--force" in refused(work, ["template", "t.xlsx"], capsys)
    (work / "notes.xlsx").write_text("mine")
    assert "--force" in refused(work, ["template", "notes.xlsx"], capsys)
    assert main(["template", "t.xlsx", "--force"]) == 0
    assert is_untouched((work / "t.xlsx").read_bytes())


def test_a_report_overwrites_reports_only(work: Path, plain: None, capsys: pytest.CaptureFixture[str]) -> None:
    """`report` and `report -o` write over pages that are as they were written."""
    assert main(["plan", "in", "-o", "out"]) == 0
    for _ in range(2):
        assert main(["report", "out"]) == 0
    (work / "mine.html").write_text("<p>mine</p>")
    (work / "mine.doc").write_text("mine")
    (work / "out" / "plan.html").write_text("<p>annotated</p>")
    capsys.readouterr()
    for arguments in (["report", "out"], *(["report", "out", "-o", name] for name in ("mine.html", "mine.doc"))):
        assert "--force" in refused(work, arguments, capsys)
    assert main(["report", "out", "--force"]) == 0


def test_an_edited_workbook_stands(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plan whose workbook was edited is not replaced, unless its edits are taken: then it is kept beside."""
    assert main(["plan", "in", "-o", "out", "--xlsx"]) == 0
    edit(work / "out" / "plan.xlsx")
    edited = (work / "out" / "plan.xlsx").read_bytes()
    capsys.readouterr()
    said = refused(work, ["plan", "in", "-o", "out"], capsys)
    assert "plan.xlsx" in said
    assert "--edits" in said
    assert "--force" in said
    assert "--force" in refused(work, ["plan", "in", "-o", "out/plan.xlsx"], capsys)
    with pytest.raises(matcher.SaveError) as caught:
        small_plan().save(work / "out")
    assert caught.value.code == "save_changed"
    small_plan().save(work / "out", replace=True)
    assert edited not in everything(work).values()


def test_what_was_made_is_made_again(work: Path, plain: None) -> None:
    """The workbook and the page of the plan that stood there do not vanish: the new plan has its own."""
    assert main(["plan", "in", "-o", "out", "--xlsx", "--html"]) == 0
    (work / "p.toml").write_text("child_km = 5\n")
    before = everything(work)
    assert main(["plan", "in", "-o", "out", "--policy", "p.toml"]) == 0
    after = everything(work)
    assert after.keys() == before.keys()
    for name in ("out/plan.xlsx", "out/plan.html"):
        assert after[name] != before[name]


@pytest.mark.parametrize("content", ['{"tool":"other"}', "", "[]", '{"format": "matcher.plan/1"}', "\ufeff{}"])
def test_a_folder_with_anybodys_plan_json_is_not_ours(
    work: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of that name says nothing; with --force what else is there stays."""
    (work / "mine" / "input").mkdir(parents=True)
    for name, text in (("plan.json", content), ("input/my.csv", "data"), ("map.png", "x")):
        (work / "mine" / name).write_text(text)
    assert "not a saved plan" in refused(work, ["plan", "in", "-o", "mine"], capsys)
    (work / "other").mkdir()
    (work / "other" / "letter.txt").write_text("mine")
    assert main(["plan", "in", "-o", "other", "--force"]) == 0
    assert (work / "other" / "letter.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["county_pairings.csv", "unmatched.csv", "input/counties.csv", "input/new.csv"])
def test_a_changed_plan_stands(work: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of a saved plan that was changed, or one put among its tables, was made by a person."""
    assert main(["plan", "in", "-o", "out"]) == 0
    with (work / "out" / name).open("a") as file:
        file.write("x,y\n")
    capsys.readouterr()
    assert name in refused(work, ["plan", "in", "-o", "out"], capsys)
    assert main(["plan", "in", "-o", "out", "--force"]) == 0
    assert matcher.load_plan(work / "out").status == "optimal"


def test_a_changed_plan_json_stands(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has no hash of its own, but a form."""
    assert main(["plan", "in", "-o", "out"]) == 0
    with (work / "out" / "plan.json").open("a") as file:
        file.write("\n")
    capsys.readouterr()
    assert "--force" in refused(work, ["plan", "in", "-o", "out"], capsys)


def test_no_plan_does_not_replace_a_plan(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that finds the rules impossible says so, ends with 1 and leaves the good plan; an empty place it fills."""
    (work / "p.toml").write_text(ONE_TO_ONE)
    assert main(["plan", "in", "-o", "bad", "--policy", "p.toml"]) == 1
    assert main(["plan", "in", "-o", "out"]) == 0
    before = everything(work)
    capsys.readouterr()
    assert main(["plan", "in", "-o", "out", "--policy", "p.toml", "--xlsx"]) == 1
    said = capsys.readouterr().out
    assert "no plan meets the hard rules" in said
    assert "--force" in said
    assert everything(work) == before
    assert main(["plan", "in", "-o", "bad", "--policy", "p.toml"]) == 1  # none in the place of none
    assert main(["plan", "in", "-o", "out", "--policy", "p.toml", "--force"]) == 1
    assert matcher.load_plan(work / "out").status == "infeasible"


def test_a_link_stays_a_link(work: Path) -> None:
    """What it leads to is replaced, time and again; a dangling one comes to lead somewhere."""
    assert main(["plan", "in", "-o", "plan-2027"]) == 0
    (work / "latest").symlink_to("plan-2027")
    (work / "next").symlink_to("plan-2028")
    for _ in range(2):
        for name in ("latest", "next"):
            assert main(["plan", "in", "-o", name]) == 0
    assert {name: os.readlink(work / name) for name in ("latest", "next")} == {
        "latest": "plan-2027",
        "next": "plan-2028",
    }
    assert matcher.load_plan(work / "plan-2028").status == matcher.load_plan("latest").status == "optimal"
    assert sorted(os.listdir(work)) == ["in", "in.xlsx", "latest", "next", "plan-2027", "plan-2028"]


def test_a_link_to_a_file_is_written_through(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link to a template of ours leads to the new one; a link in a circle is one clear error."""
    assert main(["template", "t.xlsx"]) == 0
    (work / "t-link.xlsx").symlink_to("t.xlsx")
    (work / "round").symlink_to("round")
    assert main(["template", "t-link.xlsx", "--lang", "zh"]) == 0
    assert (work / "t-link.xlsx").is_symlink()
    assert "说明" in openpyxl.load_workbook(work / "t.xlsx").sheetnames
    capsys.readouterr()
    assert "can't be written" in refused(work, ["plan", "in", "-o", "round"], capsys)


def test_links_inside_a_plan_folder_stay(work: Path) -> None:
    """A person's link to a folder is not turned into a copy of it."""
    assert main(["plan", "in", "-o", "out"]) == 0
    (work / "out" / "tables").symlink_to("../in")
    assert main(["plan", "in", "-o", "out"]) == 0
    assert os.readlink(work / "out" / "tables") == "../in"


def test_marked_faults_overwrite_nothing(work: Path) -> None:
    """The copy with the faults marked goes over no file of a person's."""
    (work / "in" / "counties.csv").write_text("id,lat,lon\nC1,north,106\n")
    (work / "notes.xlsx").write_text("mine")
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.read(work / "in")
    with pytest.raises(matcher.SaveError) as refusal:
        mark_faults(work / "in", caught.value, work / "notes.xlsx")
    assert refusal.value.code == "save_not_ours"
    for _ in range(2):
        mark_faults(work / "in", caught.value, work / "faults.xlsx")


def test_workbooks_of_tables_overwrite_nothing(work: Path) -> None:
    """Nor do the workbooks of an instance and of a plan, from Python too; with `replace` they do."""
    for write in (write_workbook, lambda what, path, **more: small_plan().save(path, **more)):
        (work / "mine.xlsx").write_text("mine")
        with pytest.raises(matcher.SaveError):
            write(small_instance(), work / "mine.xlsx")
        write(small_instance(), work / "mine.xlsx", replace=True)


@pytest.mark.parametrize("code", ["save_foreign", "save_file", "save_changed", "save_worse", "save_not_ours"])
def test_refusals_are_said_in_both_languages(code: str) -> None:
    """And name what forces them, but where nothing does."""
    error = matcher.SaveError(code, path="out", names="plan.xlsx")
    for lang in ("en", "zh"):
        assert ("--force" in error.message(lang)) == (code != "save_file")  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".xls", ".csv", ".ods"])
def test_a_name_that_promises_another_format_is_refused(tmp_path, suffix):
    """No folder called plan.xls: who names it so expects a file."""
    with pytest.raises(matcher.SaveError) as caught:
        small_plan().save(tmp_path / f"plan{suffix}")
    assert caught.value.code == "save_format"
    assert not list(tmp_path.iterdir())


def test_tables_and_figures_that_cannot_be_written_say_so(tmp_path):
    with pytest.raises(matcher.SaveError):
        write_tables(small_instance(), tmp_path / "no")
    with pytest.raises(matcher.SaveError):
        small_plan().map().save(tmp_path / "no" / "map.png")
