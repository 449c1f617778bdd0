"""The checker of one file on folders of plans: what is proved passes, lies that agree with each other do not."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from draws import few
from small_cases import random_instance
from small_plans import small_instance
from test_check_alone import loaded

import matcher

CHECK = loaded().check_plan
ONE = {"county_demand": 1, "organization_capacity": 1, "branch_capacity": 2, "school_demand": 2}
SUMS = ("cover_counties", "count_counties", "fill_counties", "cover_schools", "count_schools", "fill", "keep_counties")
SUMS += ("keep_schools", "convenience", "county_travel", "school_travel")


def plain(rng: random.Random) -> matcher.Plan:
    """A plan of one organisation a county, with sums of any kind in any order."""
    fields: dict[str, Any] = {"change_cost_km": rng.choice([0, 7]), "child_km": rng.choice([None, 1, 3.3])}
    if rng.random() < 0.7:
        fields["objectives"] = rng.sample(SUMS, rng.randint(1, 5))
    for level in ("county", "school"):
        if rng.random() < 0.3:
            fields[f"max_{level}_km"] = rng.choice([10, 25, 40])
    instance = random_instance(rng).model_copy(update={"locks": ()})
    return matcher.solve(instance, matcher.Policy(**ONE, **fields))


def reseal(folder: Path, change: Any) -> None:
    """Change the document, and give the files the hashes they have now."""
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    change(plan)
    plan["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in plan["files"]}
    (folder / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize("block", few(1, range(50)))
def test_what_is_proved_of_a_plan_is_proved_alone(block: int, tmp_path: Path) -> None:
    for seed in range(block * 20, block * 20 + (20 if block else 4)):
        plan = plain(random.Random(seed))
        assert plan.status == "optimal"
        plan.save(tmp_path / str(seed))
        assert CHECK(tmp_path / str(seed)) is None, seed


@pytest.mark.parametrize("block", few(1, range(20)))
def test_lies_about_plans_that_agree_with_each_other_are_found_out(block: int, tmp_path: Path) -> None:
    """Other prices may prove the same; pairs left out with values to match are never the best."""
    for seed in range(block * 10, block * 10 + (10 if block else 4)):
        rng = random.Random(seed)
        plan = plain(rng)
        folder = tmp_path / str(seed)
        plan.save(folder)
        name = rng.choice(["county_pairings.csv", "school_pairings.csv"])
        head, *rows = (folder / name).read_text(encoding="utf-8-sig").splitlines(keepends=True)
        if not rows:
            continue
        rows.pop(rng.randrange(len(rows)))
        (folder / name).write_text(head + "".join(rows), encoding="utf-8-sig")
        assert CHECK(folder) is not None
        with np.load(folder / "proof.npz") as arrays:
            bent = {name: array.copy() for name, array in arrays.items()}
        for _ in range(rng.randint(0, 3)):
            array = bent[rng.choice(sorted(bent))]
            if array.size:
                array.reshape(-1)[rng.randrange(array.size)] += rng.choice([-1, 1, 1000, 2**40, -(2**62)])
        np.savez(folder / "proof.npz", **bent)
        columns = {"county": ["organization_id", "county_id"], "school": ["branch_id", "school_id"]}
        told = matcher.Plan.from_pairs(
            plan.instance,
            policy=plan.policy,
            **{
                f"{level}_pairs": pd.read_csv(folder / f"{level}_pairings.csv", dtype=str)[names].to_numpy().tolist()
                for level, names in columns.items()
            },
        )
        values = [level.value for level in told.levels]

        def lie(document: dict[str, Any], values: list[int | None] = values) -> None:
            for level, value in zip(document["levels"], values, strict=True):
                level.update(value=value, bound=value, gap=0)

        reseal(folder, lie)
        if values != [level.value for level in plan.levels]:
            assert CHECK(folder) is not None, seed


def test_what_it_does_not_check_it_says(tmp_path: Path) -> None:
    matcher.solve(small_instance(), matcher.Policy(**ONE, within="province")).save(tmp_path / "within")
    assert "not checked here" in CHECK(tmp_path / "within")
    matcher.solve(small_instance(), matcher.Policy(county_demand=2)).save(tmp_path / "several")
    assert CHECK(tmp_path / "several") is not None
