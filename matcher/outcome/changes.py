"""What became of last year's pairs: kept, or ended by force, as a consequence, or by choice; and `diff` of two plans.

A pair of last year (successors followed) is *kept* if the plan has it. An ended one is *forced* if a partner is gone,
may take no pairs any more, or the pair is no longer allowed; *consequent* if it is a school pair whose organisation
and county are not paired; and *chosen* otherwise. New pairs are those of the plan that were none last year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.base.names import SIDES
from matcher.base.numbers import GONE, BoolArray, IntArray, read_only
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.problem import Problem
from matcher.tables.arrays import PreviousPairs

if TYPE_CHECKING:
    pass

#: kinds of ended pairs, by their number in `LevelChanges.kind`
KINDS: Final = ("forced", "consequent", "chosen")
#: causes of an ended pair, by their number in `LevelChanges.cause`, and the kind of each
CAUSES: Final = ("partner_gone", "no_capacity", "not_allowed", "county_pair_ended", "chosen")
_KIND_OF_CAUSE: Final = np.array([0, 0, 0, 1, 2])


@dataclass(frozen=True, slots=True, eq=False)
class LevelChanges:
    """What became of the earlier pairs of one level of pairing.

    Attributes
    ----------
    kept : (k,) bool
        For each pair of the plan, whether it was a pair before.
    ended : PreviousPairs
        The distinct earlier pairs that the plan lacks, ordered by the earlier ids.
    cause : (e,) int64
        Position in `CAUSES` for each ended pair.
    """

    kept: BoolArray
    ended: PreviousPairs
    cause: IntArray

    @property
    def kind(self) -> IntArray:
        """(e,) int64: position in `KINDS` for each ended pair."""
        return _KIND_OF_CAUSE[self.cause]

    def counts(self) -> dict[str, int]:
        """Return the numbers of kept, new and ended pairs, the latter also by kind."""
        of_kind = np.bincount(self.kind, minlength=len(KINDS))
        return {
            "kept": int(self.kept.sum()),
            "new": int((~self.kept).sum()),
            "ended": len(self.ended),
            **{f"ended_{kind}": int(number) for kind, number in zip(KINDS, of_kind, strict=True)},
        }


def classify(
    problem: Problem, pairs: Pairs, earlier: Mapping[str, PreviousPairs] | None = None
) -> dict[str, LevelChanges]:
    """Return what became of the `earlier` pairs (last year's if None) at each level.

    Parameters
    ----------
    pairs
        Positions in `problem`'s instance.
    """
    earlier = problem.arrays.previous if earlier is None else earlier
    return {level: _of_level(problem, level, pairs, earlier[level]) for level in SIDES}


def _of_level(problem: Problem, level: str, pairs: Pairs, earlier: PreviousPairs) -> LevelChanges:
    arrays = problem.arrays
    num_recipients = len(arrays.sides(level)[1])
    here = (earlier.provider_idx != GONE) & (earlier.recipient_idx != GONE)
    old = pair_keys(np.column_stack([earlier.provider_idx, earlier.recipient_idx]), num_recipients)
    keys = pair_keys(pairs.of(level), num_recipients)
    kept = np.isin(keys, old[here])
    rows = np.concatenate([_first_of_each(old, here), _strangers(earlier, here)])
    rows = rows[~(here[rows] & np.isin(old[rows], keys))]
    rows = np.array(sorted(rows.tolist(), key=lambda row: (earlier.provider_id[row], earlier.recipient_id[row])), int)
    ended = PreviousPairs(
        read_only(earlier.provider_idx[rows], np.int64),
        read_only(earlier.recipient_idx[rows], np.int64),
        read_only(earlier.since[rows], np.int64),
        tuple(earlier.provider_id[row] for row in rows),
        tuple(earlier.recipient_id[row] for row in rows),
    )
    return LevelChanges(kept, ended, _causes(problem, level, ended, pairs.county))


def _first_of_each(keys: IntArray, here: BoolArray) -> IntArray:
    rows = np.flatnonzero(here)
    return rows[np.unique(keys[rows], return_index=True)[1]]


def _strangers(earlier: PreviousPairs, here: BoolArray) -> IntArray:
    """Return the first row of each distinct pair of ids with a partner that is gone."""
    first: dict[tuple[str, str], int] = {}
    for row in np.flatnonzero(~here).tolist():
        first.setdefault((earlier.provider_id[row], earlier.recipient_id[row]), row)
    return np.array(list(first.values()), dtype=np.int64)


def _causes(problem: Problem, level: str, ended: PreviousPairs, county_pairs: IntArray) -> IntArray:
    cause = np.full(len(ended), CAUSES.index("chosen"), dtype=np.int64)
    here = (ended.provider_idx != GONE) & (ended.recipient_idx != GONE)
    provider_idx, recipient_idx = ended.provider_idx[here], ended.recipient_idx[here]
    found = np.full(len(provider_idx), CAUSES.index("chosen"), dtype=np.int64)
    if level == "school":
        arrays = problem.arrays
        num_counties = len(arrays.counties)
        parents = np.column_stack([arrays.branches.parent[provider_idx], arrays.schools.parent[recipient_idx]])
        paired = np.isin(pair_keys(parents, num_counties), pair_keys(county_pairs, num_counties))
        found[~paired] = CAUSES.index("county_pair_ended")
    found[~problem.allowed(level, provider_idx, recipient_idx)] = CAUSES.index("not_allowed")
    empty = (problem.capacity(level)[provider_idx, 1] == 0) | (problem.demand(level)[recipient_idx, 1] == 0)
    found[empty] = CAUSES.index("no_capacity")
    cause[here] = found
    cause[~here] = CAUSES.index("partner_gone")
    return cause
