"""Experts (12355, psychologists, lawyers, bought services): who takes which case, and how.

A row of `experts` offers hours: at a desk (by phone, on site), as one travelling round (a day's visits within
`reach_km` of its point) or as a funded project; a round or project that takes place costs `cost` and has at least
`least` hours of work. A case i of h_i hours goes whole to one offer j whose skills are all that it needs, in a way that
both allow: by phone at no distance, on site over the distance d_ij, on a round over twice that from its point. Of the
ways open to a pair the shortest is taken. Objectives in strict order, over pairs x and offers y that take place:

    served    least  urgency of cases that nobody takes; 1 each by default
    prefers   least  skills preferred and not there
    distance  least  metres
    offers    least  rounds and projects that take place
    cost      least  sum of cost_j * y_j, in hundredths

Hours are sizes and capacities, a round or project opens: generalised assignment with fixed charges (Ross, Soland 1975).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Count, Latitude, Longitude, OptionalText, Real, Words
from matcher.files.examples import example as pairing_example
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.model import Entity
from matcher.programmes.columns import LATLON, named
from matcher.programmes.places import metres_of
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table

if TYPE_CHECKING:
    import pandas as pd

ExpertObjective = Literal["prefers", "distance", "offers", "cost"]
_UNITS: Final = {"served": "urgency", "prefers": "skills", "distance": "m", "offers": "offers", "cost": "cents"}
_MODES: Final = ("phone", "onsite")
_MODE_WORDS: Final = {"电话": "phone", "线上": "phone", "现场": "onsite", "上门": "onsite"}
_NEVER: Final = 1 << 40


class Expert(Entity):
    """What one expert offers, for so many hours; without `modes` in any way."""

    kind: Literal["desk", "round", "project"] = "desk"
    lat: Latitude
    lon: Longitude
    skills: Words = ()
    hours: Count
    modes: Words = ()
    reach_km: Real | None = Field(default=None, gt=0, allow_inf_nan=False)
    cost: Real | None = Field(default=None, ge=0, le=1e9, allow_inf_nan=False)
    least: Count = 0


class ExpertCase(Entity):
    """Somebody who needs help: the skills that are needed, and those that are preferred; without `modes` in any way."""

    school_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    needs: Words = ()
    prefers: Words = ()
    hours: Count = 1
    modes: Words = ()
    urgency: Count = 1

    @property
    def children(self) -> int:
        """One."""
        return 1


class ExpertsPolicy(ProgrammePolicy):
    """What is asked of experts.

    Attributes
    ----------
    max_km
        Farther than this no visit is made; by phone there is no limit.
    budget
        Most that rounds and projects cost together.
    objectives
        In order, after the cases served.
    """

    max_km: Real | None = Field(default=None, gt=0)
    budget: Real | None = Field(default=None, ge=0)
    objectives: tuple[ExpertObjective, ...] = ("prefers", "distance")


_KINDS: Final = {"desk": ("坐席", "常驻"), "round": ("巡回", "巡诊"), "project": ("项目", "购买服务")}
SCHEMA: Final = Schema(
    (
        Table(
            "experts",
            "专家",
            ("expert",),
            (
                *named("专家编号", "专家", "姓名"),
                Column("kind", "方式", "choice", False, ("类型",), values=_KINDS),
                *LATLON,
                Column("skills", "专长", "words", False, ("技能",)),
                Column("hours", "时数", "count", True, ("小时",)),
                Column("modes", "服务方式", "words", False, ()),
                Column("reach_km", "服务半径", "decimal", False, ("半径(公里)",)),
                Column("cost", "费用", "decimal", False, ()),
                Column("least", "最少时数", "count", False, ("起办时数",)),
            ),
        ),
        Table(
            "cases",
            "个案",
            ("case", "求助"),
            (
                *named("个案编号", "个案"),
                Column("school_id", "学校编号", "text", False, ("学校",)),
                *LATLON,
                Column("needs", "所需专长", "words", False, ("需求",)),
                Column("prefers", "希望专长", "words", False, ()),
                Column("hours", "时数", "count", False, ("小时",)),
                Column("modes", "服务方式", "words", False, ()),
                Column("urgency", "紧急程度", "count", False, ()),
            ),
        ),
    ),
    {"experts": Expert, "cases": ExpertCase},
    ("experts", "cases"),
)


def market(records: Records, policy: ExpertsPolicy) -> Market:
    """Return the market of offers and cases."""
    experts: Any = records["experts"]
    cases: Any = records["cases"]
    names = ("served", *policy.objectives)
    if len(set(names)) < len(names):
        details = {"known": "prefers, distance, offers, cost"}
        raise InvalidInput([Fault("not_an_option", "policy", column="objectives", value="*", details=details)])
    pairs, metres, _ = arcs(records, policy)
    count, none = len(experts), np.zeros(len(pairs), np.int64)
    lacking = [len(set(cases[i].prefers) - set(experts[j].skills)) for j, i in pairs.tolist()]
    costs = {"distance": metres, "prefers": np.array(lacking, np.int64)}
    opens = np.array([each.kind != "desk" for each in experts])
    cents = opens * np.array([round(100 * (each.cost or 0)) for each in experts], np.int64)
    opening = {"offers": opens.astype(np.int64), "cost": cents}
    urgency = np.array([case.urgency for case in cases], np.int64)
    fields: dict[str, Any] = {}
    if opens.any():
        nothing = np.zeros(count, np.int64)
        fields["opening_cost"] = np.array([opening.get(name, nothing) for name in names])
        fields["least_if_open"] = opens * np.array([each.least for each in experts], np.int64)
    if policy.budget is not None:
        fields |= {"resource": cents[:, None], "budget": [round(100 * policy.budget)]}
    hours = np.array([case.hours for case in cases], np.int64)
    if (hours != 1).any():
        fields["size"] = hours
    return Market.from_arcs(
        pairs[:, 0],
        pairs[:, 1],
        np.array([costs.get(name, none) for name in names]),
        num_providers=count,
        num_recipients=len(cases),
        capacity=[each.hours for each in experts],
        unmet_cost=np.array([urgency if name == "served" else np.zeros(len(cases), np.int64) for name in names]),
        level_names=names,
        **fields,
    )


def arcs(records: Records, policy: ExpertsPolicy) -> tuple[Ints, Ints, list[str]]:
    """Return the pairs (k, 2) that may be made, in order, their metres, and the way of each."""
    experts: Any = records["experts"]
    cases: Any = records["cases"]
    skilled = [
        (j, i)
        for j, expert in enumerate(experts)
        for i, case in enumerate(cases)
        if set(case.needs) <= set(expert.skills)
    ]
    pairs = np.array(skilled, np.int64).reshape(-1, 2)
    direct = metres_of(experts, cases, pairs)
    most = _NEVER if policy.max_km is None else 1000 * policy.max_km
    found = [
        _way(experts[j], cases[i], metres, most) for (j, i), metres in zip(pairs.tolist(), direct.tolist(), strict=True)
    ]
    some = np.array([way is not None for way in found], bool)
    ways = [way for way in found if way is not None]
    return pairs[some], np.array([metres for metres, _ in ways], np.int64), [way for _, way in ways]


def _way(expert: Expert, case: ExpertCase, metres: int, most: float) -> tuple[int, str] | None:
    """Return the shortest way in which an expert may take a case, None if there is none."""
    near = metres <= min(most, _NEVER if expert.reach_km is None else 1000 * expert.reach_km)
    modes = _modes(expert.modes) & _modes(case.modes)
    if expert.kind == "round":
        return (2 * metres, "round") if near and "onsite" in modes else None
    if "phone" in modes:
        return 0, "phone"
    return (metres, "onsite") if near and "onsite" in modes else None


def _modes(words: tuple[str, ...]) -> set[str]:
    return {_MODE_WORDS.get(word, word) for word in words} or set(_MODES)


def metrics(records: Records, policy: ExpertsPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan."""
    experts: Any = records["experts"]
    cases: Any = records["cases"]
    if not matching.has_pairs:
        return {"cases": len(cases)}
    busy = sorted(set(matching.pairs[:, 0].tolist()))
    frame = _ways_of(records, policy, matching)
    return {
        "cases": len(cases),
        "cases_served": len(matching.pairs),
        "case_hours": sum(cases[i].hours for i in matching.pairs[:, 1].tolist()),
        **{f"cases[{way}]": sum(one == way for one in frame) for way in sorted(set(frame))},
        "experts_busy": len(busy),
        "cost": float(sum(experts[j].cost or 0 for j in busy if experts[j].kind != "desk")),
    }


