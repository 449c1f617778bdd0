"""What a study leaves: tables, figures and a manifest, the same bytes on every machine with the same versions."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final
from xml.sax.saxutils import escape

import numpy as np

from matcher._version import __version__
from matcher.base.errors import Lang, text
from matcher.files.writing import csv_bytes
from matcher.online.measures import interval
from matcher.words.catalogue import has_text

_LIBRARIES: Final = ("numpy", "scipy", "ortools", "pandas", "pydantic", "pyproj")
_COLOURS: Final = ("#1b6ca8", "#c8553d", "#4f7942", "#7d5ba6", "#b8860b", "#555555")
_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 320, 170, 40


def band_rows(rows: Sequence[Mapping[str, Any]], measures: Sequence[str]) -> list[list[Any]]:
    """Return instance, policy, year, measure, seeds, mean, low and high of every measure."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["instance"], row["policy"], row.get("year")), []).append(row)
    found = []
    for measure in measures:
        for key, mine in groups.items():
            values = [row[measure] for row in mine if row.get(measure) is not None]
            if values:
                low, high = interval(values)
                found.append([*key, measure, len(values), _short(np.mean(values)), _short(low), _short(high)])
    return found


def difference_rows(
    rows: Sequence[Mapping[str, Any]], measures: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> list[list[Any]]:
    """Return instance, the two policies, measure, pairs, mean difference, low and high, and how often it is above 0.

    A pair is a seed: the years of one are not independent of each other, and their mean difference counts once.
    """
    at = {(row["instance"], row["policy"], row["seed"], row.get("year")): row for row in rows}
    found = []
    for one, other in pairs:
        for instance in dict.fromkeys(row["instance"] for row in rows):
            keys = [key for key in at if key[0] == instance and key[1] == one]
            for measure in measures:
                by_seed: dict[Any, list[float]] = {}
                for key in keys:
                    mine, theirs = (row.get(measure) for row in (at[key], at.get((instance, other, *key[2:]), {})))
                    if mine is not None and theirs is not None:
                        by_seed.setdefault(key[2], []).append(float(mine) - float(theirs))
                values = [float(np.mean(each)) for each in by_seed.values()]
                if values:
                    low, high = interval(values)
                    above = sum(value > 0 for value in values) / len(values)
                    mean = _short(np.mean(values))
                    found.append([instance, one, other, measure, len(values), mean, _short(low), _short(high), above])
    return found


def _short(value: Any) -> float:
    """Return a number to ten digits, which no order of adding changes."""
    return float(f"{float(value):.10g}")


def ticks_of(low: float, high: float) -> list[float]:
    """Return round numbers around a range, at most seven."""
    high = high if high > low else low + (abs(low) or 1.0)
    step = next(each for each in _steps((high - low) / 5) if math.ceil(high / each) - math.floor(low / each) <= 6)
    return [step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _steps(least: float) -> Iterator[float]:
    """Yield round steps from one near the least on."""
    power = math.floor(math.log10(least))
    for exponent in range(power, power + 3):
        yield from (float(f"{digit}e{exponent}") for digit in (1, 2, 5))


def _word(kind: str, name: str, lang: Lang) -> str:
    key = f"study.{kind}.{name}"
    return text(key, lang) if has_text(key) else name


def figure(measure: str, rows: list[list[Any]], title: str, lang: Lang) -> bytes:
    """Return one measure as SVG: a dot with its interval a policy, or a line over the years with its band."""
    mine = [row for row in rows if row[3] == measure]
    ticks = ticks_of(min(row[6] for row in mine), max(row[7] for row in mine))
    low, high = ticks[0], ticks[-1]
    alone = len({row[0] for row in mine}) == 1
    known = {(row[1], row[0]): _word("policy", row[1], lang) + ("" if alone else f" · {row[0]}") for row in mine}
    head = ("：" if lang == "zh" else ": ").join(filter(None, (title, _word("measure", measure, lang))))
    years = sorted({row[2] for row in mine if row[2] is not None})
    height = _HEIGHT if years else _TOP + 30 * len(known) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif" '
        'font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="20" font-size="14">{escape(head)}</text>',
    ]

    def across(value: float) -> float:
        return float(_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - 30))

    def upward(value: float) -> float:
        return float(height - 30 - (value - low) / (high - low) * (height - 30 - _TOP))

    for value in ticks:
        label = f"{value:,.10g}"
        if years:
            y = upward(value)
            parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - 30}" stroke="#e4e4e4"/>')
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        else:
            x = across(value)
            parts.append(f'<path d="M{x:.1f} {_TOP}V{height - 30}" stroke="#e4e4e4"/>')
            parts.append(f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle">{label}</text>')
    for n, (both, name) in enumerate(known.items()):
        colour, some = _COLOURS[n % len(_COLOURS)], [row for row in mine if (row[1], row[0]) == both]
        if years:
            some.sort(key=lambda row: row[2])
            places = [_LEFT + (years.index(row[2]) + 0.5) / len(years) * (_WIDTH - _LEFT - 30) for row in some]
            band = [*zip(places, (upward(row[7]) for row in some), strict=True)]
            band += [*zip(places[::-1], (upward(row[6]) for row in some[::-1]), strict=True)]
            line = [*zip(places, (upward(row[5]) for row in some), strict=True)]
            parts.append(f'<polygon points="{_points(band)}" fill="{colour}" fill-opacity="0.2"/>')
            parts.append(f'<polyline points="{_points(line)}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts.append(f'<text x="10" y="{_TOP + 20 + 18 * n}" fill="{colour}">{escape(name)}</text>')
        else:
            y, row = _TOP + 15 + 30 * n, some[0]
            parts.append(f'<text x="10" y="{y + 4}">{escape(name)}</text>')
            ends = (across(row[6]), across(row[7]))
            parts.append(f'<path d="M{ends[0]:.1f} {y}H{ends[1]:.1f}" stroke="{colour}" stroke-width="3"/>')
            parts.append(f'<circle cx="{across(row[5]):.1f}" cy="{y}" r="5" fill="{colour}"/>')
    for n, year in enumerate(years):
        middle = _LEFT + (n + 0.5) / len(years) * (_WIDTH - _LEFT - 30)
        parts.append(f'<text x="{middle:.1f}" y="{height - 10}" text-anchor="middle">{year}</text>')
    return ("\n".join([*parts, "</svg>"]) + "\n").encode()


def panels(figures: Sequence[bytes]) -> bytes:
    """Return the figures of all measures one below the other as one SVG."""
    parts, top = [], 0
    for content in figures:
        root = content.decode()
        height = int(root.split('height="', 1)[1].split('"', 1)[0])
        parts.append(root.replace("<svg ", f'<svg y="{top}" ', 1).rstrip("\n"))
        top += height
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}">'
    return ("\n".join([head, *parts, "</svg>"]) + "\n").encode()


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def run_table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return every run as CSV."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return csv_bytes(names, [[row.get(name) for name in names] for row in rows])


def manifest(study: Any, inputs: Mapping[str, str], outputs: Mapping[str, bytes], command: str) -> bytes:
    """Return what the study was made of and with, and the SHA-256 of all that it left."""
    content = {
        "format": "matcher.study/1",
        "study": study.model_dump(mode="json"),
        "study_sha256": study.digest(),
        "inputs_sha256": dict(inputs),
        "outputs_sha256": {name: sha256(content).hexdigest() for name, content in sorted(outputs.items())},
        "versions": {"matcher": __version__, "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        "command": command,
    }
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
