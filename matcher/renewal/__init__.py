"""The year: events, replan, recommend, next_year."""
