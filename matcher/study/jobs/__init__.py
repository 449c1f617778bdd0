"""What a child process, or a worker of an executor, runs."""
