"""Buddies (手拉手): which family a child goes to, one to one, siblings together.

A unit is a child, or all children of one label of siblings. A family may be paired with a unit no larger than its
`most` if they are near enough, the ages of its child and of each of theirs apart by no more than `age_gap`, of one sex
where the policy asks for that, and with a language in common where both name some; what is unknown hinders nothing.

Convenient: levels in strict order over all matchings. Stable: over the matchings in which no family and unit would both
rather have each other (Gale, Shapley 1962); of these the best by the levels (Irving, Leather, Gusfield 1987). Each side
prefers by its list (equal ranks are ties), then by distance in bands of `band_km`.

    served      least  children without a family
    distance    least  metres between families and children
    age         least  years between their children
    preference  least  sum of the ranks that the two sides give each other
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Real, Whole
from matcher.market.certificate import values
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.preferences import blocking
from matcher.market.solving import match
from matcher.programmes import buddy_tables, engines
from matcher.programmes.buddy_tables import SCHEMA, units
from matcher.programmes.places import allowed_arcs, metres_of
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records

if TYPE_CHECKING:
    import pandas as pd

BuddyObjective = Literal["distance", "age", "preference"]
_UNITS: Final = {"served": "children", "distance": "m", "age": "years", "preference": "ranks"}


class BuddiesPolicy(ProgrammePolicy):
    """What is asked of buddies.

    Attributes
    ----------
    matching
        "stable": nobody would rather have each other; "convenient": the best by the objectives.
    max_km, age_gap
        Farther, or further apart in years, no pair is made; None: no limit.
    sex
        "same": boys with boys and girls with girls; "any".
    language
        Whether a family and its child must share a language, where both name some.
    band_km
        Distances within one band are equally liked.
    keep
        Whether pairs of `previous` that work stay as they are, before anybody else is paired.
    objectives
        In order, after the children served.
    """

    matching: Literal["stable", "convenient"] = "stable"
    max_km: Real | None = Field(default=None, gt=0)
    age_gap: Whole | None = Field(default=None, ge=0)
    sex: Literal["any", "same"] = "any"
    language: bool = True
    band_km: Real = Field(default=10, gt=0)
    keep: bool = True
    objectives: tuple[BuddyObjective, ...] = ("distance",)


def market(records: Records, policy: BuddiesPolicy) -> Market:
    """Return the market of families and children, of siblings the first for all; it has ranks if it is to be stable."""
    return _market(records, policy, policy.matching == "stable")


def _market(records: Records, policy: BuddiesPolicy, ranked: bool) -> Market:
    families: Any = records["families"]
    children: Any = records["children"]
    names = ("served", *policy.objectives)
    if len(set(names)) < len(names):
        details = {"known": "distance, age, preference"}
        raise InvalidInput([Fault("not_an_option", "policy", column="objectives", value="*", details=details)])
    groups = units(children)
    first = np.array([group[0] for group in groups], np.int64)
    pairs = allowed(records, policy)
    metres = metres_of(families, children, pairs)
    ranks = _ranks(records, pairs, metres, policy)
    none = np.zeros(len(pairs), np.int64)
    gaps, unit = none.copy(), np.searchsorted(first, pairs[:, 1])
    for child in _members(groups):
        some = child[unit] >= 0
        gaps[some] += _gap(families, children, pairs[some, 0], child[unit[some]])
    costs = {"distance": metres, "age": gaps, "preference": ranks[0] + ranks[1]}
    demand, missing = np.zeros(len(children), np.int64), np.zeros((len(names), len(children)), np.int64)
    demand[first], missing[0, first] = 1, [len(group) for group in groups]
    return Market.from_arcs(
        pairs[:, 0],
        pairs[:, 1],
        np.array([costs.get(name, none) for name in names]),
        num_providers=len(families),
        num_recipients=len(children),
        demand=demand,
        unmet_cost=missing,
        level_names=names,
        provider_rank=ranks[0] if ranked else None,
        recipient_rank=ranks[1] if ranked else None,
    )


def allowed(records: Records, policy: BuddiesPolicy) -> Ints:
    """Return the pairs (k, 2) of family and first child of a unit that may be made, in order."""
    families: Any = records["families"]
    groups = units(records["children"])
    heads = tuple(records["children"][group[0]] for group in groups)
    family, unit, _ = allowed_arcs(families, heads, policy.max_km)
    fits: Bools = (
        np.array([each.most for each in families], np.int64)[family] >= np.array([len(g) for g in groups])[unit]
    )
    for child in _members(groups):
        some = child[unit] >= 0
        fits[some] &= _suits(families, records["children"], family[some], child[unit[some]], policy)
    family, unit = family[fits], unit[fits]
    first = np.array([group[0] for group in groups], np.int64)
    pairs = np.column_stack([family, first[unit]])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    kept = kept_pairs(records, policy, pairs)
    taken = np.isin(pairs[:, 0], kept[:, 0]) | np.isin(pairs[:, 1], kept[:, 1])
    taken[_places(pairs, kept)] = False
    return pairs[~taken]


def _members(groups: list[list[int]]) -> list[Ints]:
    """Return the first, second, ... child of each unit, (U,) each, -1 where there is none."""
    most = max((len(group) for group in groups), default=0)
    return [np.array([group[n] if n < len(group) else -1 for group in groups], np.int64) for n in range(most)]


def _suits(families: Any, children: Any, family: Ints, child: Ints, policy: BuddiesPolicy) -> Any:
    """Return whether each family suits each child, (k,) bool."""
    fits = np.ones(len(family), bool)
    if policy.age_gap is not None:
        fits &= _gap(families, children, family, child) <= policy.age_gap
    if policy.sex == "same":
        codes = {None: 0, "girl": 1, "boy": 2}
        one = np.array([codes[each.child_sex] for each in families])[family]
        other = np.array([codes[each.sex] for each in children])[child]
        fits &= (one == other) | (one == 0) | (other == 0)
    if policy.language:
        spoken = sorted({word for side in (families, children) for each in side for word in each.languages})
        sides: list[Any] = [
            np.array([[word in each.languages for word in spoken] for each in side], bool).reshape(
                len(side), len(spoken)
            )
            for side in (families, children)
        ]
        named = [side.any(axis=1) for side in sides]
        both = named[0][family] & named[1][child]
        shared = np.ones(len(family), bool)
        shared[both] = (sides[0][family[both]] & sides[1][child[both]]).any(axis=1)
        fits &= shared
    return fits


def _gap(families: Any, children: Any, family: Ints, child: Ints) -> Ints:
    """Return the years between the ages of a family's child and a child, (k,); 0 where one is unknown."""
    one = np.array([-1 if each.child_age is None else each.child_age for each in families], np.int64)[family]
    other = np.array([-1 if each.age is None else each.age for each in children], np.int64)[child]
    return np.where((one < 0) | (other < 0), 0, np.abs(one - other))


