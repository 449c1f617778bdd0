"""How firm a plan is: branches may drop out, children be miscounted, points be off.

Every drawing is the plan's own input, changed at random but by its seed alone, planned again under the plan's policy. A
pair is as firm as the share of drawings in which it stands, of those that have both its partners.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matcher.base.crossing import Crosses
from matcher.base.errors import Fault, InvalidInput, Lang, check_kind, text
from matcher.base.names import AT_SEAT, SIDES
from matcher.base.progress import Budget, CancelToken, ProgressCallback, check_workers
from matcher.model import Instance
from matcher.plan import Plan
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.renewal.events import Leaves
from matcher.renewal.replanning import changed_instance
from matcher.show.firmness_figure import draw_firmness
from matcher.show.picture import Picture
from matcher.study.planner import PlanTask, plan_all
from matcher.tables.update import with_tables

if TYPE_CHECKING:
    import pandas as pd

#: how far off a point may be, in km, by the word of its precision; "" stands for a point of its own without a word
PRECISION_KM = MappingProxyType({AT_SEAT: 15.0, "": 0.5})
_KM_PER_DEGREE = 111.2
#: (level, provider id, recipient id)
_Pair = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Firmness(Crosses):
    """What stood in how many drawings.

    Attributes
    ----------
    plan
        The plan asked about.
    drawings, planned
        How many were drawn, and how many of them had a plan before a limit ended the search.
    shares
        (level, provider id, recipient id) -> share of the drawings with both partners in which the pair stood; None
        where no drawing had both.
    children
        Children reached in schools, of each drawing that was planned.
    """

    plan: Plan
    drawings: int
    planned: int
    shares: Mapping[_Pair, float | None]
    children: tuple[int, ...]

    def pairings(self, level: str = "school") -> pd.DataFrame:
        """Return the plan's pairs of a level with a column `firm`, from 0 to 1."""
        frame = self.plan.county_pairings if level == "county" else self.plan.school_pairings
        provider, recipient = ("organization_id", "county_id") if level == "county" else ("branch_id", "school_id")
        pairs = zip(frame[provider], frame[recipient], strict=True)
        frame["firm"] = [self.shares[level, *pair] for pair in pairs]
        return frame

    def always(self, level: str = "school") -> int:
        """Return how many pairs of a level stood in every drawing that has both partners."""
        return sum(share == 1 for (each, _, _), share in self.shares.items() if each == level)

    def text(self, lang: str = "en") -> str:
        """Say it."""
        lines = [text("firm.head", lang, drawings=self.drawings, planned=self.planned)]
        for level in SIDES:
            shares = [share for (each, _, _), share in self.shares.items() if each == level and share is not None]
            mean = 100 * sum(shares) / len(shares) if shares else 0.0
            fields = {"always": self.always(level), "pairs": len(shares), "mean": f"{mean:.1f}"}
            lines.append(text(f"firm.{level}", lang, **fields))
        if self.children:
            low, high = f"{min(self.children):,}", f"{max(self.children):,}"
            lines.append(text("firm.children", lang, least=low, most=high))
        return "\n".join(lines)

    def figure(self, *, lang: Lang = "en") -> Picture:
        """Draw how many pairs are how firm."""
        by_level = {
            level: [share for (each, _, _), share in self.shares.items() if each == level and share is not None]
            for level in SIDES
        }
        return draw_firmness(by_level, self.planned, lang=lang)

    def __hash__(self) -> int:
        return hash((self.plan, self.drawings, self.children))

    def __str__(self) -> str:
        return self.text()


