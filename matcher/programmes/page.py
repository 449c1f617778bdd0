"""The plan of a programme as one HTML file without network or script: overview, map, every row of every frame.

The map is drawn with kilometres alike in both directions at its middle latitude: who provides as squares, who is served
as dots (hollow where nobody serves them), a line a pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.disk import write_made
from matcher.base.errors import Lang, text
from matcher.base.escaping import html_text
from matcher.base.seal import sealed_page
from matcher.files.sheets import SheetColumn
from matcher.programmes.book import overview, sheet
from matcher.programmes.forms import word

if TYPE_CHECKING:
    from matcher.programmes.result import ProgrammePlan

_WIDTH, _TALLEST, _MARGIN = 900, 900, 12
#: pairs and places up to which a map is drawn
_MOST: Final = 20_000
_STYLE: Final = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}thead{display:table-header-group}tr{break-inside:avoid}
svg{max-width:100%;height:auto;border:1px solid #ddd}@media print{body{margin:0;max-width:none;font-size:11px}}"""


def write_page(plan: ProgrammePlan, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write a plan as a page in English or Chinese; return its path. The same plan gives the same bytes.

    Raises
    ------
    SaveError
        If the target can't be written, or is not ours to replace.
    """
    return write_made(Path(path), sealed_page("\n".join([*_lines(plan, lang), ""]).encode()), replace=replace)


def _lines(plan: ProgrammePlan, lang: Lang) -> Iterator[str]:
    head, *figures = overview(plan, lang)
    code = "zh-CN" if lang == "zh" else "en"
    yield f'<!DOCTYPE html>\n<html lang="{code}"><head><meta charset="utf-8"><title>{html_text(head.label)}</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
    yield f"<h1>{html_text(head.label)}</h1>\n<table>"
    for line in figures:
        if line.kind == "head":
            yield f"</table>\n<h2>{html_text(line.label)}</h2>\n<table>"
        else:
            yield f"<tr><th>{html_text(line.label)}</th><td>{html_text(line.value)}</td></tr>"
    yield "</table>"
    yield from _map(plan, lang)
    for name in plan.frames:
        frame = plan.frame(name)
        if len(frame):
            columns, rows = sheet(plan, name, frame, lang)
            yield f"<h2>{html_text(word('programme.frame', name, lang))} ({len(frame):,})</h2>\n<table><thead><tr>"
            yield "".join(f"<th>{html_text(column.title)}</th>" for column in columns) + "</tr></thead><tbody>"
            for row in rows:
                yield "<tr>" + "".join(map(_cell, columns, row)) + "</tr>"
            yield "</tbody></table>"
    yield "</body></html>"


def _cell(column: SheetColumn, value: Any) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, str):
        return f"<td>{html_text(value)}</td>"
    return f'<td class="n">{value:,.3f}</td>' if column.kind == "km" else f'<td class="n">{value:,}</td>'


def _map(plan: ProgrammePlan, lang: Lang) -> Iterator[str]:
    """Yield the map, if everybody is somewhere and there are not too many."""
    sides = [plan.providers, plan.recipients]
    everybody = [row for side in sides for row in side]
    if not everybody or len(everybody) > _MOST or not all(hasattr(row, "lat") for row in everybody):
        return
    lat, lon = (np.array([getattr(row, name) for row in everybody]) for name in ("lat", "lon"))
    across = (lon - lon.min()) * np.cos(np.radians((lat.min() + lat.max()) / 2))
    down = lat.max() - lat
    scale = min((_WIDTH - 2 * _MARGIN) / max(across.max(), 1e-9), (_TALLEST - 2 * _MARGIN) / max(down.max(), 1e-9))
    x, y = (np.round(_MARGIN + scale * each, 1).tolist() for each in (across, down))
    count = len(sides[0])
    names = [{row.id: n for n, row in enumerate(side)} for side in sides]
    pairs = plan.pairings
    served = {names[1][each] for each in pairs["recipient_id"]}
    giving = {names[0][each] for each in pairs["provider_id"]}
    title = text("programme.page.map", lang)
    size = f"{round(2 * _MARGIN + scale * across.max())} {round(2 * _MARGIN + scale * down.max())}"
    yield f'<h2>{html_text(title)}</h2>\n<svg viewBox="0 0 {size}" role="img" aria-label="{html_text(title)}">'
    ends = zip(pairs["provider_id"], pairs["recipient_id"], strict=True)
    lines = [(names[0][one], count + names[1][other]) for one, other in ends]
    path = "".join(f"M{x[one]} {y[one]}L{x[other]} {y[other]}" for one, other in lines)
    yield f'<path d="{path}" stroke="#888" stroke-width=".8" fill="none"/>'
    for n, row in enumerate(everybody):
        said = f"<title>{html_text(' '.join(filter(None, (row.id, getattr(row, 'name', None)))))}</title>"
        if n < count:
            fill = "#1b6ca8" if n in giving else "none"
            yield f'<rect x="{x[n] - 3:.1f}" y="{y[n] - 3:.1f}" width="6" height="6" stroke="#1b6ca8" fill="{fill}">'
            yield f"{said}</rect>"
        else:
            fill = "#c8553d" if n - count in served else "white"
            yield f'<circle cx="{x[n]}" cy="{y[n]}" r="2.5" stroke="#c8553d" fill="{fill}">{said}</circle>'
    yield f"</svg>\n<p>{html_text(text('programme.page.legend', lang))}</p>"
