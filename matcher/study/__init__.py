"""What-if: trade-offs, price of a level, of stability, of change; difference of two plans; baselines."""
