"""Centres (青年之家, 青青e家): which candidate sites to open, so that the children are near one.

Each place goes to one open site; sites are opened within numbers in all and by kind and within a budget. Objectives in
strict order, over the open sites y and the pairs x of place i (children w_i) and site j (d_ij whole metres):

    served            least  children of places without a site (only where `max_km` or a capacity may leave some)
    children_within   least  children farther than `reach_km` from their site    (greatest cover: Church, ReVelle 1974)
    distance          least  sum of w_i * d_ij                                    (p-median: Hakimi 1964)
    fewest_sites      least  sum of y_j                                           (set cover: Toregas et al. 1971)
    cost              least  sum of cost_j * y_j, in hundredths
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Bounds, Count, Latitude, Longitude, OptionalText, Real
from matcher.files.examples import example as pairing_example
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.model import Entity
from matcher.programmes import numbers
from matcher.programmes.columns import CHILDREN, COUNTY, LATLON, STATUS, named
from matcher.programmes.places import allowed_arcs, existing
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table

CentreObjective = Literal["children_within", "distance", "fewest_sites", "cost"]
_UNITS: Final = {
    "served": "children",
    "children_within": "children",
    "distance": "child_m",
    "fewest_sites": "sites",
    "cost": "cents",
}


class Place(Entity):
    """Where children live: a village, a community, a resettlement site."""

    county_id: OptionalText = None
    kind: OptionalText = None
    lat: Latitude
    lon: Longitude
    children: Count


class Site(Entity):
    """Where a centre could be, is (`existing`), or may not be (`closed`)."""

    kind: OptionalText = None
    lat: Latitude
    lon: Longitude
    capacity: Count | None = None
    cost: Real | None = Field(default=None, ge=0, allow_inf_nan=False)
    status: Literal["candidate", "existing", "closed"] = "candidate"


class CentresPolicy(ProgrammePolicy):
    """What is asked of centres.

    Attributes
    ----------
    sites
        How many are open in all: at most d, or (least, most); existing ones count.
    by_kind
        The same for each kind of site named.
    budget
        Most that the open sites that do not exist yet cost together, in the unit of the column `cost`.
    reach_km
        Within which a child counts as reached, for `children_within`.
    max_km
        Farther than this nobody is sent; None: everybody is served, however far.
    objectives
        In order.
    """

    sites: Bounds | None = None
    by_kind: dict[str, Bounds] = Field(default_factory=dict)
    budget: Real | None = Field(default=None, ge=0)
    reach_km: Real | None = Field(default=None, gt=0)
    max_km: Real | None = Field(default=None, gt=0)
    objectives: tuple[CentreObjective, ...] = ("distance",)


SCHEMA: Final = Schema(
    (
        Table(
            "places",
            "需求点",
            ("place", "村", "社区"),
            (
                *named("需求点编号", "需求点", "村名", "社区名"),
                COUNTY,
                Column("kind", "类型", "text", False, ("类别",)),
                *LATLON,
                CHILDREN,
            ),
        ),
        Table(
            "sites",
            "候选点",
            ("site", "站点", "阵地"),
            (
                *named("候选点编号", "候选点", "站点"),
                Column("kind", "类型", "text", False, ("类别",)),
                *LATLON,
                Column("capacity", "容量", "count", False, ("可服务儿童数",)),
                Column("cost", "费用", "decimal", False, ("费用(万元)", "建设费用")),
                STATUS,
            ),
        ),
    ),
    {"places": Place, "sites": Site},
    ("places", "sites"),
)


def market(records: Records, policy: CentresPolicy) -> Market:
    """Return the market of places and sites."""
    places: Any = records["places"]
    sites: Any = records["sites"]
    _check(sites, policy)
    count, people = len(sites), len(places)
    children = np.array([place.children for place in places], np.int64)
    provider, recipient, metres = allowed_arcs(sites, places, policy.max_km)
    capacities = [site.capacity for site in sites]
    sized = any(capacity is not None for capacity in capacities)
    may_miss = sized or policy.max_km is not None
    weight = children[recipient]
    cents = np.array([round(100 * (site.cost or 0)) for site in sites], np.int64)
    new = np.array([site.status != "existing" for site in sites])
    none = np.zeros(len(metres), np.int64)
    reach_m = np.inf if policy.reach_km is None else 1000 * policy.reach_km
    costs = {"children_within": weight * (metres > reach_m), "distance": weight * metres}
    opening = {"fewest_sites": np.ones(count, np.int64), "cost": cents * new}
    names = (*(("served",) if may_miss else ()), *policy.objectives)
    missing = {"served": children, "children_within": children}
    fields: dict[str, Any] = {}
    if any(name in opening for name in names):
        fields["opening_cost"] = np.array([opening.get(name, np.zeros(count, np.int64)) for name in names])
    if sized:
        fields["size"] = children
    fields |= _limits(sites, policy, cents * new)
    return Market.from_arcs(
        provider,
        recipient,
        np.array([costs.get(name, none) for name in names]),
        num_providers=count,
        num_recipients=people,
        capacity=[int(children.sum()) if c is None else c for c in capacities] if sized else people,
        demand=np.tile([0 if may_miss else 1, 1], (people, 1)),
        unmet_cost=np.array([missing.get(name, np.zeros(people, np.int64)) for name in names]),
        level_names=names,
        must_open=[site.status == "existing" for site in sites],
        closed=[site.status == "closed" for site in sites],
        **fields,
    )


def _check(sites: Any, policy: CentresPolicy) -> None:
    kinds = {site.kind for site in sites}
    faults = [
        Fault("not_an_option", "policy", column="by_kind", value=kind, details={"known": ", ".join(map(str, kinds))})
        for kind in policy.by_kind
        if kind not in kinds
    ]
    if "children_within" in policy.objectives and policy.reach_km is None:
        faults.append(Fault("missing_value", "policy", column="reach_km"))
    if len(set(policy.objectives)) < len(policy.objectives) or not policy.objectives:
        faults.append(Fault("not_an_option", "policy", column="objectives", value=policy.objectives, details=_KNOWN))
    if faults:
        raise InvalidInput(faults)


_KNOWN: Final = {"known": ", ".join(name for name in _UNITS if name != "served")}


def _limits(sites: Any, policy: CentresPolicy, cents: Any) -> dict[str, Any]:
    """Return groups for the kinds, and a resource for the number in all and for the money."""
    fields: dict[str, Any] = {}
    uses, budgets = [], []
    if policy.by_kind:
        kinds = sorted(policy.by_kind)
        fields["group"] = [kinds.index(site.kind) if site.kind in policy.by_kind else -1 for site in sites]
        fields["group_open"] = [policy.by_kind[kind] for kind in kinds]
        if policy.sites is not None:
            uses.append(np.ones(len(sites), np.int64))
            budgets.append(policy.sites)
    elif policy.sites is not None:
        fields["group"], fields["group_open"] = [0] * len(sites), [policy.sites]
    if policy.budget is not None:
        uses.append(cents)
        budgets.append((0, round(100 * policy.budget)))
    if uses:
        fields["resource"], fields["budget"] = np.column_stack(uses), budgets
    return fields


def metrics(records: Records, policy: CentresPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan; kilometres are those of a child."""
    places: Any = records["places"]
    sites: Any = records["sites"]
    if not matching.has_pairs or matching.opened is None:
        return {"places": len(places), "sites_open": None}
    opened = [sites[j] for j in np.flatnonzero(matching.opened).tolist()]
    found = {
        "places": len(places),
        **numbers.served(sites, places, matching.pairs, policy.reach_km),
        "sites_open": len(opened),
        "cost": float(sum(site.cost or 0 for site in opened if site.status != "existing")),
    }
    for kind in sorted({site.kind for site in sites if site.kind}):
        found[f"sites_open[{kind}]"] = sum(site.kind == kind for site in opened)
    return found


def example(seed: int = 0) -> Records:
    """Return synthetic places and sites around the real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    counties = pairing_example().counties
    kinds = ("village", "community", "resettlement")
    places, sites = [], []
    for county in counties:
        for number in range(6):
            lat, lon = county.lat + rng.normal(0, 0.12), county.lon + rng.normal(0, 0.13)
            kind = kinds[int(rng.choice(3, p=[0.7, 0.25, 0.05]))]
            known = {"id": f"{county.id}-{number}", "lat": round(lat, 5), "lon": round(lon, 5), "kind": kind}
            name = f"{county.name} 合成点 synthetic {number}"
            places.append(Place(**known, name=name, county_id=county.id, children=int(rng.gamma(2.0, 40.0)) + 5))
            if number < 3:
                sites.append(Site(**known, name=name, cost=round(float(rng.uniform(5, 20)), 1)))
    return SCHEMA.from_records({"places": places, "sites": sites})


CENTRES: Final = Programme(
    "centres",
    SCHEMA,
    CentresPolicy,
    "sites",
    "places",
    _UNITS,
    market,
    metrics,
    example,
    renewed=lambda old, records: existing(old, records, "sites"),
)
