"""What is done without such a tool, as plans to compare with."""

from __future__ import annotations

from matcher.methods.greedy import greedy
from matcher.methods.sequential import sequential
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem


def baselines(instance: Instance, policy: Policy | None = None) -> dict[str, Plan]:
    """Return the plans that are made by hand: nothing is proved of them, and they say so.

    Parameters
    ----------
    instance, policy
        As for `matcher.solve`; one organisation a county.

    Returns
    -------
    dict
        "sequential": counties first, by the county objectives and then least travel, branches afterwards, each step
        optimal in itself; "greedy": nearest first, most children first.

    Examples
    --------
    >>> import matcher
    >>> from matcher.study import baselines
    >>> sorted(baselines(matcher.example()))
    ['greedy', 'sequential']
    """
    problem = Problem.of(instance, policy)
    return {way.__name__: Plan.of(way(problem)) for way in (sequential, greedy)}
