"""The holiday service at the size of the country, drawn, beside a plan as people make it.

python -m benchmarks.programmes.holiday FOLDER --draw ample --limit 600

Writes FOLDER/DRAW.csv with seconds, cost, bound, gap and children looked after of each method. 2,324 points in 1,500 by
1,500 km, 8 weeks; about 115,800 volunteers in 7,971 teams that live in 300 cities. `ample`: 170 children a point on
average, `scarce`: 340. `single`: no teams, 3,000 volunteers alone, for 100 points. By hand: the largest team first,
where it saves most among the ten nearest points, then home whoever is where a rule is broken. Peer: CP-SAT on the
textbook model, each team at one of its ten nearest points, so that what it proves is no bound on all plans.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import numpy as np

from matcher.programmes import HolidayTeam, HolidayVolunteer, Point, plan_programme, policy_of, programme_of

COLUMNS = ("draw", "method", "seconds", "cost", "bound", "gap", "child_weeks", "looked_after")
_KM = 1500.0
_NEAR = 10


def _where(km: np.ndarray) -> dict[str, float]:
    """Return a place of the square as coordinates around 30 degrees north."""
    return {"lat": 23.0 + km[1] / 111.2, "lon": 100.0 + km[0] / 96.3}


def drawn(draw: str, seed: int) -> dict[str, list[Any]]:
    """Return the tables of a draw."""
    rng = np.random.default_rng(seed)
    count, crews = (100, 3000) if draw == "single" else (2324, 7971)
    span = _KM * (count / 2324) ** 0.5
    sites, cities = rng.uniform(0, span, (count, 2)), rng.uniform(0, span, (300, 2))
    points: list[Any] = []
    for number, place in enumerate(sites):
        children, first = int(rng.integers(40, 300)) * (2 if draw == "scarce" else 1), int(rng.integers(1, 4))
        asks: dict[str, Any] = {"beds": 10 + children // 6, "least_team": 4, "needs": ["music"] * (number % 7 == 0)}
        weeks = {"first_week": first, "last_week": first + int(rng.integers(2, 6))}
        points.append(Point(id=f"p{number}", **_where(place), children=children, **weeks, **asks))
    homes = cities[rng.integers(0, 300, crews)] + rng.normal(0, 15, (crews, 2))
    who: list[Any] = []
    for number, home in enumerate(homes):
        first, stay = int(rng.integers(1, 5)), int(rng.integers(2, 5))
        weeks = {"first_week": first, "last_week": first + 4, "stay_weeks": stay}
        knows: dict[str, Any] = {"skills": ["music"] * (rng.random() < 0.4)}
        kind, size = (HolidayVolunteer, {}) if draw == "single" else (HolidayTeam, {"size": int(rng.integers(6, 24))})
        who.append(kind(id=f"t{number}", **_where(home), **weeks, **knows, **size))
    return {"points": points, "teams": [] if draw == "single" else who, "volunteers": who if draw == "single" else []}


def children_of(case: Any, heads: np.ndarray) -> int:
    """Return how many child-weeks so many heads (P, K) look after."""
    return int(np.minimum(case.children, case.ratio[:, None] * heads).sum())


def heads_of(case: Any, site: np.ndarray, crew: np.ndarray, start: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Return the sum of `each` over the crews who are at a site in a week, (P, K)."""
    found = np.zeros(case.children.shape, np.int64)
    for week in range(found.shape[1]):
        here = (start <= week) & (week < start + case.stay[crew])
        np.add.at(found[:, week], site[here], each[crew[here]])
    return found


def ours(tables: Any, case: Any, limit: float) -> tuple:
    plan = plan_programme("holiday", tables, time_limit_s=limit)
    report = plan.verify()
    assert not report.flaws, report.summary()
    level, (site, crew) = plan.levels[0], plan.matching.pairs.T
    heads = heads_of(case, site, crew, plan.matching.start, case.size)
    return level.value, level.bound, level.relative_gap, int(case.children.sum()), children_of(case, heads)


