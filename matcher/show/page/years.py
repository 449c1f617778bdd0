"""Last year against this year: how far the pairs of last year reach on this year's tables, and which of them end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matcher.base.display import number, percent
from matcher.base.names import SIDES
from matcher.base.numbers import M_PER_KM, IntArray
from matcher.show.page.knowledge import Knowledge
from matcher.show.page.sections import ended_table
from matcher.show.page.table import table


def years(known: Knowledge) -> Iterator[str]:
    """Yield the two years side by side, then every pair that ends; nothing if there was no year before."""
    if not known.plan.instance.previous:
        return
    facts, plan = known.plan.problem.facts, known.plan
    before = {level: facts.previous_pairs(level) for level in SIDES}
    now = {level: plan.pairs(level) for level in SIDES}
    rows = []
    for level, (_, table_name) in SIDES.items():
        for key, last, this in zip(
            ("pairs", "reached", "children", "share", "mean"),
            _numbers(known, level, before[level]),
            _numbers(known, level, now[level]),
            strict=True,
        ):
            rows.append((known.plain(f"years.{table_name}.{key}"), last, this))
    counts = {level: {name: plan.metrics[f"{level}_{name}"] for name in _COUNTS} for level in SIDES}
    yield f'<section id="years"><h2>{known.said("years")}</h2>\n'
    heads = [known.plain(f"head.{name}") for name in ("what", "before", "now")]
    yield table(heads, rows, frozenset({1, 2}))
    for level in SIDES:
        yield f"<p>{known.said(f'years.{level}.changes', **counts[level])}</p>\n"
    if known.ended:
        yield f"<h3>{known.said('ended')}</h3>\n{ended_table(known, known.ended)}"
    yield "</section>\n"


_COUNTS = ("kept", "new", "ended", "ended_forced", "ended_consequent", "ended_chosen")


def _numbers(known: Knowledge, level: str, pairs: IntArray) -> tuple[str, ...]:
    """Return pairs, recipients reached, children reached, their share, and mean km."""
    recipients = known.plan.problem.arrays.sides(level)[1]
    reached = np.unique(pairs[:, 1])
    children, every = int(recipients.children[reached].sum()), int(recipients.children.sum())
    metres = known.plan.problem.facts.metres(level, pairs[:, 0], pairs[:, 1])
    mean = float(metres.mean()) / M_PER_KM if len(metres) else None
    share = percent(children / every if every else None)
    return f"{len(pairs):,}", f"{len(reached):,}", f"{children:,}", share, number(mean)
