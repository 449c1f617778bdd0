"""What a plan would be based on, before any is made: tables, places against wants, whom the rules bind, notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from matcher.base.display import table_lines
from matcher.base.errors import Lang, text
from matcher.base.names import SIDES
from matcher.base.notices import Notice, by_weight
from matcher.model import Instance
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem
from matcher.show.summary import notice_lines
from matcher.tables.overview import table_rows

#: notices that one screen holds
_MOST: Final = 12
#: possible pairs of a level up to which each is looked at
_MOST_PAIRS: Final = 4_000_000
FORMAT: Final = "matcher.check/1"


@dataclass(frozen=True)
class Checkup:
    """An instance under a policy, looked at without planning.

    Parameters
    ----------
    problem
        The two together.

    Examples
    --------
    >>> import matcher
    >>> found = matcher.show.checkup(matcher.example())
    >>> found.places["county"]["wanted"], found.places["county"]["offered"]
    (54, 61)
    """

    problem: Problem

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What to know, the most important first."""
        return by_weight(self.problem.instance.notices)

    @cached_property
    def places(self) -> dict[str, dict[str, int | None]]:
        """Level -> places offered and wanted, recipients, and how many of them no provider may be paired with."""
        found: dict[str, dict[str, int | None]] = {}
        for level in SIDES:
            offered, wanted = self.problem.capacity(level), self.problem.demand(level)
            found[level] = {
                "offered": int(offered[:, 1].sum()),
                "wanted": int(wanted[:, 1].sum()),
                "recipients": len(wanted),
                "out_of_reach": self._out_of_reach(level),
            }
        return found

    def _out_of_reach(self, level: str) -> int | None:
        """Return how many recipients that want somebody may have nobody; None where that is too long to look at."""
        providers, recipients = self.problem.arrays.sides(level)
        if not (len(providers) and len(recipients)) or len(providers) * len(recipients) > _MOST_PAIRS:
            return None
        everyone = np.arange(len(providers))[:, None], np.arange(len(recipients))[None, :]
        allowed = self.problem.allowed(level, *everyone) & (self.problem.capacity(level)[:, 1] > 0)[:, None]
        return int((~allowed.any(axis=0) & (self.problem.demand(level)[:, 1] > 0)).sum())

    def text(self, lang: Lang = "en", *, everything: bool = False, source: str = "FILE") -> str:
        """Say it, on one screen; what is left out is counted, with the command that shows all of `source`."""
        instance, policy = self.problem.instance, self.problem.policy
        lines = [text("check.head", lang), *table_lines(table_rows(instance, lang))]
        lines += [text("check.places", lang), *table_lines(self._places_rows(lang))]
        lines += [text("check.policy", lang), *(f"  - {said}" for said in policy.sentences(lang, instance))]
        if instance.locks:
            kinds = [lock.kind for lock in instance.locks]
            lines.append("  - " + text("check.locks", lang, pins=kinds.count("pin"), bans=kinds.count("forbid")))
        if instance.mends:
            lines.append(text("check.mends", lang, count=len(instance.mends)))
        said = notice_lines(self.notices, lang)
        shown = said if everything else said[:_MOST]
        lines += [text("summary.warnings", lang), *(f"  ! {line}" for line in shown)] if said else []
        if everything and instance.mends:
            lines += [text("check.every_mend", lang), *(f"  {mend.line(lang)}" for mend in instance.mends)]
        elif len(said) > len(shown) or instance.mends:
            lines.append(text("check.more", lang, count=len(said) - len(shown), source=source))
        return "\n".join(lines)

    def _places_rows(self, lang: Lang) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for level, numbers in self.places.items():
            if not numbers["recipients"]:
                continue
            offered, wanted = numbers["offered"] or 0, numbers["wanted"] or 0
            said = text("check.short" if offered < wanted else "check.enough", lang, count=abs(wanted - offered))
            if numbers["out_of_reach"]:
                said += text("check.out_of_reach", lang, count=numbers["out_of_reach"])
            row = text("check.offered", lang, offered=offered), text("check.wanted", lang, wanted=wanted)
            rows.append((text(f"summary.level.{level}", lang), *row, said))
        return rows

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        instance = self.problem.instance
        tables: Mapping[str, int] = {
            name: len(getattr(instance, name)) for name in type(instance).model_fields if name != "format"
        }
        return {
            "format": FORMAT,
            "tables": dict(tables),
            "places": self.places,
            "rules": {lang: self.problem.policy.sentences(lang, instance) for lang in ("en", "zh")},
            "notices": [notice.to_json() for notice in self.notices],
            "mends": [mend.to_json() for mend in instance.mends],
        }


def checkup(instance: Instance, policy: Policy | None = None) -> Checkup:
    """Look at an instance under a policy without planning.

    Raises
    ------
    InvalidInput
        If one of the two is something else.
    """
    return Checkup(Problem.of(instance, policy))
