"""A child process with a deadline, and a team of them; arrays in, arrays out, no pickle."""
