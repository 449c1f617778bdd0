"""Text made harmless where it goes: cells that a spreadsheet would run as a formula, and HTML."""

from __future__ import annotations

import html
import re
from typing import Any, Final

from matcher.base.plain import safe_text

_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_EXCEL_ERROR: Final = re.compile(r"#(?:REF!|N/A|NAME\?|DIV/0!|NULL!|NUM!|VALUE!|SPILL!|CALC!|GETTING_DATA)")
#: an apostrophe before these keeps a spreadsheet from running the cell as a formula, and this library from taking it
#: for a number of lost digits or an error; `escape` and `unescape` agree; spreadsheets take the full-width signs, which
#: a Chinese keyboard types, for the plain ones
_RISKY: Final = re.compile(rf"'*(?:[=+\-@＝＋－＠\t\r]|(?:{_SCIENTIFIC.pattern}|{_EXCEL_ERROR.pattern})\Z)")


def escape(value: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula; `unescape` takes it off again."""
    return "'" + value if _RISKY.match(value) else value


def unescape(value: str) -> str:
    """Undo `escape`."""
    return value[1:] if value.startswith("'") and _RISKY.match(value) else value


def html_text(value: Any) -> str:
    """Return what is written of `value` as HTML that shows it, whatever it holds: the one way into a page."""
    return html.escape(safe_text(str(value)))
