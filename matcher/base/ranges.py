"""A range in one text: `1..3` as the library writes it, `1-3`, `1至3个` as people do."""

from __future__ import annotations

import re
from typing import Final

_COUNTED: Final = "(?:个|所|家|支|名|个县|个区县|个学校)?"
_RANGE: Final = re.compile(rf"(\d+)\s*{_COUNTED}\s*(\.\.|~|…|‥|-|—|–|至|到)\s*(\d+)\s*{_COUNTED}")
#: as the library itself writes a range
_OWN: Final = frozenset(("..", "~", "…", "‥"))
#: full-width digits, tilde, hyphen and full stop -> the plain ones
_PLAIN: Final = {0xFF01 + offset: 0x21 + offset for offset in range(94)}


def range_of(text: str) -> tuple[int, int, bool] | None:
    """Return minimum and maximum that a text gives, and whether it is written as the library writes it."""
    found = _RANGE.fullmatch(text.translate(_PLAIN).strip())
    return None if found is None or len(text) > 60 else (int(found[1]), int(found[3]), found[2] in _OWN)
