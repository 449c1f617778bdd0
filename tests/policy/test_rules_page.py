"""The page on rules is true: every example is read, said, solved, verified and written again as it stands."""

import json
import re
import runpy
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import matcher
from matcher.policy.policy import AnyRule
from matcher.policy.rules import Locks

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```\n```text\n(.*?)```", PAGE, re.DOTALL)
KINDS = {each.model_fields["kind"].default for each in get_args(get_args(AnyRule)[0])}
COUNTIES = ("430224", "430225", "431382")
ORGANIZATIONS = ("10530", "10531", "10546", "QY01", "QY02")


@pytest.fixture(scope="module")
def instance():
    """Three counties and five organisations of the embedded example, with all that belongs to them."""
    whole = matcher.example()
    schools = [school for school in whole.schools if school.county_id in COUNTIES]
    branches = [branch for branch in whole.branches if branch.organization_id in ORGANIZATIONS]
    ids = {*COUNTIES, *ORGANIZATIONS, *(each.id for each in schools), *(each.id for each in branches)}
    return matcher.Instance(
        counties=[county for county in whole.counties if county.id in ids],
        organizations=[each for each in whole.organizations if each.id in ids],
        schools=schools,
        branches=branches,
        previous=[pair for pair in whole.previous if {pair.provider_id, pair.recipient_id} <= ids],
    )


def said_of(policy, lang="en"):
    return [rule.sentence(lang) for rule in policy.all_rules() if not isinstance(rule, Locks)]


def test_the_page_has_every_kind_of_rule_and_every_example_is_tested():
    """A rule that is added to the policy must be added to the page."""
    shown = {rule.kind for toml, _ in EXAMPLES for rule in matcher.Policy.from_toml(toml).rules}
    assert shown == KINDS
    assert PAGE.count("```toml") == len(EXAMPLES)


@pytest.mark.parametrize(("toml", "said"), EXAMPLES, ids=[toml.replace("\n", " ")[:40] for toml, _ in EXAMPLES])
def test_an_example_says_what_the_page_says_and_round_trips(toml, said):
    policy = matcher.Policy.from_toml(toml)
    assert "\n".join(said_of(policy)) == said.strip()
    assert all(said_of(policy, "zh"))
    assert matcher.Policy.from_toml(policy.to_toml()) == policy
    assert matcher.Policy.from_json(policy.to_json()) == policy
    assert policy != matcher.Policy()


@pytest.mark.parametrize(("toml", "said"), EXAMPLES, ids=[toml.replace("\n", " ")[:40] for toml, _ in EXAMPLES])
def test_an_example_is_solved_and_verified(instance, toml, said):
    """The plan under each example keeps it by the checker's own account, and is found or proved impossible."""
    policy = matcher.Policy.from_toml(toml)
    plan = matcher.solve(instance, policy)
    assert plan.status in ("optimal", "infeasible")
    assert matcher.verify(instance, plan, policy).ok
    assert plan.status == "optimal" or plan.witness


def test_the_code_of_the_page_runs():
    names = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, names)
    assert names["plan"].county_pairings["minutes"].tolist() == [12.0]
    assert names["by_road"].travel_times[0].km == 9.8


def test_all_rules_at_once_round_trip():
    """One policy with every example's rules and fields goes through TOML and JSON unchanged."""
    fields, rules = {}, []
    for toml, _ in EXAMPLES:
        policy = matcher.Policy.from_toml(toml)
        rules += [rule.model_copy(update={"min": 3.0}) if getattr(rule, "km", None) else rule for rule in policy.rules]
        fields |= {name: getattr(policy, name) for name in policy.model_fields_set - {"rules"}}
    fields["objectives"] = (*fields["objectives"], "county_travel")  # which pays the rates
    whole = matcher.Policy(**fields, rules=rules, child_km=None)
    assert {rule.kind for rule in whole.rules} == KINDS
    assert matcher.Policy.from_toml(whole.to_toml()) == whole
    assert matcher.Policy.from_json(whole.to_json()) == whole


def test_a_pin_of_nobody_is_refused_by_name(instance):
    """An id that no table has is a fault of the policy's field, not an error from inside."""
    rules = [{"kind": "within"}, {"kind": "pin", "level": "county", "provider_id": "QY1", "recipient_id": "431382"}]
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.solve(instance, matcher.Policy(rules=rules))
    assert [(fault.code, fault.column, fault.value) for fault in caught.value.faults] == [
        ("unknown_id", "rules.1.provider_id", "QY1")
    ]


def test_the_schema_is_current_and_is_what_the_policy_takes(monkeypatch, capsys):
    """Every example, and both ways of writing objectives and None, are valid by it; a misspelt field is not."""
    import jsonschema

    tool = ROOT / "tools" / "make_schema.py"
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [str(tool), "--check"])
    assert runpy.run_path(str(tool))["main"]() == 0, capsys.readouterr().out
    schema = json.loads((ROOT / "docs" / "policy.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    good = [tomllib.loads(toml) for toml, _ in EXAMPLES]
    good += [tomllib.loads(matcher.Policy(child_km=None).to_toml()), {"county_demand": 2, "within": "湖南省"}]
    good += [json.loads(matcher.Policy.from_toml(toml).to_json()) for toml, _ in EXAMPLES]
    for content in good:
        check.validate(content)
    for content in ({"child_kms": 3}, {"rules": [{"kind": "reaches"}]}, {"objectives": ["nearest"]}, {"child_km": -1}):
        assert not check.is_valid(content)
        with pytest.raises(matcher.InvalidInput):
            matcher.Policy(**content)
