"""Days as planners write them, kept as `YYYY-MM-DD`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

_WRITTEN: Final = re.compile(
    r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?(?:[ T]0?0:00(?::00(?:\.0+)?)?)?"
)


def iso_day(value: Any) -> Any:
    """Return `2026-05-01` for that, `2026/5/1`, `2026年5月1日`, `20260501`, a date; None for an empty cell."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return value.isoformat()
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else value
    if text is None or text == "":
        return None
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    try:
        return dt.date(*map(int, found.groups())).isoformat() if found else _refuse()
    except ValueError:
        return _refuse()


def _refuse() -> Any:
    raise ValueError("give a day as 2026-05-01")


def day_number(day: str) -> int:
    """Return the number of a day, one more for each day later."""
    return dt.date.fromisoformat(day).toordinal()


#: a day, or None
Day = Annotated[str | None, BeforeValidator(iso_day)]
