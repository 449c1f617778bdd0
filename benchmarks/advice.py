"""What-ifs on a folder of tables: CPU time beside that of a full solve, how many are exact and equal to it.

    python -m benchmarks.advice FOLDER [--count 300] [--full 20] [--seed 0]
    python -m benchmarks.advice FOLDER --levers

Changes are drawn at random, an equal share of each kind; `--full` of those answered by prices are compared with a full
solve of the changed problem, level by level.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import defaultdict
from typing import Any

import matcher
from matcher.advice import applied

KINDS = ("force county", "force school", "forbid county", "forbid school", "branch +1", "school +1", "branch leaves",
         "school leaves", "organization leaves", "branch joins")  # fmt: skip


def change(rng: random.Random, plan: matcher.Plan, kind: str) -> dict[str, Any]:
    """Draw one change of a kind."""
    instance = plan.instance
    verb, _, what = kind.partition(" ")
    if verb in ("force", "forbid"):
        providers, recipients = plan.problem.arrays.sides(what)
        if verb == "forbid":
            provider, recipient = rng.choice(plan.pairs(what).tolist())
        else:
            recipient = rng.randrange(len(recipients))
            near = plan.problem.facts.metres(what, range(len(providers)), [recipient] * len(providers)).argsort()
            provider = int(near[rng.randrange(20)])
        ids = {"provider_id": providers.ids[provider], "recipient_id": recipients.ids[recipient]}
        return {"kind": "agreed" if verb == "force" else "refused", "level": what, **ids}
    table = {"branch": "branches", "school": "schools", "organization": "organizations"}[verb]
    if what == "joins":
        owner = rng.choice(instance.organizations).id
        return {"kind": "joins", "branches": [{"id": "new branch", "organization_id": owner}]}
    known = rng.choice(getattr(instance, table)).id
    return {"kind": "leaves" if what == "leaves" else "more", "table": table, "id": known}


def levers(plan: matcher.Plan) -> None:
    """Compare every lever with planning again with its change made."""
    for number, lever in enumerate(plan.levers(), 1):
        solved = matcher.solve(*lever.apply(plan.instance, plan.policy), time_limit_s=None if lever.exact else 60)
        told, found = [each.after for each in lever.effect.levels], [each.value for each in solved.levels]
        verdict = "equal" if told == found else f"NOT EQUAL: {told}, {found}" if lever.exact else f"{told}, {found}"
        print(f"{number:2d} {'exact' if lever.exact else 'a gap left'}, {verdict}: {lever.text()}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--full", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--levers", action="store_true")
    options = parser.parse_args()
    instance = matcher.read(options.folder)
    begin = time.process_time()
    plan = matcher.solve(instance)
    full_s = time.process_time() - begin
    if options.levers:
        levers(plan)
        return
    begin = time.process_time()
    plan.price("county", instance.counties[0].id, instance.organizations[0].id)
    print(f"solve {full_s:.2f} s; first price, with what it prepares {time.process_time() - begin:.2f} s", flush=True)
    rng, times, hows, exact, tried = random.Random(options.seed), defaultdict(list), defaultdict(int), 0, []
    for number in range(options.count):
        kind = KINDS[number % len(KINDS)]
        what = change(rng, plan, kind)
        begin = time.process_time()
        found = plan.what_if(what)
        times[kind].append(time.process_time() - begin)
        hows[found.how] += 1
        exact += found.exact
        tried.append((what, found))
    for kind, taken in times.items():
        print(f"{kind:20s} median {statistics.median(taken) * 1000:8.1f} ms   largest {max(taken) * 1000:8.1f} ms")
    median = statistics.median([x for taken in times.values() for x in taken])
    print(f"all: median {median * 1000:.1f} ms, a full solve is {full_s / median:.0f} times as long")
    print(f"exact {exact} of {options.count}; answered by {dict(hows)}", flush=True)
    equal = 0
    for what, found in rng.sample(tried, min(options.full, len(tried))):
        fresh, policy = applied(instance, plan.policy, what)
        solved = matcher.solve(fresh, policy)
        same = [level.after for level in found.levels] == [level.value for level in solved.levels]
        equal += same and found.status == solved.status
        if not same:
            print("NOT EQUAL", what, found.text())
    print(f"equal to a full solve {equal} of {min(options.full, len(tried))}")


if __name__ == "__main__":
    main()
