"""Random events on small cases, and the full solve that replanning is held against."""

from __future__ import annotations

import random
from typing import Any

import matcher
from matcher.renewal.events import events_of
from matcher.renewal.replanning import changed_instance
from matcher.renewal.standing import keep_first


def random_events(rng: random.Random, instance: matcher.Instance, count: int) -> list[dict[str, Any]]:
    """Events that fit an instance one after the other."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        event = _event(rng, instance, number)
        if event is not None:
            found.append(event)
            instance = changed_instance(instance, events_of(event))
    return found


def _event(rng: random.Random, instance: matcher.Instance, number: int) -> dict[str, Any] | None:
    tables = {name: getattr(instance, name) for name in ("organizations", "branches", "counties", "schools")}
    kind = rng.choice(("leaves", "joins", "takes", "refused", "agreed"))
    point = {"lat": rng.uniform(26, 29), "lon": rng.uniform(104, 108)}
    if kind == "joins":
        counted = [any(row.children is not None for row in tables[name]) for name in ("counties", "schools")]
        children = [{"children": rng.randint(0, 40)} if here or not tables[name] else {}
                    for here, name in zip(counted, ("counties", "schools"), strict=True)]  # fmt: skip
        what = rng.choice(list(tables))
        if what == "organizations":
            branches = [{"id": f"nb{number}{i}", "organization_id": f"no{number}"} for i in range(rng.randint(0, 2))]
            return {"kind": kind, what: [{"id": f"no{number}", **point}], "branches": branches}
        if what == "counties":
            schools = [
                {"id": f"ns{number}{i}", "county_id": f"nc{number}", **children[1]} for i in range(rng.randint(0, 2))
            ]
            return {"kind": kind, what: [{"id": f"nc{number}", **point, **children[0]}], "schools": schools}
        above, field = {"branches": ("organizations", "organization_id"), "schools": ("counties", "county_id")}[what]
        if not tables[above]:
            return None
        row = {"id": f"n{number}", field: rng.choice(tables[above]).id, **(point if rng.random() < 0.7 else {})}
        return {"kind": kind, what: [row | (children[1] if what == "schools" else {})]}
    if kind in ("refused", "agreed"):
        level, sides = rng.choice((("county", ("organizations", "counties")), ("school", ("branches", "schools"))))
        if not all(tables[side] for side in sides) or (kind == "agreed" and rng.random() < 0.6):
            return None
        provider, recipient = (rng.choice(tables[side]).id for side in sides)
        return {"kind": kind, "level": level, "provider_id": provider, "recipient_id": recipient}
    table = rng.choice([name for name in tables if tables[name]] or ["organizations"])
    if not tables[table]:
        return None
    known = rng.choice(tables[table]).id
    if kind == "leaves":
        return {"kind": kind, "table": table, "id": known}
    most = 1 if table in ("organizations", "counties") else 2
    return {"kind": kind, "table": table, "id": known, "pairs": rng.randint(0, most)}


def full_solve(plan: matcher.Plan, changes: Any, frozen: Any = ()) -> matcher.Plan:
    """The same question from nothing: the changed input under the policy that replanning follows."""
    instance = changed_instance(matcher.next_year(plan), events_of(changes))
    fresh = matcher.Instance.from_json(instance.to_json())
    return matcher.solve(fresh, keep_first(plan.policy, frozen))
