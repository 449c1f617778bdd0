"""A policy beside an instance: names put to ids, and what it names that is not there, as faults.

A selector or `by` on a column that its table lacks, a value that no row has, a name that nobody bears: each would be a
rule that binds nobody, or everybody, without a word. Each is a fault with the nearest that would have been right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from matcher.base.canonical import canonical, is_province, province
from matcher.base.errors import Fault
from matcher.base.names import ENTITIES, REFERENCES, SIDES
from matcher.base.suggest import Suggester, nearest_word
from matcher.facts import Facts
from matcher.policy.comparisons import comparison, number, number_column
from matcher.policy.coverage import Floor, WantedKind
from matcher.policy.policy import Policy
from matcher.policy.rules import Pin, Rule, Selector, Within
from matcher.policy.wishes import KindBalance, Partners
from matcher.tables.columns import TABLES
from matcher.tables.headers import column_named, normal
from matcher.tables.named import NameIndex
from matcher.tables.nine import NineTables

_KINDS: Final = TABLES["organizations"].column("kind").values
#: table of whose the rows of a table are
_PARENTS: Final = {child: target for (child, _), target in REFERENCES.items()}
_PARENT_COLUMNS: Final = dict(iter(REFERENCES))
#: groups that every instance has
_GROUPS: Final = ("all", "province", "county")


class Meant:
    """Who is meant by the words of a policy, table by table; made when first asked for."""

    def __init__(self, instance: NineTables):
        self._instance = instance
        self._known: dict[str, NameIndex] = {}

    def ids(self, table: str, word: str) -> list[str]:
        """Return the ids of `table` that a word means."""
        if table not in self._known:
            records = getattr(self._instance, table)
            wholes: list[str] = []
            if table in _PARENTS:
                called = {record.id: record.name for record in getattr(self._instance, _PARENTS[table])}
                wholes = [called[getattr(record, _PARENT_COLUMNS[table])] for record in records]
            ids, names = [record.id for record in records], [record.name for record in records]
            self._known[table] = NameIndex(ids, names, wholes, counties=table == "counties")
        return self._known[table].meant(word)

    def one(self, table: str, word: str) -> str:
        """Return the id that a word means, the word itself if it means none or several."""
        found = self.ids(table, word)
        return found[0] if len(found) == 1 else word


def named(policy: Policy, instance: NineTables) -> Policy:
    """Return the policy with ids for names, official names for those of provinces, and kinds for words for kinds.

    What can't be understood is left as it is.
    """
    names = Meant(instance)
    rules = tuple(_named_rule(rule, names) for rule in policy.rules)
    objectives = tuple(
        each
        if each.where is None
        else each.model_copy(update={"where": _named_selector(each.where, each.table, names)})
        for each in policy.objectives
    )
    within = policy.within if not isinstance(policy.within, tuple) else tuple(map(province, policy.within))
    if (rules, objectives, within) == (policy.rules, policy.objectives, policy.within):
        return policy
    return policy.model_copy(update={"rules": rules, "objectives": objectives, "within": within})


def _named_rule(rule: Rule, names: Meant) -> Rule:
    changed: dict[str, Any] = {
        field: _named_selector(selector, table, names) for field, selector, table in rule.selectors()
    }
    if isinstance(rule, Pin):
        for field, table in zip(("provider_id", "recipient_id"), SIDES[rule.level], strict=True):
            changed[field] = names.one(table, getattr(rule, field))
    elif isinstance(rule, Within) and rule.provinces is not None:
        changed["provinces"] = tuple(map(province, rule.provinces))
    elif isinstance(rule, WantedKind | KindBalance) and rule.kinds is not None:
        changed["kinds"] = tuple(map(_kind, rule.kinds))
    return rule.model_copy(update=changed) if changed else rule


def _named_selector(selector: Selector, table: str, names: Meant) -> Selector:
    changed: dict[str, Any] = {}
    if selector.ids is not None:
        changed["ids"] = tuple(names.one(table, word) for word in selector.ids)
    if selector.parents is not None and table in _PARENTS:
        changed["parents"] = tuple(names.one(_PARENTS[table], word) for word in selector.parents)
    if selector.provinces is not None:
        changed["provinces"] = tuple(map(province, selector.provinces))
    if selector.kinds is not None:
        changed["kinds"] = tuple(map(_kind, selector.kinds))
    return selector.model_copy(update=changed) if changed else selector


def _kind(word: str) -> str:
    plain = normal(word)
    return next((kind for kind, also in _KINDS.items() if plain == kind or plain in also), word)


# --- faults ---------------------------------------------------------------------------------------------------------


def faults_of_policy(policy: Policy, facts: Facts) -> list[Fault]:
    """Return what a policy, as `named` gave it, says of rows, columns, values and names that are not there."""
    faults: list[Fault] = []
    for at, objective in enumerate(policy.objectives):
        if objective.where is not None:
            faults += _of_selector(objective.where, objective.table, facts, f"objectives.{at}.where")
    for at, rule in enumerate(policy.rules):
        for field, selector, table in rule.selectors():
            faults += _of_selector(selector, table, facts, f"rules.{at}.{field}")
        faults += _of_rule(rule, facts, f"rules.{at}")
    if isinstance(policy.within, tuple):
        faults += _provinces(policy.within, facts, "within")
    return faults


def _of_rule(rule: Rule, facts: Facts, place: str) -> Iterator[Fault]:
    if isinstance(rule, Floor | Partners) and rule.by not in _GROUPS:
        yield from _column(rule.by, SIDES[rule.level][1], facts, f"{place}.by")
    elif isinstance(rule, KindBalance) and rule.near_km is None and rule.by not in _GROUPS:
        yield from _column(rule.by, "counties", facts, f"{place}.by")
    if isinstance(rule, WantedKind | KindBalance) and rule.kinds is not None:
        yield from _kinds(rule.kinds, f"{place}.kinds")
    if isinstance(rule, Within) and rule.provinces is not None:
        yield from _provinces(rule.provinces, facts, place)


def _of_selector(selector: Selector, table: str, facts: Facts, place: str) -> Iterator[Fault]:
    found = [*_conditions(selector, table, facts, place)]
    if not found and len(getattr(facts.arrays, table)) and not selector.mask(facts, table).any():
        found.append(Fault("selects_nobody", "policy", column=place, details={"target": table}))
    yield from found


def _conditions(selector: Selector, table: str, facts: Facts, place: str) -> Iterator[Fault]:
    names = Meant(facts.instance)
    yield from _ids(selector.ids or (), table, facts, names, f"{place}.ids")
    if selector.parents is not None:
        if table in _PARENTS:
            yield from _ids(selector.parents, _PARENTS[table], facts, names, f"{place}.parents")
        else:
            yield Fault("selector_not_of_table", "policy", column=f"{place}.parents", details={"target": table})
    if selector.kinds is not None:
        if table not in ("organizations", "branches"):
            yield Fault("selector_not_of_table", "policy", column=f"{place}.kinds", details={"target": table})
        yield from _kinds(selector.kinds, f"{place}.kinds")
    yield from _provinces(selector.provinces or (), facts, f"{place}.provinces")
    for column, value in (selector.where or {}).items():
        if number_column(table, column, value) is None:
            yield from _compared(column, value, table, facts, f"{place}.where")


def _compared(column: str, value: str, table: str, facts: Facts, place: str) -> Iterator[Fault]:
    """Find a column that its table lacks, and a value that no row has or that can't be compared."""
    missing = [*_column(column, table, facts, place)]
    yield from missing
    values = {record.extras[column] for record in getattr(facts.instance, table) if column in record.extras}
    sign, operand = comparison(value) or ("", value)
    details = {"target": table, "of": column}
    if missing:
        return
    if sign in ("", "!="):
        if operand not in values:
            yield Fault("no_such_value", "policy", None, place, operand, details=details | {**_near(operand, values)})
        return
    for strange in sorted(each for each in values if each and number(each) is None):
        yield Fault("not_compared", "policy", None, place, strange, details=details)
        return


