from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_plans import small_instance

import matcher
from matcher.base.progress import CancelToken, Progress
from matcher.cli import main
from matcher.files.writing import write_tables
from matcher.show.progressline import ProgressLine
from matcher.words.catalogue import catalogue


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    write_tables(small_instance(), folder)
    return folder


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_plan_verify_explain_diff_report(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way of a planner through every command ends with 0 each time."""
    out = str(tmp_path / "out")
    assert main(["plan", str(tables), "-o", out]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Plan: optimal")
    assert len(said.out.splitlines()) <= 40
    assert said.err == ""
    assert main(["verify", str(tables), out]) == 0
    assert main(["explain", out, "school:S5"]) == 0
    assert "school S5 is paired with nobody." in capsys.readouterr().out
    assert main(["diff", out, out]) == 0
    assert main(["report", out]) == 0
    assert (tmp_path / "out" / "plan.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert matcher.load_plan(out).status == "optimal"


def test_chinese_by_option_and_by_system(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything can be had in Chinese."""
    out = str(tmp_path / "out")
    assert main(["plan", str(tables), "-o", out, "--lang", "zh"]) == 0
    assert capsys.readouterr().out.startswith("方案：最优")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert main(["verify", str(tables), out]) == 0
    assert "符合" in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert "制定" in capsys.readouterr().out


def test_json_is_one_document(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is one JSON document, whatever the command and also for faults."""
    out = str(tmp_path / "out")
    for arguments, form in (
        (["plan", str(tables), "-o", out], "matcher.plan/1"),
        (["verify", str(tables), out], "matcher.report/1"),
        (["explain", out, "county:C1"], "matcher.explanation/1"),
        (["diff", out, out], "matcher.diff/1"),
        (["report", out], "matcher.written/1"),
        (["explain", out, "county:C9"], "matcher.faults/1"),
    ):
        main([*arguments, "--json"])
        assert json.loads(capsys.readouterr().out)["format"] == form


def test_policy_files(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy comes from TOML or JSON, also to judge a plan by; a faulty one is bad input."""
    out = str(tmp_path / "out")
    policy = tmp_path / "policy.toml"
    policy.write_text("max_county_km = 300\nchild_km = 5\n", encoding="utf-8")
    assert main(["plan", str(tables), "-o", out, "--policy", str(policy)]) == 0
    assert matcher.load_plan(out).policy.max_county_km == 300
    near = tmp_path / "near.json"
    near.write_text('{"max_school_km": 1}', encoding="utf-8")
    assert main(["verify", str(tables), out, "--policy", str(near)]) == 1
    assert "[out_of_reach]" in capsys.readouterr().out
    near.write_text('{"max_school_km": -1}', encoding="utf-8")
    assert main(["verify", str(tables), out, "--policy", str(near)]) == 2
    assert main(["verify", str(tables), out, "--policy", str(tmp_path / "none.toml")]) == 2


def test_an_infeasible_plan_ends_with_1(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No plan meets the rules: exit 1, the reason on the screen, a witness in plan.json that verifies."""
    out = tmp_path / "out"
    policy = tmp_path / "policy.toml"
    policy.write_text("county_demand = [1, 1]\nmax_county_km = 100\n")
    assert main(["plan", str(tables), "-o", str(out), "--policy", str(policy)]) == 1
    said = capsys.readouterr().out
    assert "no plan meets the hard rules" in said
    assert "These can't all be kept" in said
    assert "Ways out, the fewest given up first" in said
    assert json.loads((out / "plan.json").read_text(encoding="utf-8"))["status"] == "infeasible"
    assert matcher.verify(small_instance(), out).ok


def test_bad_input_ends_with_2_and_writes_nothing(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Faults are said in the language asked for, without a traceback, and nothing is written."""
    counties = tables / "counties.csv"
    counties.write_text(counties.read_text(encoding="utf-8").replace("26.1", "north"), encoding="utf-8")
    assert main(["plan", str(tables), "-o", str(tmp_path / "out"), "--lang", "zh"]) == 2
    said = capsys.readouterr()
    assert "处错误" in said.err
    assert said.out == ""
    assert not (tmp_path / "out").exists()
    for arguments in (
        [],
        ["plan"],
        ["plan", "x", "-o", "y", "--datum", "mars"],
        ["verify", str(tables), str(tmp_path / "nowhere")],
        ["verify", str(tmp_path / "nowhere"), str(tmp_path)],
        ["explain", str(tmp_path), "school:S1"],
        ["diff", str(tmp_path), str(tmp_path)],
        ["report", str(tmp_path)],
        ["plan", str(tables), "-o", str(tmp_path / "out"), "--gap", "-1"],
    ):
        assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_busy_or_foreign_target_ends_with_2(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A target that is something else is left alone and named in one line."""
    before = sorted(os.listdir(tables))
    assert main(["plan", str(tables), "-o", str(tables)]) == 2
    assert "is the input itself" in capsys.readouterr().err
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("x")
    assert main(["plan", str(tables), "-o", str(tmp_path / "photos")]) == 2
    assert "not a saved plan" in capsys.readouterr().err
    assert sorted(os.listdir(tables)) == before


def test_an_edited_plan_ends_with_1(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pair swapped by hand is found."""
    out = tmp_path / "out"
    main(["plan", str(tables), "-o", str(out)])
    path = out / "school_pairings.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("S1,B1", "S1,B3"), encoding="utf-8")
    capsys.readouterr()
    assert main(["verify", str(tables), str(out)]) == 1
    assert "[county_not_paired]" in capsys.readouterr().out


def test_demo_plans_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`matcher demo` needs no file: plan and map land in ./demo-plan, the summary on the screen."""
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    said = capsys.readouterr().out
    assert "made up" in said
    assert len(said.splitlines()) <= 40
    assert (tmp_path / "demo-plan" / "map.png").stat().st_size > 10_000
    plan = matcher.load_plan(tmp_path / "demo-plan")
    assert matcher.verify(plan.instance, tmp_path / "demo-plan").ok


def test_workbooks_go_out_and_come_back(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The template's examples are never planned; a plan's workbook verifies like its folder."""
    out = tmp_path / "out"
    assert main(["plan", str(tables), "-o", str(out), "--xlsx"]) == 0
    assert main(["verify", str(tables), str(out / "plan.xlsx")]) == 3  # it carries no proof
    assert main(["template", str(tmp_path / "t.xlsx"), "--lang", "zh"]) == 0
    assert main(["plan", str(tmp_path / "t.xlsx"), "-o", str(tmp_path / "second")]) == 2
    assert "only_examples" in capsys.readouterr().err


def test_python_m_matcher(tmp_path: Path) -> None:
    """`python -m matcher` is the same command."""
    done = subprocess.run([sys.executable, "-m", "matcher", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"matcher {matcher.__version__}\n"


@pytest.mark.slow  # the function is held to it by default, see test_determinism.py
def test_rows_shuffled_hash_seed_and_workers_change_no_byte(tables: Path, tmp_path: Path) -> None:
    """The same input in another order, hashed otherwise, planned by two workers: every output file is the same."""
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for path in tables.iterdir():
        header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (shuffled / path.name).write_text(header + "".join(rows[::-1]), encoding="utf-8")
    found = []
    for position, (folder, seed, workers) in enumerate(((tables, "0", "1"), (shuffled, "7", "2"))):
        out = tmp_path / f"out{position}"
        command = [sys.executable, "-m", "matcher", "plan", str(folder), "-o", str(out), "--workers", workers]
        subprocess.run(
            [*command, "--html", "--lang", "zh"],
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        found.append(
            {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
        )
    assert "plan.html" in found[0]
    assert found[0] == found[1]


def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    """Ctrl-C while solving ends with 130, without a traceback, and leaves a whole plan or none."""
    code = (
        "import sys, time, matcher.cli, matcher.solver as solver\n"
        "real = solver.solve\n"
        "def slow(*args, **options):\n"
        "    print('solving', flush=True)\n"
        "    while not options['cancel'].cancelled: time.sleep(0.01)\n"
        "    return real(*args, **options)\n"
        "solver.solve = slow\n"
        "sys.exit(matcher.cli.main(sys.argv[1:]))\n"
    )
    folder = tmp_path / "tables"
    folder.mkdir()
    write_tables(small_instance(), folder)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "plan", str(folder), "-o", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (said, errors)
    assert "Traceback" not in errors
    assert "cancelled" in said
    if out.exists():
        assert matcher.verify(small_instance(), out).ok


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_rewrites_one_line_of_a_terminal() -> None:
    """One line, cleaned up at the end; nothing at all where nobody watches."""
    terminal, file, told = Terminal(), io.StringIO(), io.StringIO()
    for stream, verbose in ((terminal, False), (file, False), (told, True)):
        with ProgressLine(stream, "en", verbose=verbose) as line:
            line(Progress("joint", 3, 10, value=1000, bound=900, gap=100))
            line(Progress("level:convenience", 1, 5))
    assert "both levels together  3/10  value 1,000  bound 900  gap 100" in terminal.getvalue()
    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")
    assert file.getvalue() == ""
    assert told.getvalue().splitlines()[1] == "level convenience  1/5"


def test_a_second_interrupt_stops_at_once() -> None:
    """The first interrupt asks, the second insists; afterwards the handler is as before."""
    from matcher.base.interrupts import cancel_on_interrupt

    before, cancel = signal.getsignal(signal.SIGINT), CancelToken()
    with cancel_on_interrupt(cancel):
        signal.raise_signal(signal.SIGINT)
        assert cancel.cancelled
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_every_text_has_both_languages_with_the_same_fields() -> None:
    """English and Chinese fill in the same names."""
    from string import Formatter

    for key, (english, chinese) in catalogue().items():
        fields = [{name for _, name, _, _ in Formatter().parse(said) if name} for said in (english, chinese)]
        assert fields[0] == fields[1], key
        assert english
        assert chinese


@pytest.mark.parametrize(("lang", "words"), [("en", "The arguments can't be used"), ("zh", "命令参数有误")])
def test_bad_arguments_are_told_in_the_language_asked_for(
    lang: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also what the argument parser itself refuses."""
    assert main(["plan", "--lang", lang]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
