"""One bipartite market: how it is built, solved level by level, claimed and checked."""
