"""What a planner's table lacks and the rest of it says: levels of pairs, and ids of what has only a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matcher.base.canonical import canonical
from matcher.base.errors import Fault
from matcher.base.names import REFERENCES
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.files.rawtables import Findings
from matcher.files.typed import Typed
from matcher.tables.headers import normal

#: words in the headers of a pair -> its level
_LEVEL_WORDS: Final = (
    ("school", ("学校", "支部", "团委编号", "branch", "school")),
    ("county", ("高校", "单位", "组织", "县", "区划", "organi", "county")),
)
#: what stands between the parts of an id that was made
_BETWEEN: Final = "·"


def make_levels(typed: Mapping[str, Typed], found: Findings) -> None:
    """Give tables of pairs without a level the one that their headers name, in place; a fault where they name none."""
    for name in ("previous", "preferences", "travel_times", "locks"):
        table = typed.get(name)
        if table is None or "level" in table.titles:
            continue
        titles = [normal(title) for column, title in table.titles.items() if column.endswith("_id") or column == "id"]
        levels = {level for level, words in _LEVEL_WORDS if any(word in title for title in titles for word in words)}
        if len(levels) != 1:
            found.faults.append(Fault("missing_column", name, None, "level", None, table.raw.sheet, {"zh": "层级"}))
            table.columns["level"] = [UNREADABLE] * len(table)
            continue
        level = levels.pop()
        table.columns["level"] = [level] * len(table)
        found.notices.append(Notice("level_taken", {"table": name, "level": level, "columns": ", ".join(titles)}))


def make_ids(name: str, typed: Mapping[str, Typed], found: Findings) -> None:
    """Give a table without ids some from what identifies its rows: the name, and whose it is; in place.

    They depend on the row alone, so that no order of rows, and no row beside it, makes another.
    """
    table = typed.get(name)
    if table is None or "id" in table.titles or "name" not in table.titles:
        return
    parents = next((table.columns.get(column) for (child, column) in REFERENCES if child == name), None)
    ids: list[object] = []
    for position, known in enumerate(table.columns["name"]):
        if known is UNREADABLE or not known:
            found.faults.append(table.fault("missing_value", position, "name"))
            ids.append(UNREADABLE)
            continue
        parent = None if parents is None else parents[position]
        if parents is not None and not isinstance(parent, str):
            ids.append(UNREADABLE)
            continue
        own = canonical(known)
        ids.append(own if parent is None else f"{parent}{_BETWEEN}{own}")
    table.columns["id"] = ids
    table.titles["id"] = table.titles["name"]
    made = [known for known in ids if isinstance(known, str)]
    details = {"table": name, "count": len(made), "example": made[0] if made else ""}
    found.notices.append(Notice("made_ids", details))
