"""A plan as one HTML file that needs no network: what matters first, then map and tables, then everything on paper.

With the extra `report` the page answers: it searches, filters, and shows on the map what is chosen. Without it, and in
a browser that runs no scripts, it still shows every pair, every place left empty and every reason, county by county.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.base.disk import write_made
from matcher.base.errors import Lang, MissingExtra
from matcher.base.escaping import html_text
from matcher.base.seal import sealed_page
from matcher.show import figures
from matcher.show.multiples import draw_maps, pages_of
from matcher.show.outlines import Outlines
from matcher.show.page import live
from matcher.show.page.head import head
from matcher.show.page.knowledge import Knowledge
from matcher.show.page.sections import sections
from matcher.show.page.years import years
from matcher.show.pairmap import FEW
from matcher.show.picture import Picture
from matcher.show.tradeoff_figure import draw_tradeoff

if TYPE_CHECKING:
    import pandas as pd

    from matcher.plan import Plan

#: bytes from which on a figure is a smaller PNG in place of an SVG
_MOST_SVG: Final = 300_000
#: pages of maps up to which they stand in the report; more are made by `draw_maps`
_MOST_PAGES: Final = 4
#: levers named on the first screen
_MOST_LEVERS: Final = 3


def write_report(
    plan: Plan,
    path: Path,
    lang: Lang,
    *,
    replace: bool = False,
    curve: pd.DataFrame | None = None,
    outlines: Outlines | None = None,
    scripts: bool = True,
) -> Path:
    """Write the report of `plan` to `path`; the same plan gives the same bytes.

    Parameters
    ----------
    curve
        What `matcher.tradeoff` returned, if the plan's place on it shall be shown.
    outlines
        Boundaries to draw under the map.
    scripts
        Whether the page may answer, if what it needs is installed.

    Raises
    ------
    SaveError
        If the file can't be written, or is one that this library did not make or that was changed since and `replace`
        is not set; what was there still stands.
    """
    known = Knowledge.of_plan(plan, lang)
    answers = scripts and live.is_there()
    pieces = _pieces(known, curve, outlines, answers=answers)
    return write_made(path, sealed_page("".join(pieces).encode()), replace=replace)


def _pieces(known: Knowledge, curve: pd.DataFrame | None, outlines: Outlines | None, *, answers: bool) -> Iterator[str]:
    plan, title = known.plan, known.said("title")
    styles = (live.style() if answers else "") + _style()
    yield f'<!doctype html>\n<html lang="{known.lang}"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    finder = live.finder(known) if answers else ""
    if answers:
        yield f"<script>{live.BEGINNING}</script>"
    yield f"<style>{styles}</style></head><body><header><h1>{title}</h1>{finder}</header>\n"
    levers = plan.known_levers[:_MOST_LEVERS]
    yield from head(known, [lever.text(known.lang) for lever in levers])
    if answers:
        yield from live.board(known)
        yield from live.scripts(known, outlines)  # here: they answer while the rest of the page is still being read
    else:
        yield f'<p class="hint">{known.said("static")}</p>\n'
    yield from _figures(known, curve, outlines)
    yield from years(known)
    yield from _strangers(known)
    yield f'<section id="asked"><h2>{known.said("policy")}</h2><ul>'
    yield from (f"<li>{html_text(sentence)}</li>" for sentence in plan.policy.sentences(known.lang, plan.instance))
    yield f"</ul>\n<h2>{known.said('warnings')}</h2><ul>"
    yield from (f"<li>{html_text(notice.text(known.lang))}</li>" for notice in plan.warnings)
    yield f"</ul>\n<p>{known.said('digest', digest=plan.instance.digest)}</p></section>\n"
    # where scripts run, a <noscript> is one text: thousands of rows need no nodes before somebody asks for them
    yield '<div id="sections"></div><noscript id="kept">' if answers else ""
    for kind in ("county", "organization"):
        yield from sections(known, kind)
    if answers:
        yield f"</noscript>\n<script>{live.END}</script>\n"
    yield "</body></html>\n"


def _style() -> str:
    return resources.files("matcher").joinpath("data/report/page.css").read_text(encoding="utf-8")


def _figures(known: Knowledge, curve: pd.DataFrame | None, outlines: Outlines | None) -> Iterator[str]:
    plan, lang = known.plan, known.lang
    if not len(plan.county_pairs):
        return
    try:
        for name, draw in _drawings(plan, lang, outlines).items():
            # where the page answers, the map that answers stands for it on the screen
            yield _figure(known.said(f"figure.{name}"), draw(), ' class="static"' if name == "map" else "")
        if len(plan.instance.counties) > FEW and pages_of(plan.instance) <= _MOST_PAGES:
            for picture in draw_maps(plan, lang=lang, boundaries=outlines):
                yield _figure(known.said("figure.map"), picture, ' class="static"')
        if curve is not None:
            place = {known.plain("this_plan"): plan}
            yield _figure(known.said("curve"), draw_tradeoff(curve, beside=place, lang=lang))
    except MissingExtra as error:
        yield f"<p>{html_text(error)}</p>\n"


def _figure(caption: str, picture: Picture, attributes: str = "") -> str:
    svg = picture.svg()
    kind, content = ("svg+xml", svg) if len(svg) <= _MOST_SVG else ("png", _few_colors(picture.png()))
    said = base64.b64encode(content).decode("ascii")
    return f'<figure{attributes}><img loading="lazy" alt="{caption}" src="data:image/{kind};base64,{said}"></figure>\n'


def _few_colors(png: bytes) -> bytes:
    """Return a picture with a palette: a third of the bytes, and nobody sees it on lines and letters."""
    from PIL import Image

    target = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(128).save(target, format="png", optimize=True)
    return target.getvalue()


def _drawings(plan: Plan, lang: Lang, outlines: Outlines | None) -> dict[str, Callable[[], Picture]]:
    county, school = plan.county_pairings, plan.school_pairings
    drawn: dict[str, Callable[[], Picture]] = {"map": lambda: plan.map(lang=lang, boundaries=outlines)}
    if not any(plan.strangers.values()):
        drawn["histogram"] = lambda: figures.draw_histogram(county, school, lang=lang)
        if len(plan.instance.schools):
            drawn["coverage"] = lambda: figures.draw_coverage(plan.instance, school, lang=lang)
    return drawn


def _strangers(known: Knowledge) -> Iterator[str]:
    """Yield the pairs of a plan by hand with ids that no table has."""
    pairs: Sequence[tuple[str, str]] = [pair for pairs in known.plan.strangers.values() for pair in pairs]
    if pairs:
        items = "".join(f"<li>{html_text(provider)} – {html_text(recipient)}</li>" for provider, recipient in pairs)
        yield f"<h2>{known.said('strangers')}</h2><ul>{items}</ul>\n"