def by_hand(tables: Any, case: Any, limit: float) -> tuple:
    del tables, limit
    heads, stays = np.zeros(case.children.shape, np.int64), []
    far = np.where(case.metres < 0, np.iinfo(np.int32).max, case.metres).astype(np.int64)
    near = np.argsort(far, axis=1, kind="stable")[:, :_NEAR]
    for crew in np.argsort(-case.size, kind="stable").tolist():
        stay, size = int(case.stay[crew]), int(case.size[crew])
        last = min(int(case.last[crew]), case.children.shape[1] - 1)
        best: tuple[int, int, int] = 0, -1, -1
        for site in near[crew].tolist():
            for k in range(int(case.first[crew]), last - stay + 2):
                before = heads[site, k : k + stay]
                if not case.open[site, k : k + stay].all() or (before + size > case.beds[site]).any():
                    continue
                children, ratio = case.children[site, k : k + stay], case.ratio[site]
                more = np.minimum(children, ratio * (before + size)) - np.minimum(children, ratio * before)
                gain = case.charge * int(more.sum()) - size * int(far[crew, site])
                if gain > best[0]:
                    best = gain, site, k
        if best[1] >= 0:
            stays.append((best[1], crew, best[2]))
            heads[best[1], best[2] : best[2] + stay] += size
    site, crew, start = np.array(stays, np.int64).reshape(-1, 3).T
    wrong = (heads > 0) & (heads < case.least[:, None])
    wrong |= (heads > 0) & (heads_of(case, site, crew, start, case.adults) < case.least_adults)
    for skill in range(case.need.shape[1]):
        able = heads_of(case, site, crew, start, case.skill[:, skill].astype(np.int64))
        wrong |= (heads > 0) & (able == 0) & case.need[:, skill, None]
    kept = ~wrong.any(axis=1)[site]
    site, crew, start = site[kept], crew[kept], start[kept]
    after = children_of(case, heads_of(case, site, crew, start, case.size))
    cost = int((case.size[crew] * far[crew, site]).sum()) + case.charge * (int(case.children.sum()) - after)
    return cost, None, None, int(case.children.sum()), after


def by_cpsat(tables: Any, case: Any, limit: float) -> tuple:
    from ortools.sat.python import cp_model

    del tables
    model, weeks = cp_model.CpModel(), case.num_periods
    far = np.where(case.metres < 0, np.iinfo(np.int32).max, case.metres).astype(np.int64)
    near = np.argsort(far, axis=1, kind="stable")[:, :_NEAR]
    there: dict[tuple[int, int], list] = {(p, k): [] for p, k in np.argwhere(case.open).tolist()}
    cost: list[Any] = []
    for crew in range(case.num_crews):
        stay, mine = int(case.stay[crew]), []
        last = min(int(case.last[crew]), weeks - 1)
        for site in [p for p in near[crew].tolist() if case.metres[crew, p] >= 0]:
            for k in range(int(case.first[crew]), last - stay + 2):
                if case.open[site, k : k + stay].all():
                    mine.append(model.new_bool_var(""))
                    cost.append(int(case.size[crew] * far[crew, site]) * mine[-1])
                    for week in range(k, k + stay):
                        there[site, week].append((crew, mine[-1]))
        model.add_at_most_one(mine)
    for (p, k), present in there.items():
        busy, heads = model.new_bool_var(""), sum(int(case.size[t]) * x for t, x in present)
        children = int(case.children[p, k])
        lost = model.new_int_var(0, children, "")
        model.add(heads <= int(case.beds[p]) * busy)
        model.add(heads >= int(case.least[p]) * busy)
        model.add(sum(int(case.adults[t]) * x for t, x in present) >= case.least_adults * busy)
        for skill in np.flatnonzero(case.need[p]).tolist():
            model.add(sum(x for t, x in present if case.skill[t, skill]) >= busy)
        model.add(lost >= children - int(case.ratio[p]) * heads)
        cost.append(int(case.charge) * lost)
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, None, None, int(case.children.sum()), None
    return round(solver.objective_value), None, None, int(case.children.sum()), None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draw", choices=("ample", "scarce", "single"), default="ample")
    parser.add_argument("--limit", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("by hand", "matcher", "CP-SAT"))
    options = parser.parse_args()
    programme = programme_of("holiday")
    tables, rows = programme.schema.from_records(drawn(options.draw, options.seed)), []
    case = programme.market(tables, policy_of("holiday"))
    for method, work in (("by hand", by_hand), ("matcher", ours), ("CP-SAT", by_cpsat)):
        if options.only not in (None, method):
            continue
        begun = time.perf_counter()
        found = work(tables, case, options.limit)
        rows.append((options.draw, method, round(time.perf_counter() - begun, 1), *found))
        print(*rows[-1], flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    with open(options.folder / f"{options.draw}.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
