"""Problems made easier: what bounds them bounds the problem they came from."""

from __future__ import annotations

from dataclasses import replace

from matcher.policy.rules import Rule
from matcher.problem.problem import Problem


def without_rows(problem: Problem) -> Problem:
    """Return the problem without any rule over several pairs: what bounds its plans bounds those of `problem`."""
    if not problem.rows:
        return problem
    return replace(problem, rules=tuple(rule for rule in problem.rules if not has_rows(problem, rule)))


def has_rows(problem: Problem, rule: Rule) -> bool:
    """Whether the rule says something of several pairs at once; it may forbid pairs besides."""
    return any(True for _ in rule.rows(problem))
