"""What a user may have meant: the id or name of a table that looks most like a word that is neither."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

#: candidates with most pairs of neighbouring characters in common that are compared closely
_CLOSEST = 8
#: characters of a word beyond which nobody mistyped it: comparing takes time as the product of the lengths
LONGEST: Final = 100
#: words of one table for which a like one is looked for; whoever has more unknown words needs another table
_MOST_WORDS: Final = 500
#: share of equal characters from which on a word is worth proposing
_ALIKE = 0.6


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that looks most like `word`, None if none does or nobody could have mistyped it."""
    if len(word) > LONGEST:
        return None
    alike = difflib.get_close_matches(word, [each for each in known if len(each) <= LONGEST], n=1, cutoff=_ALIKE)
    return alike[0] if alike else None


class Suggester:
    """Proposes ids of one table; built when the first fault asks for it.

    Parameters
    ----------
    records
        The table's records; each may have a `name`.
    """

    def __init__(self, records: Sequence[Any]):
        self._records = [record for record in records if isinstance(record.id, str)]
        self._asked = 0

    def nearest(self, word: str) -> str | None:
        """Return `id name` of the record most like `word`, None if none is like it."""
        if len(word) > LONGEST or self._asked >= _MOST_WORDS:
            return None
        self._asked += 1
        shared = Counter(position for pair in _pairs(word) for position in self._index.get(pair, ()))
        best, best_ratio = None, _ALIKE
        for position, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:_CLOSEST]:
            record = self._records[position]
            for known in (record.id[:LONGEST], _name(record)):
                ratio = difflib.SequenceMatcher(None, word, known, autojunk=False).ratio()
                if ratio > best_ratio:
                    best, best_ratio = f"{record.id} {_name(record)}".strip(), ratio
        return best

    @property
    def pads(self) -> bool:
        """Whether any id begins with a zero."""
        return bool(self._without_zeros)

    def with_zeros(self, word: str) -> str | None:
        """Return the id that `word` is without its leading zeros, None if there is none."""
        return self._without_zeros.get(word)

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for position, record in enumerate(self._records):
            for pair in _pairs(record.id[:LONGEST]) | _pairs(_name(record)):
                index[pair].append(position)
        return index

    @cached_property
    def _without_zeros(self) -> dict[str, str]:
        return {record.id.lstrip("0"): record.id for record in self._records if record.id.startswith("0")}


def _name(record: Any) -> str:
    return record.name[:LONGEST] if isinstance(getattr(record, "name", None), str) else ""


def _pairs(word: str) -> set[str]:
    return {word[start : start + 2] for start in range(len(word) - 1)} or {word}
