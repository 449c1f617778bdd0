"""All stable matchings at once: deferred acceptance and the rotations that lead from one extreme to the other.

With strict preferences the stable matchings of a many-to-many market form a distributive lattice (Baïou and Balinski
2000). Deferred acceptance (Gale and Shapley 1962; Roth 1984) with providers proposing gives the end that is best for
every provider. From there a *rotation* is a cycle r0, p0, r1, p1, ... in which every recipient r_i gives up its worst
partner p_i, and p_i goes to r_{i+1}, the first recipient below all its partners that prefers it to its own worst one.
Carrying out a rotation leads to the next stable matching; carrying out all of them leads to the end that is best for
every recipient. A set of rotations that contains the predecessors of each of its members stands for exactly one stable
matching (Gusfield and Irving 1989; several partners: Bansal, Agrawal and Malhotra 2007).

Every list is walked once from each end, so finding all rotations and their order takes time linear in the arcs, beyond
sorting. Ties are broken by the position of the partner (`matcher.stable.preferences`). No solver is used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.stable.preferences import Preferences, distinct, tied


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """The stable matchings of a market: the providers' best one and the rotations, in an order that can be carried out.

    Attributes
    ----------
    first
        (k,) int64: arcs of the stable matching that is best for every provider and worst for every recipient.
    start
        (K + 1,) int64: rotation i changes the arcs at `start[i]:start[i + 1]` of `lost` and `gained`.
    lost, gained
        (m,) int64: arcs that a rotation takes out of the matching and puts into it.
    before, after
        (E,) int64: rotation `before[e]` must be carried out if `after[e]` is; before < after; sorted, each pair once.
    ties_broken
        Whether someone ranks two partners equally, so that the rule for ties made the order.
    """

    first: IntArray
    start: IntArray
    lost: IntArray
    gained: IntArray
    before: IntArray
    after: IntArray
    ties_broken: bool

    @property
    def num_rotations(self) -> int:
        """Number of rotations K."""
        return len(self.start) - 1

    def rotation_of(self) -> IntArray:
        """Return (m,) int64: the rotation of each entry of `lost` and `gained`."""
        return np.repeat(np.arange(self.num_rotations), np.diff(self.start))

    def matching(self, chosen: BoolArray) -> IntArray:
        """Return (k,) int64: arcs of the stable matching of a closed set of rotations, (K,) bool."""
        moved = np.asarray(chosen, dtype=np.bool_)[self.rotation_of()]
        # an arc gained by one rotation may be lost by a later one, never the other way round
        once = np.concatenate((self.first, self.gained[moved]))
        left = np.zeros(1 + max(once.max(initial=-1), self.lost.max(initial=-1)), dtype=np.bool_)
        left[once] = True
        left[self.lost[moved]] = False
        return np.flatnonzero(left)

    def is_closed(self, chosen: BoolArray) -> bool:
        """Whether every rotation of the set, (K,) bool, comes with its predecessors."""
        return not bool((chosen[self.after] & ~chosen[self.before]).any())

    def weights(self, cost: IntArray) -> IntArray:
        """Return (K,) int64: what each rotation adds to the total of `cost`, (A,) int64.

        Raises
        ------
        OverflowError
            If the costs that rotations move sum to 2**62 or more, so that a sum could leave int64.
        """
        if _total_size(cost[self.gained]) + _total_size(cost[self.lost]) >= 2**62:
            raise OverflowError("the changes of cost of one level sum to 2**62 or more")
        change = np.zeros(len(self.lost) + 1, dtype=np.int64)
        np.cumsum(cost[self.gained] - cost[self.lost], out=change[1:])
        return np.diff(change[self.start])


def _total_size(values: IntArray) -> int:
    """Return a bound on the sum of absolute values, the sum itself where the quick bound is not small."""
    quick = len(values) * max(-int(values.min(initial=0)), int(values.max(initial=0)))
    return quick if quick < 2**60 else sum(map(abs, values.tolist()))


@dataclass(frozen=True, slots=True)
class _Lists:
    """Both sides' strict lists, as plain lists because the walks below read them one entry at a time.

    `arc_of_place[k]`: arc at place k of the providers' lists laid end to end, best first; `recipient[k]` its recipient;
    `seat[k]` its place in the recipients' lists laid end to end; `provider_at[j]`, `place_at[j]` the way back.
    """

    arc_of_place: IntArray
    provider_start: list[int]
    recipient: list[int]
    seat: list[int]
    recipient_start: list[int]
    provider_at: list[int]
    place_at: IntArray
    ties: bool

    @classmethod
    def of(cls, preferences: Preferences) -> _Lists:
        """Sort both sides' lists by rank, ties by the position of the partner."""
        p, r = preferences.provider_idx, preferences.recipient_idx
        A = preferences.num_arcs
        # arcs come sorted by (provider, recipient), and lexsort is stable: position breaks the ties
        by_provider = np.lexsort((preferences.provider_rank, p))
        by_recipient = np.lexsort((preferences.recipient_rank, r))
        seat_of_arc = np.empty(A, dtype=np.int64)
        seat_of_arc[by_recipient] = np.arange(A)
        place_of_arc = np.empty(A, dtype=np.int64)
        place_of_arc[by_provider] = np.arange(A)
        return cls(
            arc_of_place=by_provider,
            provider_start=_starts(p, preferences.num_providers),
            recipient=r[by_provider].tolist(),
            seat=seat_of_arc[by_provider].tolist(),
            recipient_start=_starts(r, preferences.num_recipients),
            provider_at=p[by_recipient].tolist(),
            place_at=place_of_arc[by_recipient],
            ties=tied(p, preferences.provider_rank, by_provider) or tied(r, preferences.recipient_rank, by_recipient),
        )


