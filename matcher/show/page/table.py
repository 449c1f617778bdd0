"""A table of the page in HTML: the one place where cells become markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.base.escaping import html_text


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is HTML already, made of parts that were escaped; everything else in a table is escaped."""

    html: str

    def __str__(self) -> str:
        return self.html


def markup(value: Any) -> str:
    """Return what is written of `value`: itself if it is `Markup`, else escaped."""
    return value.html if isinstance(value, Markup) else html_text(value)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], numbers: frozenset[int] = frozenset()) -> str:
    """Return a table; a row may be longer by one: then its last is the attributes of the row, as `Markup`.

    There are many cells: columns of numbers are told in a class of the table, and the end tags of cells and rows, which
    HTML does not ask for, are left out.
    """
    kind = f' class="{" ".join(f"n{column + 1}" for column in sorted(numbers))}"' if numbers else ""
    header = "".join(f'<th scope="col">{html_text(head)}</th>' for head in heads)
    body = "".join(
        f"<tr{row[len(heads)] if len(row) > len(heads) else ''}>"
        + "".join(f"<td>{markup(cell)}" for cell in row[: len(heads)])
        + "\n"
        for row in rows
    )
    return f"<table{kind}><thead><tr>{header}</tr></thead><tbody>\n{body}</tbody></table>\n"
