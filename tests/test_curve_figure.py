"""A curve as a figure."""

from __future__ import annotations

import pandas as pd

from matcher.drawing.curve_figure import draw_curve


def test_a_curve_is_drawn_twice_with_the_same_bytes() -> None:
    frame = pd.DataFrame(
        {"max_changes": [0, 1, 2], "value": [9, 5, 4], "bound": [9, 4, 4], "school_km": [1.5, 2.0, 1.0]}
    )
    columns = {"value": "convenience, m", "school_km": "school km"}
    first, second = (draw_curve(frame, "max_changes", columns, title="changes").svg() for _ in range(2))
    assert first == second
    assert draw_curve(frame, "max_changes", columns).png(dpi=60).startswith(b"\x89PNG")
