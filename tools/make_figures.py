"""Draw the figures of the documentation from the embedded example.

    python tools/make_figures.py

Writes docs/figures/child_km.en.png and docs/figures/child_km.zh.png: coverage against travel over `child_km`, without
last year's pairs, beside what is done without such a tool. The bytes depend on Matplotlib's version and the fonts
found; what is drawn does not.
"""

from __future__ import annotations

from pathlib import Path

import matcher
from matcher.study import baselines

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "figures"
WORDS = {
    "en": ("What a child is worth in km", "one level after the other", "nearest first, by hand"),
    "zh": ("每名儿童折合多少公里", "先县后校", "就近手工配对"),
}


def main() -> None:
    """Draw the curve in both languages."""
    fresh = matcher.example().model_copy(update={"previous": ()})
    curve = matcher.tradeoff(fresh, over="child_km")
    others = baselines(fresh).values()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for lang, (title, *names) in WORDS.items():
        beside = dict(zip(names, others, strict=True))
        picture = matcher.show.draw_tradeoff(curve, beside=beside, lang=lang, title=title)
        print(picture.save(FOLDER / f"child_km.{lang}.png"))


if __name__ == "__main__":
    main()
