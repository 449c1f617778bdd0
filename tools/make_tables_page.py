"""Keep the tables of headers in docs/tables.md as the mapping in matcher/tables/columns.py has them.

python tools/make_tables_page.py            # write
python tools/make_tables_page.py --check    # exit 1 if the page is not up to date
"""

from __future__ import annotations

import sys
from pathlib import Path

from matcher.files.templates import note
from matcher.tables.columns import TABLES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tables.md"
BEGIN, END = "<!-- headers: made by tools/make_tables_page.py -->", "<!-- end of headers -->"


def headers() -> str:
    """Return every table with its names, its columns and what they hold."""
    lines: list[str] = []
    for table in TABLES.values():
        names = ", ".join(f"`{name}`" for name in (table.zh, *table.also))
        lines += [f"### {table.name}", "", f"Also named {names}.", ""]
        lines += ["| column | Chinese | also | what it holds |", "|---|---|---|---|"]
        for column in table.columns:
            also = ", ".join(column.also)
            if column.weak:
                also += ("; " if also else "") + "if alone: " + ", ".join(column.weak)
            words = "; ".join(f"`{value}` = {', '.join(also_said)}" for value, also_said in column.values.items())
            held = note(table.name, column, "en") + (f" Words: {words}." if words else "")
            lines.append(f"| `{column.name}` | {column.zh} | {also} | {held} |")
        lines.append("")
    return "\n".join(lines)


def page() -> str:
    """Return the page with its tables of headers renewed."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{headers()}\n{END}{after}"


if __name__ == "__main__":
    made = page()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if made == PAGE.read_text(encoding="utf-8") else "docs/tables.md is not up to date")
    PAGE.write_text(made, encoding="utf-8", newline="\n")
