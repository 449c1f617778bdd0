from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_plans import small_instance, small_plan, solver_plan

import matcher
from matcher.files import saving

FILES = ["county_pairings.csv", "input", "plan.json", "proof.npz", "school_pairings.csv", "unmatched.csv"]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_folder_reads_back_equal(tmp_path: Path) -> None:
    """What is saved is loaded equal, proof arrays and strangers included."""
    for position, plan in enumerate((solver_plan(), small_plan(), small_plan(county_pairs=[("U9", "C1")]))):
        folder = plan.save(tmp_path / f"out{position}")
        assert sorted(os.listdir(folder)) == FILES
        loaded = matcher.load_plan(folder)
        assert loaded == plan
        assert loaded.metrics == plan.metrics
        pd.testing.assert_frame_equal(loaded.school_pairings, plan.school_pairings)


def test_a_saved_plan_verifies(tmp_path: Path) -> None:
    """The folder says nothing that the checker refuses, also from the input saved with it."""
    folder = solver_plan().save(tmp_path / "out")
    assert matcher.verify(small_instance(), folder).ok
    assert matcher.verify(matcher.read(folder / "input"), folder).ok


def test_the_same_plan_has_the_same_bytes(tmp_path: Path) -> None:
    """Nothing in a saved plan depends on when or where it was written."""
    one = content(solver_plan().save(tmp_path / "one"))
    time.sleep(2.1)  # the clock of zip archives moves in steps of two seconds
    assert content(solver_plan().save(tmp_path / "deep" / "other")) == one


def test_plan_json_has_no_timings_and_the_hashes_of_all_files(tmp_path: Path) -> None:
    """The document holds the contract's parts and a hash of every file beside it."""
    folder = solver_plan().save(tmp_path / "out")
    head = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert {"status", "levels", "proof", "metrics", "policy", "versions", "input", "files"} <= head.keys()
    beside = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"plan.json"}
    assert {name.replace(os.sep, "/") for name in beside} == set(head["files"])


def test_replacing_keeps_what_the_user_put_there(tmp_path: Path) -> None:
    """The user's own files stay; what was made from the plan replaced does not."""
    folder = small_plan().save(tmp_path / "out")
    (folder / "notes.txt").write_text("mine")
    small_plan().report(folder / "plan.html", scripts=False)
    solver_plan().save(folder)
    assert matcher.load_plan(folder) == solver_plan()
    assert sorted(os.listdir(folder)) == sorted([*FILES, "notes.txt"])
    assert os.listdir(tmp_path) == ["out"]


def test_what_is_not_a_plan_is_not_replaced(tmp_path: Path) -> None:
    """A folder of something else, or a file, is refused and left as it is."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("x")
    (tmp_path / "file").write_text("x")
    for target, code in (("photos", "save_foreign"), ("file", "save_file")):
        with pytest.raises(matcher.SaveError) as caught:
            small_plan().save(tmp_path / target)
        assert caught.value.code == code
        assert "未写入" in caught.value.message("zh")
    assert sorted(os.listdir(tmp_path)) == ["file", "photos"]


def test_a_busy_target_gives_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the folder can't be moved (a file is open in Excel), the old plan stands and nothing is left behind."""
    folder = small_plan().save(tmp_path / "out")
    rename = Path.rename

    def busy(self: Path, target: Path) -> Path:
        if self.name == "out":
            raise PermissionError(13, "The process cannot access the file")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(matcher.SaveError, match="Excel"):
        solver_plan().save(folder)
    monkeypatch.undo()
    assert matcher.load_plan(folder) == small_plan()
    assert os.listdir(tmp_path) == ["out"]


