"""The kinds of runs that a study is made of: an instance, a policy and a seed to rows of numbers.

Every policy meets the same draw of a seed, so that comparisons are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import SIDES
from matcher.files.examples import example
from matcher.files.reading import read
from matcher.methods.sequential import sequential
from matcher.model import Instance
from matcher.online.years import run_year, wish_year
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem
from matcher.renewal.year import next_year
from matcher.solver import solve
from matcher.tables.crosscheck import stranger_positions

Row = dict[str, float | int | None]
#: what a run of the kind plan or years may ask for beside the fields of a policy
_OWN: Final = ("method", "work_limit", "years")
_FIRST_YEAR: Final = 2018


def instance_of(options: Mapping[str, Any], data: Path | None) -> Instance:
    """Return the instance that options name: a `folder` under the data folder, or the example of the package."""
    folder = options.get("folder")
    if folder is None:
        return example()
    path = Path(folder) if data is None else data / folder
    return read(path, datum=options.get("datum", "wgs84"))


def policy_of(options: Mapping[str, Any]) -> Policy:
    """Return the policy of a run."""
    return Policy(**{name: value for name, value in options.items() if name not in _OWN})


def drawn(instance: Instance, share: float, rng: np.random.Generator) -> Instance:
    """Return an instance with a share of its organisations drawn."""
    stays = rng.random(len(instance.organizations)) < share
    return without(instance, {each.id for each, stay in zip(instance.organizations, stays, strict=True) if not stay})


def without(instance: Instance, gone: set[str]) -> Instance:
    """Return an instance without some organisations, their branches, and what last year says of either.

    Pairs of last year with ids that no table has are left out too: of a small draw they would be so many that the table
    seems to be that of others.
    """
    branches = [each for each in instance.branches if each.organization_id not in gone]
    tables: dict[str, Any] = {
        "organizations": [each for each in instance.organizations if each.id not in gone],
        "branches": branches,
        "counties": instance.counties,
        "schools": instance.schools,
        "successors": instance.successors,
    }
    ids = {name: {each.id for each in tables[name]} for both in SIDES.values() for name in both}
    strange = set(stranger_positions({**tables, "previous": instance.previous}, ids))
    lost = {each.id for each in instance.branches} - ids["branches"]
    away = {"county": gone, "school": lost}
    return Instance(
        previous=[row for position, row in enumerate(instance.previous) if position not in strange],
        locks=[row for row in instance.locks if row.provider_id not in away[row.level]],
        preferences=[
            row
            for row in instance.preferences
            if (row.id if row.side == "provider" else row.choice_id) not in away[row.level]
        ],
        travel_times=[row for row in instance.travel_times if row.origin_id not in away[row.level]],
        **tables,
    )


def _planned(instance: Instance, options: Mapping[str, Any]) -> Plan:
    policy = policy_of(options)
    if options.get("method", "solve") == "sequential":
        return Plan.of(sequential(Problem.of(instance, policy)))
    return solve(instance, policy, work_limit=options.get("work_limit"))


def plan_run(instance: Mapping[str, Any], policy: Mapping[str, Any], seed: int, data: Path | None) -> list[Row]:
    """Plan a draw of an instance once: the metrics of the plan."""
    rng = np.random.default_rng([seed, 3])
    plan = _planned(drawn(instance_of(instance, data), float(instance.get("share", 0.9)), rng), policy)
    return [_numbers(plan)]


def years_run(instance: Mapping[str, Any], policy: Mapping[str, Any], seed: int, data: Path | None) -> list[Row]:
    """Plan year after year, partners leaving and joining: the metrics of every plan.

    Of the instance `share` (0.9) of the organisations begin; each year every one of them leaves with the rate `leave`
    (0.06), and every one outside joins with the rate `join` (0.3), the same ones under every policy. The policy may say
    `years` (10).
    """
    rng = np.random.default_rng([seed, 4])
    whole = instance_of(instance, data)
    ids = [each.id for each in whole.organizations]
    there = rng.random(len(ids)) < float(instance.get("share", 0.9))
    rows, previous = [], None
    for year in range(int(policy.get("years", 10))):
        if year:
            draw = rng.random(len(ids))
            there = np.where(there, draw >= float(instance.get("leave", 0.06)), draw < float(instance.get("join", 0.3)))
        base = whole if previous is None else _with_pairs(whole, previous)
        plan = _planned(without(base, {known for known, stays in zip(ids, there, strict=True) if not stays}), policy)
        rows.append({"year": _FIRST_YEAR + year, **_numbers(plan)})
        previous = next_year(plan, year=_FIRST_YEAR + year).previous
    return rows


def _with_pairs(instance: Instance, previous: Any) -> Instance:
    tables = ("organizations", "branches", "counties", "schools", "preferences", "travel_times", "locks", "successors")
    return Instance(previous=previous, **{name: getattr(instance, name) for name in tables})


def _numbers(plan: Plan) -> Row:
    # what ended by itself has no stop reason: 1, else 0
    found: Row = {name: value for name, value in plan.metrics.items() if isinstance(value, int | float)}
    return {**found, "proved": int(plan.status == "optimal")}


def arrivals_run(instance: Mapping[str, Any], policy: Mapping[str, Any], seed: int, data: Path | None) -> list[Row]:
    """Run a synthetic year of wishes (`matcher.online.wish_year`): its measures, and the share of hindsight's value."""
    del data
    year = wish_year(seed, **instance)
    last = [wish_year(seed + 1_000_000 * n, **instance) for n in (1, 2)]
    best = run_year(year, "hindsight").tally.value
    found = run_year(year, dict(policy), last).tally.measures()
    return [{**found, "of_hindsight": (found["value"] or 0) / best if best else None}]


KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], int, Path | None], list[Row]]]] = {
    "plan": plan_run,
    "years": years_run,
    "arrivals": arrivals_run,
}


def run_of(spec: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a run: `kind`, `instance`, `policy`, `seed`, and `data`, the folder of instances, or None."""
    if spec["kind"] not in KINDS:
        raise InvalidInput(
            [Fault("not_an_option", "study", column="kind", value=spec["kind"], details={"known": ", ".join(KINDS)})]
        )
    data = None if spec["data"] is None else Path(spec["data"])
    return KINDS[spec["kind"]](spec["instance"], spec["policy"], spec["seed"], data)
