"""Words on a screen: numbers with their units, aligned columns, HTML for notebooks."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from matcher.base.errors import text
from matcher.base.escaping import html_text
from matcher.base.numbers import M_PER_KM, S_PER_MIN

Metric = int | float | None


def amount(value: int | None, unit: str, lang: str) -> str:
    """Return an exact integer in the unit a planner reads: metres as km, seconds as minutes."""
    if value is None:
        return text("summary.unknown", lang)
    if unit == "m":
        return f"{value / M_PER_KM:,.3f} {text('summary.unit.km', lang)}"
    if unit == "s":
        return f"{value / S_PER_MIN:,.1f} {text('summary.unit.min', lang)}"
    return f"{value:,} {unit_words(unit, lang)}"


def unit_words(unit: str, lang: str) -> str:
    """Return the word for the unit of a count."""
    known = ("children", "counties", "schools", "pairs", "organizations")
    return text(f"summary.unit.{unit}", lang) if unit in known else unit


def number(value: Metric) -> str:
    """Return kilometres or minutes with one digit, a dash for nothing."""
    return "–" if value is None else f"{value:,.1f}"


def percent(value: Metric, *, digits: int = 1) -> str:
    """Return a share as a percentage, a dash for nothing."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with aligned columns; a Chinese character is two columns wide."""
    if not rows:
        return []
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell + " " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def display_width(said: str) -> int:
    """Return how many columns of a terminal `said` takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in said)


def as_html(said: str) -> str:
    """Return text as HTML for a notebook, safe whatever it holds."""
    return f"<pre>{html_text(said)}</pre>"


def title(name: str, lang: str = "en") -> str:
    """Return the words for the name of a level, such as "cover_schools[贵州省]" or "fair_school_travel>=50km"."""
    base = name.split("[")[0].split(">=")[0]
    return text(f"objective.{base}", lang) + name[len(base) :]
