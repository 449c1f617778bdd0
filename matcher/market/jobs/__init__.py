"""What a child process runs."""
