"""Next year's input from this year's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.model import Instance, Pairing
from matcher.tables.update import with_tables

if TYPE_CHECKING:
    from matcher.plan import Plan


def next_year(plan: Plan, *, year: int | None = None) -> Instance:
    """Return the plan's input with its pairs as those of last year, to change and to plan again from.

    Parameters
    ----------
    year
        Since when the new pairs of the plan last; unknown if None. Pairs that the plan kept have their year already.

    Examples
    --------
    >>> import matcher
    >>> county = matcher.County(id="C1", lat=26.2, lon=105.5)
    >>> university = matcher.Organization(id="U1", lat=26.6, lon=106.7)
    >>> plan = matcher.solve(matcher.Instance(organizations=[university], counties=[county]))
    >>> matcher.next_year(plan, year=2018).previous[0].since
    2018
    """
    facts, rows = plan.problem.facts, []
    for level in ("county", "school"):
        providers, recipients = plan.problem.arrays.sides(level)
        pairs = plan.pairs(level)
        since = facts.since(level, pairs[:, 0], pairs[:, 1])
        kept = facts.was_pair(level, pairs[:, 0], pairs[:, 1])
        for (provider, recipient), known, old in zip(pairs.tolist(), since.tolist(), kept.tolist(), strict=True):
            began = (known or None) if old else year
            ids = {"provider_id": providers.ids[provider], "recipient_id": recipients.ids[recipient]}
            rows.append(Pairing(level=level, since=began, **ids))
    return with_tables(plan.instance, previous=rows)