def test_a_failed_second_rename_puts_the_old_plan_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the new folder can't take the place, the old one returns to it."""
    folder = small_plan().save(tmp_path / "out")
    rename = Path.rename

    def busy(self: Path, target: Path) -> Path:
        if self.name == ".out.part":
            raise PermissionError(13, "busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(matcher.SaveError):
        solver_plan().save(folder)
    monkeypatch.undo()
    assert matcher.load_plan(folder) == small_plan()


def test_the_old_plan_is_found_between_the_two_renames(tmp_path: Path) -> None:
    """After a crash between the renames the old plan is loaded, and the next save tidies up."""
    folder = small_plan().save(tmp_path / "out")
    folder.rename(tmp_path / ".out.old")
    (tmp_path / ".out.part").mkdir()
    assert matcher.load_plan(folder) == small_plan()
    solver_plan().save(folder)
    assert matcher.load_plan(folder) == solver_plan()
    assert os.listdir(tmp_path) == ["out"]


def edit(folder: Path, name: str, change: Callable[[str], str]) -> None:
    path = folder / name
    path.write_text(
        change(path.read_text(encoding="utf-8-sig")), encoding="utf-8-sig" if name.endswith("csv") else "utf-8"
    )


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("county_pairings.csv", lambda t: t.replace("U2", "U3"), "county_not_paired"),
        ("county_pairings.csv", lambda t: t.replace("C2", "C3"), "county_not_paired"),
        ("school_pairings.csv", lambda t: t.replace("S4", "S9"), "unknown_id"),
        ("school_pairings.csv", lambda t: t.replace("branch_id", "branch"), "column_missing"),
        ("school_pairings.csv", lambda t: t.replace("True", "yes"), "unreadable"),
        ("county_pairings.csv", lambda t: t.replace("2015", "last year"), "unreadable"),
        ("school_pairings.csv", lambda t: "\n".join(t.split("\n")[:-2]) + "\n", "metric_differs"),
        ("unmatched.csv", lambda t: t.replace("no_county_pair", "no_partner"), "unmatched_reason_differs"),
        ("plan.json", lambda t: t.replace('"status": "optimal"', '"status": "best"'), "status_unknown_word"),
        ("plan.json", lambda t: t.replace('"counties_covered": 2', '"counties_covered": 3'), "metric_differs"),
        ("plan.json", lambda t: t.replace('"bound": 800', '"bound": 801'), "level_gap"),
        ("plan.json", lambda t: t.replace('"policy": {', '"policy": {"child_km": 11.0,'), "level_value"),
        ("input/counties.csv", lambda t: t.replace("500", "501"), "file_changed"),
    ],
)
def test_an_edited_folder_is_refused(tmp_path: Path, name: str, change: Callable[[str], str], code: str) -> None:
    """Each edit is named by its own code; `load_plan` refuses a folder whose files were changed."""
    folder = solver_plan().save(tmp_path / "out")
    edit(folder, name, change)
    assert code in matcher.verify(small_instance(), folder).codes
    if name != "plan.json":
        assert "file_changed" in matcher.verify(small_instance(), folder).codes
        with pytest.raises(matcher.InvalidInput) as caught:
            matcher.load_plan(folder)
        assert caught.value.faults[0].code == "file_changed"


def test_a_missing_or_broken_proof_is_named(tmp_path: Path) -> None:
    """Deleting or breaking a file beside plan.json is found."""
    folder = solver_plan().save(tmp_path / "out")
    (folder / "proof.npz").write_bytes(b"no zip")
    assert {"file_changed", "proof_unreadable"} <= set(matcher.verify(small_instance(), folder).codes)
    (folder / "unmatched.csv").unlink()
    assert "column_missing" in matcher.verify(small_instance(), folder).codes


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "matcher.plan/1"}', '{"format": "matcher.plan/9"}'])
def test_a_folder_beyond_reading_is_a_fault(tmp_path: Path, text: str) -> None:
    """No plan.json, or one of another form, is an input fault, not a traceback."""
    folder = solver_plan().save(tmp_path / "out")
    (folder / "plan.json").write_text(text)
    for read in (matcher.load_plan, lambda path: matcher.verify(small_instance(), path)):
        with pytest.raises(matcher.InvalidInput):
            read(folder)
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.load_plan(tmp_path / "nowhere")
    assert caught.value.faults[0].code == "no_plan"


def test_proof_arrays_need_no_pickle(tmp_path: Path) -> None:
    """The archive is one that NumPy reads without pickle, with fixed dates."""
    folder = solver_plan().save(tmp_path / "out")
    with np.load(folder / "proof.npz", allow_pickle=False) as arrays:
        assert arrays["prices"].tolist() == [0, 1, 2, 3, 4]
    with zipfile.ZipFile(folder / "proof.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


SAVER = """
import sys
sys.path.insert(0, sys.argv[2])
from small_plans import small_plan, solver_plan
plans = small_plan(), solver_plan()
plans[0].save(sys.argv[1])
print("ready", flush=True)
while True:
    for plan in plans:
        plan.save(sys.argv[1])
"""


def kill_while_saving(tmp_path: Path, times: int) -> None:
    chance = random.Random(20)
    known = small_plan(), solver_plan()
    folder = tmp_path / "out"
    for _ in range(times):
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(folder), str(Path(__file__).parents[1])], stdout=subprocess.PIPE
        )
        assert saver.stdout is not None
        saver.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        saver.kill()
        saver.wait()
        saver.stdout.close()
        assert matcher.load_plan(folder) in known


