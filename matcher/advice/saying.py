"""Changes and their effects in sentences, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matcher.advice.changes import Change, Drops, Farther, Lowers, More, Sets
from matcher.base.display import amount, title
from matcher.base.errors import text
from matcher.base.names import SIDES
from matcher.renewal.events import Joins, Leaves, Takes
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    from matcher.advice.effects import LevelEffect, WhatIf

Names = Mapping[tuple[str, str], str]


def called(names: Names, table: str, known: str) -> str:
    """Return a name with its id, the id alone where there is none."""
    name = names.get((table, known), "")
    return f"{name} ({known})" if name and name != known else known


def change_words(changes: Sequence[Change], names: Names, lang: str) -> str:
    """Say the changes as the condition of a sentence: "B12 served S3"."""
    return text("advice.and", lang).join(_one(change, names, lang) for change in changes) or text("advice.same", lang)


def _one(change: Change, names: Names, lang: str) -> str:
    if isinstance(change, More):
        row = called(names, change.table, change.id)
        return text(f"advice.more.{change.table}", lang, row=row, pairs=change.pairs)
    if isinstance(change, Takes):
        row, (least, most) = called(names, change.table, change.id), change.pairs
        return text(f"advice.takes.{change.table}", lang, row=row, pairs=f"{least}–{most}" if least else str(most))
    if isinstance(change, Leaves):
        return text("advice.leaves", lang, row=called(names, change.table, change.id))
    if isinstance(change, Joins):
        rows = [
            row.name or row.id
            for table in ("organizations", "branches", "counties", "schools")
            for row in getattr(change, table)
        ]
        return text("advice.joins", lang, row=("、" if lang == "zh" else ", ").join(rows))
    if isinstance(change, Farther):
        return text(f"advice.farther.{change.level}", lang, by=f"{change.by:g}")
    if isinstance(change, Drops):
        return text("advice.drops", lang, rule=change.rule + 1)
    if isinstance(change, Lowers):
        return text("advice.lowers", lang, rule=change.rule + 1, number=f"{change.number:,}")
    if isinstance(change, Sets) and change.field in ("objectives", "rules"):
        return text(f"advice.sets.{change.field}", lang)
    if isinstance(change, Sets):
        value = change.value
        shown = f"{value[0]}–{value[1]}" if isinstance(value, tuple | list) and len(value) == 2 else value
        shown = text("advice.nothing", lang) if shown is None else shown
        key = f"advice.sets.{change.field}"
        return text(key if has_text(key) else "advice.sets", lang, field=change.field, value=shown)
    provider, recipient = SIDES[change.level]
    pair = {
        "provider": called(names, provider, change.provider_id),
        "recipient": called(names, recipient, change.recipient_id),
    }
    return text(f"advice.{change.kind}.{change.level}", lang, **pair)


def effect_words(found: WhatIf, condition: str, lang: str) -> str:
    """Say what the changes do, after the condition."""
    if found.status == "infeasible":
        return text("advice.if.infeasible", lang, condition=condition)
    if found.status == "unknown":
        return text("advice.if.unknown", lang, condition=condition)
    parts = [part for part in (_moves(found, lang), *_levels(found, lang)) if part]
    said = text("advice.if", lang, condition=condition, effect=text("advice.and_so", lang).join(parts))
    if found.children is not None and found.how != "nothing":
        said += text("advice.stop", lang) + children_words(found.children, lang)
    if not found.exact:
        said += text("advice.stop", lang) + text("advice.inexact", lang)
    return said + text("advice.end", lang)


def children_words(children: tuple[int, int], lang: str) -> str:
    """Say how the number of children reached changes."""
    more = children[1] - children[0]
    key = "same" if not more else "more" if more > 0 else "less"
    return text(f"advice.children.{key}", lang, count=f"{abs(more):,}")


def _moves(found: WhatIf, lang: str) -> str:
    if not found.moved:
        return text("advice.nobody_moves", lang)
    said = []
    for level in SIDES:
        count = len({known for each, known in found.moved if each == level})
        if count:
            said.append(text(f"advice.moves.{level}" + (".one" if count == 1 else ""), lang, count=count))
    return text("advice.and_so", lang).join(said)


def _levels(found: WhatIf, lang: str) -> list[str]:
    """Say the levels that differ, in their order; the first of them is what decides."""
    said = [level_words(level, lang) for level in found.levels if level.difference]
    return said or [text("advice.no_difference", lang)]


def level_words(level: LevelEffect, lang: str) -> str:
    """Say how one level changes."""
    assert level.difference is not None
    better = (level.difference > 0) == (level.sense == "max")
    size = amount(abs(level.difference), level.unit, lang)
    return text(f"advice.level.{'better' if better else 'worse'}", lang, level=title(level.name, lang), size=size)
