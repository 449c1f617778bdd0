"""What a plan claims to be the best: levels, bounds, status and proof, judged from the input; no solver is involved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from matcher.arrays import IntArray
from matcher.planclaims import Claims
from matcher.problem import Problem
from matcher.result import Level, Proof
from matcher.rules import Violation

_STATUSES: Final = ("optimal", "feasible", "infeasible", "unknown")
_STOP_REASONS: Final = (None, "time", "work", "gap", "cancelled")
_KINDS: Final = ("certificate", "solver", "none")
#: scopes of a proof that covers both levels of pairing at once
BOTH_LEVELS: Final = "both_levels"


def proof_violations(
    problem: Problem, claims: Claims, pairs: Mapping[str, IntArray], *, has_plan: bool, broken: bool
) -> list[Violation]:
    """Return every false claim about values, bounds, status and proof.

    Parameters
    ----------
    pairs
        (k, 2) positions of each level.
    has_plan, broken
        Whether there is a plan at all, and whether it breaks a hard rule.
    """
    found: list[Violation] = []
    proof = claims.proof if claims.proof is not None else Proof("none")
    if claims.levels is not None:
        values = problem.minimised(pairs["county"], pairs["school"]) if has_plan else None
        found += _levels(problem, claims.levels, values, proof)
    found += _status(claims, proof, has_plan=has_plan, broken=broken)
    if proof.kind not in _KINDS:
        found.append(Violation("proof_kind", {"kind": proof.kind}))
    if proof.kind == "solver" and not proof.solver:
        found.append(Violation("solver_unnamed", {}))
    if proof.kind == "certificate" and not found:
        found += _certificate(problem, claims, proof, pairs)
    return found


def _levels(
    problem: Problem, levels: tuple[Level, ...], values: tuple[int, ...] | None, proof: Proof
) -> Iterator[Violation]:
    names = [objective.name for objective in problem.objectives]
    if [level.name for level in levels] != names:
        yield Violation("levels_differ", {"claimed": [level.name for level in levels], "true": names})
        return
    open_before = False
    for position, (level, objective) in enumerate(zip(levels, problem.objectives, strict=True)):
        if (level.sense, level.unit) != (objective.sense, objective.unit):
            yield Violation("level_unit", {"name": level.name, "true": f"{objective.sense} {objective.unit}"})
        true = None if values is None else objective.shown(values[position])
        if level.value != true or isinstance(level.value, bool):
            yield Violation("level_value", {"name": level.name, "claimed": level.value, "true": true})
        elif level.value is not None and level.bound is not None and _beaten(level):
            yield Violation("bound_beaten", {"name": level.name, "value": level.value, "bound": level.bound})
        gap = None if level.value is None or level.bound is None else abs(level.value - level.bound)
        if level.gap != gap:
            yield Violation("level_gap", {"name": level.name, "claimed": level.gap, "true": gap})
        if level.bound is not None and proof.kind == "none":
            yield Violation("bound_without_proof", {"name": level.name})
        if level.bound is not None and open_before and not level.conditional:
            yield Violation("level_unconditional", {"name": level.name})
        open_before |= gap != 0


def _beaten(level: Level) -> bool:
    """Whether the value is better than the bound says any plan can be."""
    assert level.value is not None
    assert level.bound is not None
    return level.value > level.bound if level.sense == "max" else level.value < level.bound


def _status(claims: Claims, proof: Proof, *, has_plan: bool, broken: bool) -> Iterator[Violation]:
    status = claims.status
    if status is None:
        return
    if status not in _STATUSES:
        yield Violation("status_unknown_word", {"claimed": status})
    if claims.stop_reason not in _STOP_REASONS:
        yield Violation("stop_reason_unknown", {"claimed": claims.stop_reason})
    if status == "feasible" and broken:
        yield Violation("status_not_feasible", {})
    if status == "infeasible":
        if has_plan and not broken:
            yield Violation("status_not_infeasible", {})
        if not claims.witness:
            yield Violation("witness_missing", {})
    if status != "optimal":
        return
    if broken:
        yield Violation("status_not_feasible", {})
    open_levels = [level.name for level in claims.levels or () if level.gap != 0 or level.conditional]
    if proof.kind == "none" or open_levels or not claims.levels:
        yield Violation("status_unproved", {"levels": ", ".join(open_levels) or "-"})
    elif claims.stop_reason is not None:
        yield Violation("status_stopped", {"reason": claims.stop_reason})
    elif proof.scope == "one_level_after_the_other":
        yield Violation("status_scope", {"scope": proof.scope})


def _certificate(problem: Problem, claims: Claims, proof: Proof, pairs: Mapping[str, IntArray]) -> list[Violation]:
    return [Violation("certificate_unknown", {"scope": proof.scope})]
