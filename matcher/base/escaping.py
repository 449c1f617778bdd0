"""Text that a spreadsheet would take for a formula, made harmless and read back."""

from __future__ import annotations

import re
from typing import Final

_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_EXCEL_ERROR: Final = re.compile(r"#(?:REF!|N/A|NAME\?|DIV/0!|NULL!|NUM!|VALUE!|SPILL!|CALC!|GETTING_DATA)")
#: an apostrophe before these keeps a spreadsheet from running the cell as a formula, and this library from taking it
#: for a number of lost digits or an error; `escape` and `unescape` agree
_RISKY: Final = re.compile(rf"'*(?:[=+\-@\t\r]|(?:{_SCIENTIFIC.pattern}|{_EXCEL_ERROR.pattern})\Z)")


def escape(value: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula; `unescape` takes it off again."""
    return "'" + value if _RISKY.match(value) else value


def unescape(value: str) -> str:
    """Undo `escape`."""
    return value[1:] if value.startswith("'") and _RISKY.match(value) else value
