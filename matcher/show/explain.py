"""Why somebody is paired as it is, what else it could have, and why it lacks what it lacks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from matcher.base.display import as_html
from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import EXACT_UNIT, M_PER_KM, S_PER_MIN, UNKNOWN_COST, IntArray
from matcher.base.suggest import Suggester
from matcher.outcome.unmatched import detail_words, is_planned, why
from matcher.problem.terms import empty_place_cost

if TYPE_CHECKING:
    from matcher.plan import Plan

State = Literal["free", "taken", "elsewhere", "closed"]

#: kind -> level of pairing and side (0 provider, 1 recipient)
_PLACE: Final = {
    KIND_OF_TABLE[table]: (level, side) for level, tables in SIDES.items() for side, table in enumerate(tables)
}
_MOST_ALTERNATIVES: Final = 5
_MOST_ELSEWHERE: Final = 3


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner: its distance, its place by cost among all partners that the rules allow, and since when."""

    id: str
    name: str
    km: float
    place: int
    kept: bool
    since: int | None


@dataclass(frozen=True, slots=True)
class Alternative:
    """One that the rules allow instead: "free" has room, "taken" is full (with `partners`), "closed" takes nobody.

    `partners` are ids, `partner_names` their names.

    "elsewhere": its organisation or county is not in the county pairing that the pair would need.
    """

    id: str
    name: str
    km: float
    state: State
    partners: tuple[str, ...]
    partner_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one organisation, branch, county or school is paired as it is.

    Attributes
    ----------
    kind, id, name
        Who it is about.
    partners
        Whom the plan pairs it with, nearest first.
    allowed
        How many partners the rules allow.
    missing, reason, detail
        How many more it could have, and why it has not, as in `Plan.unmatched`; 0, "", "" if it lacks nothing.
    worth
        Of a school: what a place left empty counts in convenience, in km (or minutes, as `worth_unit` says).
    alternatives
        The nearest five others that the rules allow, by cost; of a branch or school, inside its county pairing, and
        then the nearest three outside it.
    """

    kind: str
    id: str
    name: str
    partners: tuple[Partner, ...]
    allowed: int
    missing: int
    reason: str
    detail: str
    worth: float | None
    worth_unit: str
    alternatives: tuple[Alternative, ...]

    def text(self, lang: str = "en") -> str:
        """Say it."""
        name = _called(self.id, self.name)
        lines = [text("explain.paired" if self.partners else "explain.none", lang, kind=self.kind, name=name)]
        for partner in self.partners:
            kept = ""
            if partner.kept:
                kept = text(
                    "explain.kept" if partner.since is None else "explain.kept_since", lang, since=partner.since
                )
            fields = {"name": _called(partner.id, partner.name), "km": partner.km, "place": partner.place}
            lines.append(text("explain.partner", lang, **fields, allowed=self.allowed, kept=kept))
        if self.missing:
            reason = text(f"reason.{self.reason}", lang)
            lines.append(
                text(
                    "explain.missing",
                    lang,
                    missing=self.missing,
                    reason=reason,
                    detail=detail_words(self.detail, lang) or "-",
                )
            )
        if self.worth is not None:
            unit = text(f"summary.unit.{self.worth_unit}", lang)
            lines.append(text("explain.worth", lang, worth=self.worth, unit=unit))
        lines.append(text("explain.alternatives" if self.alternatives else "explain.no_alternatives", lang))
        parent = "organization" if self.kind == "school" else "county"
        for other in self.alternatives:
            named = zip(other.partners, other.partner_names or other.partners, strict=True)
            partners = ("、" if lang == "zh" else ", ").join(
                _called(known, name if name != known else "") for known, name in named
            )
            state = text(f"explain.state.{other.state}", lang, partners=partners, kind=parent)
            lines.append(
                text("explain.alternative", lang, name=_called(other.id, other.name), km=other.km, state=state)
            )
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.explanation/1`), with the text in both languages."""
        said = {lang: self.text(lang) for lang in ("en", "zh")}
        return {"format": "matcher.explanation/1", **asdict(self), "text": said}

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.text())


