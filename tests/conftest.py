"""Settings of all tests: the same draws on every machine, also on a slow one, and every core for more than a file."""

import os
from pathlib import Path

import draws
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

#: a worker takes a third of a gigabyte and its start some seconds: more would not end sooner
_MOST_WORKERS = 8


def pytest_configure(config: pytest.Config) -> None:
    """Have the cases of the long proofs made where any may run."""
    draws.LONG = config.option.markexpr != "not slow"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many workers `-n auto` is: none for single files and tests, which start sooner here and may print."""
    if not any(Path(argument.partition("::")[0]).is_dir() for argument in config.args):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if cores == 1 else min(cores, _MOST_WORKERS)
