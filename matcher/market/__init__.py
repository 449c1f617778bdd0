"""One bipartite market, its exact optimum level by level, with dual prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.market.check import flaws as flaws
    from matcher.market.exports import read_dimacs as read_dimacs
    from matcher.market.exports import to_dimacs as to_dimacs
    from matcher.market.exports import to_mps as to_mps
    from matcher.market.foreign import from_networkx as from_networkx
    from matcher.market.foreign import from_sparse as from_sparse
    from matcher.market.many import match_many as match_many
    from matcher.market.market import Market as Market
    from matcher.market.matching import Matching as Matching
    from matcher.market.preferences import preferences_of as preferences_of
    from matcher.market.solving import match as match

_HOME = {
    "from_networkx": "foreign",
    "from_sparse": "foreign",
    "flaws": "check",
    "preferences_of": "preferences",
    "Market": "market",
    "Matching": "matching",
    "match": "solving",
    "match_many": "many",
    "read_dimacs": "exports",
    "to_dimacs": "exports",
    "to_mps": "exports",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
