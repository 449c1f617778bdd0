"""How a package shows its names: each is loaded when first used, so that importing the package is light."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def public(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose public names live in these of its modules.

    Parameters
    ----------
    package
        Its name, `__name__` there.
    homes
        Public name -> module, relative to the package, or in full.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = homes[name]
        return getattr(
            importlib.import_module(module if module.startswith("matcher.") else f"{package}.{module}"), name
        )

    return load, lambda: sorted(homes)
