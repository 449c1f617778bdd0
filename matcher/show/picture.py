"""What every figure shares: a font that has the characters, and bytes that are the same every time.

Only Matplotlib's object interface is used, never pyplot and never its settings, so figures can be drawn from threads
and leave a user's own plots alone.
"""

from __future__ import annotations

import io
import math
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.base.disk import write_whole
from matcher.base.errors import Fault, InvalidInput, Lang, MissingExtra, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

PAPER: Final = "#fcfbf8"
GRID: Final = "#e6e2da"
TEXT: Final = "#26292f"
FAINT: Final = "#7d786f"
#: near pairs light, far pairs dark and warm: lightness falls steadily, so the order survives grey print
SCALE: Final = ("#93cbc6", "#4a9fb8", "#4b6cae", "#6a3d96", "#94195f", "#7a0a26")

Floats = NDArray[np.float64]

#: Chinese fonts as systems name them, the best on a screen first
FAMILIES: Final = (
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Heiti SC",
    "STHeiti",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
)
#: characters that a font must have to count as Chinese
_PROBE: Final = "结对县团委儿童榕鄂"


@dataclass(frozen=True, slots=True)
class Ink:
    """The language of a figure and the font it is written in.

    Attributes
    ----------
    lang
        "en" or "zh".
    family, path
        The font, by the name of an installed family or by its file; both None for Matplotlib's own, without Chinese.
    """

    lang: Lang
    family: str | None = None
    path: str | None = None

    def font(self, size: float) -> FontProperties:
        """Return the font at `size` points."""
        from matplotlib.font_manager import FontProperties

        if self.path is not None:
            return FontProperties(fname=self.path, size=size)
        names = [self.family] if self.family is not None else []
        return FontProperties(family=[*names, "DejaVu Sans"], size=size)

    def say(self, key: str, **fields: Any) -> str:
        """Return a text of the catalogue."""
        return text(f"figures.{key}", self.lang, **fields)

    def label(self, name: str, known: str) -> str:
        """Return the name of a thing, or its id where it has none or the font can't show it."""
        return name if name and self.shows(name) else known

    def shows(self, said: str) -> bool:
        """Whether the font has every character of a text; a missing one would be a box, and a warning."""
        if said.isascii():
            return True
        if self.path is not None:
            return _characters(self.path).issuperset(map(ord, said))
        return self.family is not None and _of_families(self.family).issuperset(map(ord, said))


@cache
def _characters(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(path).get_charmap())


@cache
def _of_families(family: str) -> frozenset[int]:
    """Return what a family and Matplotlib's own font behind it have together."""
    from matplotlib.font_manager import findfont

    return _characters(findfont(family)) | _characters(findfont("DejaVu Sans"))


def ink(lang: Lang = "en", names: Iterable[str] = ()) -> Ink:
    """Return the font and language to draw in.

    A Chinese font that Matplotlib already knows is taken first, then the one of the extra `figures`. With neither, a
    figure that needs Chinese warns once, turns to English and shows ids.

    Raises
    ------
    MissingExtra
        If Matplotlib is not installed.
    """
    try:
        import matplotlib.font_manager as fonts
    except ImportError:
        raise MissingExtra("matplotlib", "figures") from None
    family = installed_family(fonts.fontManager.ttflist)
    if family is not None:
        return Ink(lang, family=family)
    path = packaged_font()
    if path is not None:
        return Ink(lang, path=path)
    if lang == "zh" or not all(name.isascii() for name in names):
        warnings.warn(text("figures.no_font", lang), UserWarning, stacklevel=3)
    return Ink("en")


def installed_family(entries: Iterable[Any]) -> str | None:
    """Return the first of `FAMILIES` among Matplotlib's font entries that is upright, of book weight, and Chinese.

    The weight matters: a variable font is drawn at its default, which for Noto Sans CJK is hair-thin.
    """
    from matplotlib.font_manager import get_font

    book: dict[str, list[str]] = {}
    for entry in entries:
        if entry.name in FAMILIES and entry.style == "normal" and _weight(entry.weight) in range(300, 501):
            book.setdefault(entry.name, []).append(entry.fname)
    for family in FAMILIES:
        for path in sorted(book.get(family, ())):
            try:
                charmap = get_font(path).get_charmap()
            except (OSError, RuntimeError):  # a listed font may have been removed or be damaged
                continue
            if all(ord(character) in charmap for character in _PROBE):
                return family
    return None


def _weight(weight: int | str) -> int:
    from matplotlib.font_manager import weight_dict

    return weight if isinstance(weight, int) else int(weight_dict.get(weight, 400))


