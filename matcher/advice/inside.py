"""The value of a county pair with one school pair inside it forced or forbidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matcher.advice.prices import PlanPrices
from matcher.base.numbers import IntArray
from matcher.methods.joint.block_flow import optimum
from matcher.methods.joint.blocks import SolvedBlock
from matcher.problem.pairs import no_pairs
from matcher.renewal.places import agreed_block


def forced_value(
    prices: PlanPrices, organization: int, county: int, branch: int, school: int
) -> tuple[list[int], IntArray] | None:
    """Return the value vector of the pair with the school pair in it, and its school pairs; None if not allowed."""
    solved = prices.blocks.solved(organization, county)
    vector = prices.value(organization, county)
    if solved is None or vector is None:
        return None
    row, column = np.flatnonzero(solved.block.branches == branch), np.flatnonzero(solved.block.schools == school)
    if not (len(row) and len(column)) or not solved.block.allowed[row[0], column[0]] or not solved.block.room[row[0]]:
        return None
    total, pairs = agreed_block(solved.block, int(row[0]), int(column[0]))
    return _with(vector, solved, total), pairs


def forbidden_value(
    prices: PlanPrices, organization: int, county: int, branch: int, school: int
) -> tuple[list[int] | None, IntArray]:
    """Return the value vector of the pair without the school pair in it, and its school pairs."""
    solved = prices.blocks.solved(organization, county)
    vector = prices.value(organization, county)
    if solved is None or vector is None:
        return vector, no_pairs()
    block = solved.block
    allowed = block.allowed & ~((block.branches[:, None] == branch) & (block.schools == school))
    total, chosen = optimum(replace(block, allowed=allowed))
    column, row = np.nonzero(chosen.T)
    return _with(vector, solved, total), np.column_stack([block.branches[row], block.schools[column]])


def _with(vector: list[int], solved: SolvedBlock, total: int) -> list[int]:
    """Return the vector with another optimum of the block in it."""
    found, packing = list(vector), solved.block.packing
    old, new = packing.fields(solved.total), packing.fields(total)
    for component, x, y in zip(packing.components, old, new, strict=True):
        found[component] += y - x
    return found