def _ways_of(records: Records, policy: ExpertsPolicy, matching: Matching) -> list[str]:
    """Return the way of each pair of a plan, in its order."""
    pairs, _, ways = arcs(records, policy)
    known = dict(zip(map(tuple, pairs.tolist()), ways, strict=True))
    return [known.get(tuple(pair), "") for pair in matching.pairs.tolist()]


def pairings(plan: Any) -> pd.DataFrame:
    """Return recipient_id, provider_id, mode, hours and km of every pair."""
    import pandas as pd

    order = np.lexsort(plan.matching.pairs.T)
    pairs, ways = plan.matching.pairs[order], _ways_of(plan.records, plan.policy, plan.matching)
    return pd.DataFrame(
        {
            "recipient_id": [plan.recipients[i].id for i in pairs[:, 1].tolist()],
            "provider_id": [plan.providers[j].id for j in pairs[:, 0].tolist()],
            "mode": [ways[n] for n in order.tolist()],
            "hours": [plan.recipients[i].hours for i in pairs[:, 1].tolist()],
            "km": metres_of(plan.providers, plan.recipients, pairs) / 1000,
        }
    )


def example(seed: int = 0) -> Records:
    """Return synthetic experts and cases around the real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    skills = ("psychology", "law", "medicine", "family")
    experts, cases = [], []
    for number, seat in enumerate(pairing_example().counties):
        spot = {"lat": seat.lat, "lon": seat.lon}
        some = tuple(str(word) for word in rng.choice(skills, int(rng.integers(1, 4)), replace=False))
        if number % 5 == 0:
            name = f"{seat.name} 合成专家 synthetic"
            experts.append(Expert(id=f"E{seat.id}", name=name, skills=some, hours=int(rng.integers(8, 30)), **spot))
        if number % 6 == 1:
            known: Any = {"kind": "round", "reach_km": 60, "cost": 1.5, "least": 4, "hours": 8}
            experts.append(
                Expert(id=f"R{seat.id}", name=f"{seat.name} 合成巡回 synthetic", skills=some, **known, **spot)
            )
        for k in range(int(rng.integers(1, 4))):
            needs = (str(rng.choice(skills)),)
            modes = ("onsite",) if rng.random() < 0.4 else ()
            name = f"{seat.name} 合成个案 synthetic {k}"
            asked: Any = {"hours": int(rng.integers(1, 5)), "urgency": int(rng.integers(1, 4)), "modes": modes}
            cases.append(ExpertCase(id=f"{seat.id}-{k}", name=name, needs=needs, **asked, **spot))
    return SCHEMA.from_records({"experts": experts, "cases": cases})


EXPERTS: Final = Programme(
    "experts",
    SCHEMA,
    ExpertsPolicy,
    "experts",
    "cases",
    _UNITS,
    market,
    metrics,
    example,
    frames={"pairings": pairings},
)
