from __future__ import annotations

import base64
import html
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from draws import few
from small_plans import small_instance, small_plan, solver_plan

import matcher
from matcher.base.display import display_width, table_lines
from matcher.base.errors import text
from matcher.show import report
from matcher.show.page import live
from matcher.show.summary import plan_summary

VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """Fails on tags that are not closed in order; collects what would be fetched, scripts, links and text."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(said)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._close_cells({"td": ("td",), "tr": ("td", "tr")}.get(tag, ()))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.fetched += [value or "" for name, value in attrs if name in ("src", "data", "action", "srcset")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def _close_cells(self, optional: tuple[str, ...]) -> None:
        """Close what HTML closes by itself."""
        for tag in optional:
            if self.open and self.open[-1] == tag:
                self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        self._close_cells({"tbody": ("td", "tr")}.get(tag, ()))
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            kind, said = self.scripts.pop()
            self.scripts.append((kind, said + data))
        elif self.open and self.open[-1] != "style":
            self.text += data


@pytest.fixture
def plain(monkeypatch) -> None:
    """Reports without figures: they take their time, and one test looks at them."""
    monkeypatch.setattr(report, "_figures", lambda *given: ())


def page_of(plan: matcher.Plan, folder: Path, **options: Any) -> Page:
    return Page(plan.report(folder / "plan.html", replace=True, **options).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("lang", "scripts"), [("en", True), ("zh", False)])
def test_the_report_is_one_file_that_needs_no_network(tmp_path: Path, lang: str, scripts: bool) -> None:
    """Well-formed, with its figures inside, nothing fetched; without scripts nothing is run."""
    path = solver_plan().report(tmp_path / "plan.html", lang=lang, scripts=scripts)
    said = path.read_text(encoding="utf-8")
    page = Page(said)
    assert len(page.fetched) == 3
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.fetched)
    assert b"<svg" in base64.b64decode(page.fetched[0].partition(",")[2])
    assert bool(page.scripts) == scripts
    assert not page.handlers
    assert "@import" not in said
    assert not re.findall(
        r"url\((?!['\"]?(?:data:|#))[^)]{4,}", "".join(re.findall(r"<style>.*?</style>", said, re.DOTALL))
    )
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert f'lang="{lang}"' in said
    assert path.read_bytes() == solver_plan().report(tmp_path / "again.html", lang=lang, scripts=scripts).read_bytes()


def test_a_report_is_the_same_whatever_was_drawn_before(tmp_path: Path, plain: None) -> None:
    """Its map numbers its models itself: Bokeh counts them through the life of a process."""
    plotting = pytest.importorskip("bokeh.plotting")
    one = solver_plan().report(tmp_path / "one.html").read_bytes()
    plotting.figure()
    assert solver_plan().report(tmp_path / "two.html").read_bytes() == one


def test_without_the_extra_the_report_shows_the_same_and_says_so(tmp_path: Path, plain: None, monkeypatch) -> None:
    """Every pair, every reason, every number; and how to get the rest."""
    whole = page_of(solver_plan(), tmp_path)
    monkeypatch.setattr(live, "find_spec", lambda name: None)
    page = page_of(solver_plan(), tmp_path)
    assert not page.scripts
    assert "jiedui[report]" in page.text
    for said in re.findall(r"\S+", page.text.partition("jiedui[report]")[2]):
        assert said in whole.text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_first_screen_says_the_five_numbers(tmp_path: Path, plain: None, lang: str) -> None:
    """Children reached, schools and counties short, idle places, changes: as counted from the small plan by hand."""
    said = solver_plan().report(tmp_path / "plan.html", lang=lang, scripts=False).read_text(encoding="utf-8")
    cards = dict(re.findall(r'<div class="card" id="card-(\w+)"><b>([^<]*)</b>', said))
    # S1..S4 of 401 children in schools; S5, S6 and C3 short; B3 serves one of two
    assert cards == {
        "children": f"{100 * 350 / 401:.1f} %", "schools_short": "2", "counties_short": "1", "idle": "1",
        "last_year": "7",
    }  # fmt: skip
    assert said.index('class="cards"') < said.index('class="lead"') < said.index('class="proof"')


def test_the_first_screen_names_the_levers_that_are_known(tmp_path: Path, plain: None) -> None:
    """At most three, in the words of `Plan.levers`, before what is proved; none before they were asked for."""
    few = [
        {"id": "B1", "organization_id": "U1"},
        {"id": "B3", "organization_id": "U2"},
    ]  # a place each: S2, S3 are short
    plan = matcher.solve(small_instance(branches=few, previous=()))
    assert 'class="levers"' not in plan.report(tmp_path / "a.html", scripts=False).read_text(encoding="utf-8")
    levers = plan.levers(4)
    assert levers
    said = plan.report(tmp_path / "b.html", scripts=False, lang="zh").read_text(encoding="utf-8")
    items = re.findall(r"<li>([^<]*)</li>", said[said.index('class="levers"') : said.index('class="proof"')])
    assert [html.unescape(item) for item in items] == [lever.text("zh") for lever in levers[:3]]


def test_an_unserved_school_is_told_what_else_would_cost(tmp_path: Path, plain: None) -> None:
    """In the words of `Plan.explain`, in its county's section."""
    plan = matcher.solve(small_instance())
    said = plan.report(tmp_path / "a.html", scripts=False).read_text(encoding="utf-8")
    short = [row.id for row in plan.unmatched_rows if row.kind == "school"]
    told = [html.unescape(each) for each in re.findall(r'<details id="why-\d+">.*?<pre>(.*?)</pre>', said, re.DOTALL)]
    assert told == [plan.explain("school", known).text("en") for known in short]
    assert told


