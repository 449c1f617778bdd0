"""Days and moments as planners write them, kept as `YYYY-MM-DD` and `YYYY-MM-DDTHH:MM:SS`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

_WRITTEN: Final = re.compile(
    r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?(?:[ T]0?0:00(?::00(?:\.0+)?)?)?"
)

_CLOCK: Final = re.compile(r"(.*\d日?)[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")


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


def iso_moment(value: Any) -> Any:
    """Return `2026-05-01T10:31:00` for that, `2026/5/1 10:31`, `2026年5月1日 10:31`, a datetime; a day's beginning."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds")
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    day = iso_day(found[1] if found else value)
    if day is None:
        raise ValueError("give a moment as 2026-05-01 10:31")
    try:
        clock = dt.time(int(found[2]), int(found[3]), int(found[4] or 0)) if found else dt.time()
    except ValueError:
        return _refuse()
    return f"{day}T{clock.isoformat()}"


def second_number(moment: str) -> int:
    """Return the number of a second, one more for each later."""
    known = dt.datetime.fromisoformat(moment)
    return 86_400 * known.toordinal() + 3600 * known.hour + 60 * known.minute + known.second


#: a moment
Moment = Annotated[str, BeforeValidator(iso_moment)]
#: a day, or None
Day = Annotated[str | None, BeforeValidator(iso_day)]
