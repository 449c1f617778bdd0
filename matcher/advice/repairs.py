"""The ways out of an infeasible plan: demands that contradict each other, and the fewest to give up.

Whether some demands go together is asked of the solver, on the same tables under one cheap objective; the search that
builds on that question alone is `matcher.base.conflicts`.

What a number demands (a minimum, a reach, a floor over all) is not dropped but eased as far as needed and no farther.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count

from matcher.advice.changes import BOUNDS, Change, Drops, Lowers, Sets, Unlocked, applied, changes_of
from matcher.advice.demands import Demand, demands_of, uncapped, without
from matcher.advice.saying import change_words
from matcher.base.conflicts import irreducible, largest, one_way, smallest_ways
from matcher.base.crossing import Crosses
from matcher.base.display import as_html
from matcher.base.errors import check_count, check_kind, text
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback
from matcher.methods.dispatch import solve_problem
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.coverage import Floor
from matcher.policy.objectives import Objective
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution

#: a reach that no pair on earth is beyond, in km or minutes
_FARTHEST = 40_000.0


@dataclass(frozen=True, slots=True)
class Repair(Crosses):
    """One way out.

    Attributes
    ----------
    demands
        What is given up, in whole or in part.
    changes
        The changes that do it.
    cheapest
        Whether no way out gives up fewer demands: proved.
    """

    demands: tuple[Demand, ...]
    changes: tuple[Change, ...]
    cheapest: bool

    def apply(self, instance: Instance, policy: Policy) -> tuple[Instance, Policy]:
        """Return instance and policy with the changes made; they have a plan."""
        return applied(instance, policy, self.changes)

    def text(self, lang: str = "en") -> str:
        """Say it."""
        given = text("repair.and", lang).join(demand.text(lang) for demand in self.demands)
        done = change_words(self.changes, {}, lang)
        return text("repair.way", lang, count=len(self.demands), given=given, done=done)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class WaysOut(Crosses):
    """Why there is no plan, and what to give up.

    Attributes
    ----------
    conflict
        Demands that can't all be kept; without any one of them the others can, if `irreducible`.
    irreducible
        Whether that was found by solves that all came to an end.
    repairs
        Ways out, those that give up the fewest demands first.
    """

    conflict: tuple[Demand, ...]
    irreducible: bool
    repairs: tuple[Repair, ...]

    def text(self, lang: str = "en") -> str:
        """Say both."""
        if not self.conflict:
            return text("repair.none", lang)
        lines = [text("repair.conflict" if self.irreducible else "repair.conflict.open", lang)]
        lines += [text("repair.line", lang, said=demand.text(lang)) for demand in self.conflict]
        lines += [text("repair.ways", lang)] if self.repairs else []
        return "\n".join(lines + [text("repair.line", lang, said=each.text(lang)) for each in self.repairs])

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.text())


def repairs(
    plan: Plan,
    k: int = 5,
    *,
    time_limit_s: float | None = 60.0,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> WaysOut:
    """Return why there is no plan and up to k ways out; see `Plan.repairs`."""
    check_kind(plan, Plan, "plan")
    check_count(k, "k")
    if plan.status != "infeasible":
        return WaysOut((), True, ())
    budget = Budget(time_limit_s=time_limit_s, progress=progress, cancel=cancel)
    return _Search(plan.instance, plan.policy, budget).ways(k)


class _Search:
    """Asks which demands go together, and remembers the answers."""

    def __init__(self, instance: Instance, policy: Policy, budget: Budget):
        self.instance, self.policy, self.budget = instance, policy, budget
        self.demands = demands_of(instance, policy)
        self.sure = True
        self._known: dict[frozenset[Demand], bool] = {}
        self._asked = count(1)

    def ways(self, k: int) -> WaysOut:
        """Return an irreducible conflict and the ways out."""
        conflict = tuple(irreducible(self.together, self.demands))
        proved = self.sure
        found = smallest_ways(self.together, self.demands, conflict, k, self._stopped)
        sets = [(chosen, self.sure) for chosen in found]
        if not found and self.budget.stop_reason is None:
            sets = [(one_way(self.together, self.demands), False)]
        fewest = min((len(chosen) for chosen, _ in sets), default=0)
        made = [self._repair(chosen, sure and len(chosen) == fewest) for chosen, sure in sets]
        return WaysOut(conflict, proved, tuple(repair for repair in made if repair is not None))

    def together(self, kept: Collection[Demand]) -> bool:
        """Whether these demands go together; what is not known counts as yes, and nothing is sure any more."""
        key = frozenset(kept)
        if key not in self._known:
            left_out = [demand for demand in self.demands if demand not in key]
            instance, policy = without(self.instance, self.policy, left_out)
            self._known[key] = self._feasible(instance, policy)
        return self._known[key]

    def _feasible(self, instance: Instance, policy: Policy) -> bool:
        status = self.solved(instance, policy).status
        self.sure &= status != "unknown"
        return status != "infeasible"

    def solved(self, instance: Instance, policy: Policy, first: Objective | None = None) -> Solution:
        """Return a solution under one cheap objective and those with a cap."""
        self.budget.report(Progress("repairs", next(self._asked)))
        capped = [each for each in policy.objectives if each.at_most is not None or each.at_least is not None]
        lead = [] if first is None or first in capped else [first]
        objectives = (*lead, *capped) or (Objective(name="count_counties"),)
        return solve_problem(Problem.of(instance, policy.model_copy(update={"objectives": objectives})), self.budget)

    def _stopped(self) -> bool:
        return self.budget.stop_reason is not None

    def _repair(self, chosen: frozenset[Demand], cheapest: bool) -> Repair | None:
        """Return the way out that eases each demand as far as needed; None if that can't be shown to give a plan."""
        changes: list[Change] = []
        given = [demand for demand in self.demands if demand in chosen]
        for at, demand in enumerate(given):
            changes.append(self._eased(demand, changes, given[at + 1 :]))
        caps = {demand.key[0] for demand in given if demand.kind == "cap"}
        if caps:
            changes = [each for each in changes if not (isinstance(each, Sets) and each.field == "objectives")]
            changes.append(Sets(field="objectives", value=uncapped(self.policy, caps)))
        instance, policy = applied(self.instance, self.policy, changes)
        if self.solved(instance, policy).status not in ("optimal", "feasible"):
            return None
        return Repair(tuple(given), tuple(changes), cheapest)

    def _eased(self, demand: Demand, before: list[Change], after: list[Demand]) -> Change:
        """Return the change that gives up as little of a demand as it can, after others were eased."""
        if demand.kind == "lock":
            level, provider, recipient, _ = demand.key
            return Unlocked(level=level, provider_id=provider, recipient_id=recipient)
        if demand.kind == "cap":
            return Sets(field="objectives", value=uncapped(self.policy, {demand.key[0]}))

        def fits(change: Change) -> bool:
            return self._feasible(*self._changed([*before, change], after))

        if demand.kind == "rule":
            return self._lowered(demand.key[0], before, after)
        if demand.kind == "minimum":
            return self._less(demand, fits)
        field = demand.key[0]
        if not field.startswith("max_"):
            return Sets(field=field, value="report" if field == "stability" else None)
        low, high = int(getattr(self.policy, field)), int(_FARTHEST)
        if not fits(Sets(field=field, value=float(high))):
            return Sets(field=field, value=None)
        while low + 1 < high:  # low does not reach, high does
            middle = min((low + high) // 2, 2 * low + 1)
            low, high = (low, middle) if fits(Sets(field=field, value=float(middle))) else (middle, high)
        return Sets(field=field, value=float(high))

    def _changed(self, changes: list[Change], without_these: list[Demand]) -> tuple[Instance, Policy]:
        """Return instance and policy with some changes and without some demands."""
        # rules go in one call with the changes: their positions are those of the policy as it was
        rules = [Drops(rule=each.key[0]) for each in without_these if each.kind == "rule"]
        instance, policy = applied(self.instance, self.policy, [*changes, *rules])
        return without(instance, policy, [each for each in without_these if each.kind != "rule"])

    def _less(self, demand: Demand, fits: Callable[[Change], bool]) -> Change:
        """Return the largest minimum that can be kept in place of one that can't."""
        table, known = demand.key
        least, most, of_all = _bounds(self.instance, self.policy, table, known)

        def change(number: int) -> Change:
            if of_all:
                return Sets(field=of_all, value=(number, most))
            return changes_of({"kind": "takes", "table": table, "id": known, "pairs": (number, most)})[0]

        return change(largest(lambda number: fits(change(number)), 0, least - 1))

    def _lowered(self, position: int, before: list[Change], after: list[Demand]) -> Change:
        """Return a floor over all lowered to the most that can be reached; any other rule is dropped."""
        rule = self.policy.rules[position]
        if not isinstance(rule, Floor) or rule.by != "all":
            return Drops(rule=position)
        instance, policy = self._changed([*before, Drops(rule=position)], after)
        plural = "counties" if rule.level == "county" else "schools"
        name = f"cover_{plural}" if rule.count == "children" else f"count_{plural}"
        where = None if rule.of == type(rule.of)() else rule.of
        solution = self.solved(instance, policy, Objective(name=name, where=where))
        reached = solution.levels[0].value if solution.has_plan else None
        return Lowers(rule=position, number=reached) if reached else Drops(rule=position)


def _bounds(instance: Instance, policy: Policy, table: str, known: str) -> tuple[int, int, str]:
    """Return the bounds of a row, or those of all with the field of the policy that has them."""
    field, above = BOUNDS[table]
    if not known:
        least, most = getattr(policy, above)
        return least, most, above
    row = getattr(instance, table)[getattr(instance.arrays, table).index[known]]
    least, most = getattr(row, field)
    return least, most, ""
