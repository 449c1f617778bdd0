"""Random small two-level instances, and an independent brute force over every plan, level by level."""

from __future__ import annotations

import random
from itertools import chain, combinations, product

import numpy as np

from matcher import Branch, County, Instance, Lock, Organization, Pairing, Policy, School, TravelTime
from matcher.policy.objectives import NAMES
from matcher.problem.problem import Problem

#: what the joint method takes
OBJECTIVES = tuple(
    name
    for name in NAMES
    if not name.startswith(("worst_", "fair_")) and name not in ("balance", "skills", "fewest_organizations")
)


def random_case(seed: int) -> tuple[Instance, Policy]:
    """Return a one-to-one instance of at most 4 x 3 and 8 x 7 with a policy; every feature appears in some seeds."""
    rng = random.Random(seed)
    points = [
        (27 + rng.choice((0.0, 0.01, 0.1, 1.0)) * rng.randint(0, 3), 105 + rng.randint(0, 4) / 10) for _ in range(5)
    ]

    def point() -> dict[str, float]:
        lat, lon = rng.choice(points) if rng.random() < 0.6 else (rng.uniform(26, 29), rng.uniform(104, 108))
        return {"lat": lat, "lon": lon}

    def bounds(most: int, *, minima: float = 0.0) -> int | tuple[int, int]:
        d = rng.randint(0 if rng.random() < 0.2 else 1, most)
        return (rng.randint(0, d), d) if rng.random() < minima else d

    minima = 0.1 if rng.random() < 0.3 else 0.0
    most_places = rng.choice((1, 1, 2, 3))
    organizations = [
        Organization(id=f"o{i}", province=rng.choice("AB"), capacity=bounds(1, minima=minima), **point())
        for i in range(rng.randint(0 if rng.random() < 0.05 else 1, 4))
    ]
    branches = [
        Branch(
            id=f"b{i}{j}",
            organization_id=o.id,
            capacity=bounds(3, minima=minima / 2),
            **(point() if rng.random() < 0.7 else {}),
        )
        for i, o in enumerate(organizations)
        for j in range(rng.randint(0, 3))
    ]
    counties = [
        County(
            id=f"c{i}",
            province=rng.choice("AB"),
            children=rng.choice((0, 5, 5, 80)),
            demand=bounds(1, minima=minima),
            **point(),
        )
        for i in range(rng.randint(0 if rng.random() < 0.05 else 1, 3))
    ]
    schools = [
        School(
            id=f"s{i}{j}",
            county_id=c.id,
            children=rng.choice((0, 3, 3, 10, 40)),
            demand=bounds(most_places, minima=minima / 2),
            **(point() if rng.random() < 0.7 else {}),
        )
        for i, c in enumerate(counties)
        for j in range(rng.randint(0, 3))
    ]
    sides = {"county": (organizations, counties), "school": (branches, schools)}
    previous, locks, times = [], [], []
    if rng.random() < 0.6:
        for level, (providers, recipients) in sides.items():
            for p in providers:
                previous += [
                    Pairing(level=level, provider_id=p.id, recipient_id=r.id) for r in recipients if rng.random() < 0.2
                ]
    if rng.random() < 0.4:
        for level, (providers, recipients) in sides.items():
            for p in providers:
                for r in recipients:
                    roll = rng.random()
                    if roll < 0.12:
                        kind = "pin" if roll < 0.02 else "forbid"
                        locks.append(Lock(level=level, provider_id=p.id, recipient_id=r.id, kind=kind))
    names = list(rng.sample(OBJECTIVES, rng.randint(1, 6)))
    options: dict[str, object] = {} if rng.random() < 0.3 else {"objectives": names}
    options["child_km"] = rng.choice((None, 0, 1, 5, 10, 10, 1000))
    if rng.random() < 0.3:
        options["change_cost_km"] = rng.choice((1, 20, 300))
    if rng.random() < 0.2:
        options["max_county_km"] = rng.choice((0, 50, 150))
    if rng.random() < 0.2:
        options["max_school_km"] = rng.choice((0, 50, 150))
    if rng.random() < 0.2:
        options["within"] = rng.choice(("province", ("A",)))
    if rng.random() < 0.15:
        level = rng.choice(("county", "school"))
        options[f"{level}_cost"] = "min"
        if rng.random() < 0.5:
            options["speed_kmh"] = 60
        for p in sides[level][0]:
            times += [
                TravelTime(level=level, origin_id=p.id, destination_id=r.id, minutes=rng.choice((0, 5, 5, 90.5)))
                for r in sides[level][1]
                if rng.random() < 0.7
            ]
    if rng.random() < 0.1:
        options["school_demand"] = rng.randint(0, 2)
    if rng.random() < 0.1:
        options["branch_capacity"] = rng.randint(0, 2)
    instance = Instance(
        organizations=organizations,
        branches=branches,
        counties=counties,
        schools=schools,
        previous=previous,
        locks=locks,
        travel_times=times,
    )
    return instance, Policy(**options)


