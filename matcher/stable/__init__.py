"""Preferences of two sides: blocking pairs, rotations, the best stable matching and its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.stable.best import best_stable as best_stable
    from matcher.stable.best import kept_cost as kept_cost
    from matcher.stable.preferences import Preferences as Preferences
    from matcher.stable.preferences import blocking_pairs as blocking_pairs
    from matcher.stable.preferences import is_stable as is_stable
    from matcher.stable.proof import check_best as check_best
    from matcher.stable.rotations import deferred_acceptance as deferred_acceptance

_HOME = {
    "check_best": "proof",
    "deferred_acceptance": "rotations",
    "Preferences": "preferences",
    "best_stable": "best",
    "blocking_pairs": "preferences",
    "is_stable": "preferences",
    "kept_cost": "best",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
