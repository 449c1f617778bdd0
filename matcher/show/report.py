"""A plan as one HTML file that needs no network: summary, figures, pairs, who is left over and why, proof."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base.disk import write_made
from matcher.base.display import amount, title
from matcher.base.errors import MissingExtra, text
from matcher.base.escaping import html_text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.seal import sealed_page
from matcher.outcome.changes import CAUSES, KINDS, classify
from matcher.outcome.unmatched import detail_words
from matcher.show import figures
from matcher.show.summary import level_verdict, plan_summary

if TYPE_CHECKING:
    from matcher.base.errors import Lang
    from matcher.plan import Plan
    from matcher.show.picture import Picture

_STYLE: Final = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;color:#222;max-width:72rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
pre{background:#f6f4ef;padding:1rem;overflow-x:auto;font:13px/1.5 ui-monospace,"Noto Sans Mono CJK SC",monospace}
table{border-collapse:collapse;font-size:13px}th,td{border-bottom:1px solid #ddd;padding:.2rem .7rem;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}thead th{background:#f6f4ef;position:sticky;top:0}
details{margin:.5rem 0}summary{cursor:pointer;font-weight:600}figure{margin:1rem 0}img{max-width:100%}
@media print{details{display:block}thead th{position:static}}
"""
#: figures in the order of the report: key of its heading, and how to draw it
_FIGURES: Final = ("map", "histogram", "coverage")


def write_report(plan: Plan, path: Path, lang: Lang, *, replace: bool = False) -> Path:
    """Write the report of `plan` to `path`; the same plan gives the same bytes.

    Raises
    ------
    SaveError
        If the file can't be written, or is one that this library did not make or that was changed since and `replace`
        is not set; what was there still stands.
    """
    return write_made(path, sealed_page("".join(_pieces(plan, lang)).encode()), replace=replace)


def _pieces(plan: Plan, lang: Lang) -> Iterator[str]:
    head = _said("report.title", lang)
    yield f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{head}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body><h1>{head}</h1>\n<pre>{html_text(plan_summary(plan, lang))}</pre>\n"
    yield from _figures(plan, lang)
    yield f"<h2>{_said('report.policy', lang)}</h2><ul>"
    yield from (f"<li>{html_text(sentence)}</li>" for sentence in plan.policy.sentences(lang))
    yield f"</ul>\n<h2>{_said('report.levels', lang)}</h2>\n"
    yield from _levels(plan, lang)
    for level in SIDES:
        yield from _section(
            f"report.{level}_pairs", lang, len(plan.pairs(level)), _pair_rows(plan, level, lang), _PAIR_HEADS[level]
        )
    yield from _section(
        "report.unmatched", lang, len(plan.unmatched_rows), _unmatched_rows(plan, lang), _UNMATCHED_HEADS
    )
    ended = list(_ended_rows(plan, lang))
    yield from _section("report.ended", lang, len(ended), ended, _ENDED_HEADS)
    yield f"<h2>{_said('report.warnings', lang)}</h2><ul>"
    yield from (f"<li>{html_text(notice.text(lang))}</li>" for notice in plan.warnings)
    yield f"</ul>\n<p>{_said('report.digest', lang, digest=plan.instance.digest)}</p></body></html>\n"


def _said(key: str, lang: str, **fields: Any) -> str:
    return html_text(text(key, lang, **fields))


def _figures(plan: Plan, lang: Lang) -> Iterator[str]:
    if not len(plan.county_pairs):
        return
    try:
        for name, draw in _drawings(plan, lang).items():
            picture = base64.b64encode(draw().svg()).decode("ascii")
            caption = _said(f"report.{name}", lang)
            yield f'<figure><img alt="{caption}" src="data:image/svg+xml;base64,{picture}"></figure>\n'
    except MissingExtra as error:
        yield f"<p>{html_text(error)}</p>\n"


def _drawings(plan: Plan, lang: Lang) -> dict[str, Callable[[], Picture]]:
    county, school = plan.county_pairings, plan.school_pairings
    drawn: dict[str, Callable[[], Picture]] = {"map": lambda: plan.map(lang=lang)}
    if not any(plan.strangers.values()):
        drawn["histogram"] = lambda: figures.draw_histogram(county, school, lang=lang)
        if len(plan.instance.schools):
            drawn["coverage"] = lambda: figures.draw_coverage(plan.instance, school, lang=lang)
    return drawn


