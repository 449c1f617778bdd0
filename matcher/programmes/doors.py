"""The doors that all programmes share: read, plan, save, load, verify."""

from __future__ import annotations

import codecs
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from matcher._version import __version__
from matcher.base.disk import alone, regular_bytes
from matcher.base.errors import Fault, InvalidInput, Lang, SaveError
from matcher.base.jsonform import faults_of_validation, read_object, read_settings
from matcher.base.manyfaults import check_size
from matcher.base.progress import Budget, CancelToken, ProgressCallback
from matcher.base.watch import within
from matcher.files.writing import csv_bytes
from matcher.market.matching import Matching
from matcher.model import Record
from matcher.programmes import forms, staffing
from matcher.programmes.buddies import BUDDIES
from matcher.programmes.calls import CALLS
from matcher.programmes.camps import CAMPS
from matcher.programmes.centres import CENTRES
from matcher.programmes.checkup import ProgrammeCheckup
from matcher.programmes.experts import EXPERTS
from matcher.programmes.holiday import HOLIDAY
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.result import ProgrammePlan, ProgrammeReport
from matcher.programmes.rooms import ROOMS
from matcher.programmes.schema import ReadTables, Records
from matcher.programmes.wishes import WISHES

#: every programme by name
_ALL: Final = (BUDDIES, CALLS, CAMPS, CENTRES, EXPERTS, HOLIDAY, ROOMS, WISHES)
PROGRAMMES: Final[Mapping[str, Programme]] = {each.name: each for each in _ALL}
_FORMAT: Final = "matcher.programme_plan/1"
_HEAD, _PROOF, _HELPERS, _INPUT = "programme.json", "matching.npz", "helpers.npz", "input"


def programme_of(name: str) -> Programme:
    """Return a programme by its name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    if name not in PROGRAMMES:
        details = {"known": ", ".join(PROGRAMMES)}
        raise InvalidInput([Fault("not_an_option", column="programme", value=name, details=details)])
    return PROGRAMMES[name]


def read_records(
    name: str,
    path: str | Path,
    *,
    datum: str = "wgs84",
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Records:
    """Read the tables of a programme from a folder of CSV files or a workbook; see `docs/programmes.md`."""
    with within(time_limit_s, progress, cancel):
        return programme_of(name).schema.read(path, datum=datum)


def example_of(name: str, seed: int = 0) -> Records:
    """Return synthetic tables of a programme on real coordinates; the same seed gives the same tables."""
    return programme_of(name).example(seed)


def policy_of(name: str, given: Any = None) -> ProgrammePolicy:
    """Return the policy of a programme from a policy, a mapping, or the path of a TOML or JSON file; None: defaults.

    Raises
    ------
    InvalidInput
        With every fault of it.
    """
    kind = programme_of(name).policy
    if isinstance(given, kind):
        return given
    if isinstance(given, str | Path):
        given = read_settings(given, "policy")
    check_size(given, "policy")
    try:
        return kind.model_validate(given or {})
    except ValidationError as error:
        raise InvalidInput(faults_of_validation(error, lambda loc: ("policy", None, ".".join(map(str, loc))))) from None


def policy_for(name: str, source: str | Path, given: Any = None) -> ProgrammePolicy:
    """Return the policy that is given, else that of the sheet of rules in the workbook `source`, if it has one."""
    return policy_of(name, forms.read_rules(programme_of(name).policy, source) if given is None else given)


def template_of(name: str, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write a workbook to fill in for a programme: its tables, each with an example row, and its rules."""
    return forms.write_template(programme_of(name), path, lang=lang, replace=replace)


def check_programme(name: str, read: ReadTables | Records, policy: Any = None) -> ProgrammeCheckup:
    """Look at tables under a policy without planning."""
    programme = programme_of(name)
    tables = read if isinstance(read, ReadTables) else ReadTables(programme.schema.from_records(read))
    return ProgrammeCheckup(programme, tables, policy_of(name, policy))


def renewed(old: ProgrammePlan, records: Mapping[str, Sequence[Record]]) -> Records:
    """Return this year's tables with what came of last year's plan.

    Buddies: its pairs are those of last year, but for what the table `previous` says itself. Wishes: what it granted is
    no longer wished for, and nobody is given the same child again. Calls: what it gave is promised. Centres and rooms:
    what it opened is there already. Elsewhere the tables as they are.
    """
    tables = old.programme.schema.from_records(records)
    found = tables if old.programme.renewed is None else old.programme.renewed(old, tables)
    return old.programme.schema.from_records(found)


def plan_programme(
    name: str,
    records: Mapping[str, Sequence[Record]],
    policy: Any = None,
    *,
    start: ProgrammePlan | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> ProgrammePlan:
    """Return the best plan of a programme, with a bound that anybody can recompute.

    Parameters
    ----------
    name
        Such as "centres".
    records
        What `read_records` or `example_of` gave, or records by table.
    policy
        See `policy_of`.
    start
        A plan of the same or of nearby tables: what of it still holds is where the search begins.
    time_limit_s, work_limit, gap, progress, cancel
        As of `matcher.match`; the limit holds for the distances and the plan together.

    Raises
    ------
    InvalidInput
        With every fault of tables and policy.
    """
    programme = programme_of(name)
    tables = programme.schema.from_records(records)
    wanted = policy_of(name, policy)
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "work_limit": work_limit, "gap": gap}
    limits |= {"progress": progress, "cancel": cancel}
    whole, market = Budget(**limits), programme.asked(tables, wanted)
    limits["time_limit_s"] = whole.time_left_s  # the distances are charged
    begun = (
        None
        if start is None
        else programme.engine.begun(market, start.matching, *_pairs_here(start, programme, tables))
    )
    team = programme.staffed_by(tables)
    if team is not None:
        return ProgrammePlan(programme, tables, wanted, *staffing.solved(team, tables, wanted, market, begun, limits))
    found = programme.engine.solve(market, tables[programme.providers], begun, limits)
    return ProgrammePlan(programme, tables, wanted, found)


