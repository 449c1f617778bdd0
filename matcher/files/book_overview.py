"""The first page of a plan's workbook, for whoever decides: five numbers, a paragraph, what is to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from matcher.base.display import amount, number, percent
from matcher.base.errors import text
from matcher.files.book_tables import Book
from matcher.files.bookform import Grid
from matcher.files.sheets import TextLine
from matcher.show.summary import status_words
from matcher.show.witnesswords import witness_words

#: counties named on the page, the shortest of children first
_NAMED: Final = 5
#: warnings shown in full
_MOST_WARNINGS: Final = 4


def figures(book: Book) -> Grid:
    """Return the numbers that a leader asks for, by name."""
    metrics, say = book.plan.metrics, book.say
    rows: list[list[Any]] = []

    def part(name: str, covered: str, whole: str, share: str) -> None:
        if metrics[whole]:
            said = say("of", part=metrics[covered], whole=metrics[whole], share=percent(metrics[share]))
            rows.append([say(f"figure.{name}"), said])

    part("counties", "counties_covered", "counties", "counties_share")
    part("schools", "schools_covered", "schools", "schools_share")
    table = "schools" if metrics["schools"] else "counties"
    part("children", f"{table}_children_covered", f"{table}_children", f"{table}_children_share")
    level = "school" if metrics["school_pairs"] else "county"
    if metrics[f"{level}_pairs"]:
        fields = {name: number(metrics[f"{level}_km_{name}"]) for name in ("mean", "p95", "max")}
        rows.append([say(f"figure.{level}_km"), say("spread", **fields)])
    if book.plan.instance.previous:
        kept = sum(int(metrics[f"{level}_kept"] or 0) for level in ("county", "school"))
        ended = sum(int(metrics[f"{level}_ended"] or 0) for level in ("county", "school"))
        rows.append([say("figure.kept"), say("kept_of", kept=kept, whole=kept + ended, ended=ended)])
    else:
        used, whole = metrics["organizations_used"], metrics["organizations"]
        rows.append([say("figure.used"), say("used_of", used=used, whole=whole)])
    return Grid(("figure", "value"), (say("figure"), say("value")), ("text", "text"), rows)


def overview(book: Book, shown: Grid, sheets: Sequence[str]) -> list[TextLine]:
    """Return the page line by line; `sheets` are the names of the sheets that follow."""
    say, plan = book.say, book.plan
    lines = [TextLine("title", say("title")), TextLine("text", say("stands", status=status_words(plan, book.lang)))]
    if plan.witness is not None:
        lines.append(TextLine("text", witness_words(plan.witness, book.lang)))
    lines += [TextLine("head", say("head.figures")), *(TextLine("figure", *row) for row in shown.rows)]
    lines += [TextLine("head", say("head.words")), TextLine("text", _paragraph(book))]
    lines += [TextLine("head", say("head.decide")), *(TextLine("text", line) for line in _decisions(book))]
    lines.append(TextLine("head", say("head.read")))
    lines += [TextLine("figure", say(f"sheet.{name}"), say(f"read.{name}")) for name in sheets]
    lines.append(TextLine("head", say("head.sign")))
    return [*lines, *(TextLine("sign", say(f"sign.{who}")) for who in ("made", "checked", "decided", "date"))]


def _paragraph(book: Book) -> str:
    metrics = book.plan.metrics
    fields = {
        "counties": metrics["counties_covered"],
        "organizations": metrics["organizations_used"],
        "branches": metrics["branches_used"],
        "schools": metrics["schools_covered"],
        "children": f"{metrics['schools_children_covered'] or metrics['counties_children_covered']:,}",
        "left": f"{int(metrics['schools_children'] or 0) - int(metrics['schools_children_covered'] or 0):,}",
        "left_schools": int(metrics["schools"] or 0) - int(metrics["schools_covered"] or 0),
    }
    said = book.say("paragraph" if metrics["schools"] else "paragraph.counties", **fields)
    rate = book.plan.policy.child_km
    if rate is not None and metrics["schools"] and any(o.name == "convenience" for o in book.plan.policy.objectives):
        said += book.say("paragraph.rate", rate=f"{rate:g}")
    proved = bool(book.plan.levels) and all(level.gap == 0 for level in book.plan.levels)
    gaps = [level for level in book.plan.levels if level.gap]
    if proved:
        said += book.say("paragraph.proved")
    elif gaps:
        said += book.say("paragraph.gap", gap=amount(gaps[0].gap, gaps[0].unit, book.lang))
    return said


def _decisions(book: Book) -> list[str]:
    """Return what is left to decide: counties without a partner, counties that are short, doubts about the data."""
    say, lines = book.say, []
    counties = [row for row in book.plan.unmatched_rows if row.kind == "county"]
    alone = [row for row in counties if not book.of_recipient["county"][_position(book, row.id)]]
    if alone:
        names = book.listed([book.called("county", row.id) for row in alone[:_NAMED]])
        lines.append(say("decide.alone", count=len(alone), names=names, remedy=book.remedy(alone[0])))
    table = book.counties()
    if "children_short" in table.names:
        short, name = table.names.index("children_short"), table.names.index("county_id")
        rows = sorted((row for row in table.rows if row[short]), key=lambda row: (-row[short], row[name]))
        for row in rows[:_NAMED]:
            cells = dict(zip(table.names, row, strict=True))
            fields = {"name": cells.get("county_name") or cells["county_id"], "remedy": cells.get("remedy") or ""}
            lines.append(say("decide.short", children=cells["children_short"], **fields))
        if len(rows) > _NAMED:
            lines.append(say("decide.more", count=len(rows) - _NAMED, sheet=say("sheet.counties")))
    warnings = [notice.text(book.lang) for notice in book.plan.warnings if notice.code != "unknown_column"]
    lines += [say("decide.data", warning=warning) for warning in warnings[:_MOST_WARNINGS]]
    if len(warnings) > _MOST_WARNINGS:
        lines.append(say("decide.warnings", count=len(warnings) - _MOST_WARNINGS, sheet=say("sheet.policy")))
    return lines or [say("decide.nothing")]


def _position(book: Book, county: str) -> int:
    return book.plan.problem.arrays.counties.index[county]


def policy_lines(book: Book, proof: str, levels: Sequence[str], digest: str, version: str) -> list[TextLine]:
    """Return the page of the policy, of what was proved, and of what to know."""
    say, lang = book.say, book.lang
    lines = [TextLine("title", say("sheet.policy")), TextLine("head", say("head.policy"))]
    lines += [TextLine("text", sentence) for sentence in book.plan.policy.sentences(lang, book.plan.instance)]
    lines += [TextLine("head", say("head.proof")), TextLine("text", proof)]
    lines += [_level(line, lang) for line in levels]
    if book.plan.warnings:
        lines.append(TextLine("head", say("head.warnings")))
        lines += [TextLine("text", notice.text(lang)) for notice in book.plan.warnings]
    lines.append(TextLine("head", text("book.head.source", lang)))
    return [*lines, TextLine("text", say("versions", versions=version)), TextLine("text", say("digest", digest=digest))]


def _level(line: str, lang: str) -> TextLine:
    """Return a line of a table for a terminal as a name and what is said of it."""
    parts = [part.strip() for part in line.strip().split("  ") if part.strip()]
    if len(parts) < 3:
        return TextLine("text", line.strip())
    return TextLine("figure", f"{parts[0]}. {parts[1]}", ("；" if lang == "zh" else "; ").join(parts[2:]))
