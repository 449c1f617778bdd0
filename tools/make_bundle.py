"""Make `dist/matcher-offline.zip`: all that an office PC without a network needs besides Python, for Windows and Linux.

`python tools/make_bundle.py [--python 3.12]` wants pip and a network. pip resolves for the platform it is told, but
reads conditions such as `sys_platform == "win32"` of the computer that it runs on; so what a wheel asks for on the
other platform is looked up here and fetched too, until nothing is missing.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PARTS = Path(__file__).parent / "bundle"
EXTRAS = ("excel", "figures", "report")
#: platform -> tags of its wheels, and what conditions see there
PLATFORMS: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "windows": (
        ("win_amd64",),
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    ),
    "linux": (
        (*(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)), "manylinux2014_x86_64"),
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    ),
}


def asked(wheel: Path) -> tuple[str, list[Requirement]]:
    """Return the name of a wheel and what it asks for."""
    with ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        head = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    return canonicalize_name(head["Name"]), [Requirement(each) for each in head.get_all("Requires-Dist", [])]


def missing(wheels: Iterable[Path], root: str, extras: Iterable[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the requirements that hold in `environment` and for which there is no wheel; `root` has the extras."""
    known = dict(map(asked, wheels))
    waiting = [(root, extra) for extra in ("", *extras)]
    done: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for each in known[name]:
            if each.marker is not None and not each.marker.evaluate({**environment, "extra": extra}):
                continue
            other = canonicalize_name(each.name)
            if other in known:
                waiting += [(other, more) for more in ("", *each.extras)]
            else:
                yield f"{each.name}{each.specifier}"


def pip(*arguments: str) -> None:
    """Run pip of this Python."""
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], check=True)


def fetch(platform: str, version: str, ours: Path, folder: Path) -> None:
    """Fill a folder with the wheels of our own and of all that it asks for on a platform, at the versions tested."""
    tags, there = PLATFORMS[platform]
    where = [f"--platform={tag}" for tag in tags]
    options = ["--only-binary=:all:", f"--python-version={version}", "--implementation=cp", *where]
    options += [f"--constraint={ROOT / 'constraints.txt'}", f"--dest={folder}", f"--find-links={ours.parent}"]
    pip("download", *options, f"{ours}[{','.join(EXTRAS)}]")
    environment = {**there, "python_version": version, "python_full_version": f"{version}.0"}
    while lacking := sorted(set(missing(sorted(folder.glob("*.whl")), asked(ours)[0], EXTRAS, environment))):
        pip("download", *options, *lacking)


def pack(folder: Path, target: Path) -> None:
    """Write the folder as one archive; whatever starts something is executable."""
    with ZipFile(target, "w", ZIP_STORED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            info = ZipInfo(str(Path(folder.name) / path.relative_to(folder)).replace("\\", "/"), (2020, 1, 1, 0, 0, 0))
            info.external_attr = (0o755 if path.suffix in (".sh", ".bat") else 0o644) << 16
            archive.writestr(info, path.read_bytes())


def main() -> None:
    """Make the bundle."""
    parser = argparse.ArgumentParser(description="Make a bundle for computers without a network.")
    parser.add_argument("--python", default="{}.{}".format(*sys.version_info), help="version of Python over there")
    options = parser.parse_args()
    folder = ROOT / "dist" / "matcher-offline"
    shutil.rmtree(folder, ignore_errors=True)
    built = folder.with_name("built")
    for stale in (built, ROOT / "build"):  # else modules that are gone would be packed too
        shutil.rmtree(stale, ignore_errors=True)
    pip("wheel", "--no-deps", f"--wheel-dir={built}", str(ROOT))
    (ours,) = built.glob("*.whl")
    for platform in PLATFORMS:
        fetch(platform, options.python, ours, folder / "wheels" / platform)
    for part in PARTS.iterdir():
        shutil.copy(part, folder)
    (folder / "python-version.txt").write_text(options.python, encoding="ascii")
    target = folder.with_suffix(".zip")
    pack(folder, target)
    print(f"{target}: {target.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
