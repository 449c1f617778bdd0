"""All pairs of points without listing them: the rounds of flow, pricing and repair."""