def _starts(side: IntArray, size: int) -> list[int]:
    starts: list[int] = np.concatenate(([0], np.cumsum(np.bincount(side, minlength=size)))).tolist()
    return starts


@dataclass(slots=True)
class _State:
    """Where deferred acceptance stopped, and where the rotations go on.

    `next_place[p]`: the first place of p's list it has not tried; `worst[r]`: seat of r's worst partner, -1 if r takes
    nobody, one past the last seat while r has a free place; `held[j]`: whether the pair of seat j is in the matching.
    """

    next_place: list[int]
    worst: list[int]
    held: bytearray


def deferred_acceptance(preferences: Preferences) -> IntArray:
    """Return (k, 2) int64: the stable matching that is best for every provider, in order; minima are not looked at."""
    lists = _Lists.of(preferences)
    return preferences.pairs_of(_held_arcs(lists, _propose(lists, preferences)))


def recipient_best(preferences: Preferences) -> IntArray:
    """Return (k, 2) int64: the stable matching that is best for every recipient, in order."""
    pairs = deferred_acceptance(preferences.flipped())[:, ::-1]
    return np.ascontiguousarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def _held_arcs(lists: _Lists, state: _State) -> IntArray:
    seats = np.flatnonzero(np.frombuffer(state.held, dtype=np.uint8))
    return np.sort(lists.arc_of_place[lists.place_at[seats]])


def _propose(lists: _Lists, preferences: Preferences) -> _State:
    """Every provider proposes down its list; a full recipient holds the best it was offered."""
    beyond = preferences.num_arcs
    recipient, seat, provider_at = lists.recipient, lists.seat, lists.provider_at
    last_place = lists.provider_start[1:]
    next_place = lists.provider_start[:-1]
    free = preferences.capacity[:, 1].tolist()
    room = preferences.demand[:, 1].tolist()
    worst = [beyond if places else -1 for places in room]
    held = bytearray(preferences.num_arcs)
    waiting = list(range(preferences.num_providers - 1, -1, -1))
    while waiting:
        p = waiting.pop()
        k, end = next_place[p], last_place[p]
        while free[p] and k < end:
            j, r = seat[k], recipient[k]
            k += 1
            w = worst[r]
            if j > w:
                continue
            held[j] = 1
            free[p] -= 1
            if w == beyond:
                room[r] -= 1
                if not room[r]:
                    worst[r] = held.rindex(1, lists.recipient_start[r], lists.recipient_start[r + 1])
            else:
                held[w] = 0
                q = provider_at[w]
                free[q] += 1
                worst[r] = held.rindex(1, lists.recipient_start[r], w)
                waiting.append(q)
        next_place[p] = k
    return _State(next_place, worst, held)


def find_rotations(preferences: Preferences) -> Lattice:
    """Find the providers' best stable matching, every rotation, and the order among them.

    Returns
    -------
    Lattice
        Its closed sets of rotations are, one to one, the stable matchings of the (tie-broken) market without minima.
    """
    lists = _Lists.of(preferences)
    state = _propose(lists, preferences)
    first = _held_arcs(lists, state)
    untried = np.array(state.next_place, dtype=np.int64)
    sizes, lost_at, gained_at, better_at = (
        np.array(part, dtype=np.int64) for part in _walk(lists, state, preferences.num_recipients)
    )
    start = np.concatenate(([0], np.cumsum(sizes)))
    lost = lists.arc_of_place[lists.place_at[lost_at]]
    gained = lists.arc_of_place[gained_at]
    rotation = np.repeat(np.arange(len(sizes)), sizes)
    crossed_by = _crossed_by(preferences.num_arcs, start, rotation, lost_at, better_at)
    movers = preferences.provider_idx[gained]
    edges = [
        _chain(movers, rotation),
        _chain(preferences.recipient_idx[gained], rotation),
        _skipped(rotation, movers, gained_at, untried, np.array(lists.seat, dtype=np.int64), crossed_by),
    ]
    before, after = np.divmod(distinct(np.concatenate([b * (len(sizes) + 1) + a for b, a in edges])), len(sizes) + 1)
    return Lattice(first, start, lost, gained, before, after, lists.ties)


