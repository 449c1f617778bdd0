from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from small_plans import small_instance, small_plan, solver_plan

import matcher
from matcher.base.display import display_width, table_lines
from matcher.show.summary import plan_summary

VOID = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Fails on tags that are not closed in order, and collects what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_is_one_file_that_needs_no_network(tmp_path: Path, lang: str) -> None:
    """Well-formed, with its figures inside, nothing fetched, nothing run."""
    path = solver_plan().report(tmp_path / "plan.html", lang=lang)
    said = path.read_text(encoding="utf-8")
    page = Balanced()
    page.feed(said)
    assert not page.open
    assert len(page.fetched) == 3
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.fetched)
    assert b"<svg" in base64.b64decode(page.fetched[0].partition(",")[2])
    assert "<script" not in said
    assert "url(" not in said
    assert f'lang="{lang}"' in said
    assert path.read_bytes() == solver_plan().report(tmp_path / "again.html", lang=lang).read_bytes()


def test_names_are_harmless(tmp_path: Path) -> None:
    """A name that is markup is shown, not obeyed, in the report and in a notebook."""
    organizations = [organization.model_dump() for organization in small_instance().organizations]
    organizations[0]["name"] = "<script>alert(1)</script>"
    plan = small_plan(instance=small_instance(organizations=organizations))
    assert "<script" not in plan.report(tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "<script" not in plan.explain("organization", "U1")._repr_html_()


def test_a_plan_without_pairs_has_a_report(tmp_path: Path) -> None:
    """Nothing to draw, and nothing breaks."""
    for position, plan in enumerate(
        (matcher.Plan.from_pairs(matcher.Instance()), small_plan(county_pairs=[("U9", "C9")]))
    ):
        page = Balanced()
        page.feed(plan.report(tmp_path / f"{position}.html").read_text(encoding="utf-8"))
        assert not page.open


def test_a_report_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(matcher.SaveError):
        small_plan().report(tmp_path / "nowhere" / "plan.html")


def test_the_summary_fits_one_screen_and_says_the_numbers() -> None:
    """Coverage, travel, changes, levels, rate and warnings, in both languages; a table of even columns."""
    for lang in ("en", "zh"):
        said = plan_summary(solver_plan(), lang)
        assert len(said.splitlines()) <= 30
        assert re.search(r"\b800\b", said)
        assert "10" in said
    assert "HiGHS 1.0" in solver_plan().summary()
    assert "nothing is proved" in small_plan().summary()
    assert "没有方案" in solver_plan(
        status="infeasible", county_pairs=[], school_pairs=[], witness={"kind": "x"}
    ).summary("zh")
    widths = {display_width(line) for line in table_lines([("一", "a|"), ("abc", "b|")])}
    assert len(widths) == 1


def test_everything_shows_itself_in_a_notebook() -> None:
    """Plan, report, diff, explanation and policy have a text and an HTML form."""
    plan = small_plan()
    report = matcher.verify(small_instance(), plan)
    for thing in (plan, report, matcher.diff(plan, plan), plan.explain("school", "S1")):
        assert str(thing)
        assert thing._repr_html_().startswith("<pre>")
    assert plan.policy._repr_html_().startswith("<pre>")


def test_explain_names_partners_reasons_and_alternatives() -> None:
    """Whom, how near among all that are allowed, what is missing and why, and who else there is."""
    plan = small_plan()
    school = plan.explain("school", "S1")
    assert [(partner.id, partner.kept, partner.since) for partner in school.partners] == [("B1", True, 2015)]
    assert school.allowed == 3
    assert school.missing == 0
    assert school.worth == 1200.0
    assert [(other.id, other.state) for other in school.alternatives] == [("B2", "taken"), ("B3", "elsewhere")]
    left = plan.explain("school", "S5")
    assert (left.missing, left.reason) == (1, "farther_than_children_are_worth")
    assert left.alternatives[0].state == "free"
    county = plan.explain("county", "C3")
    assert county.reason == "not_chosen"
    assert [other.state for other in county.alternatives] == ["free", "taken", "taken"]
    for kind, known in (("organization", "U3"), ("branch", "B3"), ("county", "C1")):
        explanation = plan.explain(kind, known)
        assert explanation.text("en") != explanation.text("zh")
    for kind, known in (("village", "V1"), ("school", "S99")):
        with pytest.raises(matcher.InvalidInput):
            plan.explain(kind, known)