def _levels(plan: Plan, lang: Lang) -> Iterator[str]:
    rows = [
        (
            title(level.name, lang),
            amount(level.value, level.unit, lang),
            amount(level.bound, level.unit, lang),
            level_verdict(level, lang),
            level.method,
        )
        for level in plan.levels
    ]
    yield _table(rows, ("level", "value", "bound", "verdict", "method"), lang)


_PAIR_HEADS: Final = {
    "county": ("county", "organization", "km", "minutes", "kept", "since"),
    "school": ("school", "branch", "county", "organization", "km", "minutes", "kept", "since"),
}
_UNMATCHED_HEADS: Final = ("kind", "name", "missing", "reason", "detail")
_ENDED_HEADS: Final = ("kind", "provider", "recipient", "ended", "cause")
_NUMBERS: Final = {"km", "minutes", "missing", "since"}


def _section(key: str, lang: Lang, count: int, rows: Any, heads: Sequence[str]) -> Iterator[str]:
    if count:
        is_open = " open" if count <= 100 else ""
        yield f"<details{is_open}><summary>{_said(key, lang)} ({count:,})</summary>\n"
        yield f"{_table(rows, heads, lang)}</details>\n"


def _table(rows: Any, heads: Sequence[str], lang: Lang) -> str:
    classes = [' class="n"' if name in _NUMBERS else "" for name in heads]
    header = "".join(
        f"<th{kind}>{_said(f'report.head.{name}', lang)}</th>" for name, kind in zip(heads, classes, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{html_text(cell)}</td>" for cell, kind in zip(row, classes, strict=True))
        + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>\n{body}</tbody></table>\n"


def _pair_rows(plan: Plan, level: str, lang: Lang) -> Iterator[tuple[str, ...]]:
    frame = plan.county_pairings if level == "county" else plan.school_pairings
    tables = {KIND_OF_TABLE[table]: _names(plan, table) for tables in SIDES.values() for table in tables}
    for row in frame.to_dict("records"):
        named = [
            tables[kind].get(row[f"{kind}_id"], row[f"{kind}_id"]) for kind in _PAIR_HEADS[level] if kind in tables
        ]
        kept = text("report.yes", lang) if row["kept"] else ""
        numbers = (_cell(row["km"]), _cell(row["minutes"]), kept, _cell(row["since"], digits=0))
        yield (*(_cell(name) for name in named), *numbers)


def _cell(value: Any, *, digits: int = 3) -> str:
    import pandas as pd

    if pd.isna(value):
        return ""
    return value if isinstance(value, str) else f"{value:.{digits}f}"


def _names(plan: Plan, table: str) -> dict[str, str]:
    return {record.id: f"{record.name} {record.id}".strip() for record in getattr(plan.instance, table)}


def _unmatched_rows(plan: Plan, lang: Lang) -> Iterator[tuple[str, ...]]:
    tables = {kind: _names(plan, table) for table, kind in KIND_OF_TABLE.items()}
    for row in plan.unmatched_rows:
        reason = text(f"reason.{row.reason}", lang)
        yield (
            text(f"word.{row.kind}", lang),
            tables[row.kind][row.id],
            str(row.missing),
            reason,
            detail_words(row.detail, lang),
        )


def _ended_rows(plan: Plan, lang: Lang) -> Iterator[tuple[str, ...]]:
    changes = classify(plan.problem, plan.county_pairs, plan.school_pairs)
    for level in SIDES:
        ended = changes[level].ended
        names = [_names(plan, table) for table in SIDES[level]]
        rows = zip(ended.provider_id, ended.recipient_id, changes[level].kind, changes[level].cause, strict=True)
        for provider, recipient, kind, cause in rows:
            yield (
                text(f"word.{level}", lang),
                names[0].get(provider, provider),
                names[1].get(recipient, recipient),
                text(f"ended.{KINDS[kind]}", lang),
                text(f"cause.{CAUSES[cause]}", lang),
            )
