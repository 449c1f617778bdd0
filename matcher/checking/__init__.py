"""The independent checker behind `verify`."""
