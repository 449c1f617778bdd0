"""What a plan is asked for advice: reasons, prices, levers, ways out. The doors stand here, the rooms above."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matcher.advice.changes import Changes
    from matcher.advice.effects import WhatIf
    from matcher.advice.levers import Lever
    from matcher.advice.repairs import WaysOut
    from matcher.base.progress import CancelToken, ProgressCallback
    from matcher.plan import Plan
    from matcher.show.explanation import Explanation


class Advised:
    """The part of a `Plan` that answers for it."""

    def explain(self, kind: str, id: str, /, *, prices: bool | None = None) -> Explanation:  # noqa: A002 - the contract's
        """Say why this organisation, branch, county or school is paired as it is, and what else it could have.

        Each alternative has what it would cost the plan (see `price`) where that is quick to tell; with `prices=True`
        also where the whole has to be solved again for it, with False nowhere.

        Raises
        ------
        InvalidInput
            If `kind` or `id` is not known.
        """
        from matcher.advice.explaining import explained

        return explained(cast("Plan", self), kind, id, prices=prices)

    def what_if(
        self,
        changes: Changes,
        *,
        time_limit_s: float | None = None,
        work_limit: int | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> WhatIf:
        """Return what the plan would be with some changes: every level before and after, and who moves.

        Of a proven plan that is one to one, what concerns a pair, a branch or the bounds of a row is decided from the
        plan's own prices, in a small part of the time of a solve; else the changed problem is solved from the plan.

        Parameters
        ----------
        changes
            Events (`matcher.renewal`) and records of `matcher.advice`, or mappings with their fields: one or several.
        time_limit_s, work_limit, progress, cancel
            As in `solve`, for where the whole is solved.

        Examples
        --------
        >>> import matcher
        >>> plan = matcher.solve(matcher.example())
        >>> plan.what_if({"kind": "more", "table": "branches", "id": plan.instance.branches[0].id}).exact
        True
        """
        from matcher.advice.whatif import what_if

        limits = {"time_limit_s": time_limit_s, "work_limit": work_limit}
        return what_if(cast("Plan", self), changes, **limits, progress=progress, cancel=cancel)  # type: ignore[arg-type]

    def price(self, kind: str, id: str, partner: str) -> WhatIf:  # noqa: A002 - as in `explain`
        """Return what forcing a pair would cost at every level; of a pair of the plan, what forbidding it would.

        `kind` is that of the recipient `id`, "county" or "school"; `partner` is its organisation or its branch.
        """
        from matcher.advice.whatif import price

        return price(cast("Plan", self), kind, id, partner)

    def levers(
        self,
        k: int = 10,
        *,
        time_limit_s: float | None = 60.0,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> tuple[Lever, ...]:
        """Return the k changes of tables or policy that would help most, by children reached, each with its effect.

        The plan remembers them: its summary names the first from then on.
        """
        from matcher.advice.levers import levers

        return levers(cast("Plan", self), k, time_limit_s=time_limit_s, progress=progress, cancel=cancel)

    @property
    def known_levers(self) -> tuple[Lever, ...]:
        """What `levers` found; nothing before it was asked."""
        found: tuple[Lever, ...] = self.__dict__.get("_levers", ())
        return found

    def repairs(
        self,
        k: int = 5,
        *,
        time_limit_s: float | None = 60.0,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> WaysOut:
        """Return, of an infeasible plan, demands that contradict each other and up to k ways out, the cheapest first.

        A way out gives up as few demands as it can, each no farther than needed; `repair.apply(instance, policy)` makes
        the instance and the policy that have a plan.

        Examples
        --------
        >>> import matcher
        >>> county = matcher.County(id="C1", lat=26.2, lon=105.5, demand=(1, 1))
        >>> far = matcher.Organization(id="U1", lat=26.6, lon=106.7)
        >>> policy = matcher.Policy(max_county_km=50)
        >>> plan = matcher.solve(matcher.Instance(organizations=[far], counties=[county]), policy)
        >>> found = plan.repairs()
        >>> [demand.kind for demand in found.conflict], len(found.repairs)
        (['field', 'minimum'], 2)
        """
        from matcher.advice.repairs import repairs

        return repairs(cast("Plan", self), k, time_limit_s=time_limit_s, progress=progress, cancel=cancel)