def test_the_plan_has_its_place_on_the_curve(tmp_path: Path) -> None:
    """Only if a curve is given."""
    plan = matcher.solve(small_instance())
    curve = matcher.tradeoff(small_instance(), values=(5, 20))
    pages = [page_of(plan, tmp_path, scripts=False, **more) for more in ({}, {"curve": curve})]
    assert len(pages[1].fetched) == len(pages[0].fetched) + 1


def test_boundaries_are_lines_of_both_maps(tmp_path: Path, plain: None) -> None:
    pytest.importorskip("bokeh")
    square = {"type": "Polygon", "coordinates": [[[105, 25], [108, 25], [108, 28], [105, 25]]]}
    plan = solver_plan()
    models = [
        "".join(said for _, said in page_of(plan, tmp_path, **more).scripts).count('"MultiLine"')
        for more in ({}, {"boundaries": square})
    ]
    assert models[1] > models[0]


def test_every_pair_and_every_reason_stands_in_the_sections(tmp_path: Path, plain: None) -> None:
    """Of each county and each organisation, without scripts; what ended too."""
    plan = solver_plan()
    said = plan.report(tmp_path / "plan.html", scripts=False).read_text(encoding="utf-8")
    parts = {
        name: text_of(body)
        for name, body in re.findall(r'<section class="one" id="([\w-]+)">(.*?)</section>', said, re.DOTALL)
    }
    assert len(parts) == len(plan.instance.counties) + len(plan.instance.organizations)
    counties = [county.id for county in plan.instance.counties]
    organizations = [organization.id for organization in plan.instance.organizations]
    for row in plan.county_pairings.itertuples():
        county, organization = counties.index(row.county_id), organizations.index(row.organization_id)
        assert row.organization_id in parts[f"county-{county}"]
        assert row.county_id in parts[f"organization-{organization}"]
    for row in plan.school_pairings.itertuples():
        county, organization = counties.index(row.county_id), organizations.index(row.organization_id)
        for part in (parts[f"county-{county}"], parts[f"organization-{organization}"]):
            assert row.school_id in part
            assert row.branch_id in part
            assert f"{row.km:,.1f}" in part
    for row in plan.unmatched.itertuples():
        assert plan.explain(row.kind, row.id).reason == row.reason
        if row.kind in ("county", "organization"):
            assert text(f"reason.{row.reason}") in " ".join(parts.values())
    # S5 stands in the county of 乙大学, whose B3 has room
    assert "Every branch of 乙大学, paired with its county, that the rules allow is farther" in parts["county-1"]
    assert "C3 is paired with nobody" in parts["county-2"] or "三县, is paired with nobody" in parts["county-2"]
    assert "丙企业" in parts["county-1"]  # U3 – C2 of last year ended


