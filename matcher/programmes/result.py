"""`ProgrammePlan`: the one result of every programme, in the user's own ids, and the judge of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from matcher.base.display import Metric, as_html, table_lines
from matcher.base.errors import Lang, text
from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof, Status
from matcher.market.input import Ints
from matcher.market.matching import Matching
from matcher.programmes import frames, staffing
from matcher.programmes.explaining import explained
from matcher.programmes.forms import word
from matcher.programmes.places import metres_of
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    import pandas as pd

#: units whose amounts are shown a thousandth
_THOUSANDTHS: Final = {"child_m": "child_km", "m": "km"}


@dataclass(frozen=True, slots=True)
class ProgrammeReport:
    """What the check of a programme's plan found.

    Attributes
    ----------
    ok
        Whether the plan keeps every rule and everything it says is true.
    finding
        "proved" (every bound recomputed), "claimed" (feasible, values true, some bound is a solver's word), "false".
    flaws
        Every breach and false claim: a stable code and its details.
    metrics
        The numbers of the plan, computed again from the tables.
    """

    ok: bool
    finding: str
    flaws: tuple[tuple[str, Mapping[str, Any]], ...]
    metrics: Mapping[str, Metric]

    def summary(self, lang: Lang = "en") -> str:
        """Say it in words."""
        lines = [text(f"programme.finding.{self.finding}", lang)]
        lines += [f"  {code} {dict(details)}" for code, details in self.flaws]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        flaws = [[code, dict(details)] for code, details in self.flaws]
        head = {"format": "matcher.programme_report/1", "ok": self.ok, "finding": self.finding}
        return {**head, "flaws": flaws, "metrics": dict(self.metrics)}


@dataclass(frozen=True, eq=False, repr=False)
class ProgrammePlan:
    """A plan of a programme: it owns what it was made from.

    Attributes
    ----------
    programme, records, policy
        What it plans, the tables in id order, and what was asked for.
    matching
        The plan as its market has it: a `Matching`, or what the programme's engine returns.
    helpers
        Who works in what is open, as the market of helpers has it; None where nobody is asked for.
    """

    programme: Programme
    records: Records
    policy: ProgrammePolicy
    matching: Any
    helpers: Matching | None = None

    @property
    def status(self) -> Status:
        """As of a matching: "optimal", "feasible", "infeasible" or "unknown"."""
        return cast("Status", self.matching.status)

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the search ended early, None if it did not."""
        return cast("StopReason | None", self.matching.stop_reason)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The objectives in order with value, bound and gap."""
        units = self.programme.units
        found = tuple(replace(level, unit=units.get(level.name, level.unit)) for level in self.matching.levels)
        return (*found, *staffing.levels_of(self.helpers))

    @property
    def proof(self) -> Proof:
        """What was proved, with the multipliers that prove it."""
        return cast("Proof", self.matching.proof)

    @property
    def providers(self) -> tuple[Any, ...]:
        """The records of the side that opens."""
        return self.programme.sides(self.records)[0]

    @property
    def recipients(self) -> tuple[Any, ...]:
        """The records of the side that is served."""
        return self.programme.sides(self.records)[1]

    @cached_property
    def metres(self) -> Ints:
        """Whole metres of each pair, (k,)."""
        return metres_of(self.providers, self.recipients, self.matching.pairs)

    def frame(self, name: str) -> pd.DataFrame:
        """Return one of the plan's frames: "pairings", "opened", "unmatched", and those of the programme."""
        return self.frames[name](self)

    @property
    def frames(self) -> Mapping[str, Callable[[ProgrammePlan], pd.DataFrame]]:
        """How each frame is made, by name."""
        helpers = {} if self.helpers is None else {"staff": frames.staff}
        return {**frames.FRAMES, **helpers, **self.programme.frames}

    @property
    def pairings(self) -> pd.DataFrame:
        """Who is served where: recipient_id, provider_id, children, km."""
        return self.frame("pairings")

    @property
    def opened(self) -> pd.DataFrame:
        """Who is open: provider_id, name, and what it serves."""
        return self.frame("opened")

    @property
    def unmatched(self) -> pd.DataFrame:
        """Who is not served: kind, id, missing, reason (a stable code), detail."""
        return self.frame("unmatched")

    @property
    def staff(self) -> pd.DataFrame:
        """Who is sent where: provider_id, helper_id, volunteers, km; empty where nobody is asked for."""
        return frames.staff(self)

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """The numbers of the plan."""
        found = self.programme.metrics(self.records, self.policy, self.matching)
        return found if self.helpers is None else {**found, **staffing.metrics_of(self.helpers)}

    def summary(self, lang: Lang = "en") -> str:
        """Return the plan on one screen."""
        name = word("programme", self.programme.name, lang)
        status = text(f"summary.status.{self.status}", lang)
        if self.stop_reason is not None:
            status += text("summary.stopped", lang, reason=text(f"summary.stop.{self.stop_reason}", lang))
        lines = [text("programme.head", lang, name=name, status=status, finding=self._proof_words(lang))]
        rows = [
            (text(f"programme.metric.{key}", lang), _shown(value))
            for key, value in self.metrics.items()
            if has_text(f"programme.metric.{key}") and value is not None
        ]
        return "\n".join([*lines, *table_lines(rows), *self._level_lines(lang)])

    def _proof_words(self, lang: Lang) -> str:
        if self.proof.kind == "certificate":
            return text("programme.finding.proved", lang)
        return text("programme.claimed_by", lang, solver=self.proof.solver or "-")

    def _level_lines(self, lang: Lang) -> list[str]:
        own = self.programme.engine.bounds(self.matching) or ()
        rows = []
        for number, level in enumerate(self.levels):
            mine = own[number] if number < len(own) else None
            said = _level_words(level, mine, lang)
            rows.append((str(number + 1), word("programme.objective", level.name, lang), said))
        return table_lines(rows)

    def explain(self, kind: str, known_id: str, lang: Lang = "en") -> str:
        """Say where somebody is served and what is nearer, or whom an open or closed site serves or would serve.

        Raises
        ------
        InvalidInput
            If nobody of the kind ("place", "site" or the tables' names) has this id.
        """
        return (self.programme.explain or explained)(self, kind, known_id, lang)

    def verify(self, records: Records | None = None) -> ProgrammeReport:
        """Recompute everything from the tables (the plan's own, or `records`), without a solver."""
        records = self.records if records is None else records
        flaws: list[tuple[str, Mapping[str, Any]]] = []
        if self.programme.schema.digest(records) != self.programme.schema.digest(self.records):
            flaws.append(("other_tables", {}))
        market = self.programme.asked(records, self.policy)
        team = self.programme.staffed_by(records)
        if team is not None:
            sets = staffing.sets_of(self.matching.market, market)
            market = staffing.with_sets(team, records, self.policy, market, sets)
        again = self.matching.replace(market=market)
        found = list(self.programme.engine.flaws(again)) if not flaws else []
        if team is not None and not flaws and not found:
            found += staffing.flaws(team, records, self.policy, again, self.helpers)
        flaws += [(flaw.code, flaw.details) for flaw in found]
        said = "false" if flaws else self.programme.engine.finding(again)
        metrics = {} if flaws else ProgrammePlan(self.programme, records, self.policy, again, self.helpers).metrics
        return ProgrammeReport(not flaws, said, tuple(flaws), metrics)

    def __repr__(self) -> str:
        return f"<ProgrammePlan {self.programme.name} {self.status}, {len(self.matching.pairs)} pairs>"

    def _repr_html_(self) -> str:
        return as_html(self.summary())


def _amount(value: int | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value / 1000:,.1f}" if unit in _THOUSANDTHS else f"{value:,}"


def _level_words(level: Level, recomputed: int | None, lang: Lang) -> str:
    """Return value, bound and gap of a level, and the bound that the checker finds where it is another."""
    unit = word("programme.unit", _THOUSANDTHS.get(level.unit, level.unit or "none"), lang)
    value, bound, mine = (_amount(each, level.unit) for each in (level.value, level.bound, recomputed))
    if level.bound is None or level.gap is None:
        known = text("programme.level.no_bound", lang)
    else:
        known = text("programme.level.bound", lang, bound=bound, gap=f"{100 * (level.relative_gap or 0):.3f} %")
    other = "" if recomputed is None else text("programme.level.recomputed", lang, bound=mine)
    return text("programme.level", lang, value=value, unit=unit, bound=known, recomputed=other)


def level_words(before: int | None, after: int | None, unit: str, lang: Lang) -> dict[str, str]:
    """Return a value before and after, and its unit, in words."""
    shown = word("programme.unit", _THOUSANDTHS.get(unit, unit or "none"), lang)
    return {"before": _amount(before, unit), "after": _amount(after, unit), "unit": shown}


def _shown(value: Metric) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"