def explain(plan: Plan, kind: str, id: str) -> Explanation:  # noqa: A002 - the contract's name
    """Explain one organisation, branch, county or school of `plan`.

    Raises
    ------
    InvalidInput
        If `kind` is none of the four, or the instance has no such id.
    """
    if not isinstance(kind, str) or kind not in _PLACE:
        raise InvalidInput([Fault("unknown_kind", column="kind", value=kind, details={"known": ", ".join(_PLACE)})])
    level, side = _PLACE[kind]
    problem = plan.problem
    nodes = problem.arrays.sides(level)[side]
    if not isinstance(id, str) or id not in nodes.index:
        table = SIDES[level][side]
        nearest = Suggester(getattr(plan.instance, table)).nearest(str(id))
        details = {"target": table, **({"nearest": nearest} if nearest else {})}
        raise InvalidInput([Fault("unknown_id", column="id", value=id, details=details)])
    position = nodes.index[id]
    pairs = plan.pairs(level)
    mine = pairs[pairs[:, side] == position][:, 1 - side]
    order, cost = _by_cost(plan, level, side, position, np.unique(mine))
    bounds = problem.demand(level) if side == 1 else problem.capacity(level)
    missing = max(0, int(bounds[position, 1]) - len(mine))
    reason, detail = ("", "")
    num_pairs = len(plan.county_pairs) + len(plan.school_pairs)
    if missing and not is_planned(plan.status, num_pairs, (each.value for each in plan.levels)):
        reason = "not_planned"
    elif missing:
        reason, detail = why(problem, level, side, position, {"county": plan.county_pairs, "school": plan.school_pairs})
    worth = None
    unit = problem.facts.unit("school")
    if kind == "school" and problem.policy.child_rate is not None:
        exact = M_PER_KM if EXACT_UNIT[unit] == "m" else S_PER_MIN
        worth = float(empty_place_cost(problem.facts, problem.policy)[position]) / exact
    return Explanation(
        kind,
        id,
        _name(plan, level, side, position),
        _partners(plan, level, side, position, mine, cost),
        len(order),
        missing,
        reason,
        detail,
        worth,
        unit,
        _alternatives(
            plan, level, side, position, [other for other in order.tolist() if other not in set(mine.tolist())]
        ),
    )


def _by_cost(plan: Plan, level: str, side: int, position: int, also: IntArray) -> tuple[IntArray, IntArray]:
    """Return every partner that the rules allow (and those in `also`), cheapest first, and the cost of everybody."""
    others = np.arange(len(plan.problem.arrays.sides(level)[1 - side]))
    arcs = _arcs(side, position, others)
    cost = plan.problem.facts.cost(level, *arcs)
    allowed = plan.problem.allowed(level, *arcs) & (cost < UNKNOWN_COST)
    allowed[also] = True
    found = others[allowed]
    return found[np.lexsort((found, cost[found]))], cost


def _arcs(side: int, position: int, others: IntArray) -> tuple[IntArray, IntArray]:
    mine = np.full(len(others), position, dtype=np.int64)
    return (others, mine) if side == 1 else (mine, others)


def _partners(plan: Plan, level: str, side: int, position: int, mine: IntArray, cost: IntArray) -> tuple[Partner, ...]:
    order, _ = _by_cost(plan, level, side, position, np.unique(mine))
    facts = plan.problem.facts
    mine = mine[np.lexsort((mine, cost[mine]))]
    arcs = _arcs(side, position, mine)
    metres, kept, since = (ask(level, *arcs) for ask in (facts.metres, facts.was_pair, facts.since))
    nodes = plan.problem.arrays.sides(level)[1 - side]
    return tuple(
        Partner(
            nodes.ids[other],
            _name(plan, level, 1 - side, other),
            int(metres[at]) / M_PER_KM,
            1 + int((cost[order] < cost[other]).sum()),
            bool(kept[at]),
            int(since[at]) or None,
        )
        for at, other in enumerate(mine.tolist())
    )


def _alternatives(plan: Plan, level: str, side: int, position: int, others: list[int]) -> tuple[Alternative, ...]:
    problem, pairs = plan.problem, plan.pairs(level)
    here = [other for other in others if _is_here(plan, level, side, position, other)]
    elsewhere = [other for other in others if other not in set(here)]
    shown = np.array(here[:_MOST_ALTERNATIVES] + elsewhere[:_MOST_ELSEWHERE], dtype=np.int64)
    metres = problem.facts.metres(level, *_arcs(side, position, shown))
    nodes, own = problem.arrays.sides(level)[1 - side], problem.arrays.sides(level)[side]
    most = (problem.capacity(level) if side == 1 else problem.demand(level))[:, 1]
    found = []
    for other, far in zip(shown.tolist(), metres.tolist(), strict=True):
        partners = pairs[pairs[:, 1 - side] == other][:, side].tolist()
        state: State = "free" if len(partners) < most[other] else "taken"
        if most[other] == 0:
            state = "closed"
        elif other not in set(here):
            state = "elsewhere"
        ids = tuple(own.ids[partner] for partner in partners)
        names = tuple(_name(plan, level, side, partner) for partner in partners)
        name = _name(plan, level, 1 - side, other)
        found.append(Alternative(nodes.ids[other], name, far / M_PER_KM, state, ids, names))
    return tuple(found)


def _is_here(plan: Plan, level: str, side: int, position: int, other: int) -> bool:
    """Whether the pair would stand on a county pair of the plan, if it needs one."""
    if level == "county":
        return True
    own, nodes = plan.problem.arrays.sides(level)[side], plan.problem.arrays.sides(level)[1 - side]
    parents = [int(nodes.parent[other]), int(own.parent[position])]
    return bool((plan.county_pairs == (parents if side == 1 else parents[::-1])).all(axis=1).any())


def _name(plan: Plan, level: str, side: int, position: int) -> str:
    name: str = getattr(plan.instance, SIDES[level][side])[position].name
    return name


def _called(known_id: str, name: str) -> str:
    return f"{name} ({known_id})" if name else known_id