def brute_force(problem: Problem) -> tuple[int, ...] | None:
    """Return the lexicographically least vector of minimised objectives over every feasible plan, None if none is."""
    arrays = problem.arrays
    num_organizations, num_counties = len(arrays.organizations), len(arrays.counties)
    organization_bounds, county_bounds = problem.capacity("county"), problem.demand("county")
    pins = {tuple(pair) for pair in problem.pins["county"].tolist()}
    allowed = {
        (o, c): bool(problem.allowed("county", np.array([o]), np.array([c]))[0])
        for o in range(num_organizations)
        for c in range(num_counties)
    }
    block = {
        (o, c): _block(problem, o, c)
        for o in range(-1, num_organizations)
        for c in range(-1, num_counties)
        if o < 0 or c < 0 or allowed[o, c]
    }
    best: tuple[int, ...] | None = None
    for choice in product(range(-1, num_organizations), repeat=num_counties):
        used = [o for o in choice if o >= 0]
        pairs = [(o, c) for c, o in enumerate(choice) if o >= 0]
        if len(set(used)) < len(used) or not pins <= set(pairs) or not all(allowed[pair] for pair in pairs):
            continue
        county_count = [int(o >= 0) for o in choice]
        organization_count = [used.count(o) for o in range(num_organizations)]
        if not (_within(county_count, county_bounds) and _within(organization_count, organization_bounds)):
            continue
        parts = [block[o, c] for c, o in enumerate(choice)]
        parts += [block[o, -1] for o in range(num_organizations) if o not in used]
        if any(part is None for part in parts):
            continue
        total = tuple(sum(column) for column in zip(*parts, strict=True)) if parts else (0,) * len(problem.objectives)
        if best is None or total < best:
            best = total
    return best


def _within(count: list[int], bounds: np.ndarray) -> bool:
    return all(low <= n <= high for n, (low, high) in zip(count, bounds.tolist(), strict=True))


def _block(problem: Problem, organization: int, county: int) -> tuple[int, ...] | None:
    """Return the least vector of one county with one organisation (-1: none), None if its minima can't be met."""
    arrays, facts = problem.arrays, problem.facts
    branches = arrays.rows_of("organizations", organization).tolist() if organization >= 0 else []
    schools = arrays.rows_of("counties", county).tolist() if county >= 0 else []
    room, wanted = problem.capacity("school"), problem.demand("school")
    pins = {tuple(p) for p in problem.pins["school"].tolist()}
    if county < 0:
        met = all(room[b, 0] == 0 for b in branches)
        return (0,) * len(problem.objectives) if met else None

    def pair_vector(level: str, provider: int, recipient: int) -> list[int]:
        p, r = np.array([provider]), np.array([recipient])
        cost, was = int(facts.cost(level, p, r)[0]), bool(facts.was_pair(level, p, r)[0])
        terms = [objective.terms(level) for objective in problem.objectives]
        return [t.travel * cost + t.kept * was + t.pair for t in terms]

    def empty_vector(level: str, recipient: int, count: int) -> list[int]:
        terms = [objective.terms(level) for objective in problem.objectives]
        most = int(problem.demand(level)[recipient, 1])
        return [int(t.uncovered[recipient]) * (count == 0) + int(t.unmet[recipient]) * (most - count) for t in terms]

    base = empty_vector("county", county, int(organization >= 0))
    if organization >= 0:
        base = [x + y for x, y in zip(base, pair_vector("county", organization, county), strict=True)]
    options = []
    for s in schools:
        possible = [b for b in branches if bool(problem.allowed("school", np.array([b]), np.array([s]))[0])]
        vectors = {b: pair_vector("school", b, s) for b in possible}
        pinned = {b for b, pinned_school in pins if pinned_school == s}
        rows = []
        for chosen in chain.from_iterable(combinations(possible, k) for k in range(len(possible) + 1)):
            if wanted[s, 0] <= len(chosen) <= wanted[s, 1] and pinned <= set(chosen):
                parts = [empty_vector("school", s, len(chosen)), *(vectors[b] for b in chosen)]
                rows.append((chosen, [sum(column) for column in zip(*parts, strict=True)]))
        options.append(rows)
    best: tuple[int, ...] | None = None
    for plan in product(*options):
        load = [sum(b in chosen for chosen, _ in plan) for b in branches]
        if _within(load, room[branches] if branches else np.zeros((0, 2), dtype=np.int64)):
            total = tuple(sum(column) for column in zip(base, *(vector for _, vector in plan), strict=True))
            if best is None or total < best:
                best = total
    return best


def town(size: int, seed: int = 0, *, previous: bool = True) -> Instance:
    """Return `size` counties and half as many organisations again on a plane of ties, with three schools each."""
    rng = np.random.default_rng(seed)

    def point() -> dict[str, float]:
        lat, lon = rng.integers(0, 12, 2) / 4
        return {"lat": 26 + float(lat), "lon": 105 + float(lon)}

    organizations = [Organization(id=f"o{i:03}", **point()) for i in range(size + size // 2)]
    branches = [
        Branch(id=f"b{o.id}{k}", organization_id=o.id, capacity=int(rng.integers(1, 3)), **point())
        for o in organizations
        for k in range(2)
    ]
    counties = [County(id=f"c{i:03}", children=int(rng.integers(1, 9)), **point()) for i in range(size)]
    schools = [
        School(id=f"s{c.id}{k}", county_id=c.id, children=int(rng.integers(1, 20)), **point())
        for c in counties
        for k in range(4)
    ]
    pairs = []
    if previous:
        for county in counties[: size // 2]:
            owner = organizations[int(rng.integers(0, len(organizations)))]
            pairs.append(Pairing(level="county", provider_id=owner.id, recipient_id=county.id))
            pairs.append(Pairing(level="school", provider_id=f"b{owner.id}0", recipient_id=f"s{county.id}1"))
    return Instance(organizations=organizations, branches=branches, counties=counties, schools=schools, previous=pairs)