def _ids(words: Sequence[str], table: str, facts: Facts, names: Meant, place: str) -> Iterator[Fault]:
    index = getattr(facts.arrays, table).index
    strange = [word for word in words if word not in index]
    like = Suggester(getattr(facts.instance, table)) if strange else None
    for word in strange:
        meant = names.ids(table, word)
        details: dict[str, str] = {"target": table}
        if len(meant) > 1:
            yield Fault("ambiguous_name", "policy", None, place, word, details=details | {"ids": ", ".join(meant[:8])})
            continue
        nearest = like.nearest(word) if like is not None else None
        yield Fault(
            "unknown_id", "policy", None, place, word, details=details | ({"nearest": nearest} if nearest else {})
        )


def _kinds(words: Sequence[str], place: str) -> Iterator[Fault]:
    choices = ", ".join(f"{name} ({also[0]})" for name, also in _KINDS.items())
    for word in words:
        if word not in _KINDS:
            yield Fault("not_a_choice", "policy", None, place, word, details={"choices": choices})


def _provinces(words: Sequence[str], facts: Facts, place: str) -> Iterator[Fault]:
    """Find provinces of nobody; beside others one that is real may be listed for another year or another ledger."""
    some = any(word in facts.arrays.provinces for word in words)
    for word in words:
        if word not in facts.arrays.provinces and not (some and is_province(word)):
            yield Fault("no_such_province", "policy", None, place, word, details=_near(word, facts.arrays.provinces))


def _column(column: str, table: str, facts: Facts, place: str) -> Iterator[Fault]:
    """Find a column of the planner's own that its table lacks, and say where it is."""
    columns = {of: {name for record in getattr(facts.instance, of) for name in record.extras} for of in ENTITIES}
    if column in columns[table]:
        return
    details: dict[str, str] = {"target": table}
    elsewhere = [of for of in ENTITIES if column in columns[of]]
    alike = [name for name in sorted(columns[table]) if canonical(name) == canonical(column)]
    if column_named(table, column) is not None:
        details |= {"why": "known", "known": str(column_named(table, column))}
    elif alike:
        details["nearest"] = alike[0]
    elif elsewhere:
        details |= {"why": "elsewhere", "other": elsewhere[0]}
    else:
        details |= _near(column, columns[table])
    yield Fault("no_such_column", "policy", None, place, column, details=details)


def _near(word: str, known: Any) -> Mapping[str, str]:
    nearest = nearest_word(word, sorted(known))
    return {"nearest": nearest} if nearest else {}
