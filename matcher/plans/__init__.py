"""What a plan is made of and judged by: frames, metrics, reasons, changes, claims, summary."""
