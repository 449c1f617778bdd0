"""One bipartite market, its exact optimum level by level, with dual prices."""
