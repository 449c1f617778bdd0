"""The frames of a plan: its pairs with what is known of each, in the users' own ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import M_PER_KM, S_PER_MIN, UNKNOWN_COST, IntArray
from matcher.model import Entity
from matcher.problem.pairs import StrangerPair
from matcher.problem.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

#: columns of the frames, extras of the input come behind
PAIR_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "county": ("county_id", "organization_id", "km", "minutes", "kept", "since"),
    "school": ("school_id", "branch_id", "county_id", "organization_id", "km", "minutes", "kept", "since"),
}


def id_pairs_of(level: str, pairs: Any) -> list[tuple[str, str]]:
    """Return (provider_id, recipient_id) of every pair given as pairs, or as a frame by the names of its columns.

    Raises
    ------
    InvalidInput
        Naming everything that is no pair of texts (code `not_a_pair`).
    """
    pairs = () if pairs is None else pairs
    provider, recipient = (f"{KIND_OF_TABLE[table]}_id" for table in SIDES[level])
    details = {"provider": provider, "recipient": recipient}
    columns = getattr(pairs, "columns", None)
    if columns is not None and {provider, recipient} <= {*columns}:
        pairs = zip(pairs[provider], pairs[recipient], strict=True)
    elif columns is not None or isinstance(pairs, str | Mapping) or not isinstance(pairs, Iterable):
        found = ", ".join(map(str, columns)) if columns is not None else type(pairs).__name__
        raise InvalidInput([Fault("not_a_pair", column=f"{level}_pairs", value=found, details=details)])
    given = list(pairs)
    faults = [
        Fault("not_a_pair", column=f"{level}_pairs", value=repr(pair), details={**details, "position": position})
        for position, pair in enumerate(given)
        if not _is_pair(pair)
    ]
    if faults:
        raise InvalidInput(faults)
    return [(str(provider_id), str(recipient_id)) for provider_id, recipient_id in given]


def _is_pair(pair: Any) -> bool:
    sized = isinstance(pair, Sequence | np.ndarray) and not isinstance(pair, str)
    return sized and len(pair) == 2 and all(isinstance(known, str) for known in pair)


def pair_columns(problem: Problem, level: str, pairs: IntArray) -> dict[str, Any]:
    """Return the columns of `PAIR_COLUMNS[level]` for (k, 2) positions; what is not known is NaN or None.

    `km` are exact metres / 1000; `minutes` are whole seconds / 60 rounded to 3 digits, known where a travel time is
    listed or a speed is given; `since` is last year's for kept pairs.
    """
    arrays, facts = problem.arrays, problem.facts
    providers, recipients = arrays.sides(level)
    provider_idx, recipient_idx = pairs[:, 0], pairs[:, 1]
    seconds = facts.seconds(level, provider_idx, recipient_idx)[0]
    since = facts.since(level, provider_idx, recipient_idx)
    columns: dict[str, Any] = {
        f"{KIND_OF_TABLE[SIDES[level][1]]}_id": [recipients.ids[i] for i in recipient_idx],
        f"{KIND_OF_TABLE[SIDES[level][0]]}_id": [providers.ids[i] for i in provider_idx],
    }
    if level == "school":
        columns["county_id"] = [arrays.counties.ids[i] for i in recipients.parent[recipient_idx]]
        columns["organization_id"] = [arrays.organizations.ids[i] for i in providers.parent[provider_idx]]
    columns["km"] = facts.metres(level, provider_idx, recipient_idx) / M_PER_KM
    columns["minutes"] = np.where(seconds < UNKNOWN_COST, np.round(seconds / S_PER_MIN, 3), np.nan)
    columns["kept"] = facts.was_pair(level, provider_idx, recipient_idx)
    columns["since"] = [int(year) if year else None for year in since]
    return columns


def pair_frame(problem: Problem, level: str, pairs: IntArray, strangers: Sequence[StrangerPair] = ()) -> pd.DataFrame:
    """Return the pairs of one level as a frame, ordered by recipient, then provider; strangers come last.

    The columns are those of `PAIR_COLUMNS`, then the extras of both sides as `KIND_column`.
    """
    import pandas as pd

    columns = pair_columns(problem, level, pairs)
    recipient_table, provider_table = SIDES[level][1], SIDES[level][0]
    for table, positions in ((recipient_table, pairs[:, 1]), (provider_table, pairs[:, 0])):
        columns |= _extras(getattr(problem.instance, table), KIND_OF_TABLE[table], positions)
    frame = pd.DataFrame(columns).astype({"km": "float64", "minutes": "float64", "kept": "bool", "since": "Int64"})
    if not strangers:
        return frame
    recipient, provider = (f"{KIND_OF_TABLE[table]}_id" for table in (recipient_table, provider_table))
    rows = [{recipient: r, provider: p, "kept": False} for p, r in strangers]
    return pd.concat([frame.astype({"kept": "object"}), pd.DataFrame(rows)], ignore_index=True).astype({"kept": "bool"})


def _extras(records: Sequence[Entity], kind: str, positions: IntArray) -> dict[str, list[str | None]]:
    names = sorted({name for record in records for name in record.extras})
    return {f"{kind}_{name}": [records[i].extras.get(name) for i in positions] for name in names}
