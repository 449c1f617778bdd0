"""An instance on one screen: what the tables hold, how good the points are, and what to know."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from matcher.base.errors import Lang
from matcher.show.summary import table_lines
from matcher.words.catalogue import text

if TYPE_CHECKING:
    from matcher.model import Instance

#: notices shown in full; the rest are counted
_MOST_NOTICES = 8
_ENTITIES = ("organizations", "branches", "counties", "schools")
_OTHERS = ("previous", "preferences", "travel_times", "locks", "successors")


def instance_summary(instance: Instance, lang: Lang = "en") -> str:
    """Return the summary of `instance` in `lang`."""
    lines = [text("instance.head", lang), *table_lines(_tables(instance, lang))]
    sources = Counter(school.coord_precision or "" for school in instance.schools)
    if set(sources) - {""}:
        named = (f"{source or text('instance.unsaid', lang)} {count:,}" for source, count in sorted(sources.items()))
        lines.append(text("instance.points", lang, points=", ".join(named)))
    lines += [f"  ! {notice.text(lang)}" for notice in instance.notices[:_MOST_NOTICES]]
    if len(instance.notices) > _MOST_NOTICES:
        lines.append(text("instance.more", lang, count=len(instance.notices) - _MOST_NOTICES))
    return "\n".join(lines)


def _tables(instance: Instance, lang: Lang) -> list[tuple[str, str, str]]:
    arrays = instance.arrays
    rows = []
    for table in _ENTITIES:
        nodes = getattr(arrays, table)
        places = text("instance.places", lang, minimum=int(nodes.minimum.sum()), maximum=int(nodes.maximum.sum()))
        children = int(nodes.children.sum())
        if table in ("counties", "schools"):
            places += text("instance.children", lang, children=children)
        rows.append((text(f"instance.{table}", lang), f"{len(nodes):,}", places))
    others = [(text(f"instance.{table}", lang), f"{len(getattr(instance, table)):,}", "") for table in _OTHERS]
    return rows + [row for row in others if row[1] != "0"]
