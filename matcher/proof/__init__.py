"""What anyone can recompute without a solver: hard rules, blocking pairs, bounds, certificates, witnesses."""
