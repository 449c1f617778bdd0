"""What a market carries is never ignored: who cannot heed it refuses it."""

from __future__ import annotations

from matcher.base.errors import Fault, InvalidInput
from matcher.market.market import Market


def check_flow(market: Market) -> None:
    """Refuse a market that is no flow where only a flow can be dealt with, so that nothing of it is ever ignored.

    Raises
    ------
    InvalidInput
        With the code `not_a_flow`.
    """
    if not market.is_flow:
        raise InvalidInput([Fault("not_a_flow", column="market")])


def check_single(market: Market) -> None:
    """Refuse several units a pair where none are heeded.

    Raises
    ------
    InvalidInput
        With the code `stability_of_units`.
    """
    if market.pair_limit is not None:
        raise InvalidInput([Fault("stability_of_units", column="pair_limit")])
