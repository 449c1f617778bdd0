"""The independent checker behind `matcher.verify`: any plan against its input, with no solver involved.

Nothing a plan says is believed. Ids, bounds, rules and pins are judged from the input; every kilometre, flag, metric,
reason and level is computed again; bounds and status must follow from the proof, and a certificate is checked itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from matcher.base import told
from matcher.base.disk import as_path
from matcher.base.display import Metric
from matcher.base.errors import InvalidInput, wrong_kind
from matcher.base.names import KIND_OF_TABLE, SIDES, UNMATCHED_COLUMNS
from matcher.base.numbers import IntArray
from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.unreadable import UNREADABLE
from matcher.base.violations import Violation
from matcher.base.watch import look, within
from matcher.checking.books import false_cells
from matcher.checking.proofs import proof_violations
from matcher.checking.report import Finding, Report
from matcher.files.claims import claims_of_folder
from matcher.files.plan_book import plan_claims
from matcher.model import RECORDS, Instance
from matcher.outcome.claims import Claims
from matcher.outcome.frames import PAIR_COLUMNS, pair_columns
from matcher.outcome.metrics import metrics_of
from matcher.outcome.notices import DERIVED, plan_notices
from matcher.outcome.unmatched import as_columns, unmatched_of
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.pairs import Pairs, positions_of
from matcher.problem.problem import Problem
from matcher.proof.hardrules import hard_violations
from matcher.tables.crosscheck import notices_of
from matcher.words.catalogue import has_text

#: a claimed number may be off by this much of its last digit shown, from writing it as text
_HALF_DIGIT: Final = 0.0005
#: code of a wrong value by the column that holds it
_COLUMN_CODES: Final = {
    "county_id": "wrong_county",
    "organization_id": "wrong_organization",
    "km": "km_differs",
    "minutes": "minutes_differ",
    "kept": "kept_differs",
    "since": "since_differs",
}


def verify(
    instance: Instance,
    plan: Plan | Claims | str | Path,
    policy: Policy | None = None,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Report:
    """Judge a plan by its input; no solver is involved.

    Parameters
    ----------
    instance
        The input, as the one who asks knows it.
    plan
        A `Plan`, or the path of a saved one (folder or workbook), also of one that was edited; or its `Claims`.
    policy
        Whose rules the pairs must keep; the plan's own if None. What the plan says of its levels and proof is always
        judged by the plan's own policy.
    time_limit_s, progress, cancel
        Of the whole call; half a check is none, so that a stopped one is an error.

    Raises
    ------
    InvalidInput
        If `plan` is a path with nothing to read.
    StoppedError
        If the check was stopped.

    Examples
    --------
    >>> import matcher
    >>> university = matcher.Organization(id="U1", lat=26.6, lon=106.7)
    >>> county = matcher.County(id="C1", lat=26.2, lon=105.5)
    >>> instance = matcher.Instance(organizations=[university], counties=[county])
    >>> matcher.verify(instance, matcher.Plan.from_pairs(instance, county_pairs=[("U1", "C1")])).ok
    True
    """
    with within(time_limit_s, progress, cancel):
        report = _judged(instance, _claims(plan), policy)
    told.info("verified", count=len(report.violations), codes=", ".join(report.codes) or "-")
    return report


def _judged(instance: Instance, claims: Claims, policy: Policy | None) -> Report:
    """Judge what is claimed, step by step."""
    look("rules", 0, 4)
    problem = Problem.of(instance, claims.policy)
    judge = problem if policy is None else Problem.of(instance, policy)
    violations = list(claims.broken)
    if claims.digest is not None and claims.digest != instance.digest:
        violations.append(Violation("input_differs", {}))
    known: dict[str, IntArray] = {}
    for level in SIDES:
        recipient, provider = PAIR_COLUMNS[level][:2]
        rows = claims.rows[level]
        given = list(zip(rows.get(provider, ()), rows.get(recipient, ()), strict=False))
        known[level], strangers = positions_of(problem.arrays, level, given)
        violations += _unknown_ids(problem, level, strangers)
        violations += _rows(problem, level, rows)
    pairs = Pairs(**known)
    has_plan = (
        claims.status not in ("infeasible", "unknown")
        or any(map(len, pairs))
        # a plan made by hand has values whatever its pairs are
        or (claims.status == "unknown" and any(level.value is not None for level in claims.levels or ()))
    )
    broken = hard_violations(judge, pairs) if has_plan else []
    violations += broken
    look("metrics", 1, 4)
    metrics = metrics_of(problem, pairs)
    violations += _metrics(claims.metrics, metrics)
    look("unmatched", 2, 4)
    violations += _unmatched(problem, claims, pairs, has_plan)
    violations += _warnings(problem, claims, pairs, has_plan)
    look("proof", 3, 4)
    false, proved, bounds = proof_violations(problem, claims, pairs, has_plan=has_plan, broken=bool(broken))
    violations += false
    stale = false_cells(instance, claims, pairs) if has_plan and claims.book is not None else []
    if claims.book is not None and not claims.book.touched:
        violations, stale = violations + stale, []
    finding: Finding = "false" if violations else "proved" if proved else "claimed"
    look("proof", 4, 4)
    return Report(
        not violations,
        finding,
        tuple(violations),
        MappingProxyType(metrics),
        claims.edits,
        None if has_plan else claims.status,
        tuple(stale),
        _proved_levels(problem, claims, bounds),
    )


def _proved_levels(
    problem: Problem, claims: Claims, bounds: tuple[int | None, ...]
) -> tuple[tuple[str, str, int, int], ...]:
    rows = zip(problem.objectives, claims.levels or (), bounds, strict=False)
    return tuple(
        (each.name, each.unit, level.value, bound)
        for each, level, bound in rows
        if level.value is not None and bound is not None
    )


def _claims(plan: Plan | Claims | str | Path) -> Claims:
    if isinstance(plan, Claims):
        return plan
    if isinstance(plan, Plan):
        return Claims.of(plan)
    if not isinstance(plan, str | os.PathLike):
        raise InvalidInput([wrong_kind(plan, "Plan, or the path of one", "plan")])
    path = as_path(plan, "plan")
    if path.suffix.lower() == ".xlsx":
        return plan_claims(path)
    return claims_of_folder(path)


def _unknown_ids(problem: Problem, level: str, strangers: tuple[tuple[str, str], ...]) -> Iterator[Violation]:
    for pair in strangers:
        for side, known in enumerate(pair):
            if known not in problem.arrays.sides(level)[side].index:
                kind = KIND_OF_TABLE[SIDES[level][side]]
                yield Violation("unknown_id", {"level": level, "kind": kind, "id": known})


def _rows(problem: Problem, level: str, rows: Mapping[str, Any]) -> Iterator[Violation]:
    """Compare every value of every row whose ids are known with what the input says."""
    recipient, provider = PAIR_COLUMNS[level][:2]
    if recipient not in rows or provider not in rows:
        return
    providers, recipients = problem.arrays.sides(level)
    known = [
        (row, providers.index[provider_id], recipients.index[recipient_id])
        for row, (provider_id, recipient_id) in enumerate(zip(rows[provider], rows[recipient], strict=True))
        if provider_id in providers.index and recipient_id in recipients.index
    ]
    positions = _as_pairs([(p, r) for _, p, r in known])
    truth = pair_columns(problem, level, positions)
    for column in (name for name in PAIR_COLUMNS[level][2:] if name in rows):
        look()
        for at, (row, _, _) in enumerate(known):
            claimed, true = rows[column][row], truth[column][at]
            if claimed != UNREADABLE and not _same(claimed, true):
                details = {"level": level, "provider": rows[provider][row], "recipient": rows[recipient][row]}
                yield Violation(_COLUMN_CODES[column], {**details, "claimed": _plain(claimed), "true": _plain(true)})


def _as_pairs(pairs: list[tuple[int, int]]) -> IntArray:
    import numpy as np

    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _same(claimed: Any, true: Any) -> bool:
    """Compare a claimed value with a true one; NaN and None are the same nothing."""
    claimed, true = _plain(claimed), _plain(true)
    if isinstance(claimed, bool) or isinstance(true, bool) or None in (claimed, true) or isinstance(true, str):
        return type(claimed) is type(true) and claimed == true
    try:
        return abs(float(claimed) - float(true)) < _HALF_DIGIT
    except (TypeError, ValueError):
        return False


def _plain(value: Any) -> Any:
    """Return a plain Python value: NumPy's scalars unpacked, NaN as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if value != value else value