def _walk(lists: _Lists, state: _State, num_recipients: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """Follow "my worst partner's next choice" from recipient to recipient; carry out each cycle that closes.

    Returns the size of each rotation, and for each move in it the seat given up, the place gained in return, and the
    seat of the worst partner left to the recipient that gained.
    """
    beyond = len(lists.seat)
    recipient, seat, provider_at = lists.recipient, lists.seat, lists.provider_at
    last_place, recipient_start = lists.provider_start[1:], lists.recipient_start
    next_place, worst, held = state.next_place, state.worst, state.held
    sizes: list[int] = []
    lost_seats: list[int] = []
    gained_places: list[int] = []
    better_seats: list[int] = []
    ended = bytearray(w in (-1, beyond) for w in worst)
    depth = [-1] * num_recipients
    for origin in range(num_recipients):
        path = [] if ended[origin] else [origin]
        depth[origin] = 0
        while path:
            p = provider_at[worst[path[-1]]]
            k, end = next_place[p], last_place[p]
            while k < end and seat[k] > worst[recipient[k]]:
                k += 1
            next_place[p] = k
            if k == end or ended[recipient[k]]:
                # whoever waits for a recipient that can never improve can never improve either
                for r in path:
                    ended[r] = 1
                break
            r = recipient[k]
            if depth[r] < 0:
                depth[r] = len(path)
                path.append(r)
                continue
            begin = depth[r]
            sizes.append(len(path) - begin)
            for member in path[begin:]:
                depth[member] = -1
            del path[begin:]
            # the walk is back at r; each step moves a provider on from r to the next recipient, which becomes r
            j = worst[r]
            for _ in range(sizes[-1]):
                p = provider_at[j]
                k = next_place[p]
                next_place[p] = k + 1
                held[j] = 0
                held[seat[k]] = 1
                lost_seats.append(j)
                gained_places.append(k)
                r = recipient[k]
                j = worst[r]
                worst[r] = better = held.rindex(1, recipient_start[r], j)
                better_seats.append(better)
            if not path and not ended[origin]:
                path.append(origin)
                depth[origin] = 0
    return sizes, lost_seats, gained_places, better_seats


def _crossed_by(
    num_seats: int, start: IntArray, rotation: IntArray, lost_at: IntArray, better_at: IntArray
) -> IntArray:
    """Return (A,) int64: for each seat the rotation after which its recipient holds only better partners, else -1."""
    follower = np.arange(1, len(lost_at) + 1)
    follower[start[1:] - 1] = start[:-1]
    crossed_by = np.full(num_seats, -1, dtype=np.int64)
    seats, at = _ranges(better_at + 1, lost_at[follower] + 1)
    crossed_by[seats] = rotation[at]
    return crossed_by


def _ranges(begin: IntArray, end: IntArray) -> tuple[IntArray, IntArray]:
    """Return the numbers of all ranges begin..end-1, one range after the other, and which range each is of."""
    size = end - begin
    which = np.repeat(np.arange(len(size)), size)
    return np.arange(size.sum()) + (begin - np.cumsum(size) + size)[which], which


def _chain(agent: IntArray, rotation: IntArray) -> tuple[IntArray, IntArray]:
    """Rotations that move the same agent come one after the other."""
    order = np.lexsort((rotation, agent))
    same = np.flatnonzero(np.diff(agent[order]) == 0)
    return rotation[order[same]], rotation[order[same + 1]]


def _skipped(
    rotation: IntArray, movers: IntArray, gained_at: IntArray, untried: IntArray, seat: IntArray, crossed_by: IntArray
) -> tuple[IntArray, IntArray]:
    """Before a provider goes past a recipient, that recipient must have become too good for it."""
    order = np.lexsort((rotation, movers))
    p, place = movers[order], gained_at[order]
    begin = untried[p]
    again = np.flatnonzero(np.diff(p) == 0) + 1
    begin[again] = place[again - 1] + 1
    passed, at = _ranges(begin, place)
    before = crossed_by[seat[passed]]
    found = before >= 0
    return before[found], rotation[order][at[found]]
