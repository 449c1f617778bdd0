"""What the checker found, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from matcher.base.crossing import Crosses
from matcher.base.display import Metric, as_html, title
from matcher.base.errors import Lang, text
from matcher.base.forms import made, read_document
from matcher.base.violations import Violation

Finding = Literal["proved", "claimed", "false"]
#: what is said of a recomputed bound
_BOUND: Final = ("level", "unit", "value", "bound")


@dataclass(frozen=True, slots=True)
class Report(Crosses):
    """What the checker found.

    Attributes
    ----------
    ok
        Whether the plan breaks no rule and nothing it says of itself was found to be untrue.
    finding
        "proved": its bounds (or that there is no plan) were recomputed; "claimed": rules and values hold, but how good
        the best plan is, if it is said at all, is another's word; "false": not ok.
    violations
        Every breach and every false claim, each with a stable code, details and a text in both languages.
    metrics
        The numbers of the plan as the checker computes them, by the plan's own policy.
    edits
        Of a plan's workbook: what was changed in it since it was written (codes `edit_*`); an edit is no breach as
        such, what it breaks is among the violations.
    """

    ok: bool
    finding: Finding
    violations: tuple[Violation, ...]
    metrics: Mapping[str, Metric]
    edits: tuple[Violation, ...] = ()
    #: "infeasible" or "unknown" where the plan says so of itself and has no pairs that could keep the rules
    without_plan: str | None = None
    #: of an edited workbook: what its sheets show that was true before the edits and is so no longer
    stale: tuple[Violation, ...] = ()
    #: what multipliers stored beside a solver's claim prove: the name of a level, its value, and what no plan can beat
    #: (given the values of the levels before)
    bounds: tuple[tuple[str, str, int, int], ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The distinct codes of the violations, sorted."""
        return tuple(sorted({violation.code for violation in self.violations}))

    def summary(self, lang: Lang = "en", *, most: int = 20) -> str:
        """Say what was found, at most `most` violations of each code, the rest counted."""
        lines = [text("report.edits", lang, count=len(self.edits))] if self.edits else []
        lines += [f"  {edit.text(lang)}" for edit in self.edits[:most]]
        if len(self.edits) > most:
            lines.append(text("fault.more", lang, count=len(self.edits) - most, code="edit"))
        lines += self._stale_lines(lang, most)
        if self.ok:
            return "\n".join([*lines, text(self._key, lang), *self._bound_lines(lang)])
        lines.append(text("report.head", lang, count=len(self.violations)))
        by_code: dict[str, list[Violation]] = {}
        for violation in self.violations:
            by_code.setdefault(violation.code, []).append(violation)
        for code, group in by_code.items():
            lines += [f"  {violation.text(lang)} [{code}]" for violation in group[:most]]
            if len(group) > most:
                lines.append(text("fault.more", lang, count=len(group) - most, code=code))
        return "\n".join(lines)

    def _bound_lines(self, lang: Lang) -> list[str]:
        """Say how good the plan is for certain, where a solver's word says more."""
        if self.finding != "claimed":
            return []
        return [
            text(
                "report.bound",
                lang,
                level=title(name, lang),
                percent=round(100 * abs(value - bound) / max(1, abs(value)), 2),
            )
            for name, _, value, bound in self.bounds
            if value != bound
        ]

    def _stale_lines(self, lang: Lang, most: int) -> list[str]:
        """Say, sheet by sheet, what is no longer true."""
        by_sheet: dict[str, list[Violation]] = {}
        for each in self.stale:
            by_sheet.setdefault(each.details["sheet"], []).append(each)
        lines = []
        for sheet, group in by_sheet.items():
            lines.append(text("report.stale", lang, sheet=sheet, count=len(group)))
            lines += [f"  {each.text(lang)}" for each in group[:most]]
            if len(group) > most:
                lines.append(text("fault.more", lang, count=len(group) - most, code="book"))
        return lines

    @property
    def _key(self) -> str:
        """The text of a report that is ok."""
        if self.without_plan == "unknown":
            return "report.ok.unknown"
        return ".".join(["report.ok", *([self.without_plan] if self.without_plan else []), self.finding])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.report/1`)."""
        return {
            "format": "matcher.report/1",
            "ok": self.ok,
            "finding": self.finding,
            "violations": [violation.to_json() for violation in self.violations],
            "metrics": dict(self.metrics),
            "edits": [edit.to_json() for edit in self.edits],
            "stale": [each.to_json() for each in self.stale],
            "bounds": [dict(zip(_BOUND, each, strict=True)) for each in self.bounds],
            "without_plan": self.without_plan,
        }

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | str | bytes) -> Self:
        """Read what `to_json` wrote, as it is or as text.

        Raises
        ------
        InvalidInput
            If it is something else.
        """
        content = read_document(source, "matcher.report/1")
        if isinstance(content.get("bounds"), list):
            content["bounds"] = [[row.get(name) for name in _BOUND] for row in content["bounds"] if hasattr(row, "get")]
        return made(cls, content)

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return as_html(self.summary())
