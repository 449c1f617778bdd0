"""Make README.md and README.zh.md from docs/readme.md: one source, the same code and true output in both.

    python tools/make_readme.py            # write both
    python tools/make_readme.py --check    # exit 1 if they are not up to date

In the source, lines between `:::en` (or `:::zh`) and `:::` go to that language only, everything else to both. A fenced
block marked `output` is replaced by what its first line, a command after `$ `, or the `python` block before it prints.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "docs" / "readme.md"
TARGETS = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}
NOTE = "<!-- made from docs/readme.md by tools/make_readme.py -->\n"


def split(source: str, lang: str) -> str:
    """Return the lines of `source` that `lang` sees."""
    kept, only = [], None
    for line in source.splitlines():
        if line in (":::en", ":::zh"):
            only = line[3:]
        elif line == ":::":
            only = None
        elif only in (None, lang):
            kept.append(line)
    return "\n".join(kept) + "\n"


def run_command(line: str, folder: Path) -> str:
    """Return what a command of the package prints, run as a user would in an empty folder."""
    words = shlex.split(line)
    if words[0] == "matcher":
        words = [sys.executable, "-m", "matcher", *words[1:]]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


def run_python(code: str, names: dict[str, object]) -> str:
    """Return what a block of Python prints; blocks share their names."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(code, "docs/readme.md", "exec"), names)
    return printed.getvalue().rstrip()


def fill(text: str, lang: str, names: dict[str, object], said: dict[str, str]) -> str:
    """Run the blocks of `text` and put their true output in: of Python once, what is the same in both languages."""
    printed = ""
    with tempfile.TemporaryDirectory() as scratch:

        def block(match: re.Match[str]) -> str:
            nonlocal printed
            kind, body = match["kind"], match["body"]
            if kind == "python":
                code = body.replace("LANG", lang)
                if code not in said:
                    said[code] = run_python(code, names)
                printed = said[code]
                return f"```python\n{code}```"
            if kind == "output":
                if body.startswith("$ "):
                    command = body.splitlines()[0].replace("LANG", lang)
                    return f"```console\n{command}\n{run_command(command[2:], Path(scratch))}\n```"
                return f"```text\n{printed}\n```"
            return match[0]

        return re.sub(r"```(?P<kind>\w*)\n(?P<body>.*?)```", block, text, flags=re.DOTALL)


def main() -> int:
    """Write the two files, or check them."""
    source = SOURCE.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    said: dict[str, str] = {}
    stale = []
    for lang, target in TARGETS.items():
        made = NOTE + fill(split(source, lang), lang, names, said)
        if "--check" in sys.argv[1:]:
            if not target.exists() or target.read_text(encoding="utf-8") != made:
                stale.append(target.name)
        else:
            target.write_text(made, encoding="utf-8", newline="\n")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run python tools/make_readme.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
