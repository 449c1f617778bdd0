"""Every text a user reads, English and Chinese side by side."""
