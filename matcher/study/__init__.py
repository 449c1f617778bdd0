"""What-if: trade-offs, price of a level, of stability, of change; difference of two plans; baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.study.by_hand import baselines as baselines
    from matcher.study.differences import Diff as Diff
    from matcher.study.level_costs import level_prices as level_prices
    from matcher.study.many import solve_many as solve_many
    from matcher.study.renewal_curves import renewal_curve as renewal_curve
    from matcher.study.stability_prices import price_of_stability as price_of_stability
    from matcher.study.stability_prices import relaxed_match as relaxed_match
    from matcher.study.tradeoffs import CHILD_KM_VALUES as CHILD_KM_VALUES
    from matcher.study.tradeoffs import point as point

_HOME = {
    "CHILD_KM_VALUES": "tradeoffs",
    "point": "tradeoffs",
    "Diff": "differences",
    "baselines": "by_hand",
    "level_prices": "level_costs",
    "price_of_stability": "stability_prices",
    "relaxed_match": "stability_prices",
    "renewal_curve": "renewal_curves",
    "solve_many": "many",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
