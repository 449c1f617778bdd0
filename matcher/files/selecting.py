"""Which rows are meant, as one cell says it: names, or conditions such as 类型=高校；学段=小学; and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from matcher.base.errors import Lang, text
from matcher.policy.comparisons import SIGNS, comparison
from matcher.policy.rules import Selector
from matcher.tables.columns import TABLES
from matcher.tables.headers import normal
from matcher.words.catalogue import LANGS

#: conditions of a selector that are no columns of the planner's own
_FIELDS: Final = ("ids", "kinds", "provinces", "parents")
_KINDS: Final = TABLES["organizations"].column("kind").values
_STOPS: Final = '"=＝;；、,，<>≤≥≠＜＞!！'
#: a text in quotation marks, a sign that compares or equals, what stands between words or conditions, any other text
_TOKEN: Final = re.compile(rf'"((?:[^"\\]|\\.)*)"|({SIGNS}|[=＝])|([;；])|([、,，])|([^{_STOPS}]+|[!！])', re.DOTALL)
_PLAIN: Final = re.compile(rf"[^{_STOPS}\\\s](?:[^{_STOPS}\\\r\n\t]*[^{_STOPS}\\\s])?")


def said(selector: Selector, lang: Lang) -> str | None:
    """Return a selector as its cell, None for all rows."""
    parts = []
    for field in _FIELDS:
        words = getattr(selector, field)
        if words is not None:
            shown = [
                _KINDS[word][0] if field == "kinds" and lang == "zh" and word in _KINDS else word for word in words
            ]
            parts.append(f"{text(f'rulebook.{field}', lang)}={'、'.join(map(_quoted, shown))}")
    if selector.where is not None:
        for name, value in selector.where.items():
            sign, operand = comparison(value) or ("=", value)
            parts.append(f"{_column(name)}{sign}{_quoted(operand)}")
        parts += ["=" if not selector.where else ""]
    return ";".join(filter(None, parts)) or None


def _column(name: str) -> str:
    """Return the name of a column of the planner's own, in quotation marks where it is also a word of ours."""
    return f'"{_escaped(name)}"' if _field(name) is not None else _quoted(name)


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else f'"{_escaped(word)}"'


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


def _field(word: str) -> str | None:
    """Return the condition that a word names, in either language."""
    plain = normal(word)
    return next((f for f in _FIELDS for lang in LANGS if plain == normal(text(f"rulebook.{f}", lang))), None)


def meant(cell: str) -> Selector:
    """Return the selector that a cell means; words without a condition are ids or names."""
    if normal(cell) in {normal(text("rule.all", lang)) for lang in LANGS}:
        return Selector()
    fields: dict[str, tuple[str, ...]] = {}
    where: dict[str, str] | None = None
    for condition in _conditions(cell):
        name, words = condition
        if name is None:
            fields["ids"] = (*fields.get("ids", ()), *words)
            continue
        word, is_quoted, sign = name
        field = None if is_quoted or sign else _field(word)
        if field is not None:
            fields[field] = tuple(map(_kind, words)) if field == "kinds" else tuple(words)
        else:
            where = {**(where or {}), **({word: sign + "、".join(words)} if word else {})}
    return Selector(**fields, where=where)


def _kind(word: str) -> str:
    plain = normal(word)
    return next((kind for kind, also in _KINDS.items() if plain == kind or plain in also), word)


def _conditions(cell: str) -> list[tuple[tuple[str, bool, str] | None, Sequence[str]]]:
    """Return the conditions of a cell: column, whether it is quoted, sign unless it equals, and words after."""
    found: list[tuple[tuple[str, bool, str] | None, Sequence[str]]] = []
    name: tuple[str, bool, str] | None = None
    words: list[str] = []
    quoted = False
    started = False
    for token in [*_TOKEN.finditer(cell), None]:
        if token is None or token[3]:
            if started:
                found.append((name, words))
            name, words, started, quoted = None, [], False, False
        elif token[2]:
            name = words.pop() if words else "", quoted, "" if token[2] in "=＝" else token[2]
            started = True
        elif not token[4]:
            quoted = token[5] is None
            word = re.sub(r"\\(.)", r"\1", token[1], flags=re.DOTALL) if quoted else token[5].strip()
            if quoted or word:
                words.append(word)
                started = True
    return found
