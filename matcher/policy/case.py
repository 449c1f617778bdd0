"""What a rule may ask of the problem it is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from matcher.base.names import PairLevel
    from matcher.base.numbers import IntArray
    from matcher.facts import Facts
    from matcher.tables.arrays import Arrays


class Case(Protocol):
    """An instance under a policy, as far as a rule needs it; `Problem` is one."""

    @property
    def facts(self) -> Facts:
        """Cost and fit of any possible pair."""

    @property
    def arrays(self) -> Arrays:
        """The instance in arrays."""

    def capacity(self, level: PairLevel, /) -> IntArray:
        """(P, 2) least and most pairs of each provider."""

    def demand(self, level: PairLevel, /) -> IntArray:
        """(R, 2) least and most pairs of each recipient."""

    def keepable(self, level: PairLevel, /) -> IntArray:
        """(k, 2) pairs of last year that may be pairs again."""
