"""An instance on one screen: what the tables hold, how good the points are, and what to know."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from matcher.base.display import table_lines
from matcher.base.errors import Lang, text
from matcher.base.names import ASSUMED_CHILDREN, ENTITIES
from matcher.base.notices import Notice, by_weight
from matcher.tables.nine import NineTables

#: notices shown in full; the rest are counted
_MOST_NOTICES = 8
_OTHERS = ("previous", "preferences", "travel_times", "locks", "successors")


#: tables of the side that has places to give
PROVIDERS = ("organizations", "branches")


class Known(NineTables, Protocol):
    """An instance and what a planner should know of it."""

    @property
    def notices(self) -> tuple[Notice, ...]: ...  # noqa: D102


def instance_summary(instance: Known, lang: Lang = "en") -> str:
    """Return the summary of `instance` in `lang`."""
    lines = [text("instance.head", lang), *table_lines(table_rows(instance, lang))]
    sources = Counter(school.coord_precision or "" for school in instance.schools)
    if set(sources) - {""}:
        named = (f"{source or text('instance.unsaid', lang)} {count:,}" for source, count in sorted(sources.items()))
        lines.append(text("instance.points", lang, points=", ".join(named)))
    lines += [f"  ! {notice.text(lang)}" for notice in by_weight(instance.notices)[:_MOST_NOTICES]]
    if len(instance.notices) > _MOST_NOTICES:
        lines.append(text("instance.more", lang, count=len(instance.notices) - _MOST_NOTICES))
    return "\n".join(lines)


def table_rows(instance: Known, lang: Lang) -> list[tuple[str, str, str]]:
    """Return what each table holds: its name, its rows, and places and children in them."""
    rows = []
    for table in ENTITIES:
        records = getattr(instance, table)
        bounds = [record.capacity if table in PROVIDERS else record.demand for record in records]
        minimum, maximum = (sum(bound[end] for bound in bounds) for end in (0, 1))
        places = text("instance.places", lang, minimum=minimum, maximum=maximum)
        if table not in PROVIDERS:
            assumed = ASSUMED_CHILDREN[table]
            children = sum(assumed if record.children is None else record.children for record in records)
            places += text("instance.children", lang, children=children)
        rows.append((text(f"instance.{table}", lang), f"{len(records):,}", places))
    others = [(text(f"instance.{table}", lang), f"{len(getattr(instance, table)):,}", "") for table in _OTHERS]
    return rows + [row for row in others if row[1] != "0"]
