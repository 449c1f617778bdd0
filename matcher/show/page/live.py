"""The part of the page that answers: a map beside tables that filter, sort and search, both ways linked.

The map is Bokeh's and the tables are DataTables', as their wheels bring them (the extra `report`); `page.js` only joins
the two. Everything that this part shows stands in the static part of the page too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.util import find_spec
from typing import Any, Final

from matcher.base.plain import safe_text
from matcher.show.outlines import Outlines
from matcher.show.page.knowledge import Knowledge, PairSaid
from matcher.show.page.livemap import live_map

#: tables of the page, in the order of their tabs, and the columns of each
COLUMNS: Final = {
    "county": ("county", "province", "children", "organization", "km", "was", "schools_reached", "share", "why"),
    "organization": ("organization", "type", "province", "county", "km", "was", "branches", "free", "why"),
    "school": ("school", "county", "children", "branch", "organization", "km", "was", "why"),
}
_WORDS: Final = (
    *("search", "info", "none", "empty", "first", "previous", "next", "last", "page", "print", "close", "focus"),
    *("contains", "notContains", "equal", "notEqual", "starts", "ends", "isempty", "notEmpty", "clear", "greater"),
    *("greaterOrEqual", "less", "lessOrEqual", "between", "filter", "school_of", "unserved", "rows", "sort", "nearest"),
)
#: runs before anything is drawn: says that scripts run, and how to show all that the page has should they fail
BEGINNING: Final = (
    'var root=document.documentElement;root.className="live";function unfold(){root.className="";'
    'var show=function(){document.getElementById("sections").innerHTML=document.getElementById("kept").textContent};'
    'document.readyState==="loading"?addEventListener("DOMContentLoaded",show):show()}'
)
#: asks a browser that knows it to compile all at once, beside the page's other work, in place of piece by piece
_EAGER: Final = "//# allFunctionsCalledOnLoad\n"
#: runs last: a browser that can't even read the scripts shows all
END: Final = "window.begun||unfold()"
#: the tables' script is a module, and a page from a file can import one only from its own memory; it is read while the
#: next script runs
_FETCHED: Final = (
    'var said=JSON.parse(document.getElementById("report-tables").textContent);window.fetched='
    'import(URL.createObjectURL(new Blob([said],{type:"text/javascript"})));fetched.catch(()=>0)'
)


def is_there() -> bool:
    """Whether the libraries of the extra `report` are installed."""
    return find_spec("bokeh") is not None and find_spec("itables") is not None


def style() -> str:
    """Return the style sheet of the tables."""
    return _asset("itables", "html/dt_bundle.css")


def board(known: Knowledge) -> Iterator[str]:
    """Yield the place of the map and the tables; hidden until the scripts show it."""
    tabs = "".join(
        f'<label><input type="radio" name="tab" value="{kind}"{" checked" if kind == "school" else ""}>'
        f'{known.said(f"tab.{kind}")} <span id="n-{kind}"></span></label>'
        for kind in ("school", "county", "organization")
    )
    panes = "".join(_pane(known, kind) for kind in COLUMNS)
    yield (
        f'<div id="board" hidden><div id="left"><div id="map" role="img" aria-label="{known.said("map.label")}"></div>'
        f'<div id="detail" aria-live="polite"><p class="hint">{known.said("hint")}</p></div></div>\n'
        f'<div id="right"><div id="tabs" role="group" aria-label="{known.said("tabs")}">{tabs}'
        f'<button type="button" id="focus" hidden></button></div>{panes}</div></div>\n'
    )


def _pane(known: Knowledge, kind: str) -> str:
    """Return an empty table with its head; its last column, the id, is searched and not shown."""
    heads = "".join(f"<th>{known.said(f'head.{name}')}</th>" for name in (*COLUMNS[kind], "id"))
    table = f'<table id="t-{kind}" class="display compact"><thead><tr>{heads}</tr></thead></table>'
    return f'<div class="pane" id="p-{kind}">{table}</div>'


def finder(known: Knowledge) -> str:
    """Return the box that searches everything."""
    label = known.said("find")
    return (
        f'<div id="finder" hidden><label for="q">{label}</label> <input id="q" type="search" autocomplete="off" '
        f'placeholder="{known.said("find.what")}"></div>'
    )


def scripts(known: Knowledge, outlines: Outlines | None) -> Iterator[str]:
    """Yield the data, the libraries and what joins them, all inline."""
    from bokeh.resources import Resources

    yield _data("report-data", data_of(known))
    yield _data("report-map", live_map(known, outlines))
    yield _data("report-tables", _asset("itables", "html/dt_bundle.js"))
    yield f"<script>{_FETCHED}</script>\n"
    bokeh = "\n".join(Resources(mode="inline", components=["bokeh"], minified=True).js_raw)
    yield f'<script type="text/plain" id="report-bokeh">{_EAGER}{bokeh}</script>\n'
    yield f"<script>{_asset('matcher', 'data/report/page.js')}</script>\n"


def _asset(package: str, path: str) -> str:
    return resources.files(package).joinpath(path).read_text(encoding="utf-8")


def _data(name: str, value: Any) -> str:
    """Return JSON in a script that is not run; no text in it can end the element or begin a comment."""
    said = safe_text(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    for sign in "<>&\u2028\u2029":
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{name}">{said}</script>\n'


def data_of(known: Knowledge) -> dict[str, Any]:
    """Return what the scripts show: rows of the tables with the positions of partners in place of their names."""
    arrays = known.plan.problem.arrays
    said: dict[str, int] = {}  # how long a pair stands is one of a few texts, and so is why somebody is short
    reasons: dict[str, int] = {}

    def pairs_of(pairs: Sequence[PairSaid], side: int) -> list[list[Any]]:
        return [
            [pair.recipient if side == 0 else pair.provider for pair in pairs],
            [round(pair.km, 1) for pair in pairs],
            [said.setdefault(known.was(pair), len(said)) for pair in pairs],
        ]

    def why_of(kind: str, i: int) -> list[Any] | int:
        found = known.reason(kind, i)
        return 0 if found is None else [reasons.setdefault(found[0], len(reasons)), *found[1:]]

    schools = [
        [
            known.ids["school"][i], known.names["school"][i], int(arrays.schools.parent[i]),
            int(arrays.schools.children[i]), *pairs_of(known.partners("school", i), 1), why_of("school", i),
        ]
        for i in range(len(arrays.schools))
    ]  # fmt: skip
    counties = [
        [*_county(known, i, pairs_of(known.partners("county", i), 1)), why_of("county", i)]
        for i in range(len(arrays.counties))
    ]
    organizations = [
        [*_organization(known, i, pairs_of(known.partners("organization", i), 0)), why_of("organization", i)]
        for i in range(len(arrays.organizations))
    ]
    branches = [
        [known.ids["branch"][i], known.names["branch"][i], int(arrays.branches.parent[i])]
        for i in range(len(arrays.branches))
    ]
    return {
        "lang": known.lang,
        "words": {name: known.plain(f"live.{name}") for name in _WORDS},
        "columns": {kind: len(names) for kind, names in COLUMNS.items()},
        "was": list(said),
        "reasons": list(reasons),
        "county": counties,
        "organization": organizations,
        "school": schools,
        "branch": branches,
    }


def _county(known: Knowledge, i: int, pairs: list[list[Any]]) -> list[Any]:
    arrays, schools = known.plan.problem.arrays, known.inside["county"].get(i, ())
    children = arrays.schools.children
    reached = [school for school in schools if known.partners("school", school)]
    every = int(children[list(schools)].sum()) if schools else 0
    share = round(100 * int(children[reached].sum()) / every, 1) if every else None
    record = known.records("county")[i]
    numbers = [len(reached), len(schools), share]
    count = int(arrays.counties.children[i])
    return [record.id, known.names["county"][i], record.province or "", count, *pairs, *numbers]


def _organization(known: Knowledge, i: int, pairs: list[list[Any]]) -> list[Any]:
    branches, record = known.inside["organization"].get(i, ()), known.records("organization")[i]
    free = sum(known.short["branch"][branch].missing for branch in branches if branch in known.short["branch"])
    kind = known.word(f"word.{record.kind}") if record.kind else ""
    return [record.id, known.names["organization"][i], kind, record.province or "", *pairs, len(branches), free]
