"""The form of a plan's workbook: its sheets and their columns, and the hidden sheet that keeps what they showed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = "matcher.tabular.workbook/2"
HIDDEN: Final = "_plan"
#: characters of the hidden text in one cell; a cell holds 32,767
_CHUNK: Final = 30_000

#: columns that a person fills in: what shall become of the pair, and whatever one wants to remember of it
ORDER: Final = "order"
NOTE: Final = "note"
#: sheet of pairs -> its columns (keys of `book.*` in the catalogue) and what they hold
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
        ORDER: "text",
        NOTE: "text",
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
        ORDER: "text",
        NOTE: "text",
    },
}
#: the other sheets that hold a table
TABLE_SHEETS: Final[Mapping[str, Mapping[str, str]]] = {
    "counties": {
        "county_id": "id",
        "county_name": "text",
        "province": "text",
        "partners": "text",
        "partner_km": "text",
        "children": "whole",
        "children_covered": "whole",
        "children_short": "whole",
        "schools": "whole",
        "schools_covered": "whole",
        "schools_short": "whole",
        "why": "text",
        "remedy": "text",
    },
    "organizations": {
        "organization_id": "id",
        "organization_name": "text",
        "organization_kind": "text",
        "province": "text",
        "counties_served": "text",
        "branches_used": "whole",
        "branches_all": "whole",
        "schools_covered": "whole",
        "children_covered": "whole",
        "km_total": "km",
    },
    "branches": {
        "organization_name": "text",
        "branch_id": "id",
        "branch_name": "text",
        "volunteers": "whole",
        "capacity": "text",
        "schools_served": "text",
        "counties_served": "text",
        "children_covered": "whole",
        "km_total": "km",
    },
    "unmatched": {
        "kind": "text",
        "id": "id",
        "name": "text",
        "county_name": "text",
        "children": "whole",
        "missing": "whole",
        "nearest_id": "id",
        "nearest_name": "text",
        "nearest_km": "km",
        "reason_text": "text",
        "remedy": "text",
        NOTE: "text",
    },
    "changes": {
        "level": "text",
        "change": "text",
        "recipient_id": "id",
        "recipient_name": "text",
        "old_provider": "text",
        "old_km": "km",
        "new_provider": "text",
        "new_km": "km",
        "since": "year",
        "cause": "text",
    },
    "bans": {
        "level": "text",
        "provider_id": "id",
        "provider_name": "text",
        "recipient_id": "id",
        "recipient_name": "text",
        "ban_reason": "text",
    },
}
#: what tells the rows of a sheet apart
KEY: Final[Mapping[str, tuple[str, ...]]] = {
    "overview": ("figure",),
    "counties": ("county_id",),
    "organizations": ("organization_id",),
    "branches": ("branch_id",),
    "unmatched": ("kind", "id"),
    "changes": ("level", "recipient_id", "old_provider", "new_provider"),
}
#: columns that stay though nothing is in them yet
_STAYING: Final = {ORDER, NOTE, "organization_id", "county_id", "school_id", "branch_id", "partners", "remedy", "id"}
Rows = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of the workbook: names of its columns, their headers, what they hold, and its rows."""

    names: tuple[str, ...]
    titles: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: Rows

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, str], title: Callable[[str], str]) -> Grid:
        """Make a grid of its columns; those in which nothing is are left out."""
        shown = [
            name
            for name, cells in columns.items()
            if name in _STAYING or any(cell is not None and cell != "" for cell in cells)
        ]
        return cls(
            tuple(shown),
            tuple(map(title, shown)),
            tuple(kinds.get(name, "text") for name in shown),
            [list(row) for row in zip(*(columns[name] for name in shown), strict=True)],
        )


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