def _metrics(claimed: Mapping[str, Any] | None, true: Mapping[str, Metric]) -> Iterator[Violation]:
    if claimed is None:
        return
    for name, value in true.items():
        if name not in claimed:
            yield Violation("metric_missing", {"name": name})
        elif type(claimed[name]) is bool or claimed[name] != value:
            yield Violation("metric_differs", {"name": name, "claimed": claimed[name], "true": value})
    for name in sorted(set(claimed) - set(true)):
        yield Violation("metric_unknown", {"name": name})


def _unmatched(problem: Problem, claims: Claims, pairs: Pairs, has_plan: bool) -> Iterator[Violation]:
    if claims.unmatched is None or any(name not in claims.unmatched for name in UNMATCHED_COLUMNS[:2]):
        return
    columns = as_columns(unmatched_of(problem, pairs, has_plan=has_plan))
    truth = _by_name(columns)
    claimed = _by_name(claims.unmatched)
    if len(claimed) < len(claims.unmatched["id"]):
        yield Violation("unmatched_repeated", {})
    for kind, known in sorted(truth.keys() - claimed.keys()):
        yield Violation("unmatched_row_missing", {"kind": kind, "id": known})
    for kind, known in sorted(claimed.keys() - truth.keys()):
        yield Violation("unmatched_row_false", {"kind": kind, "id": known})
    for name in sorted(truth.keys() & claimed.keys()):
        for column, value in claimed[name].items():
            if value != UNREADABLE and value != truth[name][column]:
                details = {"kind": name[0], "id": name[1], "claimed": value, "true": truth[name][column]}
                yield Violation(f"unmatched_{column}_differs", details)


def _by_name(columns: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    names = [name for name in UNMATCHED_COLUMNS[2:] if name in columns]
    found = {}
    for row, name in enumerate(zip(columns["kind"], columns["id"], strict=True)):
        found[name] = {column: columns[column][row] for column in names}
    return found


def _warnings(problem: Problem, claims: Claims, pairs: Pairs, has_plan: bool) -> Iterator[Violation]:
    """Every notice that follows from the input and the pairs must be there as it is, and no other of its kind."""
    if claims.warnings is None:
        return
    tables = {name: getattr(problem.instance, name) for name in RECORDS}
    told_here = plan_notices(problem, pairs, has_plan=has_plan)
    known = (*told_here, *notices_of(tables))
    true = [(notice.code, dict(notice.details)) for notice in known]
    said = [(notice.code, dict(notice.details)) for notice in claims.warnings]
    for code, _ in (notice for notice in true if notice not in said):
        yield Violation("warning_missing", {"name": code})
    for code, _ in (notice for notice in said if notice[0] in DERIVED and notice not in true):
        yield Violation("warning_false", {"name": code})
    for code, _ in (notice for notice in said if not has_text(f"notice.{notice[0]}")):
        yield Violation("warning_false", {"name": code})
