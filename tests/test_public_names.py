from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import matcher

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ["Instance", "Policy", "Plan", "read", "solve", "match", "Market", "load_plan", "verify", "diff"]


def modules() -> list[str]:
    return [module.name for module in pkgutil.walk_packages(matcher.__path__, "matcher.")]


def test_every_public_name_works_after_importing_every_module() -> None:
    """Loading a module of the package never hides a public name behind it."""
    for name in modules():
        if not name.endswith("__main__"):
            importlib.import_module(name)
    for name in matcher.__all__:
        assert not isinstance(getattr(matcher, name), ModuleType), name
        assert name in dir(matcher)


def test_every_public_name_works_before_any_module_is_imported() -> None:
    """Each name loads by itself in a fresh process."""
    code = "import matcher; [getattr(matcher, name) for name in matcher.__all__]"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_module_has_the_name_of_a_public_name() -> None:
    """A module and a function of one name would collide under lazy loading."""
    assert not {name.rpartition(".")[2] for name in modules()} & set(matcher.__all__)


def test_the_contracts_names_are_public() -> None:
    assert set(CONTRACT) <= set(matcher.__all__)


def test_import_is_light() -> None:
    """`import matcher` loads neither NumPy nor pandas, pydantic or a solver."""
    heavy = ("numpy", "pandas", "pydantic", "ortools", "scipy")
    code = f"import sys, matcher; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TOP = {
    *("Instance", "Organization", "Branch", "County", "School", "Pairing", "Preference", "TravelTime", "Lock"),
    *("Successor", "Policy", "Plan", "Level", "Proof", "Report", "read", "template", "example", "solve", "load_plan"),
    *("verify", "diff", "next_year", "replan", "recommend", "tradeoff", "Market", "Matching", "match", "match_many"),
    *("MatcherError", "InvalidInput", "InfeasibleError", "UnsolvedError", "SaveError", "MissingExtra", "Fault"),
    *("CancelToken", "ProgressBar", "__version__"),
}


def test_the_top_has_forty_names() -> None:
    assert set(matcher.__all__) == TOP
    assert len(TOP) == 40


def test_names_that_are_called_from_the_top_too_are_those_of_their_package() -> None:
    """The forty stay forty: a few doors of packages open here as well."""
    assert matcher._CALLED.keys().isdisjoint(matcher.__all__)
    for name, package in matcher._CALLED.items():
        assert getattr(matcher, name) is getattr(getattr(matcher, package), name)
        assert name in dir(matcher)


@pytest.mark.parametrize("package", sorted(matcher._PACKAGES))
def test_every_public_name_of_a_package_loads(package) -> None:
    found = getattr(matcher, package)
    for name in getattr(found, "__all__", ()):
        assert getattr(found, name) is not None


@pytest.mark.parametrize("name", sorted(matcher._MOVED))
def test_names_that_moved_still_work_and_say_where_they_are(name) -> None:
    with pytest.warns(DeprecationWarning, match=rf"matcher\.{matcher._MOVED[name]}\.{name}"):
        assert getattr(matcher, name) is getattr(getattr(matcher, matcher._MOVED[name]), name)


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of our own imports in a page, a notebook or a script."""
    for module, names in re.findall(
        r"^\s*\"?from (matcher[\w.]*) import ([\w, ]+)", path.read_text("utf-8"), re.MULTILINE
    ):
        for name in names.split(","):
            yield module, name.split(" as ")[0].strip()


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*"), *ROOT.glob("benchmarks/**/*.py")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_and_benchmarks_use_public_names(path) -> None:
    """What a user reads or repeats holds on to nothing that may move."""
    for module, name in _imports(path):
        package = importlib.import_module(module)
        listed = getattr(package, "__all__", ())
        assert name in listed or f"{module}.{name}".removeprefix("matcher.") in matcher._PACKAGES, f"{module}.{name}"