def test_a_kill_while_saving_leaves_a_whole_plan(tmp_path: Path) -> None:
    """Killed at any moment of saving over a plan, the old or the new one is found, whole."""
    kill_while_saving(tmp_path, 1)


@pytest.mark.slow
def test_a_hundred_kills_while_saving_leave_a_whole_plan(tmp_path: Path) -> None:
    """The same a hundred times."""
    kill_while_saving(tmp_path, 100)


def test_a_reader_finds_a_whole_plan_while_another_writes(tmp_path: Path) -> None:
    """Loading while a thread replaces the plan again and again gives one plan or the other, whole."""
    plans = small_plan(), solver_plan()
    folder = plans[0].save(tmp_path / "out")
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            for plan in plans:
                plan.save(folder)
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(40):
            assert matcher.load_plan(folder) in plans
    finally:
        done.set()
        writer.join()


def test_every_step_of_saving_may_be_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped dead before each rename and each removal in turn, the folder still holds the old or the new plan."""
    folder = small_plan().save(tmp_path / "out")
    steps = [(Path, "rename"), (saving.shutil, "rmtree"), (saving, "_write"), (saving, "_sync")]
    for owner, name in steps:
        for nth in range(3):
            calls = 0
            real = getattr(owner, name)

            def dies(*args: object, _real: Callable[..., object] = real, _nth: int = nth, **options: object) -> object:
                nonlocal calls
                calls += 1
                if calls > _nth:
                    raise KeyboardInterrupt
                return _real(*args, **options)

            monkeypatch.setattr(owner, name, dies)
            with contextlib.suppress(KeyboardInterrupt):
                solver_plan().save(folder)
            monkeypatch.undo()
            assert matcher.load_plan(folder) in (small_plan(), solver_plan())
            small_plan().save(folder)


#: what plan.json says without a claim: words for readers, names of methods, and versions
UNCHECKED = ("versions", "text", "method", "scope", "format")


def leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the path of every plain value in a JSON document."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, (*path, name))]
    if isinstance(value, list):
        return [leaf for place, inner in enumerate(value) for leaf in leaves(inner, (*path, place))]
    return [path]


def falsified(value: object) -> list[object]:
    """Return values that are not `value`, of its own kind and of others."""
    if isinstance(value, bool):
        return [not value, None]
    if isinstance(value, int):
        return [value + 1, value - 1, None, str(value)]
    if isinstance(value, float):
        return [value + 0.001, None, "x"]
    return ["x", 1, [1], {}]


def falsify_every_value(plan: matcher.Plan, folder: Path, kinds: int) -> None:
    plan.save(folder)
    instance = small_instance()
    assert matcher.verify(instance, folder).ok
    path = folder / "plan.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for leaf in leaves(document):
        if set(leaf) & set(UNCHECKED) and leaf != ("proof", "scope"):
            continue
        if leaf == ("proof", "solver") and document["proof"]["kind"] == "solver":
            continue
        broken = json.loads(json.dumps(document))
        holder = broken
        for step in leaf[:-1]:
            holder = holder[step]
        for value in falsified(holder[leaf[-1]])[:kinds]:
            holder[leaf[-1]] = value
            path.write_text(json.dumps(broken), encoding="utf-8")
            try:
                report = matcher.verify(instance, folder)
            except matcher.InvalidInput:
                continue
            assert not report.ok, (leaf, value)
            assert report.summary("zh") != report.summary("en")


def test_every_value_of_plan_json_falsified_is_refused(tmp_path: Path) -> None:
    """Whatever value of plan.json is changed, the checker says so or can't read it; it never crashes."""
    falsify_every_value(matcher.solve(small_instance()), tmp_path / "out", 1)


@pytest.mark.slow
def test_every_value_of_plan_json_falsified_in_every_way_is_refused(tmp_path: Path) -> None:
    """The same with values of other kinds, and for a plan that a solver vouches for."""
    falsify_every_value(matcher.solve(small_instance()), tmp_path / "one", 9)
    falsify_every_value(solver_plan(), tmp_path / "other", 9)


def test_writers_of_one_target_take_turns(tmp_path):
    """Threads that save over one plan all succeed, and a whole plan of one of them stands, with nothing beside it."""
    plans = [small_plan(county_pairs=pairs, school_pairs=()) for pairs in ((("U1", "C1"),), (("U2", "C2"),), ())]
    errors: list[BaseException] = []

    def save(plan: matcher.Plan) -> None:
        try:
            for _ in range(8):
                plan.save(tmp_path / "out")
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=save, args=(plan,)) for plan in plans]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert matcher.load_plan(tmp_path / "out") in plans
