"""The market: two sides with bounds, the pairs that may be made between them, and what each costs at every level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.base.errors import Fault, InvalidInput
from matcher.base.notices import Notice
from matcher.market import build, market_arrays
from matcher.market.arrayform import ArrayForm
from matcher.market.beyond import FIELDS, Beyond
from matcher.market.build import Arcs, Matrix, Points
from matcher.market.input import Bools, Ints
from matcher.market.levels import MarketLevel
from matcher.market.naming import Ids, framed


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Market(ArrayForm):
    """A bipartite graph of providers and recipients with bounds on both sides and costed candidate arcs.

    Make one with `from_matrix`, `from_arcs` or `from_points`. All arrays are read-only.

    Attributes
    ----------
    num_providers, num_recipients
        P and R.
    capacity, demand
        (P, 2) and (R, 2) int64: least and largest number of partners of each. Minima are hard.
    unmet_cost
        (L, R) int64, charged for every unit below a recipient's maximum; None: the first objective is to leave as few
        units unmet as can be.
    level_names
        The L names of the cost levels, in strict order.
    resolution
        What one unit of the integer costs is in the numbers that were given; 1.0 if they are kept as they were.
    unit
        Unit of the integer costs: "m" from points, else "".
    points, matrix
        What the market was made from, if it was made from points or from a matrix.
    opening_cost to budget
        What makes the market more than a flow, each None where it was not given; see `matcher.market.beyond.Beyond`.
    pair_limit
        () or (A,) int64: how many units each candidate arc may carry; None: one, and every pair counts once.
    ids
        What the caller calls the members of either side, if the market was made by such names.
    notices
        What was done to the numbers that were given and may matter: costs that differed and are equal once rounded.

    Notes
    -----
    Minimise, level after level, ``sum of cost over the pairs + sum of unmet_cost * (maximum - number of partners)``
    over all sets of candidate arcs that keep the bounds of both sides; among all that is equal at every level, as many
    pairs as can be (a market that is no flow promises nothing among what is equal at every level).
    """

    _format: ClassVar[str] = "matcher.market/1"
    #: who knows only flows must not read the second, who knows only single pairs not the third
    _formats: ClassVar[tuple[str, ...]] = (_format, "matcher.market/2", "matcher.market/3")

    num_providers: int
    num_recipients: int
    capacity: Ints
    demand: Ints
    unmet_cost: Ints | None
    level_names: tuple[str, ...]
    resolution: float = 1.0
    unit: str = ""
    points: Points | None = None
    matrix: Matrix | None = None
    _arcs: Arcs | None = field(default=None)
    opening_cost: Ints | None = None
    least_if_open: Ints | None = None
    group: Ints | None = None
    group_open: Ints | None = None
    must_open: Bools | None = None
    closed: Bools | None = None
    size: Ints | None = None
    together: Ints | None = None
    most_pairs: Ints | None = None
    apart: Ints | None = None
    resource: Ints | None = None
    budget: Ints | None = None
    notices: tuple[Notice, ...] = ()
    pair_limit: Ints | None = None
    ids: Ids | None = None

    @classmethod
    def from_matrix(
        cls,
        cost: ArrayLike,
        *,
        allowed: ArrayLike | None = None,
        capacity: ArrayLike = 1,
        demand: ArrayLike = 1,
        unmet_cost: ArrayLike | None = None,
        provider_rank: ArrayLike | None = None,
        recipient_rank: ArrayLike | None = None,
        level_names: Sequence[str] | None = None,
        resolution: float | None = None,
        pair_limit: ArrayLike | None = None,
        **beyond: Unpack[Beyond],
    ) -> Market:
        """Make a market of all pairs of a matrix.

        Parameters
        ----------
        cost
            (P, R), or (L, P, R) for L levels in strict order. Integers are kept exactly, and so are floats that are all
            whole numbers; other floats are rounded, half to even, to multiples of `resolution`.
        allowed
            (P, R) bool; a pair that is not allowed may have any cost, also NaN. "finite": those of a finite cost are.
            None: every pair is allowed but what a masked `cost` masks.
        capacity, demand
            A number d for (0, d), an (n,) array of such numbers, or an (n, 2) array of (minimum, maximum).
        unmet_cost
            A number, (R,) or (L, R), in the unit of `cost`; a number or (R,) holds for every level. A pair dearer than
            it is never chosen unless a minimum asks for it, at equality the pair is. None: first serve as many units as
            possible, then least cost.
        provider_rank, recipient_rank
            (P, R) whole numbers, 1 the best: the rank of the recipient in the provider's eyes, and of the provider in
            the recipient's. None: cost is the preference.
        level_names
            L names, by default `cost`, or `cost_1` to `cost_L`.
        resolution
            Unit to which costs are rounded; by default 1 for whole numbers, for others 1e-6, finer where the largest
            cost is below 1, coarser where it would come to more than 2**40 steps and no cost vanishes.
        pair_limit
            How many units one pair may have, a number or (P, R) (of listed pairs (A,)); None: one. Capacity and demand
            then count units, as in the transportation problem, and `Matching.units` says how many a pair has.
        **beyond
            What makes the market more than a flow: see `matcher.market.beyond.Beyond`.

        Raises
        ------
        InvalidInput
            With every fault of shape, type and range, NaN and infinity.
        """
        common = build.Common(capacity, demand, unmet_cost, level_names, resolution, beyond, pair_limit)
        return cls(**build.from_matrix(cost, allowed, (provider_rank, recipient_rank), common))

    @classmethod
    def from_arcs(
        cls,
        provider_idx: ArrayLike,
        recipient_idx: ArrayLike,
        cost: ArrayLike,
        *,
        num_providers: int,
        num_recipients: int,
        capacity: ArrayLike = 1,
        demand: ArrayLike = 1,
        unmet_cost: ArrayLike | None = None,
        provider_rank: ArrayLike | None = None,
        recipient_rank: ArrayLike | None = None,
        level_names: Sequence[str] | None = None,
        resolution: float | None = None,
        pair_limit: ArrayLike | None = None,
        **beyond: Unpack[Beyond],
    ) -> Market:
        """Make a market of the pairs that are listed; a pair that is not listed is not allowed.

        Parameters
        ----------
        provider_idx, recipient_idx
            (A,) positions from 0, in any order, each pair once.
        cost
            (A,) or (L, A). For this and everything else see `from_matrix`.
        provider_rank, recipient_rank
            (A,) whole numbers, 1 the best.

        Raises
        ------
        InvalidInput
            With every fault of shape, type and range, NaN and infinity, and every pair listed twice.
        """
        common = build.Common(capacity, demand, unmet_cost, level_names, resolution, beyond, pair_limit)
        sizes, ranks = (num_providers, num_recipients), (provider_rank, recipient_rank)
        return cls(**build.from_arcs(provider_idx, recipient_idx, cost, sizes, ranks, common))

    @classmethod
    def from_points(
        cls,
        provider_latlon: ArrayLike,
        recipient_latlon: ArrayLike,
        *,
        max_km: float | None = None,
        capacity: ArrayLike = 1,
        demand: ArrayLike = 1,
        unmet_km: ArrayLike | None = None,
        datum: str = "wgs84",
        pair_limit: int | None = None,
        **beyond: Unpack[Beyond],
    ) -> Market:
        """Make a market of points on earth; a pair costs the whole metres of the geodesic between its ends.

        Parameters
        ----------
        provider_latlon, recipient_latlon
            (P, 2) and (R, 2) of (lat, lon) in degrees.
        max_km
            Pairs farther than this, in whole metres, are not allowed; inclusive. None: all are.
        capacity, demand
            See `from_matrix`.
        unmet_km
            A number or (R,): kilometres charged for every missing unit. None: first serve as many units as possible.
        datum
            "wgs84", "gcj02" or "bd09"; converted to WGS-84.

        Raises
        ------
        InvalidInput
            With every fault of shape and range.

        Notes
        -----
        Beyond some thousand points install the extra `fast` (numba): without it the same loops run as plain Python, a
        hundred times slower. The first call after an installation compiles them once, in about half a minute.
        """
        common = build.Common(capacity, demand, unmet_km, None, None, beyond, pair_limit)
        return cls(**build.from_points(provider_latlon, recipient_latlon, max_km, datum, common))

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        provider: str = "provider",
        recipient: str = "recipient",
        cost: str | Sequence[str] = "cost",
        providers: ArrayLike | None = None,
        recipients: ArrayLike | None = None,
        **options: Any,
    ) -> Market:
        """Make a market of a frame (pandas or polars) with a row a pair, by ids; `Matching.to_frame` gives them back.

        Parameters
        ----------
        provider, recipient, cost
            Names of the columns: the id of either end, all whole numbers or all text, and the cost of each level. A row
            of infinite cost is not allowed, and left out.
        providers, recipients
            The ids of each side in order, those without a pair too; None: those of the frame, sorted.
        **options
            As for `from_arcs`; what is said of each member (`capacity`, `demand`, `unmet_cost`) may be a mapping, or a
            Series with the ids as its labels, and what is said of each pair the name of a column.

        Raises
        ------
        InvalidInput
            With every id that is unknown or missing, and as `from_arcs`.

        Examples
        --------
        >>> import matcher, pandas as pd
        >>> frame = pd.DataFrame({"provider": ["b", "a"], "recipient": ["x", "x"], "cost": [3, 4]})
        >>> matcher.match(matcher.Market.from_frame(frame)).to_frame().values.tolist()
        [['b', 'x', 3]]
        """
        named = framed(frame, (provider, recipient), cost, (providers, recipients), options)
        return replace(cls.from_arcs(*named.arcs, **named.options), ids=named.ids)

    @property
    def is_flow(self) -> bool:
        """Whether the market is a flow: bounds on both sides and costed arcs, none of the fields of `Beyond`."""
        return all(getattr(self, name) is None for name in FIELDS)

    @property
    def num_levels(self) -> int:
        """Number of cost levels, L."""
        return len(self.level_names)

    @property
    def arcs(self) -> Arcs:
        """The candidate arcs, listed when first asked for; a market of many points should not be asked."""
        if self._arcs is None:
            arcs = build.listed(self.matrix) if self.matrix is not None else build.in_reach(self._points())
            object.__setattr__(self, "_arcs", arcs)
            return arcs
        return self._arcs

    def _points(self) -> Points:
        if self.points is None:
            raise InvalidInput([Fault("array_format", value="arcs", details={"expected": self._format})])
        return self.points

    @property
    def listed(self) -> bool:
        """Whether the candidate arcs were listed already."""
        return self._arcs is not None

    @property
    def num_arcs(self) -> int:
        """Number of candidate arcs, A."""
        if self.matrix is not None:
            allowed = self.matrix.allowed
            return self.num_providers * self.num_recipients if allowed is None else int(np.count_nonzero(allowed))
        return len(self.arcs.provider_idx)

    @property
    def provider_idx(self) -> Ints:
        """(A,) int64: provider of each candidate arc; arcs are in order of (provider, recipient)."""
        return self.arcs.provider_idx

    @property
    def recipient_idx(self) -> Ints:
        """(A,) int64: recipient of each candidate arc."""
        return self.arcs.recipient_idx

    @property
    def cost(self) -> Ints:
        """(L, A) int64: cost of each candidate arc at each level, in multiples of `resolution`."""
        return self.arcs.cost

    @property
    def provider_rank(self) -> Ints | None:
        """(A,) int64 rank of the recipient in the provider's eyes, or None: cost is the preference."""
        return self.arcs.provider_rank if self.points is None else None

    @property
    def recipient_rank(self) -> Ints | None:
        """(A,) int64 rank of the provider in the recipient's eyes, or None: cost is the preference."""
        return self.arcs.recipient_rank if self.points is None else None

    def positions(self, pairs: Ints) -> Ints:
        """Return the position of each pair (k, 2) among the candidate arcs, (k,) int64; -1 where it is none."""
        keys = pairs[:, 0] * self.num_recipients + pairs[:, 1]
        if self.matrix is not None and self.matrix.allowed is None:
            return keys
        if not self.num_arcs:
            return np.full(len(pairs), -1, np.int64)
        listed = self.provider_idx * self.num_recipients + self.recipient_idx
        at = np.minimum(np.searchsorted(listed, keys), len(listed) - 1)
        return np.where(listed[at] == keys, at, -1)

    def allows(self, pairs: Ints) -> NDArray[np.bool_]:
        """Return whether each pair (k, 2), of positions in range, is a candidate arc."""
        if self.points is not None:
            max_m = self.points.max_m
            return np.full(len(pairs), True) if max_m is None else self.pair_cost(pairs)[0] <= max_m
        if self.matrix is not None and self.matrix.allowed is not None:
            return self.matrix.allowed[pairs[:, 0], pairs[:, 1]]
        return self.positions(pairs) >= 0

    def pair_cost(self, pairs: Ints) -> Ints:
        """Return the cost (L, k) int64 of candidate arcs given as (k, 2) pairs, without listing the others."""
        if self.points is not None:
            return build.distances(self.points, pairs)[None]
        if self.matrix is not None:
            return self.matrix.cost[:, pairs[:, 0], pairs[:, 1]]
        return self.cost[:, self.positions(pairs)]

    @property
    def has_minima(self) -> bool:
        """Whether any provider or recipient has a minimum above 0."""
        return bool(self.capacity[:, 0].any() or self.demand[:, 0].any())

    @property
    def objectives(self) -> tuple[MarketLevel, ...]:
        """The levels in strict order: with `unmet_cost` one for each cost level, without it first the unmet units."""
        if self.unmet_cost is not None:
            rows = zip(self.level_names, self.unmet_cost, strict=True)
            return tuple(MarketLevel(name, self.unit, level, missing) for level, (name, missing) in enumerate(rows))
        none = np.zeros(self.num_recipients, np.int64)
        first = MarketLevel("unmet", "units", None, np.ones(self.num_recipients, np.int64))
        return (first, *(MarketLevel(name, self.unit, level, none) for level, name in enumerate(self.level_names)))

    @property
    def tie_objective(self) -> MarketLevel | None:
        """The implicit last level, as many pairs as can be; None where the levels decide the number already."""
        if self.unmet_cost is None:
            return None
        return MarketLevel("pairs", "units", None, np.ones(self.num_recipients, np.int64))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the market as plain arrays (no objects, no pickle), readable by `from_arrays`."""
        parts = {"arcs": self.arcs} if self.matrix is None and self.points is None else {"matrix": self.matrix}
        form = self._formats[2 if self.pair_limit is not None else 0 if self.is_flow else 1]
        return market_arrays.written(self, form, parts)

    def __hash__(self) -> int:
        return hash((self.num_providers, self.num_recipients, self.level_names, self.resolution))

    @classmethod
    def _read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(**market_arrays.read(arrays))

    def __repr__(self) -> str:
        source = "points" if self.points is not None else f"{self.num_arcs} arcs"
        sides = f"{self.num_providers} providers x {self.num_recipients} recipients"
        return f"<Market {sides}, {source}, {self.num_levels} level(s)>"
