"""Plan the embedded example, look at it, save it, check it, and plan the next year from it.

python examples/plan_a_province.py [OUT]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matcher


def main(out: Path) -> None:
    """Do the planner's year in ten lines."""
    instance = matcher.example()
    policy = matcher.Policy(max_school_km=200)
    plan = matcher.solve(instance, policy)
    print(plan.summary())

    plan.save(out)
    assert matcher.load_plan(out) == plan
    report = matcher.verify(instance, plan)
    print("checked:", report.ok)

    # next year starts from this year's pairs: with nothing changed, nothing changes
    pairs = [
        {"level": level, "provider_id": provider, "recipient_id": recipient}
        for level, frame, columns in (
            ("county", plan.county_pairings, ("organization_id", "county_id")),
            ("school", plan.school_pairings, ("branch_id", "school_id")),
        )
        for provider, recipient in frame[list(columns)].itertuples(index=False)
    ]
    tables = {name: getattr(instance, name) for name in ("organizations", "branches", "counties", "schools")}
    again = matcher.solve(matcher.Instance(**tables, previous=pairs), policy)
    print("kept", again.metrics["county_kept"], "county pairs and", again.metrics["school_kept"], "school pairs;")
    print("new", again.metrics["county_new"], "and", again.metrics["school_new"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "plan")
