"""A plan in words and pictures: summary, explanation, figures, report, progress bar."""
