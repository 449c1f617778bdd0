"""Explanations held against the records alone: every statement of why a school lacks a branch is computed again.

    python -m benchmarks.explanations FOLDER [--count 500] [--max-school-km KM] [--priced 5]

Nothing of the library is used but distances and the plan's own frames; `--priced` explanations also have the price of
each alternative compared with a full solve with that pair agreed on.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import matcher
from matcher.advice import applied
from matcher.geo import pair_m


class Judge:
    """What the records say of any school and branch; for policies of reach and exchange rate, in km."""

    def __init__(self, plan: matcher.Plan):
        self.plan, policy = plan, plan.policy
        self.branches = {branch.id: branch for branch in plan.instance.branches}
        self.schools = {school.id: school for school in plan.instance.schools}
        seats = {each.id: each for table in ("organizations", "counties") for each in getattr(plan.instance, table)}
        self.place = {
            each.id: (each.lat, each.lon) if each.lat is not None else (seats[parent].lat, seats[parent].lon)
            for table, field in (("branches", "organization_id"), ("schools", "county_id"))
            for each in getattr(plan.instance, table)
            for parent in [getattr(each, field)]
        }
        self.reach, self.rate = policy.max_school_km, policy.child_km
        county, school = plan.county_pairings, plan.school_pairings
        self.county_pairs = set(zip(county.organization_id, county.county_id, strict=True))
        self.school_pairs = set(zip(school.branch_id, school.school_id, strict=True))
        self.load = Counter(branch for branch, _ in self.school_pairs)
        self.barred = {(k.provider_id, k.recipient_id) for k in plan.instance.locks if k.kind == "forbid"}

    def km(self, branch: str, school: str) -> float:
        """Return the distance of a pair."""
        (a, b), (c, d) = self.place[branch], self.place[school]
        return float(pair_m([a], [b], [c], [d])[0]) / 1000

    def all_km(self, school: str) -> dict[str, float]:
        """Return the distance of every branch that takes schools and does not serve the school."""
        ids = [known for known in self.branches if (known, school) not in self.school_pairs]
        lat, lon = zip(*(self.place[known] for known in ids), strict=True)
        here = self.place[school]
        metres = pair_m(list(lat), list(lon), [here[0]] * len(ids), [here[1]] * len(ids))
        return dict(zip(ids, (metres / 1000).tolist(), strict=True))

    def is_allowed(self, branch: str, school: str, km: float) -> bool:
        """Whether reach and locks allow the pair, and it takes schools at all."""
        owner, county = self.branches[branch].organization_id, self.schools[school].county_id
        free = (branch, school) not in self.barred and (owner, county) not in self.barred
        return free and (self.reach is None or km <= self.reach) and self.branches[branch].capacity[1] > 0

    def untrue(self, said: Any) -> Iterator[str]:
        """Yield what an explanation of a school says that is not so."""
        school = self.schools[said.id]
        partners = {branch for branch, known in self.school_pairs if known == said.id}
        if {partner.id for partner in said.partners} != partners:
            yield "partners"
        if said.missing != max(0, school.demand[1] - len(partners)):
            yield "missing"
        km = self.all_km(said.id)
        allowed = {known: far for known, far in km.items() if self.is_allowed(known, said.id, far)}
        for other in said.alternatives:
            yield from self._alternative(said, other, km, allowed)
        if not said.missing:
            return
        owners = {owner for owner, county in self.county_pairs if county == school.county_id}
        here = {b: far for b, far in km.items() if self.branches[b].organization_id in owners}
        here = {b: far for b, far in here.items() if self.branches[b].capacity[1] > 0}
        fits = {b: far for b, far in here.items() if b in allowed}
        worth = (self.rate or 0) * (school.children or 100) / max(1, school.demand[1])
        near = {b: far for b, far in fits.items() if far <= worth + 0.0005}
        room = {b for b in near if self.load[b] < self.branches[b].capacity[1]}
        truth = {
            "no_county_pair": not owners,
            "no_partner": bool(owners) and not here,
            "out_of_reach": bool(here) and all(self.reach is not None and far > self.reach for far in here.values()),
            "forbidden": bool(here) and not fits,
            "not_allowed": bool(here) and not fits,
            "farther_than_children_are_worth": bool(fits) and not near,
            "partners_full": bool(near) and not room,
            "not_chosen": bool(room),
        }
        if not truth.get(said.reason, False):
            yield f"reason {said.reason}"
        if {name.rpartition("(")[2].rstrip(")") for name in said.parents} != owners:
            yield "parents"
        for near_by, among in ((said.nearest, km), (said.nearest_allowed, allowed)):
            if (near_by is None) != (not among) or (
                near_by is not None and abs(near_by.km - min(among.values())) > 0.0011
            ):
                yield "nearest"
        if said.rate is not None and abs(said.rate[1] * worth - min(fits.values()) * said.rate[2]) > 0.01 * worth:
            yield "rate"

    def _alternative(self, said: Any, other: Any, km: dict[str, float], allowed: dict[str, float]) -> Iterator[str]:
        if other.id not in allowed and self.branches[other.id].capacity[1] > 0:
            yield f"{other.id} is not allowed"
        if abs(other.km - km[other.id]) > 0.0011:
            yield f"{other.id} is as far as {km[other.id]}"
        owner, county = self.branches[other.id].organization_id, self.schools[said.id].county_id
        served = {school for branch, school in self.school_pairs if branch == other.id}
        full = len(served) >= self.branches[other.id].capacity[1]
        here = (owner, county) in self.county_pairs
        states = {"elsewhere": not here, "taken": here and full, "free": here and not full, "closed": True}
        if not states[other.state] or set(other.partners) != served:
            yield f"{other.id} is not {other.state}"
        elsewhere = {name.rpartition("(")[2].rstrip(")") for name in other.parents}
        if other.state == "elsewhere" and elsewhere != {c for o, c in self.county_pairs if o == owner}:
            yield f"{owner} is paired with others"

    def wrong_prices(self, said: Any) -> Iterator[str]:
        """Yield the alternatives whose price is not that of a full solve."""
        for other in said.alternatives:
            if other.price is not None:
                change = {"kind": "agreed", "level": "school", "provider_id": other.id, "recipient_id": said.id}
                instance, policy = applied(self.plan.instance, self.plan.policy, change)
                solved = matcher.solve(instance, policy)
                worse = {
                    old.name: (new.value - old.value) * (1 if old.sense == "min" else -1)
                    for old, new in zip(self.plan.levels, solved.levels, strict=True)
                    if new.value is not None and old.value is not None
                }
                if other.price.status != solved.status or dict(other.price.cost) != worse:
                    yield f"{said.id} by {other.id}: {other.price.cost} is {worse}"


def main() -> None:
    """Explain and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--max-school-km", type=float)
    parser.add_argument("--priced", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    plan = matcher.solve(matcher.read(options.folder), matcher.Policy(max_school_km=options.max_school_km))
    judge, rng = Judge(plan), random.Random(options.seed)
    schools = rng.sample(
        [school.id for school in plan.instance.schools], min(options.count, len(plan.instance.schools))
    )
    wrong, reasons = [], Counter()
    for number, known in enumerate(schools):
        said = plan.explain("school", known)
        reasons[said.reason or "served"] += 1
        wrong += [f"{known}: {what}" for what in judge.untrue(said)]
        if number < options.priced:
            wrong += list(judge.wrong_prices(said))
    print(f"{len(schools)} schools, reasons {dict(reasons)}; untrue statements {len(wrong)}")
    print("\n".join(wrong[:20]))


if __name__ == "__main__":
    main()