def _places(pairs: Ints, some: Ints) -> Ints:
    """Return where some pairs stand among pairs in order, those that are there."""
    width = int(max(pairs[:, 1].max(initial=0), some[:, 1].max(initial=0))) + 1
    keys, asked = (each[:, 0] * width + each[:, 1] for each in (pairs, some))
    at = np.searchsorted(keys, asked)
    found: Ints = at[np.append(keys, -1)[at] == asked]
    return found


def kept_pairs(records: Records, policy: BuddiesPolicy, pairs: Ints) -> Ints:
    """Return the pairs (k, 2) of last year that work and are among `pairs`; of two for one side the first counts."""
    families = {family.id: n for n, family in enumerate(records["families"])}  # type: ignore[attr-defined]
    first = {i: group[0] for group in units(records["children"]) for i in group}
    children = {child.id: first[n] for n, child in enumerate(records["children"])}  # type: ignore[attr-defined]
    rows = [
        (families.get(each.family_id, -1), children.get(each.child_id, -1))  # type: ignore[attr-defined]
        for each in (records.get("previous", ()) if policy.keep else ())
        if each.works != "no"  # type: ignore[attr-defined]
    ]
    known = np.array([row for row in rows if -1 not in row], np.int64).reshape(-1, 2)
    kept: list[tuple[int, int]] = []
    for j, i in pairs[_places(pairs, known)].tolist():
        if all(j != one and i != other for one, other in kept):
            kept.append((j, i))
    return np.array(sorted(kept), np.int64).reshape(-1, 2)


