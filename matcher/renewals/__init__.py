"""From year to year and during the year: events, replanning, recommending, the curve of changes."""