def text_of(body: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", body))


def test_the_scripts_get_the_pairs_of_the_plan(tmp_path: Path, plain: None) -> None:
    """The data behind map and tables say the same as the frames."""
    pytest.importorskip("bokeh")
    plan = solver_plan()
    scripts = page_of(plan, tmp_path).scripts
    data = next(json.loads(said) for kind, said in scripts if kind == "application/json")
    pairs = {(data["branch"][branch][0], row[0]) for row in data["school"] for branch in row[4]}
    frame = plan.school_pairings
    assert pairs == set(zip(frame.branch_id, frame.school_id, strict=True))
    assert {(data["organization"][o][0], row[0]) for row in data["county"] for o in row[4]} == set(
        zip(plan.county_pairings.organization_id, plan.county_pairings.county_id, strict=True)
    )
    assert {row[0] for row in data["school"] if row[7]} == {
        row.id for row in plan.unmatched_rows if row.kind == "school"
    }


HOSTILE = {
    "script": "</script><script>window.hit=1</script>",
    "comment": "<!--<script>",
    "image": '"><img src=x onerror="window.hit=1">',
    "template": "${window.hit=1} $x{ `${1}` @label @{x} {{x}} $$\\frac{a}{$",
    "long": "长" * 1000,
    "right to left": "\u202eمرحبا\u202c שלום",
    "line ends": "a\u2028b\u2029c",
    "entity": "&lt;b&gt; &amp;",
}


def hostile_plan(*names: str) -> matcher.Plan:
    """A plan whose every name and province comes from somebody unkind, each name here and there."""
    tables, turn = {}, itertools.cycle(names)
    for table in ("organizations", "branches", "counties", "schools"):
        tables[table] = [record.model_dump() | {"name": next(turn)} for record in getattr(small_instance(), table)]
        if table in ("organizations", "counties"):
            tables[table] = [row | {"province": next(turn)} for row in tables[table]]
    return small_plan(instance=small_instance(**tables))


@pytest.mark.parametrize(("lang", "scripts"), few(2, [("zh", True), ("en", False), ("en", True), ("zh", False)]))
def test_names_are_text_everywhere(tmp_path: Path, plain: None, lang: str, scripts: bool) -> None:
    """Whatever a name holds, the page has the elements that it has with plain names, and shows the name."""
    plan = hostile_plan(*HOSTILE.values())
    page, other = (page_of(each, tmp_path, lang=lang, scripts=scripts) for each in (plan, hostile_plan("x")))
    assert page.ids == other.ids
    assert not page.handlers
    for table in ("organizations", "branches", "counties", "schools"):
        for record in getattr(plan.instance, table):
            assert record.name in page.text
    for (kind, said), (_, want) in zip(page.scripts, other.scripts, strict=True):
        if kind != "application/json":
            assert said == want
        elif '"school":[' in said:
            assert [row[1] for row in json.loads(said)["school"]] == [school.name for school in plan.instance.schools]


def test_a_plan_without_pairs_has_a_report(tmp_path: Path) -> None:
    """Nothing to draw, and nothing breaks."""
    for position, plan in enumerate(
        (matcher.Plan.from_pairs(matcher.Instance()), small_plan(county_pairs=[("U9", "C9")]))
    ):
        Page(plan.report(tmp_path / f"{position}.html").read_text(encoding="utf-8"))


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