def _ranks(records: Records, pairs: Ints, metres: Ints, policy: BuddiesPolicy) -> tuple[Ints, Ints]:
    """Return the ranks of each pair (k,) in the eyes of the family and of the unit: its list first, then bands."""
    listed: Any = records.get("preferences", ())
    worst = max((each.rank for each in listed), default=0)
    band = worst + 1 + (metres / (1000 * policy.band_km)).astype(np.int64)
    families = {family.id: n for n, family in enumerate(records["families"])}  # type: ignore[attr-defined]
    first = {i: group[0] for group in units(records["children"]) for i in group}
    children = {child.id: first[n] for n, child in enumerate(records["children"])}  # type: ignore[attr-defined]
    found = np.column_stack([band, band])
    for each in listed:
        by_family = each.side == "family"
        ends = (each.id, each.choice_id) if by_family else (each.choice_id, each.id)
        pair = np.array([[families.get(ends[0], -1), children.get(ends[1], -1)]], np.int64)
        for at in _places(pairs, pair).tolist() if (pair >= 0).all() else []:
            found[at, 0 if by_family else 1] = min(found[at, 0 if by_family else 1], each.rank)
    return found[:, 0], found[:, 1]


def metrics(records: Records, policy: BuddiesPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan."""
    children: Any = records["children"]
    if not matching.has_pairs:
        return {"children": len(children)}
    pairs = matching.pairs
    size = {group[0]: len(group) for group in units(children)}
    km = metres_of(records["families"], children, pairs) / 1000
    kept = kept_pairs(records, policy, allowed(records, policy))
    ranked = _market(records, policy.model_copy(update={"keep": False}), True)
    known = pairs[ranked.allows(pairs)]
    against = blocking(ranked, known)
    return {
        "children": len(children),
        "children_served": sum(size[i] for i in pairs[:, 1].tolist()),
        "families": len(records["families"]),
        "pairs_kept": sum(size[i] for i in kept[:, 1].tolist()),
        "km_mean": float(km.mean()) if len(km) else 0.0,
        "km_max": float(km.max(initial=0)),
        "blocking_pairs": len(against),
    }


def price_of_stable_buddies(records: Mapping[str, Any], policy: Any = None) -> pd.DataFrame:
    """Return the stable and the most convenient plan side by side: every level's value, and the pairs that block.

    Each is priced in the other: what stability costs at each level, and how many pairs of convenience would rather
    have each other.
    """
    import pandas as pd

    wanted = policy if isinstance(policy, BuddiesPolicy) else BuddiesPolicy.model_validate(policy or {})
    tables = SCHEMA.from_records(records)
    ranked = _market(tables, wanted, True)
    rows = []
    for kind in ("stable", "convenient"):
        found = match(ranked, stability="require") if kind == "stable" else match(_market(tables, wanted, False))
        level = dict(zip(ranked.level_names, values(ranked, found.pairs), strict=True))
        rows.append({"matching": kind, **level, "blocking_pairs": len(blocking(ranked, found.pairs))})
    return pd.DataFrame(rows)


BUDDIES: Final = Programme(
    "buddies",
    SCHEMA,
    BuddiesPolicy,
    "families",
    "children",
    _UNITS,
    market,
    metrics,
    buddy_tables.example,
    engine=engines.STABLE,
    frames={"pairings": buddy_tables.pairings, "unmatched": buddy_tables.unmatched},
    renewed=buddy_tables.renewed,
)
