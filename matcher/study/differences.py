"""What differs between two plans: who is affected, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from matcher.base.crossing import Crosses
from matcher.base.display import as_html
from matcher.base.errors import Fault, InvalidInput, check_kind, text
from matcher.base.forms import made, read_document
from matcher.base.names import SIDES
from matcher.base.numbers import GONE, IntArray, read_only
from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.watch import look, within
from matcher.model import RECORDS
from matcher.outcome.changes import CAUSES, KINDS, LevelChanges, classify
from matcher.plan import Plan
from matcher.problem.problem import Problem
from matcher.tables.arrays import PreviousPairs
from matcher.tables.crosscheck import successors_of

if TYPE_CHECKING:
    import pandas as pd


DIFF_COLUMNS: Final = {
    "kept": ("level", "provider_id", "recipient_id", "km"),
    "new": ("level", "provider_id", "recipient_id", "km"),
    "ended": ("level", "provider_id", "recipient_id", "km", "kind", "cause"),
    "changed": (
        "level",
        "recipient_id",
        "old_provider_ids",
        "new_provider_ids",
        "old_km",
        "new_km",
        "children",
        "kind",
    ),
}


_Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class _Rows(Crosses):
    """A diff as it is written: rows in place of frames."""

    kept: tuple[dict[str, _Cell], ...]
    new: tuple[dict[str, _Cell], ...]
    ended: tuple[dict[str, _Cell], ...]
    changed: tuple[dict[str, _Cell], ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Diff(Crosses):
    """What differs between two plans.

    Attributes
    ----------
    kept, new, ended
        Frames of pairs: level, provider_id, recipient_id, km; `ended` also says kind (forced, consequent, chosen) and
        cause (partner_gone, no_capacity, not_allowed, county_pair_ended, chosen).
    changed
        Frame of the recipients whose partners differ: old and new partners (ids joined with `;`), the total km to
        them before and after, the children, and the kind of the ended pair (empty where nothing ended).
    counts
        Flat mapping of numbers, such as `county_kept`, `school_ended_chosen`, `school_children_affected`.
    """

    kept: pd.DataFrame
    new: pd.DataFrame
    ended: pd.DataFrame
    changed: pd.DataFrame
    counts: Mapping[str, int]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diff):
            return NotImplemented
        return self is other or self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.counts.items())))

    def summary(self, lang: str = "en") -> str:
        """Say it on a few lines."""
        lines = [text("diff.head", lang)]
        for level in SIDES:
            fields = {key.removeprefix(f"{level}_"): n for key, n in self.counts.items() if key.startswith(level)}
            lines.append(text(f"diff.{level}", lang, **fields))
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.diff/1`)."""
        frames = {name: _records(getattr(self, name)) for name in DIFF_COLUMNS}
        return {"format": "matcher.diff/1", "counts": dict(self.counts), **frames}

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | str | bytes) -> Self:
        """Read what `to_json` wrote, as it is or as text.

        Raises
        ------
        InvalidInput
            If it is something else.
        """
        import pandas as pd

        rows = made(_Rows, read_document(source, "matcher.diff/1"))
        frames = {}
        for name, columns in DIFF_COLUMNS.items():
            wrong = [row for row in getattr(rows, name) if sorted(row) != sorted(columns)]
            if wrong:
                details = {"why": "columns", "reason": ", ".join(columns)}
                raise InvalidInput([Fault("invalid_value", column=name, value=sorted(wrong[0]), details=details)])
            frames[name] = pd.DataFrame(getattr(rows, name), columns=list(columns))
        return cls(**frames, counts=rows.counts)

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return as_html(self.summary())


def diff(
    old_plan: Plan,
    new_plan: Plan,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Diff:
    """Compare two plans: which pairs stay, which begin, which end and why, and who is affected.

    Why a pair ended is judged by the new plan's instance and policy; ids that changed are followed through the
    `successors` of the new plan's instance. Stopped by `time_limit_s` or `cancel` it raises `StoppedError`.
    """
    with within(time_limit_s, progress, cancel):
        return _differences(old_plan, new_plan)


def _differences(old_plan: Plan, new_plan: Plan) -> Diff:
    import pandas as pd

    check_kind(old_plan, Plan, "old_plan")
    check_kind(new_plan, Plan, "new_plan")
    problem = new_plan.problem
    newest = successors_of({name: getattr(problem.instance, name) for name in RECORDS})
    earlier = {level: _as_previous(old_plan, problem, level, newest) for level in SIDES}
    changes = classify(problem, new_plan.both, earlier)
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in DIFF_COLUMNS}
    counts: dict[str, int] = {}
    for done, level in enumerate(SIDES):
        look("diff", done, len(SIDES))
        affected = _compare(old_plan, new_plan, level, earlier[level], changes[level], rows)
        counts |= {f"{level}_{name}": number for name, number in changes[level].counts().items()}
        counts[f"{level}_changed"] = len(affected)
        children = dict(zip(problem.arrays.sides(level)[1].ids, problem.arrays.sides(level)[1].children, strict=True))
        counts[f"{level}_children_affected"] = int(sum(children.get(known, 0) for known in affected))
    frames = {name: pd.DataFrame(rows[name], columns=list(columns)) for name, columns in DIFF_COLUMNS.items()}
    return Diff(**frames, counts=counts)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.to_dict("records")
    return [{str(name): None if value != value else value for name, value in row.items()} for row in rows]


