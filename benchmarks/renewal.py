"""Renewal, the curve of changes, replanning and recommending on a folder of tables; figures on the screen.

    python -m benchmarks.renewal FOLDER [--changes 1000] [--full 50] [--verified 2] [--only renewal,curve,year]

Replanned and recommended answers are compared, level by level, with the full solve of the same question, from a fresh
copy of the input, for `--full` of the changes (each costs two full solves); `--verified` of them also go through the
checker.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

import matcher
from matcher.policy import Keep, Selector
from matcher.renewal import FROZEN, Joins, changed_instance, events_of, keep_first


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
        frame = clock("curve of changes", lambda: matcher.study.renewal_curve(rest))
        print(frame.to_string())


def random_change(rng: random.Random, plan: matcher.Plan) -> dict[str, Any]:
    instance = plan.instance
    kind = rng.choice(["leaves", "leaves", "takes", "refused", "agreed", "joins", "joins"])
    table = rng.choice(["organizations", "branches", "counties", "schools"])
    row = rng.choice(getattr(instance, table))
    if kind == "leaves":
        return {"kind": kind, "table": table, "id": row.id}
    if kind == "takes":
        most = row.capacity[1] if table in ("organizations", "branches") else row.demand[1]
        return {"kind": kind, "table": table, "id": row.id, "pairs": max(0, most - 1)}
    if kind in ("refused", "agreed"):
        level = rng.choice(["county", "school"])
        provider, recipient = rng.choice(plan.pairs(level).tolist())
        providers, recipients = plan.problem.arrays.sides(level)
        if kind == "agreed":  # with another partner than the plan's, inside the same county pair
            inside = range(len(providers))
            if level == "school":
                inside = plan.problem.arrays.rows_of("organizations", int(providers.parent[provider])).tolist()
            provider = rng.choice(inside)
        ids = {"provider_id": providers.ids[provider], "recipient_id": recipients.ids[recipient]}
        return {"kind": kind, "level": level, **ids}
    return arrival(rng, instance)[0]


def random_frozen(rng: random.Random, plan: matcher.Plan) -> list[Keep]:
    """Nothing three times in four; else all pairs of a province, or a few pairs, may not end."""
    if rng.random() < 0.75:
        return []
    level = rng.choice(["county", "school"])
    if rng.random() < 0.5:
        return [Keep(level=level, recipient=Selector(provinces=(rng.choice(plan.instance.counties).province,)))]
    recipients = plan.problem.arrays.sides(level)[1]
    return [Keep(level=level, recipient=Selector(ids=tuple(rng.sample(recipients.ids, 20))))]


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


def full(plan: matcher.Plan, changes: Any, frozen: Any = ()) -> tuple[matcher.Plan, float]:
    """Solve the same question from nothing, on an input that was read again."""
    instance = changed_instance(matcher.next_year(plan), events_of(changes))
    fresh = matcher.Instance.from_json(instance.to_json())
    rules = [rule.model_copy(update={"reason": FROZEN}) for rule in frozen]
    begin = time.perf_counter()
    return matcher.solve(fresh, keep_first(plan.policy, rules)), time.perf_counter() - begin


def values(levels: Any) -> list[int | None]:
    return [level.value for level in levels]


@dataclass
class Tally:
    """What was compared, and what differed."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"replan": [], "recommend": [], "full": []})
    exact: dict[str, int] = field(default_factory=lambda: {"replan": 0, "recommend": 0})
    compared: dict[str, int] = field(default_factory=lambda: {"replan": 0, "recommend": 0})
    kinds: Counter[str] = field(default_factory=Counter)
    status: Counter[str] = field(default_factory=Counter)
    frozen: int = 0
    verified: int = 0
    different: list[str] = field(default_factory=list)

    def timed(self, name: str, work: Any) -> Any:
        begin = time.perf_counter()
        result = work()
        self.times[name].append(time.perf_counter() - begin)
        return result

    def show(self) -> None:
        for name, seconds in self.times.items():
            if seconds:
                middle = statistics.median(seconds)
                print(f"{name}: {len(seconds)} runs, median {middle:.4f} s, max {max(seconds):.3f} s")
        for name, count in self.exact.items():
            print(f"{name}: exact {count} of {len(self.times[name])}, compared {self.compared[name]}")
            if self.times["full"]:
                ratio = statistics.median(self.times["full"]) / statistics.median(self.times[name])
                print(f"{name}: full / median = {ratio:.0f}")
        print(f"changes {dict(sorted(self.kinds.items()))}, with something frozen {self.frozen}")
        print(f"status {dict(sorted(self.status.items()))}, through the checker {self.verified}")
        print(f"different from the full solve: {len(self.different)} {self.different}", flush=True)


def during_the_year(plan: matcher.Plan, *, changes: int, compared: int, verified: int, seed: int) -> None:
    rng = random.Random(seed)
    clock("first replanning (prepares the plan)", lambda: matcher.replan(plan))
    tally = Tally()
    every = max(1, changes // max(1, compared))
    check = max(1, changes // max(1, verified))
    for number in range(changes):
        event, frozen = random_change(rng, plan), random_frozen(rng, plan)
        tally.kinds[event["kind"]] += 1
        tally.frozen += bool(frozen)
        again = tally.timed("replan", lambda e=event, f=frozen: matcher.replan(plan, e, frozen=f))
        tally.exact["replan"] += again.status in ("optimal", "infeasible")
        tally.status[again.status] += 1
        newcomer, _ = arrival(rng, plan.instance)
        joins = Joins(**{k: v for k, v in newcomer.items() if k != "kind"})
        places = tally.timed("recommend", lambda e=joins: matcher.recommend(plan, e))
        tally.exact["recommend"] += all(place.exact for place in places)
        if compared and number % every == 0:
            whole, seconds = full(plan, event, frozen)
            tally.times["full"].append(seconds)
            tally.compared["replan"] += 1
            if values(whole.levels) != values(again.levels) or whole.status != again.status:
                tally.different.append(f"replan {number}")
            if places:
                place = rng.choice(places)
                whole, seconds = full(plan, [newcomer, place.event])
                tally.times["full"].append(seconds)
                tally.compared["recommend"] += 1
                if values(whole.levels) != values(place.levels):
                    tally.different.append(f"recommend {number}")
        if verified and number % check == 0:
            tally.verified += 1
            if not matcher.verify(again.instance, again).ok:
                tally.different.append(f"verify {number}")
    tally.show()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--full", type=int, default=50)
    parser.add_argument("--verified", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="renewal,curve,year")
    given = parser.parse_args()
    parts = given.only.split(",")
    instance = matcher.read(given.folder)
    plan = renewal(instance) if "renewal" in parts else None
    if "renewal" in parts or "curve" in parts:
        without_sevens(instance, curve="curve" in parts)
    if "year" in parts:
        plan = plan or clock("solve", lambda: matcher.solve(instance))
        during_the_year(plan, changes=given.changes, compared=given.full, verified=given.verified, seed=given.seed)


if __name__ == "__main__":
    main()
