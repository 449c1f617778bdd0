"""The numbers and frames of a plan: metrics, frames, unmatched, changes, notices, claims, its document."""