def packaged_font() -> str | None:
    """Return the file of the font that comes with the extra `figures`, None without it."""
    try:
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError:
        return None
    path = Path(sans_path())
    return str(path) if path.is_file() else None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A finished figure: shows itself in a notebook, and saves as PNG or SVG with the same bytes every time."""

    figure: Figure

    def png(self, *, dpi: int = 160) -> bytes:
        """Return the figure as PNG."""
        target = io.BytesIO()
        self.figure.savefig(target, format="png", dpi=dpi, metadata={"Software": None})
        return target.getvalue()

    def svg(self) -> bytes:
        """Return the figure as SVG; text is drawn as outlines, so that no font is needed to look at it."""
        target = io.StringIO()
        self.figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
        return _steady_ids(target.getvalue()).encode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the figure to `path`, as its suffix says: .png or .svg.

        Raises
        ------
        InvalidInput
            If the suffix is another.
        SaveError
            If it can't be written.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in (".png", ".svg"):
            raise InvalidInput([Fault("figure_format", value=str(path))])
        content = self.png() if suffix == ".png" else self.svg()
        return write_whole(target, content)

    def _repr_png_(self) -> bytes:
        return self.png(dpi=110)


def _steady_ids(svg: str) -> str:
    """Replace the random ids of Matplotlib's SVG by numbers in the order of their appearance.

    Its own way to fixed ids is a global setting, which is not ours to change.
    """
    marked = r"((?:C[0-9a-f]+_[0-9a-f]+_|image|[hmp])[0-9a-f]{10})"
    number = {known: f"k{i}" for i, known in enumerate(dict.fromkeys(re.findall(rf'\bid="{marked}"', svg)))}
    return re.sub(rf'(\bid="|href="#|url\(#){marked}(?=["\)])', lambda hit: hit[1] + number.get(hit[2], hit[2]), svg)


# --- the look ---------------------------------------------------------------------------------------------------------


def blank_figure(width: float, height: float) -> tuple[Figure, float, float]:
    """Return a figure of so many inches, drawn by Agg, and its width and height."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, facecolor="#ffffff")
    FigureCanvasAgg(figure)
    return figure, width, height


def top_of(km: Iterable[Floats]) -> float:
    """Return where the colour scale of km ends: a round number that 98 in 100 pairs stay below."""
    every = np.concatenate([*km, np.empty(0)])
    top = float(np.percentile(every, 98)) if len(every) else 1.0
    return round_up(top, (1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0))


def heading(figure: Figure, ink: Ink, title: str, note: str, left: float) -> None:
    """Write title and note above a figure, `left` inches in."""
    width, height = figure.get_size_inches()
    figure.text(
        left / width, 1 - 0.38 / height, title, fontproperties=ink.font(14), color=TEXT, va="center", parse_math=False
    )
    figure.text(
        left / width, 1 - 0.66 / height, note, fontproperties=ink.font(9), color=FAINT, va="center", parse_math=False
    )


def empty_picture(ink: Ink, title: str) -> Picture:
    """Return a picture that says that there are no pairs."""
    figure, _, _ = blank_figure(7.4, 2.4)
    heading(figure, ink, title, "", 0.55)
    figure.text(0.5, 0.4, ink.say("no_pairs"), fontproperties=ink.font(10), color=FAINT, ha="center", parse_math=False)
    return Picture(figure)


def plain_axes(axes: Axes, grid: Literal["x", "y"] = "y") -> None:
    """Leave of the axes a base line and a light grid."""
    axes.set_facecolor("#ffffff")
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=GRID)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis=grid, color=GRID, linewidth=0.7, linestyle="-")
    axes.tick_params(length=0, labelcolor=FAINT)


def set_ticks(axis: Axis, top: float, most: int, ink: Ink) -> None:
    """Put at most about `most` whole-numbered ticks on an axis from 0 to `top`."""
    from matplotlib.ticker import MaxNLocator

    ticks = [tick for tick in MaxNLocator(most, integer=True).tick_values(0.0, top) if 0 <= tick <= top]
    axis.set_ticks(ticks, labels=[f"{tick:,.0f}" for tick in ticks], fontproperties=ink.font(8))


def shades_of(top: float) -> Any:
    """Return the colour map of km, from 0 to `top`."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    return ScalarMappable(Normalize(0.0, top, clip=True), LinearSegmentedColormap.from_list("km", list(SCALE)))


def thinning(count: int, free: int) -> float:
    """Return how much to thin marks and lines when there are many: 1 up to `free` of them, never under 0.15."""
    return max(0.15, min(1.0, free / max(count, 1)))


def round_up(value: float, steps: tuple[float, ...] = (1.0, 2.0, 5.0)) -> float:
    """Return the next of `steps` times a power of ten."""
    if not value > 0:
        return steps[0]
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (*steps, 10.0 * steps[0]) if power * step >= value * (1 - 1e-9))
