"""Why no plan exists: Hall sets, pins that contradict, floors out of reach, and sets of rules that can't go together.

A witness is a mapping of plain JSON values. `judged` proves it from the input without a solver where the cause is in
the bounds ("hall", "pins", "pin_forbidden"); what a MIP claims ("floor", "conflict") names the solver.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.problem.problem import Problem
from matcher.proof.conflicts import Judgement, judge_conflict, judge_floor

#: above so many pairs of one level no Hall set is looked for
MOST_PAIRS = 10_000_000

SIDES = ("provider", "recipient")


def bounds_witness(problem: Problem) -> dict[str, Any] | None:
    """Return why the bounds, pins and allowed pairs of one level alone can't be met, None if each level alone can.

    The minima of both sides can be met together if those of either side can be met alone (the linking property of
    bipartite matchings: A. J. Hoffman, H. W. Kuhn 1956; N. S. Mendelsohn, A. L. Dulmage 1958), so that a Hall set on
    one side is always the whole reason.
    """
    for level in ("county", "school"):
        found = _pins_witness(problem, level)
        if found is not None:
            return found
    for level in ("county", "school"):
        for side in (1, 0):
            found = _hall_witness(problem, level, side)
            if found is not None:
                return found
    return None


def judged(problem: Problem, witness: Mapping[str, Any]) -> Judgement:
    """Return what the input alone says of the claim that no plan exists.

    Of what a solver claims (kinds "floor" and "conflict") little can be recomputed: unless that is enough, it stays
    "claimed", provided that the rules named are there and no simple plan keeps them.
    """
    kind = witness["kind"]
    if kind == "floor":
        return judge_floor(problem, witness)
    if kind == "conflict":
        return judge_conflict(problem, witness)
    return "proved" if _recomputes(problem, witness) else "false"


def _recomputes(problem: Problem, witness: Mapping[str, Any]) -> bool:
    kind = witness["kind"]
    if kind == "hall":
        level, side = witness["level"], SIDES.index(witness["side"])
        nodes = problem.arrays.sides(level)[side]
        members = np.array(sorted({nodes.index[known] for known in witness["ids"]}), dtype=np.int64)
        needed, available = _hall_numbers(problem, level, side, members)
        return (needed, available) == (witness["needed"], witness["available"]) and needed > available
    if kind == "pins":
        level, side = witness["level"], SIDES.index(witness["side"])
        position = problem.arrays.sides(level)[side].index[witness["id"]]
        pinned = int((problem.pins[level][:, side] == position).sum())
        limit = int(_limits(problem, level, side)[position, 1])
        return (pinned, limit) == (witness["pinned"], witness["limit"]) and pinned > limit
    if kind == "pin_forbidden":
        level = witness["level"]
        providers, recipients = problem.arrays.sides(level)
        pair = providers.index[witness["provider_id"]], recipients.index[witness["recipient_id"]]
        listed = (problem.pins[level] == pair).all(axis=1).any()
        return bool(listed and not _allowed(problem, level, np.array([pair[0]]), np.array([pair[1]])).all())
    return False


def _limits(problem: Problem, level: str, side: int) -> IntArray:
    return problem.demand(level) if side else problem.capacity(level)


def _allowed(problem: Problem, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
    allowed = problem.allowed(level, provider_idx, recipient_idx)
    if level == "school":
        above = problem.arrays.branches.parent[provider_idx], problem.arrays.schools.parent[recipient_idx]
        allowed = allowed & problem.allowed("county", *above)
    return allowed


def _pins_witness(problem: Problem, level: str) -> dict[str, Any] | None:
    pins = problem.pins[level]
    nodes = problem.arrays.sides(level)
    allowed = _allowed(problem, level, pins[:, 0], pins[:, 1])
    for provider, recipient in pins[~allowed].tolist():
        ids = {"provider_id": nodes[0].ids[provider], "recipient_id": nodes[1].ids[recipient]}
        return {"kind": "pin_forbidden", "level": level, **ids}
    for side in (0, 1):
        count = np.bincount(pins[:, side], minlength=len(nodes[side]))
        limit = _limits(problem, level, side)[:, 1]
        for position in np.flatnonzero(count > limit).tolist():
            numbers = {"pinned": int(count[position]), "limit": int(limit[position])}
            return {"kind": "pins", "level": level, "side": SIDES[side], "id": nodes[side].ids[position], **numbers}
    return None


def _free_pairs(problem: Problem, level: str, side: int, members: IntArray) -> tuple[IntArray, IntArray]:
    """Return the allowed pairs without a pin of `members` of `side`: (member's place, position on the other side)."""
    others = np.arange(len(problem.arrays.sides(level)[1 - side]))
    here, there = members[:, None], others[None, :]
    pair = (here, there) if side == 0 else (there, here)
    allowed = np.array(_allowed(problem, level, *pair))
    place = {int(member): position for position, member in enumerate(members)}
    for pin in problem.pins[level].tolist():
        if pin[side] in place:
            allowed[place[pin[side]], pin[1 - side]] = False
    found = np.nonzero(allowed)
    return found[0], found[1]


def _left(problem: Problem, level: str, side: int) -> tuple[IntArray, IntArray]:
    """Return what each member of `side` still needs and what each of the other side can still give, pins taken off."""
    pins = problem.pins[level]
    own, other = _limits(problem, level, side), _limits(problem, level, 1 - side)
    need = np.maximum(own[:, 0] - np.bincount(pins[:, side], minlength=len(own)), 0)
    give = np.maximum(other[:, 1] - np.bincount(pins[:, 1 - side], minlength=len(other)), 0)
    return need, give


def _hall_numbers(problem: Problem, level: str, side: int, members: IntArray) -> tuple[int, int]:
    """Return what `members` need beyond pins, and the most that the other side can give them."""
    need, give = _left(problem, level, side)
    _, there = _free_pairs(problem, level, side, members)
    reach = np.bincount(there, minlength=len(give))
    return int(need[members].sum()), int(np.minimum(give, reach).sum())


def _hall_witness(problem: Problem, level: str, side: int) -> dict[str, Any] | None:
    need, give = _left(problem, level, side)
    members = np.flatnonzero(need > 0)
    if not len(members) or len(members) * len(give) > MOST_PAIRS:
        return None
    here, there = _free_pairs(problem, level, side, members)
    short = _short_members(need[members], give, here, there)
    if not len(short):
        return None
    chosen = members[short]
    needed, available = _hall_numbers(problem, level, side, chosen)
    nodes = problem.arrays.sides(level)[side]
    ids = [nodes.ids[position] for position in chosen.tolist()]
    numbers = {"needed": needed, "available": available}
    return {"kind": "hall", "level": level, "side": SIDES[side], "ids": ids, **numbers}


def _short_members(need: IntArray, give: IntArray, here: IntArray, there: IntArray) -> IntArray:
    """Return a Hall set of members whose needs can't all be met, empty if they can: a smallest cut of the flow."""
    from ortools.graph.python import max_flow

    flow = max_flow.SimpleMaxFlow()
    first, source, sink = len(need), len(need) + len(give), len(need) + len(give) + 1
    givers = np.arange(len(give))
    flow.add_arcs_with_capacity(np.full(len(give), source), first + givers, give)
    flow.add_arcs_with_capacity(first + there, here, np.ones_like(here))
    flow.add_arcs_with_capacity(np.arange(len(need)), np.full(len(need), sink), need)
    status = flow.solve(source, sink)
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the flow of a Hall set ended with status {status}")
    if flow.optimal_flow() == int(need.sum()):
        return np.array([], dtype=np.int64)
    inside = np.zeros(sink + 1, dtype=np.bool_)
    inside[np.asarray(flow.get_source_side_min_cut(), dtype=np.int64)] = True
    return np.flatnonzero(~inside[: len(need)])
