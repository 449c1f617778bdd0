"""The bundle for computers without a network: nothing is missing on either platform, and its start plans a workbook."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUNDLE = loaded(TOOLS / "make_bundle.py")
START = loaded(TOOLS / "bundle" / "start.py")


def wheel(folder: Path, name: str, *asks: str) -> Path:
    path = folder / f"{name}-1-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        head = [f"Name: {name}", "Version: 1", *(f"Requires-Dist: {each}" for each in asks)]
        archive.writestr(f"{name}-1.dist-info/METADATA", "\n".join(head))
    return path


def test_what_is_missing_is_found_for_the_other_platform(tmp_path: Path) -> None:
    """By conditions on the system and the version, through extras of extras, in circles too."""
    wheels = [
        wheel(tmp_path, "ours", "plain>=1", 'Book.Reader[fast]; extra == "excel"', 'never; extra == "bench"'),
        wheel(tmp_path, "plain", 'tzdata; sys_platform == "win32"', 'uvloop; sys_platform == "linux"'),
        wheel(tmp_path, "book_reader", "ours", 'speed; extra == "fast"', 'old; python_version < "3.11"'),
    ]
    found = {
        name: set(BUNDLE.missing(wheels, "ours", ["excel"], {**there, "python_version": "3.12"}))
        for name, (_, there) in BUNDLE.PLATFORMS.items()
    }
    assert found == {"windows": {"tzdata", "speed"}, "linux": {"uvloop", "speed"}}
    assert not list(BUNDLE.missing([wheel(tmp_path, "alone")], "alone", [], {}))


def test_what_starts_something_can_be_started(tmp_path: Path) -> None:
    """The archive keeps names in Chinese and who may run what."""
    folder = tmp_path / "matcher-offline"
    (folder / "wheels").mkdir(parents=True)
    for name in ("start.sh", "start.py", "wheels/a.whl", "说明.txt"):
        (folder / name).write_bytes(name.encode())
    BUNDLE.pack(folder, tmp_path / "b.zip")
    with ZipFile(tmp_path / "b.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    assert modes.pop("matcher-offline/start.sh") == 0o755
    assert modes == {f"matcher-offline/{name}": 0o644 for name in ("start.py", "wheels/a.whl", "说明.txt")}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A folder as unpacked; what would be run is listed instead."""
    ran: list[list[str]] = []

    def run(command: list[object], **options: object) -> subprocess.CompletedProcess[str]:
        ran.append([str(each) for each in command])
        return subprocess.CompletedProcess(command, 0)

    def create(folder: Path, **options: object) -> None:
        folder.mkdir()

    monkeypatch.setattr(START, "HERE", tmp_path)
    monkeypatch.setattr(START.subprocess, "run", run)
    monkeypatch.setattr(START.venv, "create", create)
    (tmp_path / "python-version.txt").write_text("{}.{}".format(*sys.version_info), encoding="ascii")
    return ran


def test_the_start_installs_once_and_asks_no_network(office: list[list[str]], tmp_path: Path) -> None:
    assert START.main([]) == 0
    installed, empty = office
    assert "--no-index" in installed
    assert empty[-4:] == ["template", str(tmp_path / "待填表.xlsx"), "--lang", "zh"]
    book = tmp_path / "台账.xlsx"
    (tmp_path / "台账-方案").mkdir()
    assert START.main([str(book)]) == 0
    assert len(office) == 3
    assert office[2][office[2].index("plan") :][:4] == ["plan", str(book), "-o", str(tmp_path / "台账-方案-2")]


def test_another_python_is_told_which_one_is_needed(
    office: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "python-version.txt").write_text("3.7\n", encoding="ascii")
    assert START.main([]) == 2
    assert office == []
    assert "Python 3.7" in capsys.readouterr().out


def test_the_start_of_windows_has_its_line_ends() -> None:
    """Its shell misreads others."""
    content = (TOOLS / "bundle" / "start.bat").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > 10
