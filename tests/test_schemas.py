"""What is written in JSON is what its published schema says, field by field, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from small_plans import small_instance, small_plan

import matcher
import matcher.renewal
from matcher.base import Progress
from matcher.market.statistics import Recorder

SCHEMAS = {path.name.split(".")[0]: path for path in (Path(__file__).parents[1] / "docs" / "schemas").glob("*.json")}


def error(call: Any) -> dict[str, Any]:
    with pytest.raises(matcher.MatcherError) as caught:
        call()
    return caught.value.to_json()


@pytest.fixture(scope="module")
def written() -> dict[str, list[Any]]:
    """Every form, of objects with much and with little in them."""
    full = matcher.solve(matcher.example())
    none = matcher.solve(small_instance(), matcher.Policy(county_demand=(9, 9)))
    gone = [{"kind": "leaves", "table": "organizations", "id": full.county_pairings.organization_id.iloc[0]}]
    comes = [{"kind": "joins", "counties": [{"id": "n", "lat": 27.5, "lon": 110.0}]}]
    arrival = matcher.County(id="new", lat=27.5, lon=110.0, children=900)
    false = matcher.Plan.from_pairs(small_instance(), county_pairs=[("U1", "nobody")])
    return {
        "instance": [json.loads(each.instance.to_json()) for each in (full, none)],
        "plan": [json.loads(each.to_json()) for each in (full, none, small_plan(), false)],
        "events": [json.loads(matcher.renewal.events_to_json(each)) for each in (gone, comes)],
        "report": [matcher.verify(each.instance, each).to_json() for each in (full, none, false)],
        "diff": [matcher.diff(full, matcher.replan(full, gone)).to_json()],
        "recommendation": [each.to_json() for each in matcher.recommend(full, arrival, k=2)],
        "explanation": [
            full.explain(kind, known).to_json()
            for kind, known in (
                ("school", "S018"),
                ("branch", "B001"),
                ("county", full.county_pairings.county_id.iloc[0]),
            )
        ],
        "what_if": [full.what_if(gone).to_json(), none.what_if({"kind": "sets", "field": "child_km"}).to_json()],
        "progress": [Progress("level:convenience").to_json(), Progress("x", 1, 2, 3, 4, 1).to_json()],
        "statistics": [matcher.match(matcher.Market.from_matrix([[1]])).statistics.to_json(), watched()],
        "error": [error(none.raise_for_status), error(lambda: small_plan().save("plan.csv"))],
        "faults": [error(lambda: matcher.Policy(child_km=-1)), error(lambda: matcher.Market.from_matrix([[None]]))],
    }


def watched() -> dict[str, Any]:
    """Statistics of a run that told its bounds."""
    recorder = Recorder()
    recorder.take(Progress("price", 1, None, 3, None))
    recorder.take(Progress("price", 2, None, 3, 3))
    return recorder.statistics.to_json()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_what_is_written_is_what_its_schema_says(written: dict[str, list[Any]], name: str) -> None:
    schema = json.loads(SCHEMAS[name].read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    for content in json.loads(json.dumps(written[name])):
        check.validate(content)
        assert not check.is_valid({**content, "not_there": 1})
        assert not check.is_valid({field: value for field, value in content.items() if field != "format"})


def test_every_form_has_a_schema(written: dict[str, list[Any]]) -> None:
    assert sorted(written) == sorted(SCHEMAS)
