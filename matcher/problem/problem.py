"""Instance + Policy -> the problem that solvers and the checker see: who may be paired, bounds, pins, objectives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.names import SIDES
from matcher.base.numbers import BoolArray, IntArray
from matcher.base.violations import Violation
from matcher.facts import Facts
from matcher.model import Instance
from matcher.policy.fitting import named
from matcher.policy.policy import Policy
from matcher.policy.rows import Row
from matcher.policy.rules import Pin, Rule
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.terms import AdditiveObjective, compile_objectives, maxima
from matcher.tables.arrays import Arrays


@dataclass(frozen=True)
class Problem:
    """One instance under one policy.

    Attributes
    ----------
    instance, policy
        What the problem was made from.
    facts
        Costs and last year's pairs, of any pair asked for.
    rules
        Every rule that holds.
    objectives
        The levels, in order.
    """

    instance: Instance
    policy: Policy
    facts: Facts
    rules: tuple[Rule, ...]
    objectives: tuple[AdditiveObjective, ...]

    @classmethod
    def of(cls, instance: Instance, policy: Policy | None = None, facts: Facts | None = None) -> Problem:
        """Compile `instance` under `policy` (the default policy if None).

        `facts` may be those of another problem of the same instance that counts travel in the same way.

        Raises
        ------
        InvalidInput
            If one of the two is something else, a rule pins a pair with an id that the instance does not have, or the
            costs can't be counted exactly.
        """
        policy = Policy() if policy is None else policy
        check_kind(instance, Instance, "instance")
        check_kind(policy, Policy, "policy")
        policy = named(policy, instance)
        facts = Facts(instance, policy.travel) if facts is None or facts.travel != policy.travel else facts
        faults = list(_unknown_pins(facts, policy))
        if policy.stability == "tolerance" and instance.preferences:
            details = {"known": "off, report, require, limit"}  # ranks have no unit
            faults.append(Fault("not_an_option", "policy", column="stability", value="tolerance", details=details))
        if faults:
            raise InvalidInput(faults)
        return cls(instance, policy, facts, policy.all_rules(), compile_objectives(facts, policy))

    @property
    def arrays(self) -> Arrays:
        """The instance's arrays."""
        return self.facts.arrays

    def with_stability(self, stability: str) -> Problem:
        """Return the same problem under another demand of stability."""
        return replace(self, policy=self.policy.model_copy(update={"stability": stability}))

    def allowed(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return which pairs every rule of `level` allows (positions broadcast against each other).

        At school level this says nothing of the county pairing, which a school pair needs besides.
        """
        allowed = np.ones(np.broadcast(provider_idx, recipient_idx).shape, dtype=np.bool_)
        for rule in self.rules:
            mask = rule.allows(self.facts, level, provider_idx, recipient_idx)
            if mask is not None:
                allowed &= mask
        return allowed

    def may_allow(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return a superset of `allowed` that is cheap to compute."""
        allowed = np.ones(np.broadcast(provider_idx, recipient_idx).shape, dtype=np.bool_)
        for rule in self.rules:
            mask = rule.may_allow(self.facts, level, provider_idx, recipient_idx)
            if mask is not None:
                allowed &= mask
        return allowed

    @cached_property
    def pins(self) -> dict[str, IntArray]:
        """(k, 2) pinned pairs of each level, distinct, in order; a school pin pins its county pair too."""
        found: dict[str, set[tuple[int, int]]] = {level: set() for level in SIDES}
        for rule in self.rules:
            for level, provider, recipient in rule.pins(self.facts):
                found[level].add((provider, recipient))
            for level, provider, recipient in rule.pins_if_possible(self.facts):
                if self._is_possible(level, provider, recipient):
                    found[level].add((provider, recipient))
        for branch, school in found["school"]:
            found["county"].add((int(self.arrays.branches.parent[branch]), int(self.arrays.schools.parent[school])))
        return {level: np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2) for level, pairs in found.items()}

    def _is_possible(self, level: str, provider: int, recipient: int) -> bool:
        """Whether the pair is allowed, its county pair too, and nobody of them takes no pairs at all."""
        if level == "school":
            above = int(self.arrays.branches.parent[provider]), int(self.arrays.schools.parent[recipient])
            if not self._is_possible("county", *above):
                return False
        if not (self.capacity(level)[provider, 1] and self.demand(level)[recipient, 1]):
            return False
        return bool(self.allowed(level, np.array([provider]), np.array([recipient]))[0])

    def capacity(self, level: str) -> IntArray:
        """Return (P, 2): least and most pairs of each provider of `level`."""
        override = self.policy.organization_capacity if level == "county" else self.policy.branch_capacity
        providers = self.arrays.sides(level)[0]
        if override is not None:
            return np.tile(np.array(override, dtype=np.int64), (len(providers), 1))
        return np.column_stack([providers.minimum, providers.maximum])

    def demand(self, level: str) -> IntArray:
        """Return (R, 2): least and most pairs of each recipient of `level`."""
        override = self.policy.county_demand if level == "county" else self.policy.school_demand
        recipients = self.arrays.sides(level)[1]
        if override is not None:
            return np.tile(np.array(override, dtype=np.int64), (len(recipients), 1))
        return np.column_stack([recipients.minimum, maxima(self.facts, self.policy, level)])

    @property
    def is_one_to_one(self) -> bool:
        """Whether no county can have two organisations and no organisation two counties."""
        return bool((self.capacity("county")[:, 1] <= 1).all() and (self.demand("county")[:, 1] <= 1).all())

    @property
    def is_plain(self) -> bool:
        """Whether every objective is a sum that a flow carries, without slack or cap, and no rule is a linear row."""
        return not self.rows and all(objective.is_plain for objective in self.objectives)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The linear rows of all rules, in an order that does not depend on that of the rules."""
        in_order = sorted(self.rules, key=lambda rule: (rule.code, rule.model_dump_json()))
        return tuple(row for rule in in_order for row in rule.rows(self))

    def keepable(self, level: str) -> IntArray:
        """Return (k, 2): pairs of last year of `level` that may be pairs again.

        That is: they are still allowed, with their county pair, and neither side takes no pairs any more.
        """
        pairs = self.facts.previous_pairs(level)
        allowed = self.allowed(level, pairs[:, 0], pairs[:, 1])
        allowed &= (self.capacity(level)[pairs[:, 0], 1] > 0) & (self.demand(level)[pairs[:, 1], 1] > 0)
        if level == "school":
            above = self.arrays.branches.parent[pairs[:, 0]], self.arrays.schools.parent[pairs[:, 1]]
            allowed = allowed & self.allowed("county", *above)
        return pairs[allowed]

    def last_year(self) -> Pairs:
        """Return the county pairs and school pairs of last year that can stand together: within capacity, in order."""
        county = self._within("county", self.keepable("county"))
        school, arrays = self.keepable("school"), self.arrays
        above = np.column_stack([arrays.branches.parent[school[:, 0]], arrays.schools.parent[school[:, 1]]])
        width = len(arrays.counties)
        together = np.isin(pair_keys(above, width), pair_keys(county, width))
        return Pairs(county, self._within("school", school[together])).in_order()

    def _within(self, level: str, pairs: IntArray) -> IntArray:
        """Return the pairs that fit, each looked at in turn."""
        room = self.capacity(level)[:, 1].copy(), self.demand(level)[:, 1].copy()
        found = []
        for provider, recipient in pairs.tolist():
            if room[0][provider] > 0 and room[1][recipient] > 0:
                room[0][provider] -= 1
                room[1][recipient] -= 1
                found.append((provider, recipient))
        return np.array(found, dtype=np.int64).reshape(-1, 2)

    def violations(self, pairs: Pairs) -> list[Violation]:
        """Return every linear row and every cap of a level that a plan breaks, added up from the pairs alone."""
        found = []
        for row in self.rows:
            value = row.value(pairs._asdict())
            limit = row.broken(value)
            if limit is not None:
                found.append(Violation(row.code, {**row.details, "value": value, "limit": limit}))
        for objective, value in zip(self.objectives, self.minimised(pairs), strict=True):
            if objective.cap is not None and value > objective.cap:
                details = {"level": objective.name, "unit": objective.unit}
                shown = {"value": objective.shown(value), "limit": objective.shown(objective.cap)}
                found.append(Violation("cap", {**details, **shown}))
        return found

    def minimised(self, pairs: Pairs) -> tuple[int, ...]:
        """Return the exact value of each objective, to be minimised, for a plan."""
        by_level = pairs._asdict()
        totals = [sum(wish.cost(by_level) for wish in objective.wishes) for objective in self.objectives]
        for level, chosen in by_level.items():
            provider_idx, recipient_idx = chosen[:, 0], chosen[:, 1]
            cost = self.facts.cost(level, provider_idx, recipient_idx)
            was_pair = self.facts.was_pair(level, provider_idx, recipient_idx)
            fit = self.facts.fit(level, provider_idx, recipient_idx)
            demand = self.demand(level)
            count = np.bincount(recipient_idx, minlength=len(demand))
            load = np.bincount(provider_idx, minlength=len(self.arrays.sides(level)[0]))
            empty = np.maximum(demand[:, 1] - count, 0)
            for position, objective in enumerate(self.objectives):
                if objective.worst_of is not None:
                    totals[position] += int(cost.max(initial=0)) if objective.worst_of == level else 0
                    continue
                terms = objective.terms(level)
                totals[position] += int(terms.of_pairs(cost, was_pair, fit).sum()) + terms.of_providers(load)
                totals[position] += int(terms.uncovered[count == 0].sum()) + int((terms.unmet * empty).sum())
        return tuple(totals)


def _unknown_pins(facts: Facts, policy: Policy) -> Iterator[Fault]:
    for position, rule in enumerate(policy.rules):
        if isinstance(rule, Pin):
            for side, table, field in zip(
                facts.arrays.sides(rule.level), SIDES[rule.level], ("provider_id", "recipient_id"), strict=True
            ):
                known = getattr(rule, field)
                if known not in side.index:
                    yield Fault(
                        "unknown_id", "policy", None, f"rules.{position}.{field}", known, details={"target": table}
                    )
