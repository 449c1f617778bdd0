"""What a plan must keep, taken apart: every pin, ban, rule, minimum, reach, cap and demand of stability by itself.

Each can be left out alone, so that it can be asked which of them contradict each other. What is left when all are gone
(capacities, who belongs to whom) contradicts nothing: the plan without a pair keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from matcher.advice.changes import BOUNDS
from matcher.base.crossing import Crosses
from matcher.base.errors import text
from matcher.base.names import SIDES
from matcher.model import Instance
from matcher.policy.objectives import Objective
from matcher.policy.policy import Policy
from matcher.tables.update import with_tables

#: fields of the policy that forbid pairs, with what stands for nothing forbidden
_FIELDS = {
    "max_county_km": None,
    "max_school_km": None,
    "max_county_min": None,
    "max_school_min": None,
    "within": None,
    "stability": "report",
}
_FREE = {"stability": ("off", "report")}


@dataclass(frozen=True, slots=True)
class Demand(Crosses):
    """One thing that a plan must keep.

    Attributes
    ----------
    kind
        "lock" (a pin or a ban of the table), "rule" (of the policy), "minimum" (of one row, or of a whole table where
        the policy has it), "field" (of the policy), "cap" (of an objective).
    key
        What it is: (level, provider id, recipient id, kind), (position,), (table, id or ""), (field,), (position,).
    said
        It in English and in Chinese.
    """

    kind: str
    key: tuple[Any, ...]
    said: tuple[str, str]

    def text(self, lang: str = "en") -> str:
        """Say it."""
        return self.said[lang == "zh"]

    def __str__(self) -> str:
        return self.said[0]


def demands_of(instance: Instance, policy: Policy) -> tuple[Demand, ...]:
    """Return everything that can be demanded too much, in an order that depends on the input alone."""
    return tuple(_all(instance, policy))


def _both(key: str, **fields: Any) -> tuple[str, str]:
    return text(key, "en", **fields), text(key, "zh", **fields)


def _all(instance: Instance, policy: Policy) -> Iterator[Demand]:
    for field, free in _FIELDS.items():
        value = getattr(policy, field)
        if value not in _FREE.get(field, (free,)):
            shown = value if isinstance(value, str | float | int) else ", ".join(value)
            yield Demand("field", (field,), _both("demand.field", field=field, value=shown))
    for position, objective in enumerate(policy.objectives):
        if objective.at_most is not None or objective.at_least is not None:
            yield Demand("cap", (position,), (objective.words("en"), objective.words("zh")))
    for position, rule in enumerate(policy.rules):
        if rule.is_demand:
            yield Demand("rule", (position,), (rule.sentence("en").rstrip("."), rule.sentence("zh").rstrip("。")))
    for table, (field, above) in BOUNDS.items():
        bounds = getattr(policy, above)
        if bounds is not None:
            if bounds[0]:
                said = _both("demand.minima", table=table, least=bounds[0])
                yield Demand("minimum", (table, ""), said)
            continue
        for row in getattr(instance, table):
            least = getattr(row, field)[0]
            if least:
                name = f"{row.name} ({row.id})" if row.name else row.id
                yield Demand("minimum", (table, row.id), _both(f"demand.minimum.{table}", row=name, least=least))
    names = {
        (table, row.id): f"{row.name} ({row.id})" if row.name else row.id
        for sides in SIDES.values()
        for table in sides
        for row in (getattr(instance, table) if instance.locks else ())
    }
    for lock in instance.locks:
        ends = zip(SIDES[lock.level], (lock.provider_id, lock.recipient_id), strict=True)
        provider, recipient = (names[end] for end in ends)
        said = _both(f"demand.{lock.kind}", provider=provider, recipient=recipient)
        yield Demand("lock", lock.sort_key(), said)


def without(instance: Instance, policy: Policy, left_out: Collection[Demand]) -> tuple[Instance, Policy]:
    """Return the instance and the policy with some demands left out."""
    keys = {(demand.kind, demand.key) for demand in left_out}
    tables: dict[str, list[Any]] = {}
    if any(kind == "lock" for kind, _ in keys):
        tables["locks"] = [lock for lock in instance.locks if ("lock", lock.sort_key()) not in keys]
    fields: dict[str, Any] = {key[0]: _FIELDS[key[0]] for kind, key in keys if kind == "field"}
    for table, (field, above) in BOUNDS.items():
        if ("minimum", (table, "")) in keys:
            fields[above] = (0, getattr(policy, above)[1])
        free = {key[1] for kind, key in keys if kind == "minimum" and key[0] == table} - {""}
        if free:
            tables[table] = [
                row.model_copy(update={field: (0, getattr(row, field)[1])}) if row.id in free else row
                for row in getattr(instance, table)
            ]
    if any(kind == "rule" for kind, _ in keys):
        fields["rules"] = tuple(rule for at, rule in enumerate(policy.rules) if ("rule", (at,)) not in keys)
    if any(kind == "cap" for kind, _ in keys):
        fields["objectives"] = uncapped(policy, {key[0] for kind, key in keys if kind == "cap"})
    if tables:
        instance = with_tables(instance, **tables)
    return instance, policy.model_copy(update=fields) if fields else policy


def uncapped(policy: Policy, positions: Collection[int]) -> tuple[Objective, ...]:
    """Return the objectives, some of them without their cap."""
    return tuple(
        each.model_copy(update={"at_most": None, "at_least": None}) if at in positions else each
        for at, each in enumerate(policy.objectives)
    )
