"""What a number format shows: the text of an id that a workbook keeps as a number, and whether a number is a date."""

from __future__ import annotations

from functools import cache
from typing import Final

#: placeholders of digits; `0` shows a zero where there is no digit
_DIGITS: Final = "0#?"
#: characters that stand for themselves without quotation marks
_PLAIN: Final = frozenset(" -+()$:!^&'~{}<>=")


class ShownNumber(float):
    """A number that its cell shows as other text than its digits: 20101 under `000000` is 020101."""

    text: str

    def __new__(cls, number: float, text: str) -> ShownNumber:
        """Return `number` with the text that its cell shows."""
        made = super().__new__(cls, number)
        made.text = text
        return made


@cache
def is_date(code: str) -> bool:
    """Return whether a number under this format is shown as a date or a time."""
    from openpyxl.styles.numbers import is_date_format

    return bool(is_date_format(code))


def shown_as(number: float, code: str) -> str | None:
    """Return the text of a whole number under a format, None if it is no more than its digits.

    Only formats of digits and fixed text are told; what groups, scales or rounds does not make another id.
    """
    pieces = _pieces(code)
    if pieces is None or not number.is_integer() or not 0 <= number < 10**15:
        return None
    digits = list(str(int(number)))
    shown: list[str] = []
    for position in range(len(pieces) - 1, -1, -1):
        kind, piece = pieces[position]
        if kind == "text":
            shown.append(piece)
        elif any(earlier == "digit" for earlier, _ in pieces[:position]):
            shown.append(digits.pop() if digits else piece)
        else:  # the first placeholder takes all that is left
            shown.append("".join(digits) or piece)
    text = "".join(reversed(shown))
    return None if text == str(int(number)) else text


@cache
def _pieces(code: str) -> tuple[tuple[str, str], ...] | None:
    """Return a format as fixed texts and placeholders of digits; None if it has anything else."""
    pieces: list[tuple[str, str]] = []
    rest = iter(code)
    for character in rest:
        if character == ";":  # what follows is for other numbers
            break
        if character == "[":
            inner = "".join(iter(lambda: next(rest, "]"), "]"))
            if inner[:1] == "$" and inner[1:].split("-")[0]:
                return None
        elif character == '"':
            pieces.append(("text", "".join(iter(lambda: next(rest, '"'), '"'))))
        elif character == "\\":
            pieces.append(("text", next(rest, "")))
        elif character in "_*":
            next(rest, "")
        elif character in _DIGITS:
            pieces.append(("digit", "0" if character == "0" else ""))
        elif character in _PLAIN or character > "\x7f":
            pieces.append(("text", character))
        else:
            return None
    return tuple(pieces) if any(kind == "digit" for kind, _ in pieces) else None
