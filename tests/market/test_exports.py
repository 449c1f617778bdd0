"""What is written for other solvers has the same optimum there."""

import highspy
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from matcher import InvalidInput, Market, match
from matcher import market as public
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


@pytest.mark.parametrize("seed", range(12))
def test_what_was_written_is_read_back(seed, tmp_path):
    market = draw(seed)
    public.to_dimacs(market, tmp_path / "market.min")
    again, first = match(public.read_dimacs(tmp_path / "market.min")), match(market)
    assert (again.status, again.objective) == (first.status, first.objective)


def test_an_assignment_is_read(tmp_path):
    rows = ["c three by three", "p asn 6 5", "n 1", "n 2", "n 3"]
    rows += ["a 1 4 7", "a 1 5 1", "a 2 5 2", "a 2 4 4", "a 3 6 9"]
    (tmp_path / "x.asn").write_text("\n".join(rows))
    matching = match(public.read_dimacs(tmp_path / "x.asn"))
    assert matching.status == "optimal"
    assert matching.cost == 1 + 4 + 9


@pytest.mark.parametrize(
    "text",
    ["p max 2 1\na 1 2 0 1 1", "p min 3 2\nn 1 2\nn 3 -2\na 1 2 0 2 5\na 2 3 0 2 5", "a 1", "p asn 2 1\na 1 9 1"],
)
def test_other_files_are_refused(text, tmp_path):
    (tmp_path / "x").write_text(text)
    with pytest.raises(InvalidInput):
        public.read_dimacs(tmp_path / "x")


def test_forbidden_pairs_as_researchers_write_them():
    cost = np.array([[1.0, np.inf], [2.0, 3.0]])
    masked = np.ma.masked_array([[1, 0], [2, 3]], [[False, True], [False, False]])
    for market in (Market.from_matrix(cost, allowed="finite"), Market.from_matrix(masked)):
        assert market.num_arcs == 3
        assert match(market).cost == 4
    with pytest.raises(InvalidInput):
        Market.from_matrix(cost)


def test_nullable_integers_are_read_and_labels_are_not_ignored():
    whole = pd.Series([3, 1], dtype="Int64")
    market = Market.from_arcs([0, 1], [0, 0], whole, num_providers=2, num_recipients=1, capacity=whole)
    assert market.cost.tolist() == [[3, 1]]
    with pytest.raises(InvalidInput) as caught:
        Market.from_arcs([0], [0], pd.Series([None], dtype="Int64"), num_providers=1, num_recipients=1)
    assert [fault.code for fault in caught.value.faults] == ["cost_not_finite"]
    with pytest.raises(InvalidInput):
        Market.from_matrix([[1], [2]], capacity=pd.Series([1, 2], index=["b", "a"]))
