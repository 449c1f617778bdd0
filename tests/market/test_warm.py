"""Compilation is asked for, or done by a child that nobody waits for; a limit is for solving."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

import matcher
from matcher import CancelToken, Market, match
from matcher.base.disk import private_cache
from matcher.base.progress import Budget
from matcher.cli import main
from matcher.market import listed, warming
from matcher.market.check import flaws
from matcher.market.points import compiled, sites, warm
from matcher.market.presence import loops as presence_loops
from matcher.market.presence import solving
from matcher.market.program import knapsack, levels, site_prices, steps
from matcher.programmes.doors import example_of, plan_programme

PACKAGE = Path(matcher.__file__).parent
#: files of loops that only `warming.points` runs, which is too long for plain Python
POINTS = ("auction", "compiled", "paths")


def points(seed=0):
    rng = np.random.default_rng(seed)
    a, b = (rng.uniform(0, 5, (n, 2)) + np.array([26.0, 104.0]) for n in (90, 120))
    return Market.from_points(a, b, unmet_km=300)


@pytest.fixture
def cold(monkeypatch):
    """Loops that were never compiled; whatever is begun is written down in place of being done."""
    begun = []
    monkeypatch.setattr(sites, "MANY_PAIRS", 0)
    monkeypatch.setattr(warm, "is_ready", lambda: False)
    monkeypatch.setattr(warm, "begin", lambda: begun.append(True))
    return begun


def test_a_limit_pays_for_no_compilation(cold, monkeypatch):
    used = []
    solve = listed.solve
    monkeypatch.setattr(listed, "solve", lambda *given: used.append(True) or solve(*given))
    matching = match(points(), time_limit_s=60)
    assert (matching.status, bool(cold), bool(used)) == ("optimal", True, True)
    assert flaws(matching) == ()


def test_without_a_limit_the_loops_are_compiled_where_they_run(cold):
    assert match(points()).status == "optimal"
    assert not cold


def test_warming_up_leaves_a_mark(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(warm, "places", lambda: [tmp_path])
    monkeypatch.setattr(warming, "LOOPS", (lambda: match(points()),))
    assert main(["warm-up"]) == 0
    assert capsys.readouterr().out
    assert warm.is_ready()
    assert bool(list(tmp_path.iterdir())) == compiled.AVAILABLE


@pytest.mark.skipif(os.name == "nt", reason="owners of POSIX")
def test_code_is_kept_only_where_nobody_else_may_write(tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    own = private_cache()
    assert own is not None
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.chmod(0o777)
    assert private_cache() is None


def program():
    rng = np.random.default_rng(0)
    sizes = {"size": rng.integers(1, 9, 30), "opening_cost": np.full(8, 90)}
    return Market.from_matrix(rng.integers(0, 99, (8, 30)), capacity=20, unmet_cost=300, **sizes)


@pytest.mark.skipif(not compiled.AVAILABLE, reason="nothing is compiled without numba")
def test_loops_of_programs_run_plainly_under_a_limit_until_they_are_ready(monkeypatch):
    """They were compiled within it, and nobody was told."""
    begun, loop = [], compiled._Loop(lambda x: x + 1)
    monkeypatch.setattr(warm, "is_ready", lambda: False)
    monkeypatch.setattr(warm, "begin", lambda: begun.append(True))
    monkeypatch.setattr(loop, "compiled", lambda: pytest.fail("compiled under a limit"))
    with warm.hurried(Budget(time_limit_s=9)):
        assert loop(1) == 2
    with warm.hurried(Budget(cancel=CancelToken())):
        assert loop(1) == 2
    assert len(begun) == 2
    assert match(program(), time_limit_s=20).has_pairs
    assert len(begun) == 3


def test_every_file_with_loops_is_warmed_up(monkeypatch):
    """Whoever adds compiled loops adds a run of them, else a user waits for them unawares."""
    called = set()
    loops = [loop for module in sys.modules.values() for loop in vars(module).values() if type(loop) is compiled._Loop]
    loops = [loop for loop in loops if loop.__module__.startswith("matcher.")]
    for loop in loops:
        python = loop.py_func
        monkeypatch.setattr(
            loop, "_compiled", lambda *given, f=python: (called.add((f.__module__, f.__name__)), f(*given))[1]
        )
    if compiled.AVAILABLE:
        warming.sizes()
        warming.siting()
        warming.presence()
        points = {f"matcher.market.points.{n}" for n in POINTS}
        assert called == {(each.__module__, each.py_func.__name__) for each in loops if each.__module__ not in points}
    assert {path.parent.name for path in PACKAGE.rglob("*.py") if "\n@compiled" in path.read_text("utf-8")} == {
        folder.name for folder in warm._FOLDERS
    }


@pytest.mark.skipif(not compiled.AVAILABLE, reason="nothing is compiled without numba")
def test_what_is_warm_is_compiled_for_no_other_kind_of_arrays(monkeypatch):
    """Arrays of a market are read-only and those made on the way are not: loops were compiled up to six times."""
    monkeypatch.setattr(warm, "is_ready", lambda: True)
    monkeypatch.setattr(levels, "MOST_EXACT", 0)
    monkeypatch.setattr(solving, "_SMALL", 0)
    loops = [
        loop
        for room in (steps, knapsack, site_prices, presence_loops)
        for loop in vars(room).values()
        if isinstance(loop, compiled._Loop)
    ]
    warming.sizes()
    warming.siting()
    warming.presence()
    known = [compilations(loop) for loop in loops]
    rng = np.random.default_rng(5)
    plain = Market.from_matrix(rng.integers(1, 60, (6, 12)), capacity=9, unmet_cost=90, size=rng.integers(1, 6, 12))
    grouped = Market.from_matrix(
        rng.integers(1, 60, (2, 6, 12)),
        capacity=9,
        unmet_cost=[[1] * 12, [0] * 12],
        size=rng.integers(1, 6, (6, 12)),
        group=[0, 0, 0, 1, 1, -1],
        group_open=[[0, 2], [0, 1]],
    )
    for market in (plain, grouped):
        assert flaws(match(market, work_limit=20)) == ()
    tables = example_of("holiday")
    for needs in (("music",), ()):
        points = [point.model_copy(update={"needs": needs}) for point in tables["points"][:6]]
        few = {"points": points, "teams": tables["teams"][:18], "volunteers": []}
        assert plan_programme("holiday", few, work_limit=20).verify().ok
    assert [compilations(loop) for loop in loops] == known


def compilations(loop):
    return sum(loop.compiled().stats.cache_misses.values())
