"""Markets by ids, from sparse matrices and graphs: the same market as by position, and every slip named."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array, csr_matrix

from matcher import InvalidInput, Market, Matching, match
from matcher.market import from_networkx, from_sparse
from matcher.market.check import flaws

ROWS = [("u2", "c1", 5), ("u1", "c1", 3), ("u1", "c2", 4), ("u2", "c2", 9)]
FRAME = pd.DataFrame(ROWS, columns=["provider", "recipient", "cost"])


def test_ids_go_in_and_come_out() -> None:
    """In any order of rows; members without a pair by name; the ids cross in arrays."""
    market = Market.from_frame(FRAME.sample(frac=1, random_state=1), providers=["u2", "u3", "u1"], unmet_cost=20)
    assert market.ids.provider.tolist() == ["u2", "u3", "u1"]
    found = match(market)
    assert not flaws(found)
    assert sorted(map(tuple, found.to_frame().to_numpy().tolist())) == [("u1", "c2", 4), ("u2", "c1", 5)]
    again = Matching.from_bytes(found.to_bytes())
    assert again == found
    assert again.to_frame().equals(found.to_frame())
    by_number = Market.from_frame(FRAME.assign(provider=[7, 8, 8, 7]))
    assert by_number.ids.provider.tolist() == [7, 8]
    assert match(Market.from_matrix([[1.5]])).to_frame().to_numpy().tolist() == [[0, 0, 1.5]]


def test_what_is_said_of_members_is_said_by_id() -> None:
    """A mapping or a labelled Series, whatever its order; columns for what is said of pairs; levels; infinity."""
    frame = FRAME.assign(far=[1.0, np.inf, 2.0, 3.0], most=2)
    market = Market.from_frame(
        frame,
        cost=["cost", "far"],
        capacity=pd.Series([3, 2], index=["u2", "u1"]),
        demand={"c2": 1, "c1": 4},
        unmet_cost=pd.Series({"c2": 50.0, "c1": 60.0}),
        pair_limit="most",
    )
    assert market.capacity[:, 1].tolist() == [2, 3]
    assert market.demand[:, 1].tolist() == [4, 1]
    assert market.unmet_cost.tolist() == [[60, 50]] * 2
    assert market.num_arcs == 3
    assert market.pair_limit.tolist() == [2, 2, 2]
    assert "units" in match(market).to_frame()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"cost": "price"}, "column_missing"),
        ({"providers": ["u1"]}, "id_unknown"),
        ({"providers": ["u1", "u2", "u1"]}, "id_twice"),
        ({"providers": [1, 2]}, "id_unknown"),
        ({"capacity": {"u1": 1}}, "id_unknown"),
    ],
)
def test_slips_are_named(options: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Market.from_frame(FRAME, **options)
    assert code in {fault.code for fault in caught.value.faults}


def test_ids_are_whole_numbers_or_text() -> None:
    """A missing id, or a float, is a fault; so is a pair named twice, and labels taken by position."""
    for column in (["u1", None, "u1", "u2"], [1.5, 2.0, 1.0, 1.0]):
        with pytest.raises(InvalidInput):
            Market.from_frame(FRAME.assign(provider=column))
    with pytest.raises(InvalidInput):
        Market.from_frame(pd.concat([FRAME, FRAME]))
    with pytest.raises(InvalidInput):
        Market.from_matrix([[1, 2]], unmet_cost=pd.Series([1, 2], index=["b", "a"]))


def test_a_sparse_matrix_is_a_market_of_its_entries() -> None:
    """A stored 0 is a pair, what is not stored none, infinity none."""
    cost = coo_array(([3.0, 0.0, np.inf], ([0, 1, 1], [1, 0, 1])), shape=(2, 3))
    market = from_sparse(cost, capacity=2)
    assert market.num_recipients == 3
    assert np.column_stack([market.provider_idx, market.recipient_idx]).tolist() == [[0, 1], [1, 0]]
    assert match(market).cost == 3
    assert from_sparse(csr_matrix([[0, 2], [1, 0]])).num_arcs == 2
    with pytest.raises(InvalidInput):
        from_sparse(np.eye(2))


def test_a_bipartite_graph_is_a_market() -> None:
    """Nodes are ids; its matching costs what networkx finds."""
    rng = np.random.default_rng(4)
    graph = nx.Graph()
    graph.add_nodes_from([f"p{i}" for i in range(6)] + [f"r{i}" for i in range(6)])
    for i in range(6):
        for j in range(6):
            graph.add_edge(f"r{j}", f"p{i}", weight=int(rng.integers(1, 30)))
    market = from_networkx(graph, [f"p{i}" for i in range(6)], capacity={f"p{i}": 1 for i in range(6)})
    best = nx.bipartite.minimum_weight_full_matching(graph, [f"p{i}" for i in range(6)])
    assert match(market).cost == sum(graph[a][b]["weight"] for a, b in best.items()) // 2
    graph.add_edge("p0", "p1")
    with pytest.raises(InvalidInput):
        from_networkx(graph, [f"p{i}" for i in range(6)])
