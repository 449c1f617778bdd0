"""Who is meant by a name: looked for as it is written, then in its canonical form, then with whose it is before it.

Last, for counties, without what kind of county it is (关岭县 for 关岭布依族苗族自治县). The first of these under which
anybody is found decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from matcher.base.canonical import canonical, county_stem


class NameIndex:
    """The ids of one table, and the ids of each name.

    Parameters
    ----------
    ids, names : (n,)
        Of its rows; what is no text is passed over.
    wholes : (n,)
        Names of whose the rows are, if they are anybody's.
    counties
        Whether the rows are counties.
    """

    def __init__(self, ids: Sequence[Any], names: Sequence[Any], wholes: Sequence[Any] = (), *, counties: bool = False):
        self.ids = set(ids)
        self._rows = [
            (name, known, position)
            for position, (name, known) in enumerate(zip(names, ids, strict=False))
            if isinstance(name, str) and isinstance(known, str)
        ]
        self._wholes, self._counties = wholes, counties

    def lookup(self, literal: str, plain: str) -> tuple[Sequence[str], str]:
        """Return the ids that a name can mean, and how it was understood; `literal` is the cell as it was written."""
        whole = canonical(literal)
        for how, index, key in (
            ("name", "_as_written", literal),
            ("name", "_as_written", plain),
            ("spelling", "_canonical", whole),
            ("spelling", "_ids_canonical", whole),
            ("whole_name", "_with_parent", whole),
            ("county_name", "_stems", county_stem(literal)),
        ):
            ids = getattr(self, index).get(key, ())
            if ids:
                return ids, how
        return (), ""

    def meant(self, word: str) -> list[str]:
        """Return the ids that a word means: itself if it is one, else those of the name; in order."""
        return [word] if word in self.ids else sorted(set(self.lookup(word, word)[0]))

    @cached_property
    def _as_written(self) -> Mapping[str, list[str]]:
        return _index((name, known) for name, known, _ in self._rows)

    @cached_property
    def _canonical(self) -> Mapping[str, list[str]]:
        return _index((canonical(name), known) for name, known, _ in self._rows)

    @cached_property
    def _ids_canonical(self) -> Mapping[str, list[str]]:
        return _index((canonical(known), known) for known in sorted(k for k in self.ids if isinstance(k, str)))

    @cached_property
    def _stems(self) -> Mapping[str, list[str]]:
        return _index((county_stem(name), known) for name, known, _ in self._rows if self._counties)

    @cached_property
    def _with_parent(self) -> Mapping[str, list[str]]:
        if not self._wholes:
            return {}
        return _index(
            (canonical(self._wholes[position] + name), known)
            for name, known, position in self._rows
            if isinstance(self._wholes[position], str) and self._wholes[position]
        )


def _index(keys: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, known in keys:
        found[key].append(known)
    return dict(found)
