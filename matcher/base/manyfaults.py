"""How much is looked at and listed of an input that is wrong throughout: enough to see why, never all of millions.

Faults of one cause come by the million, and each takes as much memory as a row. So the first of each kind are listed,
and it is said from where on they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, SupportsIndex

from matcher.base.errors import Fault, InvalidInput

#: faults of one kind in one column after which the next ones are not listed
MOST_FAULTS: Final = 10_000
#: faults of all kinds after which nothing more is looked at
MOST_IN_ALL: Final = 50_000
#: lists, objects and atoms of a document that is no table, or of one row of it; what people write has some hundreds
MOST_VALUES: Final = 200_000
#: what holds other values; a tuple, since a union of types takes five times as long to ask
NESTED: Final = (dict, list, tuple)
#: rows of a document that are judged at once: each can have some faults
_AT_ONCE: Final = 5000


class FaultList(list[Fault]):
    """Faults in the order they are found, the first `MOST_FAULTS` of each kind.

    Adding one beyond `MOST_IN_ALL` raises InvalidInput with all of them: whoever looks need not ask how many there are.
    """

    def __init__(self, faults: Iterable[Fault] = ()):
        super().__init__()
        self._kinds: dict[tuple[str, str | None, str | None], int] = {}
        self.extend(faults)

    def append(self, fault: Fault) -> None:
        """Add a fault, or say that those of its kind are not listed from here on."""
        kind = fault.code, fault.table, fault.column
        count = self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if count > MOST_FAULTS + 1:
            return
        if count > MOST_FAULTS:
            fault = Fault("too_many_faults", fault.table, fault.row, fault.column, sheet=fault.sheet)
        super().append(fault)
        if len(self) >= MOST_IN_ALL:
            super().append(Fault("too_many_faults", fault.table, fault.row, sheet=fault.sheet))
            raise InvalidInput(self)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add faults, one by one."""
        for fault in faults:
            self.append(fault)

    def extend_from(self, check: Iterable[Fault]) -> None:
        """Add what one check finds, which is not asked for more than `MOST_FAULTS`."""
        for number, fault in enumerate(check):
            if number == MOST_FAULTS:
                fault = Fault("too_many_faults", fault.table, fault.row, fault.column)
            self.append(fault)
            if number == MOST_FAULTS:
                return

    def __iadd__(self, faults: Iterable[Fault]) -> FaultList:  # type: ignore[override, misc]
        self.extend(faults)
        return self

    def insert(self, index: SupportsIndex, fault: Fault) -> None:
        """Add a fault; their order is that of their rows in the end."""
        self.append(fault)


def check_size(content: Any, table: str | None = None) -> None:
    """Refuse a document of more than `MOST_VALUES` values.

    Raises
    ------
    InvalidInput
        With the code `too_many_values`.
    """
    _sized(content, table)


def _sized(content: Any, table: str | None) -> int:
    """Return how many values lists and mappings hold, with those within them."""
    count, here = 0, [content]
    while here:
        found: list[Any] = []
        for each in here:
            if isinstance(each, NESTED):
                count += len(each)
                if count > MOST_VALUES:
                    raise InvalidInput([Fault("too_many_values", table, details={"most": MOST_VALUES})])
                found += each.values() if isinstance(each, dict) else each
        here = found
    return count


def portions(rows: Sequence[Any], table: str | None = None) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield rows of a document a portion at a time, each with the number of rows before it; none of none.

    Raises
    ------
    InvalidInput
        If one row alone has more than `MOST_VALUES` values.
    """
    begin = count = 0
    for at, row in enumerate(rows):
        values = _sized(row, table)
        if at > begin and (count + values > MOST_VALUES or at - begin >= _AT_ONCE):
            yield begin, rows[begin:at]
            begin, count = at, 0
        count += values
    if len(rows) > begin:
        yield begin, rows[begin:]
