"""`matcher.arrivals`: wishes, families and gifts that come one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from numpy.typing import ArrayLike
from pydantic import ValidationError

from matcher.base.errors import Fault, InvalidInput, wrong_kind
from matcher.base.jsonform import faults_of_validation
from matcher.base.manyfaults import check_size
from matcher.market.market import Market
from matcher.online.arriving import ArrivalPolicy
from matcher.online.desk import ArrivalDesk
from matcher.online.fit import Fit, MarketFit
from matcher.online.wish_fit import WishFit
from matcher.programmes.result import ProgrammePlan
from matcher.programmes.wish_tables import SCHEMA

_KIND: Final = "Market, ProgrammePlan of wishes, or tables of wishes"


def arrivals(
    what: Market | ProgrammePlan | Mapping[str, Any],
    *,
    policy: ArrivalPolicy | Mapping[str, Any] | str = "bid_prices",
    expected: Any = None,
    weight: float = 1.0,
    joined: ArrayLike | None = None,
    worth_km: float = 200.0,
    state: str | None = None,
) -> ArrivalDesk:
    """Open a desk that decides about each who comes, at once or held for a while.

    Parameters
    ----------
    what
        A market (one level, with `unmet_cost`): recipients come by position, a pair is worth `unmet_cost - cost`. Or
        tables of the programme wishes, or a plan of it, whose members keep what the plan leaves them: wishes come as
        records. A pair is worth `worth_km` times the weight of the wish, less the distance.
    policy
        See `ArrivalPolicy`; a name stands for its `kind`.
    expected
        A sample of who is expected, such as last year's: for a market a mapping of `market`, with the same providers,
        and `at` (R,) whole seconds; for wishes the wishes, by the day they were posted. None: those who came so far
        stand for them; see `until_s` of the policy.
    weight
        How many are expected for each of the sample.
    joined
        (P,) bool, who is there from the beginning; the others `join`, and prices count on them. None: all.
    state
        What `ArrivalDesk.to_json` returned: the desk goes on from there.

    Raises
    ------
    InvalidInput
        If an argument is faulty.

    Examples
    --------
    >>> from matcher import Market, arrivals
    >>> desk = arrivals(Market.from_matrix([[1, 5, 2]], capacity=2, unmet_cost=9), policy="greedy")
    >>> [desk.assign(i, at=i).answer for i in range(3)]
    ['paired', 'paired', 'declined']
    """
    wanted = _policy(policy)
    fit: Fit
    if isinstance(what, Market):
        fit = MarketFit(what)
    elif isinstance(what, ProgrammePlan) and what.programme.name == "wishes":
        pairs = [(j, what.recipients[i]) for j, i in what.matching.pairs.tolist()]
        fit = WishFit(what.records, round(1000 * worth_km), pairs)
    elif isinstance(what, Mapping):
        given = {name: what.get(name, ()) for name in SCHEMA.records}
        fit = WishFit({name: tuple(rows) for name, rows in given.items()}, round(1000 * worth_km))
    else:
        raise InvalidInput([wrong_kind(what, _KIND, "what")])
    if wanted.kind == "hindsight" and not isinstance(fit, MarketFit):
        raise InvalidInput([Fault("not_an_option", column="policy", value="hindsight", details={"known": "a market"})])
    sample = None if expected is None else fit.expected(expected)
    desk = ArrivalDesk(fit, wanted, sample, weight, joined)
    if state is None:
        desk.open()
    else:
        desk.restore(state)
    return desk


def _policy(given: ArrivalPolicy | Mapping[str, Any] | str) -> ArrivalPolicy:
    if isinstance(given, ArrivalPolicy):
        return given
    check_size(given, "policy")
    try:
        return ArrivalPolicy.model_validate({"kind": given} if isinstance(given, str) else given)
    except ValidationError as error:
        raise InvalidInput(faults_of_validation(error, lambda loc: ("policy", None, ".".join(map(str, loc))))) from None
