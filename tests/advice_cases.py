"""Random changes to ask about, and the full solve that answers are held against."""

from __future__ import annotations

import random
from typing import Any

import matcher
from matcher.advice import applied
from matcher.methods.dispatch import solve_problem
from matcher.plan import Plan
from matcher.problem.problem import Problem

SIDES = {"county": ("organizations", "counties"), "school": ("branches", "schools")}


def random_change(rng: random.Random, plan: matcher.Plan) -> dict[str, Any] | None:
    """Return one change that makes sense for the plan's tables; None if there is none of the kind drawn."""
    instance = plan.instance
    tables = {name: getattr(instance, name) for name in ("organizations", "branches", "counties", "schools")}
    kind = rng.choice(("agreed", "agreed", "refused", "refused", "takes", "more", "leaves", "joins", "farther", "sets"))
    level = rng.choice(("county", "school"))
    if kind in ("agreed", "refused"):
        providers, recipients = (tables[name] for name in SIDES[level])
        pairs = plan.pairs(level).tolist()
        if kind == "refused" and pairs and rng.random() < 0.8:
            provider, recipient = rng.choice(pairs)
        elif providers and recipients:
            provider, recipient = rng.randrange(len(providers)), rng.randrange(len(recipients))
        else:
            return None
        ids = {"provider_id": providers[provider].id, "recipient_id": recipients[recipient].id}
        return {"kind": kind, "level": level, **ids}
    if kind == "farther":
        units = {each: getattr(plan.policy, f"{each}_cost") for each in SIDES}
        limited = [each for each in SIDES if getattr(plan.policy, f"max_{each}_{units[each]}") is not None]
        return {"kind": kind, "level": limited[0], "by": rng.choice((1, 20, 100.5))} if limited else None
    if kind == "sets":
        return {
            "kind": kind,
            **rng.choice(({"field": "child_km", "value": 3.5}, {"field": "max_school_km", "value": 9})),
        }
    if kind == "joins":
        if not tables["organizations"]:
            return None
        owner = rng.choice(tables["organizations"]).id
        return {"kind": kind, "branches": [{"id": rng.choice(("a", "new", "z")), "organization_id": owner}]}
    table = rng.choice(list(tables))
    if not tables[table]:
        return None
    row = {"kind": kind, "table": table, "id": rng.choice(tables[table]).id}
    return row | ({"pairs": rng.randint(0, 2)} if kind == "takes" else {"pairs": 1} if kind == "more" else {})


def changed_plan(plan: matcher.Plan, changes: Any) -> matcher.Plan:
    """The same question from nothing."""
    instance, policy = applied(plan.instance, plan.policy, changes)
    # not by the door, which refuses a policy that names who has just left
    return Plan.of(solve_problem(Problem.of(matcher.Instance.from_json(instance.to_json()), policy)))
