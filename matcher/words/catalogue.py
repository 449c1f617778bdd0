"""Every text that a user reads, in English and Chinese: one catalogue, the same keys in both.

A key names the room and the thing (`fault.unknown_id`, `rule.reach`, `summary.covered`). Texts are `str.format`
templates; a test checks that both languages have every key and fill in the same names. Rooms with many texts keep
theirs in a file of their own under `matcher/words/`: a tuple TEXTS of `(key, english, chinese)`, merged here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import matcher.words

#: the languages of every text
LANGS: Final = ("en", "zh")
#: fields that name a level of pairing, a kind of partner, a table or what is counted, by a code that has a word in
#: either language
_WORDS = {"level", "kind", "table", "target", "other", "count"}


@cache
def catalogue() -> MappingProxyType[str, tuple[str, str]]:
    """Return the whole catalogue: key -> (English, Chinese)."""
    merged: dict[str, tuple[str, str]] = {}
    rooms = {module.name for module in pkgutil.iter_modules(matcher.words.__path__)} - {"catalogue"}
    for room in sorted(rooms):
        for key, english, chinese in importlib.import_module(f"matcher.words.{room}").TEXTS:
            if key in merged:
                raise RuntimeError(f"the message {key} is defined twice")
            merged[key] = (english, chinese)
    return MappingProxyType(merged)


def said(key: str, lang: str = "en", /, **fields: Any) -> str:
    """Return the text of `key` in `lang` ("en" or "zh") with `fields` filled in.

    Raises
    ------
    KeyError
        If the catalogue has no such key; tests cover every key that the code uses.

    `matcher.base.errors.text` is the door to it that refuses a language without texts.
    """
    english, chinese = catalogue()[key]
    for name, value in fields.items():
        if isinstance(value, Mapping) and value.keys() == set(LANGS):  # said already, in either language
            fields[name] = value[lang]
    for name in _WORDS & fields.keys():  # codes in the details, words in the text
        word = catalogue().get(f"word.{fields[name]}")
        fields[name] = fields[name] if word is None else word[lang == "zh"]
    if fields.get("group") == "all":
        fields["group"] = catalogue()["word.all"][lang == "zh"]
    return (chinese if lang == "zh" else english).format(**fields)


def has_text(key: str) -> bool:
    """Return whether the catalogue has `key`."""
    return key in catalogue()
