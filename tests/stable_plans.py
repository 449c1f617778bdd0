"""Small plans with preferences, and the best of all that are stable, or nearly, by listing them."""

from __future__ import annotations

import random
from itertools import combinations, product

import numpy as np

import matcher
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.proof.blocking import blocking


def random_market(seed: int, *, lists: bool = True) -> matcher.Instance:
    rng = random.Random(seed)

    def point() -> dict[str, float]:
        return {"lat": rng.uniform(26, 29), "lon": rng.uniform(104, 108)}

    organizations = [matcher.Organization(id=f"o{i}", **point()) for i in range(rng.randint(1, 3))]
    branches = [
        matcher.Branch(id=f"b{o.id}{j}", organization_id=o.id, capacity=rng.randint(1, 2), **point())
        for o in organizations
        for j in range(rng.randint(0, 2))
    ]
    counties = [matcher.County(id=f"c{i}", children=rng.randint(1, 9), **point()) for i in range(rng.randint(1, 3))]
    schools = [
        matcher.School(
            id=f"s{c.id}{j}", county_id=c.id, children=rng.randint(1, 30), demand=rng.randint(1, 2), **point()
        )
        for c in counties
        for j in range(rng.randint(0, 2))
    ]
    sides = {"county": (organizations, counties), "school": (branches, schools)}
    preferences, previous = [], []
    for level, both in sides.items():
        for p in both[0]:
            previous += [
                matcher.Pairing(level=level, provider_id=p.id, recipient_id=r.id) for r in both[1] if rng.random() < 0.2
            ]
        for side, own, others in (("provider", *both), ("recipient", *both[::-1])):
            for agent in own:
                if lists and rng.random() < 0.8:
                    listed = [other for other in others if rng.random() < 0.9]
                    rng.shuffle(listed)
                    preferences += [
                        matcher.Preference(level=level, side=side, id=agent.id, choice_id=other.id, rank=rank)
                        for rank, other in enumerate(listed, 1)
                    ]
    return matcher.Instance(
        organizations=organizations,
        branches=branches,
        counties=counties,
        schools=schools,
        preferences=preferences,
        previous=previous,
    )


def pairings(problem: Problem, level: str, inside: set[tuple[int, int]] | None = None):
    """Every pairing of one level within its bounds."""
    arrays = problem.arrays
    providers, recipients = arrays.sides(level)
    listed: dict[tuple[str, str], set[str]] = {}
    for row in problem.instance.preferences:
        if row.level == level:
            listed.setdefault((row.side, row.id), set()).add(row.choice_id)

    def accepts(side: str, agent: str, other: str) -> bool:
        return other in listed.get((side, agent), {other})

    arcs = [
        (p, r)
        for p, r in product(range(len(providers)), range(len(recipients)))
        if problem.allowed(level, np.array([p]), np.array([r]))[0]
        and accepts("provider", providers.ids[p], recipients.ids[r])
        and accepts("recipient", recipients.ids[r], providers.ids[p])
        and (inside is None or (int(providers.parent[p]), int(recipients.parent[r])) in inside)
    ]
    capacity, demand = problem.capacity(level)[:, 1], problem.demand(level)[:, 1]
    for size in range(len(arcs) + 1):
        for chosen in combinations(arcs, size):
            pairs = np.array(chosen, dtype=np.int64).reshape(-1, 2)
            if (np.bincount(pairs[:, 0], minlength=len(providers)) <= capacity).all() and (
                np.bincount(pairs[:, 1], minlength=len(recipients)) <= demand
            ).all():
                yield pairs


def best_by_enumeration(problem: Problem) -> tuple[int, ...] | None:
    """The best of all plans that keep the policy's demand, counted pair by pair."""
    policy, found = problem.policy, []
    tolerance = {level: policy.stability_tolerance(level) for level in ("county", "school")}
    most = policy.max_blocking_pairs if policy.stability == "limit" else 0
    for county in pairings(problem, "county"):
        first = len(blocking(problem, "county", Pairs(county, no_pairs()), tolerance=tolerance["county"]))
        if first > most:
            continue
        inside = {(int(o), int(c)) for o, c in county}
        found += [
            problem.minimised(Pairs(county, school))
            for school in pairings(problem, "school", inside)
            if first + len(blocking(problem, "school", Pairs(county, school), tolerance=tolerance["school"])) <= most
        ]
    return min(found, default=None)
