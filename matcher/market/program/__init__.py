"""Markets that are more than a flow: programs in integers, with bounds that anybody can recompute."""
