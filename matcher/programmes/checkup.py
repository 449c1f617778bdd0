"""What a plan of a programme would be based on, before any is made: tables, who is out of reach, rules, notices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from matcher.base.display import table_lines
from matcher.base.errors import Lang, text
from matcher.programmes.forms import policy_lines, word
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import ReadTables

#: notices that one screen holds
_MOST: Final = 12


@dataclass(frozen=True, eq=False)
class ProgrammeCheckup:
    """Tables under a policy, looked at without planning."""

    programme: Programme
    read: ReadTables
    policy: ProgrammePolicy

    @cached_property
    def alone(self) -> int:
        """How many nobody may serve under the rules, whatever opens.

        Raises
        ------
        InvalidInput
            For a policy that these tables can't be asked for.
        """
        return self.programme.engine.alone(self.programme.asked(self.read.records, self.policy))

    def text(self, lang: Lang = "en", *, everything: bool = False, source: str = "FILE") -> str:
        """Say it, on one screen; what is left out is counted, with the command that shows all of `source`."""
        sizes = [
            (word("word", name, lang), f"{len(rows):,}", self._children(rows, lang))
            for name, rows in self.read.records.items()
            if rows
        ]
        lines = [text("check.head", lang), *table_lines(sizes)]
        if self.alone:
            lines.append(text("programme.alone", lang, count=self.alone))
        lines += [text("check.policy", lang), *(f"  - {said}" for said in policy_lines(self.policy, lang))]
        notices, mends = self.read.notices, self.read.mends
        if mends:
            lines.append(text("check.mends", lang, count=len(mends)))
        shown = notices if everything else notices[:_MOST]
        if shown:
            lines += [text("summary.warnings", lang), *(f"  ! {notice.text(lang)}" for notice in shown)]
        if everything and mends:
            lines += [text("check.every_mend", lang), *(f"  {mend.line(lang)}" for mend in mends)]
        elif len(notices) > len(shown) or mends:
            more = f"{source} --programme {self.programme.name}"
            lines.append(text("check.more", lang, count=len(notices) - len(shown), source=more))
        return "\n".join(lines)

    @staticmethod
    def _children(rows: Any, lang: Lang) -> str:
        counts = [getattr(row, "children", None) for row in rows]
        whole = sum(count for count in counts if count is not None)
        return text("programme.check.children", lang, count=whole) if whole and None not in counts else ""

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "format": "matcher.programme_check/1",
            "programme": self.programme.name,
            "tables": {name: len(rows) for name, rows in self.read.records.items()},
            "out_of_reach": self.alone,
            "rules": {lang: policy_lines(self.policy, lang) for lang in ("en", "zh")},
            "notices": [notice.to_json() for notice in self.read.notices],
            "mends": [mend.to_json() for mend in self.read.mends],
        }
