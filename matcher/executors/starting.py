"""How a child process is begun: this package from where it lies, what is installed, and nothing else.

The child runs isolated (`-I`), so the current folder, PYTHONPATH and PYTHONSTARTUP mean nothing to it. The package is
found by its own path; folders of `sys.path` are added behind what is installed, but for the current one and the one of
the script, where a `scipy.py` may lie.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

#: set in every child, so that none begins children of its own, whatever `sys.executable` turns out to start
_MARK: Final = "MATCHER_CHILD"
_BEGIN: Final = """
import importlib.util, sys
folder, parent, *more = sys.argv[1:]
sys.path += more
spec = importlib.util.spec_from_file_location("matcher", folder + "/__init__.py", submodule_search_locations=[folder])
package = importlib.util.module_from_spec(spec)
sys.modules["matcher"] = package
spec.loader.exec_module(package)
from matcher.executors.serving import main
main(int(parent))
"""


class CannotStart(RuntimeError):
    """No child process can be begun here."""


def inside() -> bool:
    """Whether this process is a child itself."""
    return _MARK in os.environ


def check() -> None:
    """Refuse where a child could not be begun, or would be something else than a Python.

    Raises
    ------
    CannotStart
        In a child, in a frozen or embedded interpreter, or where this package is no folder of files.
    """
    if inside():
        raise CannotStart("child")
    name = Path(sys.executable or "").name.lower()
    if getattr(sys, "frozen", False) or not name.startswith(("python", "pypy")):
        raise CannotStart("executable")
    if not _folder().joinpath("__init__.py").is_file():
        raise CannotStart("package")


def begin() -> subprocess.Popen[bytes]:
    """Begin a child process.

    Raises
    ------
    CannotStart
        If the system refuses.
    """
    command = [sys.executable, "-I", "-c", _BEGIN, str(_folder()), str(os.getpid()), *_folders()]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the parent only, which then decides
            env={**os.environ, _MARK: "1"},
        )
    except (OSError, ValueError) as fault:
        raise CannotStart(str(fault)) from fault


def _folder() -> Path:
    """Return where this package lies."""
    return Path(__file__).resolve().parent.parent


def _folders() -> list[str]:
    """Return the folders in which the parent finds what is installed, as far as they are no one's working folder."""
    working = {_real(os.curdir)}
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script is not None:
        working.add(_real(os.path.dirname(script) or os.curdir))
    return [place for place in sys.path if os.path.isabs(place) and _real(place) not in working]


def _real(place: str) -> str:
    try:
        return os.path.realpath(place)
    except OSError:
        return place
