"""What a plan claims to be the best: levels, bounds, status and proof, judged from the input; no solver is involved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof
from matcher.base.violations import Violation
from matcher.outcome.claims import Claims
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.relaxations import without_rows
from matcher.problem.terms import AdditiveObjective
from matcher.proof.capped import PRICE, check_capped, has_certificate
from matcher.proof.conflicts import Judgement
from matcher.proof.joint_certificate import check
from matcher.proof.joint_terms import is_joint_case
from matcher.proof.plan_bounds import NAMES, proved_bounds
from matcher.proof.stability import check_stable, recomputes_none
from matcher.proof.witness import judged

_STATUSES: Final = ("optimal", "feasible", "infeasible", "unknown")
_STOP_REASONS: Final = (None, *get_args(StopReason))
_KINDS: Final = ("certificate", "solver", "none")
#: scope of a proof that covers both levels of pairing at once
BOTH_LEVELS: Final = "both_levels"
#: what a proof of a plan may cover; "" where nothing is proved
SCOPES: Final = (BOTH_LEVELS, "one_level_after_the_other", "")
#: the same where the policy requires stability
STABLE_SCOPES: Final = ("stable_plans", "stable_plans_ties_broken")


def proof_violations(
    problem: Problem, claims: Claims, pairs: Pairs, *, has_plan: bool, broken: bool
) -> tuple[list[Violation], bool, tuple[int | None, ...]]:
    """Return every false claim about values, bounds, status and proof, whether all bounds were recomputed, and bounds.

    The bounds are those, of each level as shown, that multipliers stored in the proof give; None where they give none.

    Parameters
    ----------
    pairs
        The plan.
    has_plan, broken
        Whether there is a plan at all, and whether it breaks a hard rule.
    """
    found: list[Violation] = []
    proof = claims.proof if claims.proof is not None else Proof("none")
    if claims.levels is not None:
        values = problem.minimised(pairs) if has_plan else None
        found += _levels(problem, claims.levels, values, proof)
    found += _status(problem, claims, proof, has_plan=has_plan, broken=broken)
    if proof.kind not in _KINDS:
        found.append(Violation("proof_kind", {"kind": proof.kind}))
    stable = problem.policy.stability == "require"
    if proof.scope not in (SCOPES + STABLE_SCOPES if stable else SCOPES):
        found.append(Violation("proof_scope", {"scope": proof.scope}))
    if proof.kind == "solver" and not (proof.solver and isinstance(proof.solver, str)):
        found.append(Violation("solver_unnamed", {}))
    if proof.kind != "solver" and proof.solver is not None:
        found.append(Violation("solver_named", {"solver": proof.solver}))
    proved = False
    bounds: tuple[int | None, ...] = (None,) * len(problem.objectives)
    if not found and claims.status == "infeasible":
        judgement = _witness(problem, claims, proof)
        proved = judgement == "proved"
        found += [Violation("witness_false", {})] if judgement == "false" else []
    elif not found and proof.kind == "certificate":
        found += _certificate(problem, claims, proof, pairs)
        proved = any(level.bound is not None for level in claims.levels or ())
    elif not found and proof.arrays:
        bounds, proved = _recomputed(problem, claims.levels or (), proof)
    return found, proved and not found, bounds


def _recomputed(problem: Problem, levels: tuple[Level, ...], proof: Proof) -> tuple[tuple[int | None, ...], bool]:
    """Return the bounds that the multipliers of a proof give, and whether each that is claimed is among them."""
    none = (None,) * len(problem.objectives)
    if not proof.arrays.keys() <= set(NAMES) or len(levels) != len(none):
        return none, False
    try:
        bounds = proved_bounds(problem, levels, proof.arrays)
    except (ValueError, IndexError, OverflowError):
        return none, False  # multipliers of another problem prove nothing, and claim nothing
    shown = tuple(
        None if bound is None else objective.shown(bound)
        for objective, bound in zip(problem.objectives, bounds, strict=True)
    )
    claimed = [
        (objective.minimised(level.bound), bound)
        for objective, level, bound in zip(problem.objectives, levels, bounds, strict=True)
        if level.bound is not None
    ]
    return shown, bool(claimed) and all(bound is not None and bound >= claim for claim, bound in claimed)


def _levels(
    problem: Problem, levels: tuple[Level, ...], values: tuple[int, ...] | None, proof: Proof
) -> Iterator[Violation]:
    names = [objective.name for objective in problem.objectives]
    if [level.name for level in levels] != names:
        yield Violation("levels_differ", {"claimed": [level.name for level in levels], "true": names})
        return
    if any(type(number) not in (int, type(None)) for each in levels for number in (each.value, each.bound, each.gap)):
        yield Violation("level_inexact", {})
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
        open_before |= not _is_closed(level, objective)


def _is_closed(level: Level, objective: AdditiveObjective) -> bool:
    """Whether the value is as good as the bound, or within the slack that the policy leaves to the levels after."""
    if level.value is None or level.bound is None:
        return False
    return objective.minimised(level.value) <= objective.allowance(objective.minimised(level.bound))


def _beaten(level: Level) -> bool:
    """Whether the value is better than the bound says any plan can be."""
    assert level.value is not None
    assert level.bound is not None
    return level.value > level.bound if level.sense == "max" else level.value < level.bound


def _status(problem: Problem, claims: Claims, proof: Proof, *, has_plan: bool, broken: bool) -> Iterator[Violation]:
    status = claims.status
    if status is None:
        return
    if status not in _STATUSES:
        yield Violation("status_unknown_word", {"claimed": status})
    if claims.stop_reason not in _STOP_REASONS:
        yield Violation("stop_reason_unknown", {"claimed": claims.stop_reason})
    if status == "feasible" and broken:
        yield Violation("status_not_feasible", {})
    if status != "infeasible" and claims.witness is not None:
        yield Violation("witness_needless", {})
    if status == "infeasible":
        if has_plan and not broken:
            yield Violation("status_not_infeasible", {})
        if not claims.witness:
            yield Violation("witness_missing", {})
    if status != "optimal":
        return
    if broken:
        yield Violation("status_not_feasible", {})
    by_name = {objective.name: objective for objective in problem.objectives}
    open_levels = [
        level.name
        for level in claims.levels or ()
        if level.conditional or level.name not in by_name or not _is_closed(level, by_name[level.name])
    ]
    if proof.kind == "none" or open_levels or not claims.levels:
        yield Violation("status_unproved", {"levels": ", ".join(open_levels) or "-"})
    elif proof.kind == "solver" and has_certificate(problem):
        # anyone can write a solver's name: where prices can show the optimum, they must
        yield Violation("certificate_missing", {"solver": proof.solver})
    elif claims.stop_reason is not None:
        yield Violation("status_stopped", {"reason": claims.stop_reason})
    elif proof.scope == "one_level_after_the_other":
        yield Violation("status_scope", {"scope": proof.scope})


def _witness(problem: Problem, claims: Claims, proof: Proof) -> Judgement:
    """Judge the claim that nothing is feasible: the witness must show it from the input alone, or the certificate."""
    witness = claims.witness or {}
    try:
        if witness.get("kind") == "joint_requirements":
            wider = _relaxed(problem)
            holds = is_joint_case(wider) and 0 < check(wider, proof.arrays).unmet == witness["unmet"]
        elif witness.get("kind") == "no_stable_plan":
            holds = problem.policy.stability == "require" and recomputes_none(problem, witness, proof.arrays)
        else:
            found = judged(problem, witness)
            # where prices can show that nothing is feasible, a bare word is no claim to stand
            return "false" if found == "claimed" and is_joint_case(problem) else found
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError):
        holds = False
    return "proved" if holds else "false"


def _relaxed(problem: Problem) -> Problem:
    """Return the problem without a demand of stability and without rows: what bounds its plans bounds all others."""
    return without_rows(problem.with_stability("off") if problem.policy.asks_stability else problem)


def _certificate(problem: Problem, claims: Claims, proof: Proof, pairs: Pairs) -> Iterator[Violation]:
    """Dual prices: what they prove, recomputed, must carry every bound that is claimed."""
    if problem.policy.stability == "require":
        reason = check_stable(problem, claims.levels or (), proof, pairs)
        if reason:
            yield Violation("certificate_false", {"reason": reason})
        return
    wider = _relaxed(problem)
    if proof.scope != BOTH_LEVELS or not is_joint_case(wider):
        yield Violation("certificate_unknown", {"scope": proof.scope})
        return
    proved = check_capped(problem, proof.arrays) if PRICE in proof.arrays else check(wider, proof.arrays)
    if proved.bound is None:
        yield Violation("certificate_false", {"reason": proved.fault})
        return
    # a lexicographic bound says nothing of a level after the first gap, unmet minima and pins being the first level
    exact = proved.unmet >= 0
    for level, objective, bound in zip(claims.levels or (), problem.objectives, proved.bound, strict=False):
        if level.bound is not None and not (exact and objective.minimised(level.bound) <= bound):
            yield Violation("certificate_false", {"reason": f"{level.name} {level.bound}"})
        exact = exact and level.value is not None and objective.minimised(level.value) == bound
