"""What is written for other solvers has the same optimum there."""

import highspy
import networkx as nx
import numpy as np
import pytest

from matcher import InvalidInput, Market, match
from matcher.market.exports import to_dimacs, to_mps


def draw(seed):
    rng = np.random.default_rng(seed)
    capacity = np.column_stack([rng.integers(0, 2, 5), rng.integers(2, 4, 5)])
    demand = np.column_stack([np.zeros(7, int), rng.integers(1, 3, 7)])
    return Market.from_matrix(
        rng.integers(0, 50, (5, 7)), allowed=rng.random((5, 7)) < 0.8, capacity=capacity, demand=demand, unmet_cost=30
    )


@pytest.mark.parametrize("seed", range(12))
def test_other_solvers_find_the_value_of_the_level(seed, tmp_path):
    market = draw(seed)
    matching = match(market)
    value = matching.levels[0].value
    to_mps(market, tmp_path / "market.mps")
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.readModel(str(tmp_path / "market.mps"))
    highs.run()
    to_dimacs(market, tmp_path / "market.min")
    if value is None:
        assert highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        with pytest.raises(nx.NetworkXUnfeasible):
            nx.min_cost_flow_cost(read_dimacs(tmp_path / "market.min"))
        return
    assert round(highs.getInfo().objective_function_value) == value
    assert nx.min_cost_flow_cost(read_dimacs(tmp_path / "market.min")) == value


def read_dimacs(path):
    """Read the file as networkx wants it: demand is minus supply."""
    graph = nx.DiGraph()
    for line in path.read_text().splitlines():
        kind, *rest = line.split()
        if kind == "p":
            nodes, arcs = int(rest[1]), int(rest[2])
            graph.add_nodes_from(range(1, nodes + 1), demand=0)
        if kind == "n":
            graph.nodes[int(rest[0])]["demand"] = -int(rest[1])
        if kind == "a":
            tail, head, low, high, cost = map(int, rest)
            assert low == 0
            graph.add_edge(tail, head, capacity=high, weight=cost)
    assert graph.number_of_nodes() == nodes
    assert graph.number_of_edges() == arcs
    return graph


def test_a_market_of_two_levels_is_refused(tmp_path):
    with pytest.raises(InvalidInput):
        to_mps(Market.from_matrix([[1]]), tmp_path / "x.mps")
    with pytest.raises(InvalidInput):
        to_dimacs(Market.from_matrix([[1]]), tmp_path / "x.min")
