"""The plan of the holiday service as frames: stays, points, weeks, who is missing; and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.market.presence.case import NEVER, Present
from matcher.market.presence.presence import Presence

if TYPE_CHECKING:
    import pandas as pd

    from matcher.programmes.result import ProgrammePlan


def _present(plan: ProgrammePlan) -> tuple[Presence, Present]:
    found: Presence = plan.matching
    return found, Present.of(found.case, found.pairs, found.start)


def _kinds(plan: ProgrammePlan) -> list[str]:
    teams = len(plan.records["teams"])
    return ["teams"] * teams + ["volunteers"] * (len(plan.recipients) - teams)


def pairings(plan: ProgrammePlan) -> pd.DataFrame:
    """Return who stays where: kind and recipient_id, provider_id, from_week, until_week, size, km."""
    import pandas as pd

    found, kinds = plan.matching, _kinds(plan)
    order = np.lexsort((found.pairs[:, 1], found.start, found.pairs[:, 0]))
    site, crew = found.pairs[order].T
    start, stay = found.start[order], found.case.stay[crew]
    return pd.DataFrame(
        {
            "kind": [kinds[t] for t in crew.tolist()],
            "recipient_id": [plan.recipients[t].id for t in crew.tolist()],
            "provider_id": [plan.providers[p].id for p in site.tolist()],
            "from_week": start + 1,
            "until_week": start + stay,
            "size": found.case.size[crew],
            "km": found.case.metres[crew, site] / 1000,
        }
    )


def opened(plan: ProgrammePlan) -> pd.DataFrame:
    """Return the points where anybody is: provider_id, name, weeks, most volunteers, child-weeks, looked after."""
    import pandas as pd

    found, there = _present(plan)
    at = np.flatnonzero(found.opened)
    after = there.looked_after(found.case)
    return pd.DataFrame(
        {
            "provider_id": [plan.providers[p].id for p in at.tolist()],
            "name": [plan.providers[p].name for p in at.tolist()],
            "weeks": (there.heads[at] > 0).sum(axis=1),
            "most_volunteers": there.heads[at].max(axis=1, initial=0),
            "child_weeks": found.case.children[at].sum(axis=1),
            "child_weeks_looked_after": after[at].sum(axis=1),
        }
    )


def weeks(plan: ProgrammePlan) -> pd.DataFrame:
    """Return every open point and week: provider_id, week, volunteers, adults, children, looked_after, hours."""
    import pandas as pd

    found, there = _present(plan)
    site, week = np.nonzero(found.case.open)
    hours = getattr(plan.policy, "hours_per_week", 0)
    return pd.DataFrame(
        {
            "provider_id": [plan.providers[p].id for p in site.tolist()],
            "week": week + 1,
            "volunteers": there.heads[site, week],
            "adults": there.adults[site, week],
            "children": found.case.children[site, week],
            "looked_after": there.looked_after(found.case)[site, week],
            "hours": there.heads[site, week] * hours,
        }
    )


def unmatched(plan: ProgrammePlan) -> pd.DataFrame:
    """Return points with children not looked after: kind, id, missing child-weeks, reason, weeks with nobody."""
    import pandas as pd

    found, there = _present(plan)
    lost = (found.case.children - there.looked_after(found.case)).sum(axis=1)
    reach = (found.case.metres != NEVER).any(axis=0)
    empty = (found.case.open & (there.heads == 0)).sum(axis=1)
    rows = [
        ("points", plan.providers[p].id, int(lost[p]), "too_few" if reach[p] else "nobody_in_reach", int(empty[p]))
        for p in np.flatnonzero(lost).tolist()
    ]
    return pd.DataFrame(rows, columns=["kind", "id", "missing", "reason", "detail"])


def explained(plan: ProgrammePlan, kind: str, known_id: str, lang: Lang) -> str:
    """Return the sentences about a point, a team or a volunteer."""
    rows: Any = plan.pairings
    if kind in ("point", "points") and any(point.id == known_id for point in plan.providers):
        table: Any = weeks(plan)
        lines = [
            text("programme.explain.week", lang, **{name: getattr(row, name) for name in table.columns[1:]})
            for row in table[table["provider_id"] == known_id].itertuples()
        ]
        lines += [_stay(row, lang) for row in rows[rows["provider_id"] == known_id].itertuples()]
        return "\n".join([text("programme.explain.point", lang, id=known_id), *lines])
    for table_name in ("teams", "volunteers"):
        known = any(record.sort_key()[0] == known_id for record in plan.records[table_name])
        if kind in (table_name, table_name[:-1]) and known:
            mine = rows[(rows["recipient_id"] == known_id) & (rows["kind"] == table_name)]
            if not len(mine):
                return text("programme.explain.idle", lang, id=known_id)
            return "\n".join(_stay(row, lang) for row in mine.itertuples())
    raise InvalidInput([Fault("not_an_option", column="id", value=known_id, details={"known": kind})])


def _stay(row: Any, lang: Lang) -> str:
    words = {"id": row.recipient_id, "point": row.provider_id, "size": row.size, "km": f"{row.km:,.3f}"}
    return text("programme.explain.stay", lang, **words, first=row.from_week, last=row.until_week)


FRAMES: Final = {"pairings": pairings, "opened": opened, "unmatched": unmatched, "weeks": weeks}
