"""Why somebody is served where they are, and whom a provider serves or would serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.market.input import Ints
from matcher.programmes.places import metres_of
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    from matcher.programmes.programme import Programme
    from matcher.programmes.result import ProgrammePlan


#: tables whose word for one of them is not theirs without an s
_ONE: Final = {"families": "family", "children": "child", "wishes": "wish", "counties": "county"}


def one_of(table: str) -> str:
    """Return the English word for one row of a table."""
    return _ONE.get(table, table.removesuffix("s"))


def is_kind(kind: str, table: str | None, programme: Programme) -> bool:
    """Return whether a word is that of a table in either language, or of one row of it."""
    if table is None:
        return False
    spec = programme.schema.kit[table]
    return kind in (table, one_of(table), spec.zh, *spec.also)


def explained(plan: ProgrammePlan, kind: str, known_id: str, lang: Lang) -> str:
    """Return the sentences about one record; see `ProgrammePlan.explain`."""
    pairs, programme = plan.matching.pairs, plan.programme
    for table, column, records in (
        (programme.recipients, 1, plan.recipients),
        (programme.providers, 0, plan.providers),
    ):
        at = next((n for n, record in enumerate(records) if record.id == known_id), None)
        if is_kind(kind, table, programme) and at is not None:
            mine = pairs[:, column] == at
            if column:
                return _recipient(plan, at, pairs[mine], plan.metres[mine], lang)
            return _provider(plan, at, pairs[mine], lang)
    raise InvalidInput([Fault("not_an_option", column="id", value=known_id, details={"known": kind})])


def _said(plan: ProgrammePlan, key: str, lang: Lang, **words: Any) -> str:
    """Return a sentence, in the words of the programme where it has its own: not everybody opens sites."""
    own = f"programme.{plan.programme.name}.{key}"
    return text(own if has_text(own) else f"programme.explain.{key}", lang, **words)


def _provider(plan: ProgrammePlan, at: int, pairs: Ints, lang: Lang) -> str:
    children = sum(plan.recipients[i].children for i in pairs[:, 1].tolist())
    is_open = plan.matching.opened is not None and bool(plan.matching.opened[at])
    key = "open" if is_open or len(pairs) else "not_open"
    known_id = plan.providers[at].id
    words = {"id": known_id, "children": children, "places": len(pairs), "nearer": _nearer_than_now(plan, at)}
    lines = [_said(plan, key, lang, **words)]
    staff = plan.staff
    for row in staff[staff["provider_id"] == known_id].itertuples():
        named = {"id": row.helper_id, "volunteers": row.volunteers, "km": f"{row.km:,.3f}"}
        lines.append(text("programme.explain.helper", lang, **named))
    return "\n".join(lines)


def _nearer_than_now(plan: ProgrammePlan, provider: int) -> int:
    """Return how many children would come nearer if this provider were open."""
    now = np.full(len(plan.recipients), np.iinfo(np.int64).max)
    now[plan.matching.pairs[:, 1]] = plan.metres
    everybody = np.column_stack([np.full(len(now), provider), np.arange(len(now))])
    nearer = metres_of(plan.providers, plan.recipients, everybody) < now
    return sum(plan.recipients[i].children for i in np.flatnonzero(nearer).tolist())


def _recipient(plan: ProgrammePlan, at: int, pairs: Ints, metres: Ints, lang: Lang) -> str:
    record = plan.recipients[at]
    if not len(pairs):
        return _said(plan, "unserved", lang, id=record.id)
    site = plan.providers[int(pairs[0, 0])]
    every = np.column_stack([np.arange(len(plan.providers)), np.full(len(plan.providers), at)])
    nearer = int((metres_of(plan.providers, plan.recipients, every) < metres[0]).sum())
    way = ""
    if "mode" in plan.pairings:
        mine = plan.pairings["recipient_id"] == record.id
        way = text(f"programme.value.{plan.pairings['mode'][mine].iloc[0]}", lang)
    return _said(
        plan, "served", lang, id=record.id, site=site.id, km=f"{metres[0] / 1000:,.3f}", nearer=nearer, way=way
    )
