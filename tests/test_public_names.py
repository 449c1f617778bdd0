from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import matcher

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
