"""Write the small part of TOML that a policy needs (the standard library only reads it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def dump(content: Mapping[str, Any]) -> str:
    """Return `content` (strings, numbers, booleans, lists, mappings; None as "none") as TOML."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in content.items())


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if value is None:
        return '"none"'
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items() if item is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers and booleans are written alike in TOML and JSON
