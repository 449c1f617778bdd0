"""First steps without a network: sets the library up in `env/` beside this file, then plans the workbooks given to it.

Without a workbook it writes an empty one to fill in. Only Python itself is needed.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORDS = {
    "version": (
        "需要 Python {0}（64 位），这里是 {1}。请安装 Python {0} 后再双击。",
        "Python {0} (64 bit) is needed, this is {1}. Install Python {0} and start again.",
    ),
    "setting_up": ("第一次运行，正在安装（约一两分钟）……", "First run: setting up, which takes a minute or two ..."),
    "template": (
        "已有空表：{0}\n填好后，把它拖到“start”图标上即可生成方案。",
        "An empty workbook is here: {0}\nFill it in, then drop it on the start icon to get a plan.",
    ),
}


def say(key: str, *values: object) -> None:
    """Print a sentence in both languages."""
    for sentence in WORDS[key]:
        print(sentence.format(*values), flush=True)


def inside(folder: Path) -> Path:
    """Return the Python of an environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def set_up() -> Path:
    """Return the Python that has the library; the first time it is installed from the wheels beside."""
    python, done = inside(HERE / "env"), HERE / "env" / "complete"
    if not done.exists():
        say("setting_up")
        venv.create(HERE / "env", clear=True, with_pip=True)
        wheels = HERE / "wheels" / ("windows" if sys.platform == "win32" else "linux")
        options = ["--no-index", f"--find-links={wheels}", "--disable-pip-version-check", "--quiet"]
        subprocess.run([python, "-m", "pip", "install", *options, "jiedui[excel,figures,report]"], check=True)
        done.touch()
    return python


def beside(book: Path) -> Path:
    """Return a folder beside a workbook for its plan; none that is there already is touched."""
    target, number = book.with_name(f"{book.stem}-方案"), 2
    while target.exists():
        target, number = book.with_name(f"{book.stem}-方案-{number}"), number + 1
    return target


def main(books: list[str]) -> int:
    """Set up, then plan each workbook, or write an empty one."""
    wanted = (HERE / "python-version.txt").read_text(encoding="ascii").strip()
    here = "{}.{}".format(*sys.version_info)
    if here != wanted or sys.maxsize <= 1 << 32:
        say("version", wanted, here)
        return 2
    command = [set_up(), "-X", "utf8", "-m", "matcher"]
    if not books:
        empty = HERE / "待填表.xlsx"
        ended = 0 if empty.exists() else subprocess.run([*command, "template", empty, "--lang", "zh"]).returncode
        say("template", empty)
        return ended
    plans = ([*command, "plan", book, "-o", beside(Path(book)), "--xlsx", "--lang", "zh"] for book in books)
    return max(subprocess.run(plan).returncode for plan in plans)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
