"""The package keeps the rules of its house: every import runs down, and no two files need each other."""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import house


@functools.cache
def trees():
    """Read when a test asks: every worker collects this file, and at most two run it."""
    return house.sources()


@functools.cache
def imported():
    return list(house.imports(trees()))


def test_every_import_runs_down():
    """Types may name the plan, the face of the house; nothing else points up."""
    assert not house.upward(imported()), "\n".join(map(str, house.upward(imported())))


def test_every_room_has_a_floor():
    assert {each.room for each in imported()} <= house.FLOOR.keys()


def test_no_two_files_need_each_other():
    assert not house.circles(trees(), imported())


def test_our_own_imports_stand_at_the_top():
    """What a file needs of ours shows at its head; only commands load what they run when they run it."""
    assert not house.inside_functions(imported()), "\n".join(map(str, house.inside_functions(imported())))


def test_heavy_packages_load_when_they_are_used():
    assert not house.heavy_at_top(imported()), "\n".join(map(str, house.heavy_at_top(imported())))


def test_a_class_name_names_one_class():
    assert not house.repeated_classes(trees())


def test_files_stay_readable():
    """A file past 400 lines wants to be two."""
    assert not [path for path, lines in house.module_lines().items() if lines > 400]


def test_programmes_are_short_and_call_no_solver():
    """Each is a translation: tables onto a market, nothing that solves."""
    makers = {"programs", "ortools", "scipy", "highspy"}
    found = [each for each in imported() if each.room == "programmes" and {each.to, each.module.split(".")[0]} & makers]
    assert not found
    lines = house.module_lines()
    assert not [path for path in lines if path.startswith("programmes/") and lines[path] > 300]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("geo.py", "from matcher.model import Instance"),
        ("market/flow.py", "from matcher.facts import Facts"),
        ("proof/blocking.py", "from matcher.programs.rows import Rows"),
        ("model.py", "if TYPE_CHECKING:\n    from matcher.solver import solve"),
    ],
)
def test_an_upward_import_is_found(path, line):
    """Up, across the wings, from a judge to a maker, and in types too."""
    tree = ast.parse(line)
    assert house.upward(list(house.imports({path: tree})))


def test_a_circle_is_found():
    pair = {"geo.py": ast.parse("from matcher import facts"), "facts.py": ast.parse("from matcher.geo import ecef")}
    assert house.circles(pair, list(house.imports(pair))) == [["facts.py", "geo.py"]]