def _as_previous(plan: Plan, problem: Problem, level: str, newest: Mapping[tuple[str, str], str]) -> PreviousPairs:
    """Return the pairs of `plan` as earlier pairs, at their positions in `problem`'s instance."""
    providers, recipients = plan.problem.arrays.sides(level)
    pairs = plan.pairs(level)
    ids = [(providers.ids[provider], recipients.ids[recipient]) for provider, recipient in pairs.tolist()]
    nodes = problem.arrays.sides(level)

    def positions(side: int) -> IntArray:
        table, index = SIDES[level][side], nodes[side].index
        return read_only([index.get(newest.get((table, pair[side]), pair[side]), GONE) for pair in ids], np.int64)

    since = read_only(np.zeros(len(ids)), np.int64)
    return PreviousPairs(positions(0), positions(1), since, tuple(i for i, _ in ids), tuple(i for _, i in ids))


def _compare(
    old_plan: Plan,
    new_plan: Plan,
    level: str,
    earlier: PreviousPairs,
    changes: LevelChanges,
    rows: dict[str, list[tuple[Any, ...]]],
) -> list[str]:
    """Add the rows of one level; return the ids of the recipients whose partners differ."""
    providers, recipients = new_plan.problem.arrays.sides(level)
    new_pairs = new_plan.pairs(level)
    new_km = _km(new_plan.problem, level, new_pairs)
    for (provider, recipient), km, kept in zip(new_pairs.tolist(), new_km, changes.kept.tolist(), strict=True):
        row = (level, providers.ids[provider], recipients.ids[recipient], km)
        rows["kept" if kept else "new"].append(row)
    old_km = dict(
        zip(
            zip(earlier.provider_id, earlier.recipient_id, strict=True),
            _km(old_plan.problem, level, old_plan.pairs(level)),
            strict=True,
        )
    )
    ended = changes.ended
    kinds = [KINDS[kind] for kind in changes.kind]
    for pair, kind, cause in zip(
        zip(ended.provider_id, ended.recipient_id, strict=True), kinds, changes.cause, strict=True
    ):
        rows["ended"].append((level, *pair, old_km[pair], kind, CAUSES[cause]))

    def now(position: int, known: str) -> str:
        return known if position == GONE else recipients.ids[position]

    old: dict[str, list[tuple[str, float]]] = {}
    for (provider_id, recipient_id), position in zip(old_km, earlier.recipient_idx.tolist(), strict=True):
        pair = (provider_id, recipient_id)
        old.setdefault(now(position, recipient_id), []).append((provider_id, old_km[pair]))
    new: dict[str, list[tuple[str, float]]] = {}
    for (provider, recipient), km in zip(new_pairs.tolist(), new_km, strict=True):
        new.setdefault(recipients.ids[recipient], []).append((providers.ids[provider], km))
    kind_of: dict[str, str] = {}
    for position, known, kind in zip(ended.recipient_idx.tolist(), ended.recipient_id, kinds, strict=True):
        name = now(position, known)
        kind_of[name] = min(kind_of.get(name, kind), kind, key=KINDS.index)
    fresh = {recipients.ids[recipient] for recipient in new_pairs[~changes.kept, 1].tolist()}
    affected = sorted(fresh | set(kind_of))
    for known in affected:
        before, after = old.get(known, []), new.get(known, [])
        index = recipients.index.get(known)
        rows["changed"].append(
            (
                level,
                known,
                *(";".join(provider for provider, _ in partners) for partners in (before, after)),
                *(_total(partners) for partners in (before, after)),
                None if index is None else int(recipients.children[index]),
                kind_of.get(known, ""),
            )
        )
    return affected


def _km(problem: Problem, level: str, pairs: IntArray) -> list[float]:
    km: list[float] = (problem.facts.metres(level, pairs[:, 0], pairs[:, 1]) / 1000).tolist()
    return km


def _total(partners: Iterable[tuple[str, float]]) -> float | None:
    found = [km for _, km in partners]
    return round(sum(found), 3) if found else None
