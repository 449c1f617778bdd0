"""The form of a plan's workbook: which columns its sheets have, and the hidden sheet that keeps what they showed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = "matcher.tabular.workbook/1"
HIDDEN: Final = "_plan"
#: characters of the hidden text in one cell; a cell holds 32,767
_CHUNK: Final = 30_000

#: sheet -> its columns (keys of `book.*` in the catalogue) and what they hold
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "county": {
        "county_id": "id",
        "county_name": "text",
        "province": "text",
        "children": "whole",
        "organization_id": "id",
        "organization_name": "text",
        "km": "km",
        "minutes": "minutes",
        "kept": "text",
        "since": "year",
    },
    "school": {
        "school_id": "id",
        "school_name": "text",
        "county_id": "id",
        "county_name": "text",
        "children": "whole",
        "branch_id": "id",
        "branch_name": "text",
        "organization_id": "id",
        "organization_name": "text",
        "km": "km",
        "minutes": "minutes",
        "kept": "text",
        "since": "year",
    },
    "unmatched": {
        "kind": "text",
        "id": "id",
        "name": "text",
        "missing": "whole",
        "reason": "text",
        "reason_text": "text",
        "detail": "text",
    },
}
Rows = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet that can be edited: names of its columns, their headers, and its rows."""

    names: tuple[str, ...]
    titles: tuple[str, ...]
    rows: Rows


def packed(content: Mapping[str, Any]) -> list[str]:
    """Return `content` as lines of text that fit into cells, its check sum among them."""
    whole = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return [FORMAT, digest, *(f"|{whole[at : at + _CHUNK]}|" for at in range(0, len(whole), _CHUNK))]


def unpacked(lines: Sequence[str]) -> dict[str, Any]:
    """Read what `packed` wrote.

    Raises
    ------
    ValueError
        If it is something else, or was changed.
    """
    if len(lines) < 2 or lines[0] != FORMAT:
        raise ValueError("no plan of this format")
    whole = "".join(line[1:-1] for line in lines[2:])
    if hashlib.sha256(whole.encode()).hexdigest() != lines[1]:
        raise ValueError("the hidden sheet was changed")
    content: dict[str, Any] = json.loads(whole)
    return content
