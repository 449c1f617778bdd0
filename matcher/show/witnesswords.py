"""Why no plan exists, in words: one sentence for each kind of witness, with the ids and numbers that make it true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matcher.base.errors import text
from matcher.base.names import SIDES
from matcher.words.catalogue import has_text

#: ids named one by one; the rest are counted
_MOST_IDS: Final = 8


def witness_words(witness: Mapping[str, Any], lang: str) -> str:
    """Say why nothing is feasible."""
    try:
        said = _SENTENCES[witness["kind"]](witness, lang)
    except (LookupError, TypeError, ValueError, AttributeError):
        # of another version, or no witness at all: shown as it is, for the checker to judge
        said = _plain(witness)
    return text("summary.witness", lang, said=said)


def _hall(witness: Mapping[str, Any], lang: str) -> str:
    own, other = (_many(witness["level"], side, lang) for side in _sides(witness))
    fields = {"own": own, "other": other, "ids": _ids(witness["ids"], lang), "count": len(witness["ids"])}
    return text("witness.hall", lang, **fields, needed=witness["needed"], available=witness["available"])


def _pins(witness: Mapping[str, Any], lang: str) -> str:
    own = _many(witness["level"], _sides(witness)[0], lang)
    return text("witness.pins", lang, own=own, **{name: witness[name] for name in ("id", "pinned", "limit")})


def _pin_forbidden(witness: Mapping[str, Any], lang: str) -> str:
    return text("witness.pin_forbidden", lang, **{name: witness[name] for name in ("provider_id", "recipient_id")})


def _floor(witness: Mapping[str, Any], lang: str) -> str:
    return text("witness.floor", lang, asked=_row(witness, lang), bound=witness["bound"])


def _conflict(witness: Mapping[str, Any], lang: str) -> str:
    key = "witness.conflict" if witness["irreducible"] else "witness.conflict.reducible"
    return text(key, lang, groups="; ".join(_row(group, lang) for group in witness["groups"]))


def _joint_requirements(witness: Mapping[str, Any], lang: str) -> str:
    return text("witness.joint_requirements", lang, unmet=witness["unmet"])


def _no_stable_plan(witness: Mapping[str, Any], lang: str) -> str:
    known = {name: value for name, value in witness.items() if name not in ("kind", "reason")}
    return text(f"witness.no_stable_plan.{witness['reason']}", lang, known=_plain(known))


_SENTENCES: Final = {
    "hall": _hall,
    "pins": _pins,
    "pin_forbidden": _pin_forbidden,
    "floor": _floor,
    "conflict": _conflict,
    "joint_requirements": _joint_requirements,
    "no_stable_plan": _no_stable_plan,
}


def _sides(witness: Mapping[str, Any]) -> tuple[int, int]:
    side = 0 if witness["side"] in ("provider", SIDES[witness["level"]][0]) else 1
    return side, 1 - side


def _many(level: str, side: int, lang: str) -> str:
    return text(f"word.many.{SIDES[level][side]}", lang)


def _ids(ids: Sequence[str], lang: str) -> str:
    shown = ", ".join(map(str, ids[:_MOST_IDS]))
    return shown + (" …" if len(ids) > _MOST_IDS else "")


def _row(group: Mapping[str, Any], lang: str) -> str:
    """Say one requirement that a plan can't meet, with its limit."""
    key = f"witness.group.{group['rule']}"
    if not has_text(key):
        return f"{group['rule']} ({_plain(group['details'])})"
    limit = group["least"] if group["least"] is not None else group["most"]
    return text(key, lang, **{**group["details"], "limit": limit})


def _plain(known: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_short(value)}" for name, value in known.items())


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(map(str, value[:_MOST_IDS]))
        return f"[{shown}{', …' if len(value) > _MOST_IDS else ''}]"
    return str(value)
