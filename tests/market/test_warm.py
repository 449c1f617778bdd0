"""Compilation is asked for, or done by a child that nobody waits for; a limit is for solving."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from matcher import Market, match
from matcher.base.disk import private_cache
from matcher.cli import main
from matcher.market import listed
from matcher.market.check import flaws
from matcher.market.points import compiled, sites, warm


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
    monkeypatch.setattr(warm, "_places", lambda: [tmp_path])
    monkeypatch.setattr(warm, "_markets", lambda: [points()])
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
