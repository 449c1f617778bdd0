"""What is done without such a tool, as plans to compare with."""

from __future__ import annotations

from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.watch import look, within
from matcher.methods.greedy import greedy
from matcher.methods.sequential import sequential
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem


def baselines(
    instance: Instance,
    policy: Policy | None = None,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, Plan]:
    """Return the plans that are made by hand: nothing is proved of them, and they say so.

    Parameters
    ----------
    instance, policy
        As for `matcher.solve`; one organisation a county.
    time_limit_s, progress, cancel
        Of the whole call; one baseline of the two is nothing to compare with, so that a stopped call is an error.

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
    found = {}
    with within(time_limit_s, progress, cancel):
        for done, way in enumerate((sequential, greedy)):
            look("baselines", done, 2)
            found[way.__name__] = Plan.of(way(problem))
    return found
