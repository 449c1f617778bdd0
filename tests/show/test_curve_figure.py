"""A curve as a figure."""

from __future__ import annotations

import pandas as pd
import pytest
from small_plans import small_year

import matcher


def words(picture) -> list[str]:
    figure = picture.figure
    return [
        *(text.get_text() for text in figure.texts),
        *(axes.get_title(loc="left") for axes in figure.axes),
        *(label.get_text() for axes in figure.axes for label in axes.get_xticklabels()),
    ]


def test_a_curve_is_drawn_twice_with_the_same_bytes() -> None:
    frame = pd.DataFrame(
        {"max_changes": [0, 1, 2], "value": [9, 5, 4], "bound": [9, 4, 4], "school_km": [1.5, 2.0, 1.0]}
    )
    columns = {"value": "convenience, m", "school_km": "school km"}
    first, second = (matcher.show.draw_curve(frame, "max_changes", columns, title="changes").svg() for _ in range(2))
    assert first == second
    assert matcher.show.draw_curve(frame, "max_changes", columns).png(dpi=60).startswith(b"\x89PNG")


@pytest.mark.parametrize(("lang", "said"), [("en", "What more changes would buy"), ("zh", "多调整能换来什么")])
def test_the_curve_of_changes_says_what_it_is(lang: str, said: str) -> None:
    picture = matcher.show.draw_curve(matcher.study.renewal_curve(small_year(1), points=4), lang=lang)
    assert said in words(picture)
    assert len(picture.figure.axes) == 5
    value = picture.figure.axes[0]
    assert len(value.lines) == 2  # the bound is beside it


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_price_of_stability_is_drawn_for_plans_and_for_markets(lang: str) -> None:
    instance = small_year(2)
    plans = matcher.show.draw_curve(matcher.study.price_of_stability(instance, values=(0, 2, None)), lang=lang)
    market = matcher.Market.from_matrix([[1, 2, 5], [3, 9, 1]], unmet_cost=20)
    pairs = matcher.show.draw_curve(matcher.study.price_of_stability(market, values=(0, 1, None)), lang=lang)
    for picture in (plans, pairs):
        said = words(picture)
        assert {"en": "What stability costs", "zh": "稳定的代价"}[lang] in said
        assert {"en": "none", "zh": "不限"}[lang] in said
    assert len(plans.figure.axes) == 5
    assert len(pairs.figure.axes) == 2


def test_nothing_known_is_said() -> None:
    frame = pd.DataFrame({"max_changes": [0], "value": [None]})
    assert matcher.show.draw_curve(frame, "max_changes", {"value": "v"}).png(dpi=40)


def test_what_is_no_curve_is_refused() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2]})
    for options in ({}, {"over": "a"}, {"over": "c", "columns": {"b": "b"}}, {"over": "a", "columns": {"c": "c"}}):
        with pytest.raises(matcher.InvalidInput):
            matcher.show.draw_curve(frame, **options)
