"""Crews that stay at sites over some periods: who is where and when, with rules on who is present together."""
