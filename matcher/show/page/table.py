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
    """Return a table; a row may be longer by one: then its last is the attributes of the row, as `Markup`."""
    classes = [' class="n"' if column in numbers else "" for column in range(len(heads))]
    header = "".join(f'<th scope="col"{kind}>{html_text(head)}</th>' for head, kind in zip(heads, classes, strict=True))
    body = "".join(
        f"<tr{row[len(heads)] if len(row) > len(heads) else ''}>"
        + "".join(f"<td{kind}>{markup(cell)}</td>" for cell, kind in zip(row, classes, strict=False))
        + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>\n{body}</tbody></table>\n"
