"""Markets from what other libraries hold: a sparse matrix of SciPy, a graph of networkx."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.market.market import Market


def from_sparse(cost: Any, **options: Any) -> Market:
    """Make a market of the stored entries of a SciPy sparse array or matrix (P, R); a stored 0 is a pair that costs 0.

    Parameters
    ----------
    cost
        An entry that is infinite is not allowed; entries stored twice are a fault, as for `Market.from_arcs`.
    **options
        As for `Market.from_arcs`.

    Raises
    ------
    InvalidInput
        If it is no sparse matrix of two dimensions, and as `Market.from_arcs`.

    Examples
    --------
    >>> from scipy.sparse import coo_array
    >>> from_sparse(coo_array(([3, 0], ([0, 1], [1, 0])), shape=(2, 2))).num_arcs
    2
    """
    if not hasattr(cost, "tocoo") or getattr(cost, "ndim", 2) != 2:
        details = {"found": type(cost).__name__, "expected": "scipy.sparse (P, R)"}
        raise InvalidInput([Fault("wrong_type", column="cost", details=details)])
    entries = cost.tocoo()
    value = np.asarray(entries.data)
    kept = value != np.inf if value.dtype.kind == "f" else np.ones(len(value), bool)
    sizes = {"num_providers": cost.shape[0], "num_recipients": cost.shape[1]}
    return Market.from_arcs(entries.row[kept], entries.col[kept], value[kept], **sizes, **options)


def from_networkx(graph: Any, providers: Any, *, weight: str = "weight", **options: Any) -> Market:
    """Make a market of a bipartite graph of networkx: `providers` are one side, all other nodes the other.

    Parameters
    ----------
    providers
        The nodes of one side, in the order of their positions; the others follow in the order of the graph. All nodes
        are whole numbers or all are text: the ids of the market.
    weight
        The attribute of an edge that says its cost; an edge without it costs 1, as in networkx.
    **options
        As for `Market.from_frame`: what is said of members may be a mapping by node.

    Raises
    ------
    InvalidInput
        If an edge joins two nodes of one side, and as `Market.from_frame`.
    """
    ours = list(providers)
    inside = set(ours)
    others = [node for node in graph.nodes if node not in inside]
    rows = []
    for one, other, cost in graph.edges(data=weight, default=1):
        if (one in inside) == (other in inside):
            raise InvalidInput([Fault("edge_inside", column="graph", value=f"{one!r} - {other!r}")])
        rows.append((one, other, cost) if one in inside else (other, one, cost))
    columns = {name: _column(rows, at) for at, name in enumerate(("provider", "recipient", "cost"))}
    return Market.from_frame(_Columns(columns), providers=_objects(ours), recipients=_objects(others), **options)


class _Columns(dict[str, Any]):
    """Columns by name, as much of a frame as is looked at."""

    @property
    def columns(self) -> list[str]:
        return list(self)


def _column(rows: list[tuple[Any, Any, Any]], at: int) -> Any:
    cells = [row[at] for row in rows]
    return np.array(cells) if at == 2 and cells else _objects(cells)


def _objects(cells: list[Any]) -> Any:
    column = np.empty(len(cells), object)
    column[:] = cells
    return column
