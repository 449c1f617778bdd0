"""A plan: what was decided, what it costs, and what was proved, in the planner's own ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matcher.advised import Advised
from matcher.base import told
from matcher.base.crossing import packed, unpacked
from matcher.base.disk import as_path
from matcher.base.display import Metric, as_html
from matcher.base.errors import InfeasibleError, Lang, UnsolvedError, text
from matcher.base.names import SIDES, UNMATCHED_COLUMNS
from matcher.base.notices import Notice
from matcher.base.numbers import IntArray
from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.watch import within
from matcher.files.boundaries import read_boundaries
from matcher.files.plan_edits import Edits
from matcher.files.planfolder import saved_fields
from matcher.files.saving import save_plan
from matcher.model import Instance
from matcher.outcome.document import from_json, to_json
from matcher.outcome.frames import id_pairs_of, pair_frame
from matcher.outcome.metrics import metrics_of
from matcher.outcome.notices import warnings_of
from matcher.outcome.unmatched import Unmatched, as_columns, is_planned, unmatched_of
from matcher.policy.policy import Policy
from matcher.problem.pairs import IdPairs, Pairs, StrangerPair, positions_of
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.blocking import blocking_frame
from matcher.proof.hardrules import hard_violations
from matcher.show.figures import draw_map
from matcher.show.picture import Picture
from matcher.show.report import write_report
from matcher.show.summary import plan_summary
from matcher.show.witnesswords import witness_words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Advised, Solution):
    """A plan over both levels of pairing; made by `solve`, `Plan.from_pairs` and `load_plan`.

    Attributes
    ----------
    problem
        The instance under the policy; `instance` and `policy` are its parts.
    status
        "optimal", "feasible", "infeasible" (no plan can meet the hard rules) or "unknown" (nothing feasible is known).
    stop_reason
        Why the search ended before all was proved: "time", "work", "gap", "cancelled", "worker_died", or "search" if it
        ended by itself; None if all was proved, or nothing was searched.
    county_pairs, school_pairs : (k, 2) int64
        (organisation, county) and (branch, school) positions, ordered by recipient, then provider.
    levels
        One `Level` for each objective, in order.
    proof
        What was proved.
    said
        The warnings that a plan read from a file came with; None for those that follow from the plan itself.
    witness
        Of an infeasible plan: why, in plain JSON values; None otherwise.
    strangers
        Pairs of a hand-made plan with ids that the instance does not have: level -> (provider_id, recipient_id)s.
    """

    said: tuple[Notice, ...] | None = None
    strangers: Mapping[str, tuple[StrangerPair, ...]] = field(
        default_factory=lambda: MappingProxyType(dict.fromkeys(SIDES, ()))
    )

    @classmethod
    def of(cls, solution: Solution) -> Plan:
        """Give what a method handed over its doors."""
        return cls(**{each.name: getattr(solution, each.name) for each in fields(solution)})

    @classmethod
    def from_pairs(
        cls,
        instance: Instance,
        *,
        county_pairs: IdPairs | Any = (),
        school_pairs: IdPairs | Any = (),
        policy: Policy | None = None,
    ) -> Plan:
        """Make a plan by hand: every bound is None and nothing is proved.

        Parameters
        ----------
        county_pairs
            (organization_id, county_id) of each pair, or a frame with these columns.
        school_pairs
            (branch_id, school_id) of each pair, or a frame with these columns.
        policy
            What the plan is judged by; the default policy if None.

        Returns
        -------
        Plan
            Its status is "feasible" if the pairs break no hard rule and "unknown" if they do: `matcher.verify` says
            which. Ids that the instance does not have are kept apart in `strangers`, for `verify` to name.

        Raises
        ------
        InvalidInput
            If something given as a pair is none (code `not_a_pair`).

        Examples
        --------
        >>> import matcher
        >>> county = matcher.County(id="520203", lat=26.2, lon=105.5)
        >>> university = matcher.Organization(id="U1", lat=26.6, lon=106.7)
        >>> instance = matcher.Instance(organizations=[university], counties=[county])
        >>> matcher.Plan.from_pairs(instance, county_pairs=[("U1", "520203")]).metrics["counties_covered"]
        1
        """
        problem = Problem.of(instance, policy)
        known: dict[str, IntArray] = {}
        strangers: dict[str, tuple[StrangerPair, ...]] = {}
        for level, pairs in (("county", county_pairs), ("school", school_pairs)):
            given = id_pairs_of(level, pairs)
            known[level], strangers[level] = positions_of(problem.arrays, level, given)
        both = Pairs(**known)
        broken = any(strangers.values()) or hard_violations(problem, both)
        made = cls.of(Solution.unproved(problem, both))
        return replace(made, status="unknown" if broken else "feasible", strangers=MappingProxyType(strangers))

    @property
    def instance(self) -> Instance:
        """What the plan was made from."""
        return self.problem.instance

    @property
    def policy(self) -> Policy:
        """What the plan was made for."""
        return self.problem.policy

    @cached_property
    def warnings(self) -> tuple[Notice, ...]:
        """What a planner should know: `Notice`s with a code, details and a text in both languages."""
        # found when asked for: a service that replans often reads the pairs only
        if self.said is not None:
            return self.said
        return warnings_of(self.problem, self.both, has_plan=self._is_planned)

    @property
    def county_pairings(self) -> pd.DataFrame:
        """One row a county pair: county_id, organization_id, km, minutes, kept, since; then extras of the input."""
        return self._frames["county"].copy()

    @property
    def school_pairings(self) -> pd.DataFrame:
        """One row a school pair: school_id, branch_id, county_id, organization_id, km, minutes, kept, since; extras."""
        return self._frames["school"].copy()

    @property
    def blocking_pairs(self) -> pd.DataFrame:
        """Who would rather have each other: level, provider_id, recipient_id, km, provider_km, recipient_km."""
        return blocking_frame(self.problem, self.both)

    @property
    def unmatched(self) -> pd.DataFrame:
        """Who wanted more and why: kind, id, missing, reason, detail (reasons: see `matcher.outcome.unmatched`)."""
        import pandas as pd

        return pd.DataFrame(as_columns(self.unmatched_rows), columns=list(UNMATCHED_COLUMNS))

    @cached_property
    def unmatched_rows(self) -> tuple[Unmatched, ...]:
        """The rows of `unmatched` as records."""
        return unmatched_of(self.problem, self.both, has_plan=self._is_planned)

    @property
    def _is_planned(self) -> bool:
        num_pairs = len(self.county_pairs) + len(self.school_pairs)
        return is_planned(self.status, num_pairs, (level.value for level in self.levels))

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """Every number of the plan by name (see `matcher.outcome.metrics`)."""
        return MappingProxyType(metrics_of(self.problem, self.both))

    @cached_property
    def _frames(self) -> dict[str, pd.DataFrame]:
        return {level: pair_frame(self.problem, level, self.pairs(level), self.strangers[level]) for level in SIDES}

    def raise_for_status(self) -> Plan:
        """Return the plan itself if it has one.

        Raises
        ------
        InfeasibleError
            If no plan meets the hard rules; it carries the witness, and leads to the ways out (`error.repairs()`).
        UnsolvedError
            If nothing feasible is known.
        """
        if self.status == "infeasible":
            english, chinese = (
                "\n".join(
                    [text("plan.infeasible", lang), *([witness_words(self.witness, lang)] if self.witness else [])]
                )
                for lang in ("en", "zh")
            )
            raise InfeasibleError(english, self.witness, chinese, self)
        if self.status == "unknown":
            raise UnsolvedError(text("plan.unknown", reason=self.stop_reason or "-"))
        return self

    def summary(self, lang: Lang = "en", *, prices: pd.DataFrame | None = None) -> str:
        """Return the plan on one screen: coverage, travel, what changed, the levels and what was proved, warnings.

        `prices` is what `matcher.study.level_prices` returned, if what each level cost those below it shall be shown.
        """
        return plan_summary(self, lang, prices)

    def map(self, *, lang: Lang = "en", title: str | None = None, boundaries: Any = None) -> Picture:
        """Draw the pairs on a map: a picture that shows itself in a notebook and saves as PNG or SVG.

        `boundaries` is GeoJSON in WGS-84 degrees to draw below them: a path, a mapping, a GeoDataFrame.

        Raises
        ------
        MissingExtra
            If the extra `figures` is not installed.
        """
        county, school = (pair_frame(self.problem, level, self.pairs(level)) for level in SIDES)
        outlines = read_boundaries(boundaries)
        return draw_map(self.instance, county, school, lang=lang, title=title, outlines=outlines)

    def report(
        self,
        path: str | Path,
        *,
        lang: Lang = "en",
        replace: bool = False,
        curve: pd.DataFrame | None = None,
        boundaries: Any = None,
        scripts: bool = True,
    ) -> Path:
        """Write the plan as one HTML file that needs no network; return its path.

        A file that this library did not make, or that was changed since, is only written over with `replace`. `curve`
        is what `matcher.tradeoff` returned, to draw the plan's place on it; `boundaries` are as in `map`. With the
        extra `report` the page answers; without it, or with `scripts=False`, it shows the same and runs nothing.
        """
        outlines, options = read_boundaries(boundaries), {"replace": replace, "scripts": scripts}
        return write_report(self, Path(path), lang, curve=curve, outlines=outlines, **options)

    def save(self, path: str | Path, *, lang: Lang = "en", replace: bool = False, edits: Edits | None = None) -> Path:
        """Write the plan to a folder, or to a workbook if `path` ends in .xlsx; return the path.

        A folder is written beside and renamed into place: what stood there stays whole until the new one is. `lang` is
        the language of a workbook's sheets and headers; a folder's files are the same in any. `edits` are those that
        this plan was made with: a workbook carries their notes and lifted locks on.

        Raises
        ------
        SaveError
            If the target can't be written, or `replace` is not set and it is something else than a saved plan, was
            changed since it was saved, or holds a plan that keeps the rules where this one does not.
        """
        return save_plan(self, Path(path), lang, replace=replace, edits=edits)

    def to_json(self) -> str:
        """Return the whole plan, with its input and its proof, as one JSON document (format `matcher.plan/1`)."""
        return to_json(self)

    @classmethod
    def from_json(cls, source: str | bytes) -> Plan:
        """Read what `to_json` wrote.

        Raises
        ------
        InvalidInput
            If it is not JSON, or of another format.
        """
        return cls(**from_json(source))

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to another process without what can be found again: the compiled problem, frames, metrics."""
        claimed = {each.name: packed(getattr(self, each.name)) for each in fields(self) if each.name != "problem"}
        return _crossed, (type(self), self.instance, self.policy, claimed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        simple = ("status", "stop_reason", "levels", "proof", "warnings", "strangers", "policy", "instance")
        return (
            all(getattr(self, name) == getattr(other, name) for name in simple)
            and (self.witness or None) == (other.witness or None)
            and all(self.pairs(level).tolist() == other.pairs(level).tolist() for level in SIDES)
        )

    def __hash__(self) -> int:
        return hash((self.instance, self.county_pairs.tobytes(), self.school_pairs.tobytes()))

    def __repr__(self) -> str:
        return f"Plan({self.status}, {len(self.county_pairs)} county pairs, {len(self.school_pairs)} school pairs)"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return as_html(self.summary())


def _crossed(kind: type[Plan], instance: Instance, policy: Policy, claimed: Mapping[str, Any]) -> Plan:
    return kind(Problem.of(instance, policy), **{name: unpacked(part) for name, part in claimed.items()})


def load_plan(
    path: str | Path,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Plan:
    """Read a plan that `Plan.save` wrote to a folder.

    Raises
    ------
    InvalidInput
        If there is no plan, or a file was changed since it was saved; `matcher.verify` says what is wrong with it.
    StoppedError
        If it was stopped by `time_limit_s` or `cancel`.

    Examples
    --------
    >>> import matcher, pathlib, tempfile
    >>> plan = matcher.Plan.from_pairs(matcher.Instance())
    >>> matcher.load_plan(plan.save(pathlib.Path(tempfile.mkdtemp()) / "out")) == plan
    True
    """
    with within(time_limit_s, progress, cancel):
        plan = Plan(**saved_fields(as_path(path)))
    told.info("loaded", path=path)
    return plan
