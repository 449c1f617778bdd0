"""What could be otherwise, as small records: the events of the year, and changes of the policy.

Events (`matcher.renewal`) change the tables: who leaves, joins, takes more pairs, which pair is forced or forbidden.
The records here add what a planner asks besides: one place more, a longer reach, another field of the policy, a rule or
a lock dropped. `applied` gives the instance and the policy with all of them; nothing else decides what a change means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from matcher.base.errors import Fault, InvalidInput, wrong_kind
from matcher.base.fieldtypes import Id, Real, Whole
from matcher.base.jsonform import records_of
from matcher.base.names import PairLevel
from matcher.model import Instance
from matcher.policy.coverage import Floor
from matcher.policy.policy import Policy
from matcher.renewal.events import Agreed, Event, Joins, Leaves, Refused, Table, Takes
from matcher.renewal.replanning import changed_instance
from matcher.tables.update import with_tables

#: table -> field of its bounds, and the field of the policy that stands above it
BOUNDS: Final = {
    "organizations": ("capacity", "organization_capacity"),
    "branches": ("capacity", "branch_capacity"),
    "counties": ("demand", "county_demand"),
    "schools": ("demand", "school_demand"),
}


class More(Event):
    """A row takes so many pairs more than it does: a place at a branch, an organisation for a county."""

    kind: Literal["more"] = "more"
    table: Table
    id: Id
    pairs: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class Farther(Event):
    """The reach of a level grows, in the unit that the level counts: km or minutes."""

    kind: Literal["farther"] = "farther"
    level: PairLevel
    by: Annotated[Real, Field(gt=0, le=1e9, allow_inf_nan=False)]


class Sets(Event):
    """A field of the policy has another value."""

    kind: Literal["sets"] = "sets"
    field: str
    value: Any = None


class Drops(Event):
    """A rule of the policy is dropped: its position in `policy.rules`, from 0."""

    kind: Literal["drops"] = "drops"
    rule: Annotated[Whole, Field(ge=0)]


class Lowers(Event):
    """A floor of the policy asks for this number only: its position in `policy.rules`, from 0."""

    kind: Literal["lowers"] = "lowers"
    rule: Annotated[Whole, Field(ge=0)]
    number: Annotated[Whole, Field(ge=1)]


class Unlocked(Event):
    """A pin or a ban of the table `locks` is dropped."""

    kind: Literal["unlocked"] = "unlocked"
    level: PairLevel
    provider_id: Id
    recipient_id: Id


OfTables = Leaves | Joins | Takes | Refused | Agreed
Change = OfTables | More | Farther | Sets | Drops | Lowers | Unlocked
_ADAPTER: Final[TypeAdapter[tuple[Change, ...]]] = TypeAdapter(
    tuple[Annotated[Change, Field(discriminator="kind")], ...]
)
#: one change or several, as records or as mappings with their fields
Changes = Event | Mapping[str, Any] | Iterable[Event | Mapping[str, Any]]


def changes_of(changes: Changes) -> tuple[Change, ...]:
    """Read one change, or several, given as records or as mappings with their fields.

    Raises
    ------
    InvalidInput
        With every fault of every change.
    """
    if not isinstance(changes, Event | Iterable) or isinstance(changes, str):
        raise InvalidInput([wrong_kind(changes, "a change or several", "changes")])
    given = (changes,) if isinstance(changes, Event | Mapping) else tuple(changes)
    return records_of(_ADAPTER, given, "changes")


def applied(instance: Instance, policy: Policy, changes: Changes) -> tuple[Instance, Policy]:
    """Return the instance and the policy after the changes, in their order.

    Raises
    ------
    InvalidInput
        If a change names an unknown id, a rule that is not there or a reach that is not limited.
    """
    dropped: set[int] = set()
    for change in changes_of(changes):
        if isinstance(change, OfTables):
            if isinstance(change, Takes):
                instance, policy = _own_bounds(instance, policy, change.table)
            instance = changed_instance(instance, [change])
        elif isinstance(change, More):
            instance, policy = _own_bounds(instance, policy, change.table)
            instance = changed_instance(instance, [_takes(instance, change)])
        elif isinstance(change, Unlocked):
            instance = _unlocked(instance, change)
        elif isinstance(change, Drops):
            if change.rule >= len(policy.rules):
                raise InvalidInput(
                    [Fault("unknown_id", "changes", column="rule", value=change.rule, details={"target": "rules"})]
                )
            dropped.add(change.rule)
        elif isinstance(change, Lowers):
            policy = _lowered(policy, change)
        elif isinstance(change, Farther):
            policy = _farther(policy, change)
        else:
            policy = _set(policy, change)
    if dropped:
        rules = tuple(rule for position, rule in enumerate(policy.rules) if position not in dropped)
        policy = policy.model_copy(update={"rules": rules})
    return instance, policy


def _own_bounds(instance: Instance, policy: Policy, table: str) -> tuple[Instance, Policy]:
    """Write bounds that the policy has for every row of a table into the rows, so that one of them can differ."""
    field, above = BOUNDS[table]
    bounds = getattr(policy, above)
    if bounds is None:
        return instance, policy
    rows = [record.model_copy(update={field: bounds}) for record in getattr(instance, table)]
    return with_tables(instance, **{table: rows}), policy.model_copy(update={above: None})


def _takes(instance: Instance, change: More) -> Takes:
    nodes = getattr(instance.arrays, change.table)
    if change.id not in nodes.index:
        raise InvalidInput(
            [Fault("unknown_id", "changes", column="id", value=change.id, details={"target": change.table})]
        )
    record = getattr(instance, change.table)[nodes.index[change.id]]
    least, most = getattr(record, BOUNDS[change.table][0])
    return Takes(table=change.table, id=change.id, pairs=(least, most + change.pairs))


def _unlocked(instance: Instance, change: Unlocked) -> Instance:
    meant = change.level, change.provider_id, change.recipient_id
    locks = [lock for lock in instance.locks if (lock.level, lock.provider_id, lock.recipient_id) != meant]
    if len(locks) == len(instance.locks):
        pair = f"{change.provider_id}-{change.recipient_id}"
        raise InvalidInput([Fault("unknown_id", "changes", value=pair, details={"target": "locks"})])
    return with_tables(instance, locks=locks)


def _farther(policy: Policy, change: Farther) -> Policy:
    unit = policy.county_cost if change.level == "county" else policy.school_cost
    field = f"max_{change.level}_{unit}"
    now = getattr(policy, field)
    if now is None:
        details = {"reason": f"{field} is not limited"}
        raise InvalidInput([Fault("invalid_value", "changes", column="farther", value=change.level, details=details)])
    return policy.model_copy(update={field: now + change.by})


def _lowered(policy: Policy, change: Lowers) -> Policy:
    rules = list(policy.rules)
    if change.rule >= len(rules) or not isinstance(rules[change.rule], Floor):
        details = {"target": "rules"}
        raise InvalidInput([Fault("unknown_id", "changes", column="rule", value=change.rule, details=details)])
    rules[change.rule] = rules[change.rule].model_copy(update={"percent": 0.0, "number": change.number})
    return policy.model_copy(update={"rules": tuple(rules)})


def _set(policy: Policy, change: Sets) -> Policy:
    if change.field not in Policy.model_fields or change.field == "format":
        details = {"known": ", ".join(sorted(Policy.model_fields))}
        raise InvalidInput([Fault("not_an_option", "changes", column="field", value=change.field, details=details)])
    return policy.model_copy(update={change.field: change.value})
