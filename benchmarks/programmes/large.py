"""Programmes at the size of the country, on generated data, beside a plan as people make it and a textbook model.

python -m benchmarks.programmes.large FOLDER --case camps --limit 300

Writes FOLDER/CASE.csv with seconds, value, bound and gap of each method. `camps`: 70,000 children in groups of 5 to 50
for 300 camps. `assignment`: 400 tasks of a size for 20 agents. `rooms`: 2,000 rooms, 40,000 children, a budget. By
hand: the largest first, each where it costs least and has room. Peer: CP-SAT on the textbook form as its manual
writes it.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

import matcher
from matcher.market import flaws

COLUMNS = ("case", "method", "seconds", "level", "value", "bound", "gap")


def plane(rng: np.random.Generator, one: int, other: int, km: float) -> np.ndarray:
    """Return whole metres between drawn points of a square, (one, other)."""
    a, b = rng.uniform(0, km, (one, 2)), rng.uniform(0, km, (other, 2))
    return (1000 * np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))).astype(np.int64)


def camps(seed: int) -> dict:
    rng = np.random.default_rng(seed)
    children = rng.integers(5, 51, 2545)
    size = children + 1 + children // 20
    room = rng.integers(150, 450, 300)
    room = room * int(1.1 * size.sum()) // room.sum()
    return {"metres": plane(rng, 300, 2545, 1000), "children": children, "size": size, "room": room, "least": 40}


def rooms(seed: int) -> dict:
    rng = np.random.default_rng(seed)
    children = rng.integers(5, 31, 2300)
    room, money = rng.integers(20, 61, 2000), rng.integers(200, 800, (2000, 1))
    metres = plane(rng, 2000, 2300, 700)
    return {
        "metres": metres,
        "children": children,
        "size": children,
        "room": room,
        "least": 10,
        "max_m": 60_000,
        "resource": money,
        "budget": [int(0.55 * money.sum())],
    }


def assignment(seed: int) -> dict:
    rng = np.random.default_rng(seed)
    size = rng.integers(5, 26, 400)
    room = np.full(20, int(size.sum() / 20 / 0.93))
    return {
        "metres": rng.integers(10, 51, (20, 400)),
        "children": np.ones(400, int),
        "size": size,
        "room": room,
        "least": 0,
    }


CASES = {"camps": camps, "rooms": rooms, "assignment": assignment}


def market_of(case: dict) -> matcher.Market:
    metres, children = case["metres"], case["children"]
    fields = {name: case[name] for name in ("resource", "budget") if name in case}
    return matcher.Market.from_matrix(
        np.array([np.zeros_like(metres), metres * children]),
        allowed=metres <= case.get("max_m", metres.max()),
        capacity=case["room"],
        unmet_cost=np.array([children, np.zeros_like(children)]),
        level_names=["served", "distance"],
        size=case["size"],
        least_if_open=np.full(len(case["room"]), case["least"]),
        **fields,
    )


def ours(case: dict, limit: float) -> list[tuple]:
    found = matcher.match(market_of(case), time_limit_s=limit)
    assert not flaws(found)
    return [(level.name, level.value, level.bound, level.relative_gap) for level in found.levels]


def by_hand(case: dict, limit: float) -> list[tuple]:
    del limit
    metres, room, left, travel = case["metres"], case["room"].astype(int), 0, 0
    money = np.array(case["budget"][0]) if "budget" in case else None
    opened = np.zeros(len(room), bool)
    for i in np.argsort(-case["size"], kind="stable").tolist():
        for j in np.argsort(metres[:, i], kind="stable").tolist():
            if metres[j, i] > case.get("max_m", metres.max()):
                left += int(case["children"][i])
                break
            dear = money is not None and not opened[j] and case["resource"][j, 0] > money
            if room[j] >= case["size"][i] and not dear:
                if money is not None and not opened[j]:
                    money = money - case["resource"][j, 0]
                opened[j] = True
                room[j] -= case["size"][i]
                travel += int(metres[j, i] * case["children"][i])
                break
        else:
            left += int(case["children"][i])
    return [("served", left, None, None), ("distance", travel, None, None)]


def by_cpsat(case: dict, limit: float) -> list[tuple]:
    from ortools.sat.python import cp_model

    metres, model = case["metres"], cp_model.CpModel()
    pairs = np.argwhere(metres <= case.get("max_m", metres.max())).tolist()
    x = {(j, i): model.new_bool_var("") for j, i in pairs}
    y = [model.new_bool_var("") for _ in case["room"]]
    here: list[list] = [[] for _ in case["room"]]
    there: list[list] = [[] for _ in case["children"]]
    for (j, i), column in x.items():
        here[j].append(int(case["size"][i]) * column)
        there[i].append(column)
    for j, loads in enumerate(here):
        model.add(sum(loads) <= int(case["room"][j]) * y[j])
        model.add(sum(loads) >= int(case["least"]) * y[j])
    for columns in there:
        model.add_at_most_one(columns)
    if "budget" in case:
        model.add(sum(int(c) * one for c, one in zip(case["resource"][:, 0], y, strict=True)) <= case["budget"][0])
    served = sum(int(case["children"][i]) * column for (_, i), column in x.items())
    found = []
    for name in ("served", "distance"):
        travel = sum(int(metres[j, i] * case["children"][i]) * column for (j, i), column in x.items())
        total = int(case["children"].sum())
        if name == "served":
            model.minimize(total - served)
        else:
            model.add(total - served <= found[0][1])
            model.minimize(travel)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = limit / 2
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return [*found, (name, None, None, None)]
        value, bound = round(solver.objective_value), round(solver.best_objective_bound)
        found.append((name, value, bound, abs(value - bound) / max(1, abs(value))))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--case", choices=CASES, default="camps")
    parser.add_argument("--limit", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("matcher", "by hand", "CP-SAT"))
    options = parser.parse_args()
    case, rows = CASES[options.case](options.seed), []
    for method, work in (("matcher", ours), ("by hand", by_hand), ("CP-SAT", by_cpsat)):
        if options.only not in (None, method):
            continue
        begun = time.perf_counter()
        levels = work(case, options.limit)
        seconds = round(time.perf_counter() - begun, 1)
        for level in levels:
            rows.append((options.case, method, seconds, *level))
            print(*rows[-1], flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    with open(options.folder / f"{options.case}.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