def robustness(
    plan: Plan,
    drawings: int = 50,
    *,
    seed: int = 0,
    drop_out: float = 0.05,
    children: float = 0.1,
    precision_km: Mapping[str, float] | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
    executor: Any = None,
) -> Firmness:
    """Plan seeded drawings of a plan's input again, and say how firm each of its pairs is.

    Parameters
    ----------
    plan
        The plan asked about.
    drawings, seed
        How many; the same seed draws the same, whatever the number of workers.
    drop_out
        The chance of each branch to drop out.
    children
        By how much of itself the number of children of a school or county may be off, either way.
    precision_km
        How far off the point of a school may be, by its `coord_precision`; "" for those without a word. Points at the
        county's seat may be 15 km off and others 0.5 km, unless said otherwise.
    time_limit_s, work_limit, progress, cancel, workers, executor
        As in `matcher.study.solve_many`.

    Raises
    ------
    InvalidInput
        If a number makes no sense.

    Examples
    --------
    >>> import matcher
    >>> from matcher.study import robustness
    >>> county = matcher.County(id="C1", lat=26.2, lon=105.5)
    >>> plan = matcher.solve(matcher.Instance(organizations=[matcher.Organization(id="U1", lat=26, lon=105)],
    ...                                       counties=[county]))
    >>> robustness(plan, 3).pairings("county").firm.tolist()
    [1.0]
    """
    check_kind(plan, Plan, "plan")
    check_workers(workers)
    faults = [
        Fault("invalid_value", column=name, value=value, details={"reason": reason})
        for name, value, fits, reason in (
            ("drawings", drawings, isinstance(drawings, int) and drawings >= 1, "an integer of 1 or more"),
            ("drop_out", drop_out, 0 <= drop_out < 1, "from 0 to below 1"),
            ("children", children, 0 <= children <= 1, "from 0 to 1"),
        )
        if not fits
    ]
    if faults:
        raise InvalidInput(faults)
    limits = {"time_limit_s": time_limit_s, "work_limit": work_limit, "progress": progress, "cancel": cancel}
    budget = Budget(**limits, workers=int(workers), executor=executor)  # type: ignore[arg-type]
    off = {**PRECISION_KM, **(precision_km or {})}
    tasks = [
        PlanTask(Problem.of(_drawn(plan.instance, f"{seed}:{number}", drop_out, children, off), plan.policy))
        for number in range(drawings)
    ]
    return _counted(plan, plan_all(tasks, budget, "robustness"))


def _drawn(instance: Instance, seed: str, drop_out: float, children: float, off: Mapping[str, float]) -> Instance:
    """Return one drawing of an instance."""
    rng = random.Random(seed)
    gone = [Leaves(table="branches", id=row.id) for row in instance.branches if rng.random() < drop_out]
    seats = {county.id: county for county in instance.counties}
    counties = [row.model_copy(update=_counts(row.children, children, rng)) for row in instance.counties]
    schools = []
    for school in instance.schools:
        point = school if school.lat is not None else seats[school.county_id]
        km = off.get(school.coord_precision or "", off[""])
        far, turn = km * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
        fields = _counts(school.children, children, rng)
        if point.lat is not None and point.lon is not None and km:
            north, east = far * math.cos(turn) / _KM_PER_DEGREE, far * math.sin(turn) / _KM_PER_DEGREE
            fields["lat"] = min(89.0, max(-89.0, point.lat + north))
            fields["lon"] = min(180.0, max(-180.0, point.lon + east / math.cos(math.radians(point.lat))))
        schools.append(school.model_copy(update=fields))
    drawn = with_tables(instance, counties=counties, schools=schools)
    return changed_instance(drawn, gone) if gone else drawn


def _counts(known: int | None, children: float, rng: random.Random) -> dict[str, Any]:
    """Return a number of children that is off by so much of itself at most."""
    share = rng.uniform(-children, children)
    return {} if known is None else {"children": max(0, round(known * (1 + share)))}


def _counted(plan: Plan, solutions: list[Solution]) -> Firmness:
    """Return how often each pair of the plan stood."""
    planned = [solution for solution in solutions if solution.has_plan]
    stood: Counter[_Pair] = Counter()
    there: Counter[tuple[str, str]] = Counter()
    reached = []
    for solution in planned:
        arrays = solution.problem.arrays
        there.update(("branches", known) for known in arrays.branches.ids)
        for level in SIDES:
            providers, recipients = arrays.sides(level)
            stood.update((level, providers.ids[p], recipients.ids[r]) for p, r in solution.pairs(level).tolist())
        reached.append(int(arrays.schools.children[list(set(solution.school_pairs[:, 1].tolist()))].sum()))
    shares: dict[_Pair, float | None] = {}
    for level in SIDES:
        providers, recipients = plan.problem.arrays.sides(level)
        for p, r in plan.pairs(level).tolist():
            pair = level, providers.ids[p], recipients.ids[r]
            of = there["branches", pair[1]] if level == "school" else len(planned)
            shares[pair] = stood[pair] / of if of else None
    return Firmness(plan, len(solutions), len(planned), MappingProxyType(shares), tuple(reached))
