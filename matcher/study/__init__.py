"""What-if: trade-offs, price of a level, of stability, of change; difference of two plans; baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.study.by_hand import baselines as baselines
    from matcher.study.differences import Diff as Diff
    from matcher.study.firmness import Firmness as Firmness
    from matcher.study.firmness import robustness as robustness
    from matcher.study.level_costs import level_prices as level_prices
    from matcher.study.many import solve_many as solve_many
    from matcher.study.renewal_curves import renewal_curve as renewal_curve
    from matcher.study.stability_prices import price_of_stability as price_of_stability
    from matcher.study.stability_prices import relaxed_match as relaxed_match
    from matcher.study.studies import StudyResult as StudyResult
    from matcher.study.studies import run_study as run_study
    from matcher.study.study_file import StudyFile as StudyFile
    from matcher.study.study_file import read_study as read_study
    from matcher.study.study_file import shipped_studies as shipped_studies
    from matcher.study.tradeoffs import CHILD_KM_VALUES as CHILD_KM_VALUES
    from matcher.study.tradeoffs import point as point

_HOME = {
    "StudyFile": "study_file",
    "StudyResult": "studies",
    "read_study": "study_file",
    "run_study": "studies",
    "shipped_studies": "study_file",
    "CHILD_KM_VALUES": "tradeoffs",
    "point": "tradeoffs",
    "Diff": "differences",
    "Firmness": "firmness",
    "robustness": "firmness",
    "baselines": "by_hand",
    "level_prices": "level_costs",
    "price_of_stability": "stability_prices",
    "relaxed_match": "stability_prices",
    "renewal_curve": "renewal_curves",
    "solve_many": "many",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
