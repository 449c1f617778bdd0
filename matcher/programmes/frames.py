"""The plan of a programme as frames in the user's own ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.programmes import staffing
from matcher.programmes.places import metres_of

if TYPE_CHECKING:
    import pandas as pd

    from matcher.programmes.result import ProgrammePlan


def pairings(plan: ProgrammePlan) -> pd.DataFrame:
    """Return who is served where: recipient_id, provider_id, children, km."""
    import pandas as pd

    pairs = plan.matching.pairs[np.lexsort(plan.matching.pairs.T)]
    rows = [(plan.recipients[i], plan.providers[j]) for j, i in pairs.tolist()]
    return pd.DataFrame(
        {
            "recipient_id": [r.id for r, _ in rows],
            "provider_id": [p.id for _, p in rows],
            "children": [r.children for r, _ in rows],
            "km": metres_of(plan.providers, plan.recipients, pairs) / 1000,
        }
    )


def opened(plan: ProgrammePlan) -> pd.DataFrame:
    """Return who is open: provider_id, name, kind, recipients and children served, mean km of a child."""
    import pandas as pd

    matching = plan.matching
    at = np.flatnonzero(matching.opened) if matching.opened is not None else np.zeros(0, np.int64)
    children = np.array([r.children for r in plan.recipients], np.int64)[matching.pairs[:, 1]]
    count = len(plan.providers)
    served = np.bincount(matching.pairs[:, 0], children, count)
    travel = np.bincount(matching.pairs[:, 0], children * plan.metres, count)
    mean = np.divide(travel / 1000, served, out=np.full(count, np.nan), where=served > 0)
    some = [plan.providers[j] for j in at.tolist()]
    return pd.DataFrame(
        {
            "provider_id": [p.id for p in some],
            "name": [p.name for p in some],
            "kind": [getattr(p, "kind", None) for p in some],
            "recipients": np.bincount(matching.pairs[:, 0], minlength=count)[at],
            "children": served[at].astype(np.int64),
            "km_mean": mean[at],
        }
    )


def unmatched(plan: ProgrammePlan) -> pd.DataFrame:
    """Return who is not served: kind, id, missing, reason (a stable code), detail."""
    import pandas as pd

    missing = plan.matching.unmet
    rows: list[tuple[Any, ...]] = []
    reach = np.bincount(plan.matching.market.recipient_idx, minlength=len(plan.recipients))
    for i in np.flatnonzero(missing if missing is not None else []).tolist():
        reason = "nobody_in_reach" if not reach[i] else "no_room_or_not_open"
        assert missing is not None
        rows.append((plan.programme.recipients, plan.recipients[i].id, int(missing[i]), reason, int(reach[i])))
    return pd.DataFrame(rows, columns=["kind", "id", "missing", "reason", "detail"])


def staff(plan: ProgrammePlan) -> pd.DataFrame:
    """Return who is sent where: provider_id, helper_id, volunteers, km; empty where nobody is asked for."""
    import pandas as pd

    team, rows = plan.programme.staffing, []
    if plan.helpers is not None and team is not None:
        rows = staffing.sent(team, plan.records, plan.policy, plan.matching, plan.helpers)
    return pd.DataFrame(rows, columns=["provider_id", "helper_id", "volunteers", "km"])


FRAMES = {"pairings": pairings, "opened": opened, "unmatched": unmatched}