def _pairs_here(start: ProgrammePlan, programme: Programme, tables: Records) -> tuple[Any, Any]:
    """Return the pairs of a plan whose both ends are still there, in positions of these tables, and which they were."""
    now = ProgrammePlan(programme, tables, start.policy, start.matching)
    sides = [{(type(r), r.id): n for n, r in enumerate(side)} for side in (now.providers, now.recipients)]
    found, kept = [], []
    for at, (j, i) in enumerate(start.matching.pairs.tolist()):
        one, other = start.providers[j], start.recipients[i]
        ends = sides[0].get((type(one), one.id)), sides[1].get((type(other), other.id))
        if None not in ends:
            found.append(ends)
            kept.append(at)
    return np.array(found, np.int64).reshape(-1, 2), np.array(kept, np.int64)


def verify_programme(
    plan: ProgrammePlan | str | Path,
    records: Records | None = None,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> ProgrammeReport:
    """Judge a plan, or a saved one, by its own tables or by `records`, without a solver; stopped, it is an error."""
    with within(time_limit_s, progress, cancel):
        return (plan if isinstance(plan, ProgrammePlan) else load_programme(plan)).verify(records)


def save_programme(plan: ProgrammePlan, path: str | Path, lang: Lang = "en") -> Path:
    """Write a plan to a folder: head, pairs, sites, unmatched, summary, its tables, and the matching with its proof.

    Raises
    ------
    SaveError
        If the folder cannot be written, or holds something that is no plan of a programme.
    """
    path = Path(os.path.abspath(path))
    part = path.with_name(f".{path.name}.part")
    old = path.with_name(f".{path.name}.old")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path):
            if path.exists() and any(path.iterdir()) and not (path / _HEAD).exists():
                raise SaveError("save_failed", path=path, reason="it holds something else")
            shutil.rmtree(part, ignore_errors=True)
            _write(plan, part, lang)
            shutil.rmtree(old, ignore_errors=True)
            if path.exists():
                path.rename(old)
            part.rename(path)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise SaveError("save_failed", path=path, reason=error.strerror or error) from error
    return path


def head_of(plan: ProgrammePlan) -> dict[str, Any]:
    """Return what a plan says of itself as plain JSON values."""
    return {
        "format": _FORMAT,
        "programme": plan.programme.name,
        "version": __version__,
        "policy": plan.policy.model_dump(mode="json"),
        "input_sha256": plan.programme.schema.digest(plan.records),
        "status": plan.status,
        "stop_reason": plan.stop_reason,
        "levels": [level.to_json() for level in plan.levels],
        "proof": {"kind": plan.proof.kind, "scope": plan.proof.scope, "solver": plan.proof.solver},
        "metrics": dict(plan.metrics),
    }


def _write(plan: ProgrammePlan, folder: Path, lang: Lang) -> None:
    (folder / _INPUT).mkdir(parents=True)
    for name, content in plan.programme.schema.files(plan.records).items():
        (folder / _INPUT / name).write_bytes(content)
    text = json.dumps(head_of(plan), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / _HEAD).write_text(text + "\n", encoding="utf-8", newline="\n")
    for name in plan.frames:
        frame = plan.frame(name)
        rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
        (folder / f"{name}.csv").write_bytes(codecs.BOM_UTF8 + csv_bytes(list(frame.columns), rows))
    (folder / "summary.txt").write_text(plan.summary(lang) + "\n", encoding="utf-8", newline="\n")
    plan.matching.to_npz(folder / _PROOF)
    if plan.helpers is not None:
        plan.helpers.to_npz(folder / _HELPERS)


def load_programme(
    path: str | Path,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> ProgrammePlan:
    """Read what `save_programme` wrote.

    Raises
    ------
    InvalidInput
        If it is no whole plan of a programme.
    """
    with within(time_limit_s, progress, cancel):
        return _loaded(path)


def _loaded(path: str | Path) -> ProgrammePlan:
    folder = Path(path)
    if not (folder / _HEAD).exists():
        folder = folder.with_name(f".{folder.name}.old")  # a crash between two renames
    try:
        head = read_object(regular_bytes(folder / _HEAD), "plan")
        if head.get("format") != _FORMAT:
            raise InvalidInput([Fault("array_format", value=head.get("format"), details={"expected": _FORMAT})])
        programme = programme_of(str(head.get("programme")))
        records = read_records(programme.name, folder / _INPUT)
        policy = policy_of(programme.name, head.get("policy"))
        matching = programme.engine.read(folder / _PROOF, lambda: programme.asked(records, policy))
        helpers = Matching.from_npz(folder / _HELPERS) if (folder / _HELPERS).exists() else None
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput([Fault("not_found", value=f"{path}: {error}")]) from None
    return ProgrammePlan(programme, records, policy, matching, helpers)
