"""Renewal, the curve of changes, replanning and recommending on a folder of tables; figures on the screen.

    python -m benchmarks.renewal FOLDER [--changes 1000] [--full 50] [--skip-curve] [--seed 1]

Replanned and recommended answers are compared, level by level, with the full solve of the same question for `--full` of
the changes (each costs one or two full solves).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

import matcher
from matcher.renewals.events import Joins, events_of
from matcher.renewals.replanning import changed_instance
from matcher.renewals.standing import keep_first


def clock(name: str, work: Any) -> Any:
    begin = time.perf_counter()
    result = work()
    print(f"{name}: {time.perf_counter() - begin:.2f} s", flush=True)
    return result


def same_files(first: Path, second: Path) -> bool:
    names = [sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) for root in (first, second)]
    return names[0] == names[1] and all((first / n).read_bytes() == (second / n).read_bytes() for n in names[0])


def renewal(instance: matcher.Instance) -> matcher.Plan:
    plan = clock("solve", lambda: matcher.solve(instance))
    keepable = plan.problem.keepable("county")
    shape = len(instance.organizations), len(instance.counties)
    graph = csr_array((np.ones(len(keepable)), (keepable[:, 0], keepable[:, 1])), shape=shape)
    most = int((maximum_bipartite_matching(graph) >= 0).sum())
    print(f"county pairs kept {plan.metrics['county_kept']}, largest number keepable {most}")
    second = matcher.solve(matcher.next_year(plan, year=2018))
    third = matcher.solve(matcher.next_year(second, year=2018))
    found = matcher.diff(plan, second)
    with tempfile.TemporaryDirectory() as folder:
        paths = [p.save(Path(folder) / n) for p, n in ((second, "a"), (third, "b"), (plan, "c"))]
        once_more = matcher.solve(instance, start=plan).save(Path(folder) / "d")
        print(
            f"planned again: {len(found.new)} new, {len(found.ended)} ended; same files {same_files(*paths[:2])}; "
            f"same files from the plan as start {same_files(paths[2], once_more)}"
        )
    return plan


def without_sevens(instance: matcher.Instance, *, curve: bool) -> None:
    gone = [o.id for o in instance.organizations if o.id.endswith("7")]
    events = events_of([{"kind": "leaves", "table": "organizations", "id": known} for known in gone])
    rest = changed_instance(instance, events)
    plan = clock(f"solve without {len(gone)} organisations", lambda: matcher.solve(rest))
    for level in ("county", "school"):
        n = {name.removeprefix(f"{level}_"): v for name, v in plan.metrics.items() if name.startswith(level)}
        last = sum(pair.level == level for pair in rest.previous)
        kinds = n["ended_forced"] + n["ended_consequent"] + n["ended_chosen"]
        print(
            f"{level}: last year {last}, kept {n['kept']}, forced {n['ended_forced']}, consequent "
            f"{n['ended_consequent']}, chosen {n['ended_chosen']}: adds up {n['kept'] + kinds == last}"
        )
    if curve:
        frame = clock("curve of changes", lambda: matcher.renewal_curve(rest))
        print(frame.to_string())


def random_change(rng: random.Random, plan: matcher.Plan) -> dict[str, Any]:
    instance = plan.instance
    kind = rng.choice(["leaves", "leaves", "takes", "refused", "joins", "joins"])
    table = rng.choice(["organizations", "branches", "counties", "schools"])
    row = rng.choice(getattr(instance, table))
    if kind == "leaves":
        return {"kind": kind, "table": table, "id": row.id}
    if kind == "takes":
        most = row.capacity[1] if table in ("organizations", "branches") else row.demand[1]
        return {"kind": kind, "table": table, "id": row.id, "pairs": max(0, most - 1)}
    if kind == "refused":
        level = rng.choice(["county", "school"])
        pair = rng.choice(plan.pairs(level).tolist())
        providers, recipients = plan.problem.arrays.sides(level)
        return {
            "kind": kind,
            "level": level,
            "provider_id": providers.ids[pair[0]],
            "recipient_id": recipients.ids[pair[1]],
        }
    return arrival(rng, instance)[0]


def arrival(rng: random.Random, instance: matcher.Instance) -> tuple[dict[str, Any], str]:
    """A row like one that is there, a little aside; an organisation with its branches, a county with its schools."""
    kind, table = rng.choice(
        [("organization", "organizations"), ("branch", "branches"), ("county", "counties"), ("school", "schools")]
    )
    row = rng.choice(getattr(instance, table))
    moved = {"id": f"new-{row.id}"}
    if row.lat is not None:
        moved |= {"lat": row.lat + rng.uniform(-0.1, 0.1), "lon": row.lon + rng.uniform(-0.1, 0.1)}
    event: dict[str, Any] = {"kind": "joins", table: [{**row.model_dump(), **moved}]}
    child, field = {"organizations": ("branches", "organization_id"), "counties": ("schools", "county_id")}.get(
        table, ("", "")
    )
    if child:
        rows = [each for each in getattr(instance, child) if getattr(each, field) == row.id]
        event[child] = [{**each.model_dump(), "id": f"new-{each.id}", field: moved["id"]} for each in rows]
    return event, kind


def full(plan: matcher.Plan, changes: Any) -> tuple[matcher.Plan, float]:
    instance = changed_instance(matcher.next_year(plan), events_of(changes))
    begin = time.perf_counter()
    return matcher.solve(instance, keep_first(plan.policy)), time.perf_counter() - begin


def values(levels: Any) -> list[int | None]:
    return [level.value for level in levels]


def during_the_year(plan: matcher.Plan, *, changes: int, compared: int, seed: int) -> None:
    rng = random.Random(seed)
    clock("first replanning (prepares the plan)", lambda: matcher.replan(plan))
    times: dict[str, list[float]] = {"replan": [], "recommend": [], "full": []}
    exact = {"replan": 0, "recommend": 0}
    wrong = checked = 0
    every = max(1, changes // max(1, compared))
    for number in range(changes):
        event = random_change(rng, plan)
        begin = time.perf_counter()
        again = matcher.replan(plan, event)
        times["replan"].append(time.perf_counter() - begin)
        exact["replan"] += again.status == "optimal"
        newcomer, _ = arrival(rng, plan.instance)
        begin = time.perf_counter()
        places = matcher.recommend(plan, Joins(**{k: v for k, v in newcomer.items() if k != "kind"}))
        times["recommend"].append(time.perf_counter() - begin)
        exact["recommend"] += all(place.exact for place in places)
        if compared and number % every == 0:
            whole, seconds = full(plan, event)
            times["full"].append(seconds)
            checked += 1
            wrong += values(whole.levels) != values(again.levels) or whole.status != again.status
            if places:
                place = rng.choice(places)
                whole, seconds = full(plan, [newcomer, place.event])
                times["full"].append(seconds)
                checked += 1
                wrong += values(whole.levels) != values(place.levels)
    for name, seconds in times.items():
        if seconds:
            print(f"{name}: {len(seconds)} runs, median {statistics.median(seconds):.3f} s, max {max(seconds):.3f} s")
    for name, count in exact.items():
        print(f"{name}: exact {count} of {changes}")
    print(f"compared with the full solve: {checked}, different: {wrong}")
    if times["full"]:
        for name in ("replan", "recommend"):
            print(f"{name}: full / median = {statistics.median(times['full']) / statistics.median(times[name]):.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--full", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip-renewal", action="store_true")
    parser.add_argument("--skip-curve", action="store_true")
    given = parser.parse_args()
    instance = matcher.read(given.folder)
    if given.skip_renewal:
        plan = clock("solve", lambda: matcher.solve(instance))
    else:
        plan = renewal(instance)
        without_sevens(instance, curve=not given.skip_curve)
    during_the_year(plan, changes=given.changes, compared=given.full, seed=given.seed)


if __name__ == "__main__":
    main()
