"""A section a county, for the meeting there, and a section an organisation: each can be printed alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matcher.base.escaping import html_text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.show.page.knowledge import EndedSaid, Knowledge
from matcher.show.page.table import Markup, table


def sections(known: Knowledge, kind: str) -> Iterator[str]:
    """Yield the sections of every "county" or "organization", with its heading."""
    if not known.ids[kind]:
        return
    ended = _ended_by(known, kind)
    body = _schools_of if kind == "county" else _branches_of
    yield f'<section class="many"><h2>{known.said(f"sections.{kind}")}</h2>\n'
    for position in range(len(known.ids[kind])):
        yield f'<section class="one" id="{kind}-{position}"><h3><a href="#{kind}-{position}">'
        name, about = html_text(known.names[kind][position]), html_text(_about(known, kind, position))
        yield f"{name}</a> <small>{about}</small></h3>\n"
        yield from _pairs_of(known, kind, position)
        yield from body(known, position)
        yield from _ended_of(known, ended.get(position, ()))
        yield "</section>\n"
    yield "</section>\n"


def _about(known: Knowledge, kind: str, position: int) -> str:
    record = known.records(kind)[position]
    said = [known.ids[kind][position]]
    if kind == "organization" and record.kind:
        said.append(known.word(f"word.{record.kind}"))
    if record.province:
        said.append(record.province)
    if kind == "county":
        said.append(known.plain("children", children=int(known.plan.problem.arrays.counties.children[position])))
    return " · ".join(said)


def _pairs_of(known: Knowledge, kind: str, position: int) -> Iterator[str]:
    """Yield the county pairs of a county or an organisation, and why there are no more."""
    other = "organization" if kind == "county" else "county"
    pairs = known.partners(kind, position)
    lines = []
    for pair in pairs:
        partner = pair.provider if kind == "county" else pair.recipient
        name = f'<a href="#{other}-{partner}">{html_text(known.names[other][partner])}</a>'
        said = [known.ids[other][partner], known.plain("km", km=known.far(pair)), known.was_said(pair)]
        lines.append(f"{name} <small>{html_text(' · '.join(each for each in said if each))}</small>")
    missing = known.why(kind, position)
    if missing:
        wanted = known.short[kind][position].missing
        lines.append(f'<span class="why">{known.said("missing", count=wanted)} {html_text(missing)}</span>')
    if lines:
        items = "".join(f"<li>{line}</li>" for line in lines)
        yield f'<p class="with">{known.said(f"with.{kind}")}</p><ul>{items}</ul>\n'


def _schools_of(known: Knowledge, county: int) -> Iterator[str]:
    schools = known.inside["county"].get(county, ())
    if not schools:
        return
    children = known.plan.problem.arrays.schools.children
    reached = [school for school in schools if known.partners("school", school)]
    numbers = {
        "reached": len(reached),
        "schools": len(schools),
        "children_reached": int(children[reached].sum()),
        "children": int(children[list(schools)].sum()),
    }
    yield f"<p>{known.said('reached', **numbers)}</p>\n"
    heads = [known.plain(f"head.{name}") for name in ("school", "children", "branch", "km", "since")]
    several = len(known.partners("county", county)) > 1
    yield table(heads, _school_rows(known, schools, several=several), frozenset({1, 3}))
    for school in schools:
        if school in known.told:
            summary = known.said("alternatives", name=known.called("school", school))
            told = f"<pre>{html_text(known.told[school])}</pre>"
            yield f'<details id="why-{school}"><summary>{summary}</summary>{told}</details>\n'


def _school_rows(known: Knowledge, schools: Sequence[int], *, several: bool) -> Iterator[tuple[Any, ...]]:
    children, parent = known.plan.problem.arrays.schools.children, known.plan.problem.arrays.branches.parent
    for school in schools:
        name, count = _named(known, "school", school), f"{int(children[school]):,}"
        for pair in known.partners("school", school):
            branch = known.names["branch"][pair.provider]
            if several:
                branch = f"{branch} ({known.names['organization'][int(parent[pair.provider])]})"
            yield name, count, branch, known.far(pair), known.was(pair)
        why = known.why("school", school)
        if why:
            yield name, count, _short(known, "school", school, why), "", "", Markup(' class="no"')


def _branches_of(known: Knowledge, organization: int) -> Iterator[str]:
    branches = known.inside["organization"].get(organization, ())
    if not branches:
        return
    heads = [known.plain(f"head.{name}") for name in ("branch", "schools")]
    yield table(heads, _branch_rows(known, branches))


def _branch_rows(known: Knowledge, branches: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    parent = known.plan.problem.arrays.schools.parent
    for branch in branches:
        lines = []
        for pair in known.partners("branch", branch):
            name, county = _named(known, "school", pair.recipient), known.names["county"][int(parent[pair.recipient])]
            told = (county, known.plain("km", km=known.far(pair)), known.was(pair))
            lines.append(f"{name} · {html_text(' · '.join(each for each in told if each))}")
        why = known.why("branch", branch)
        if why:
            lines.append(str(_short(known, "branch", branch, why)))
        yield _named(known, "branch", branch), Markup("<br>".join(lines))


def _named(known: Knowledge, kind: str, position: int) -> Markup:
    name, code = known.names[kind][position], known.ids[kind][position]
    small = "" if name == code else f" <small>{html_text(code)}</small>"
    return Markup(html_text(name) + small)


def _short(known: Knowledge, kind: str, position: int, why: str) -> Markup:
    missing = known.said(f"short.{kind}", count=known.short[kind][position].missing)
    return Markup(f'<span class="why">{missing} {html_text(why)}</span>')


def _ended_by(known: Knowledge, kind: str) -> Mapping[int, Sequence[EndedSaid]]:
    """Return the pairs of last year that end, by the county or organisation that they concern."""
    arrays, found = known.plan.problem.arrays, defaultdict(list)
    side = 1 if kind == "county" else 0
    for each in known.ended:
        mine = each.recipient if side else each.provider
        if mine >= 0 and each.level == "school":
            mine = int((arrays.schools if side else arrays.branches).parent[mine])
        if mine >= 0:
            found[mine].append(each)
    return found


def _ended_of(known: Knowledge, ended: Sequence[EndedSaid]) -> Iterator[str]:
    if ended:
        yield f'<p class="with">{known.said("ended")}</p>{ended_table(known, ended)}'


def ended_table(known: Knowledge, ended: Sequence[EndedSaid]) -> str:
    """Return the pairs of last year that end as a table, with the cause of each."""
    heads = [known.plain(f"head.{name}") for name in ("kind", "provider", "recipient", "ended", "cause")]
    rows = [
        (
            known.word(f"word.{KIND_OF_TABLE[SIDES[each.level][1]]}"),
            each.provider_name,
            each.recipient_name,
            known.word(f"ended.{each.kind}"),
            known.word(f"cause.{each.cause}"),
        )
        for each in ended
    ]
    return table(heads, rows)
