"""What a programme's plan would be if something were otherwise: planned again from the plan, and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.base.display import as_html, table_lines
from matcher.base.errors import Lang, text
from matcher.base.progress import CancelToken, ProgressCallback
from matcher.programmes.columns import Order
from matcher.programmes.doors import plan_programme
from matcher.programmes.forms import word
from matcher.programmes.result import ProgrammePlan, level_words

#: pairs of each kind that are named in words
_MOST = 20


@dataclass(frozen=True, eq=False, repr=False)
class ProgrammeWhatIf:
    """The plan as it is and as it would be.

    Attributes
    ----------
    before, after
        Both plans.
    """

    before: ProgrammePlan
    after: ProgrammePlan

    @property
    def exact(self) -> bool:
        """Whether both are proved, so that the differences are those of the best plans."""
        return all(plan.status in ("optimal", "infeasible") for plan in (self.before, self.after))

    @property
    def ended(self) -> list[tuple[str, str]]:
        """Pairs (recipient id, provider id) that the plan has and the other has not, in order."""
        return sorted(_pairs(self.before) - _pairs(self.after))

    @property
    def begun(self) -> list[tuple[str, str]]:
        """Pairs that only the other has, in order."""
        return sorted(_pairs(self.after) - _pairs(self.before))

    def summary(self, lang: Lang = "en") -> str:
        """Say what each level was and would be, and which pairs would end and begin."""
        if self.after.status not in ("optimal", "feasible"):
            return text("programme.what_if.none", lang, status=text(f"summary.status.{self.after.status}", lang))
        now = {level.name: level for level in self.after.levels}
        rows = [
            (word("programme.objective", level.name, lang), text("programme.what_if.level", lang, **said))
            for level in self.before.levels
            if level.name in now
            for said in [level_words(level.value, now[level.name].value, level.unit, lang)]
        ]
        lines = [text("programme.what_if.exact" if self.exact else "programme.what_if.not_exact", lang)]
        lines += table_lines(rows)
        for key, pairs in (("ended", self.ended), ("begun", self.begun)):
            lines.append(text(f"programme.what_if.{key}", lang, count=len(pairs)))
            lines += [f"  {recipient} – {provider}" for recipient, provider in pairs[:_MOST]]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        levels = [
            {"name": level.name, "unit": level.unit, "before": level.value, "after": now.value}
            for level in self.before.levels
            for now in self.after.levels
            if now.name == level.name
        ]
        head = {"format": "matcher.programme_what_if/1", "status": self.after.status, "exact": self.exact}
        pairs = {"ended": [list(pair) for pair in self.ended], "begun": [list(pair) for pair in self.begun]}
        return {**head, "levels": levels, **pairs}

    def __repr__(self) -> str:
        return f"<ProgrammeWhatIf {len(self.ended)} ended, {len(self.begun)} begun>"

    def _repr_html_(self) -> str:
        return as_html(self.summary())


def _pairs(plan: ProgrammePlan) -> set[tuple[str, str]]:
    frame = plan.pairings
    return set(zip(frame["recipient_id"], frame["provider_id"], strict=True))


def what_if(
    plan: ProgrammePlan,
    orders: Sequence[Order | Mapping[str, Any]] = (),
    *,
    policy: Mapping[str, Any] | None = None,
    records: Mapping[str, Sequence[Any]] | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> ProgrammeWhatIf:
    """Return what a plan would be under further orders, with fields of its policy changed, or with other tables.

    Parameters
    ----------
    orders
        Beside those the plan has, in place of what they say of the same pair or provider, such as
        `{"kind": "force", "provider_id": "F1", "recipient_id": "C1"}`.
    policy
        Fields of the policy that are otherwise.
    records
        Tables in place of those of the plan.
    time_limit_s, work_limit, progress, cancel
        As of `plan_programme`, which begins with the plan.

    Raises
    ------
    InvalidInput
        If an order, a field or a table is faulty.
    """
    tables = {**plan.records, **(records or {})}
    wanted = [each if isinstance(each, Order) else Order.model_validate(each) for each in orders]
    stands = {order.sort_key(): order for order in (*tables.get("orders", ()), *wanted)}
    after = plan_programme(
        plan.programme.name,
        {**tables, "orders": list(stands.values())},
        {**plan.policy.model_dump(exclude_unset=True), **(policy or {})},
        start=plan,
        time_limit_s=time_limit_s,
        work_limit=work_limit,
        progress=progress,
        cancel=cancel,
    )
    return ProgrammeWhatIf(plan, after)
