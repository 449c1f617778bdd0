"""The commands with `--programme NAME`: the programmes beside the pairing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.interrupts import cancel_on_interrupt
from matcher.base.progress import CancelToken
from matcher.cli.common import DONE, FAILED, INTERRUPTED, show
from matcher.cli.planning import BOOK, PAGE
from matcher.files.guarding import check_not_input
from matcher.files.region import parsed
from matcher.show.progressline import progress_of

if TYPE_CHECKING:
    from matcher.programmes.programme import ProgrammePolicy
    from matcher.programmes.result import ProgrammePlan
    from matcher.programmes.schema import ReadTables

Run = Callable[[argparse.Namespace], int]


def routed(pairing: Run, programme: Run) -> Run:
    """Return the command that is the second where `--programme` was given, else the first."""
    return lambda options: pairing(options) if options.programme is None else programme(options)


def _tables(options: argparse.Namespace) -> ReadTables:
    """Read the tables as the arguments say, say what to know of them; mark their faults where asked to."""
    from matcher.programmes import doors

    schema = doors.programme_of(options.programme).schema
    try:
        read = schema.reading(options.input, datum=options.datum, region=parsed(options.region))
    except InvalidInput as error:
        if options.mark is not None:
            check_not_input(options.mark, options.input)
            marked = schema.mark(options.input, error, options.mark, lang=options.lang, replace=options.force)
            print(text("cli.saved", options.lang, path=marked), file=sys.stderr)
        raise
    return read


def check(options: argparse.Namespace) -> int:
    """Say what a plan would be based on; write the tidy tables where asked to."""
    from matcher.programmes import doors

    if options.mend is not None:
        check_not_input(options.mend, options.input, options.policy)
    schema, policy = doors.programme_of(options.programme).schema, _policy(options)
    read = _tables(options)
    found = doors.check_programme(options.programme, read, policy)
    said = [found.text(options.lang, everything=options.all, source=options.input)]
    if options.mend is not None:
        path = schema.tidy(read, options.mend, lang=options.lang, replace=options.force)
        said.append(text("cli.saved", options.lang, path=path))
    show(options, found.to_json(), said)
    return DONE


def _policy(options: argparse.Namespace) -> ProgrammePolicy:
    """Return the policy of the file that is given, else that of the sheet of rules in the input."""
    from matcher.programmes import doors

    return doors.policy_for(options.programme, options.input, options.policy)


def next_year(options: argparse.Namespace) -> int:
    """Plan tables with what came of a saved plan."""
    options.previous = options.old
    return plan(options)


def plan(options: argparse.Namespace) -> int:
    """Read, plan, save."""
    from matcher.programmes import doors
    from matcher.programmes.book import write_book
    from matcher.programmes.page import write_page

    policy, read = _policy(options), _tables(options)
    start, records = None if options.start is None else doors.load_programme(options.start), read.records
    if options.previous is not None:
        old = doors.load_programme(options.previous)
        start, records = start or old, doors.renewed(old, records)
    limits = {name: getattr(options, name) for name in ("time_limit_s", "work_limit", "gap")}
    cancel = CancelToken()
    with progress_of(options) as line, cancel_on_interrupt(cancel):
        found = doors.plan_programme(
            options.programme, records, policy, start=start, progress=line, cancel=cancel, **limits
        )
    notes = [text("cli.nothing_saved", options.lang)]
    if found.status in ("optimal", "feasible"):
        saved = [doors.save_programme(found, options.out, options.lang)]
        made = ((options.xlsx, write_book, BOOK), (options.html, write_page, PAGE))
        saved += [write(found, saved[0] / name, lang=options.lang) for wanted, write, name in made if wanted]
        notes = [text("cli.saved", options.lang, path=path) for path in saved]
    told = [f"! {notice.text(options.lang)}" for notice in read.notices]
    show(options, doors.head_of(found), [*told, found.summary(options.lang), *notes])
    if cancel.cancelled:
        return INTERRUPTED
    return DONE if found.status in ("optimal", "feasible") else FAILED


def verify(options: argparse.Namespace) -> int:
    """Judge a saved plan by the input given."""
    from matcher.programmes import doors

    report = doors.verify_programme(options.out, _tables(options).records)
    show(options, report.to_json(), report.summary(options.lang))
    return DONE if report.ok else FAILED


def explain(options: argparse.Namespace) -> int:
    """Say why somebody is served where they are."""
    from matcher.programmes import doors

    kind, found, known_id = options.name.partition(":")
    if not found:
        raise InvalidInput([Fault("not_kind_and_id", value=options.name)])
    plan = doors.load_programme(options.out)
    if options.instead is not None:
        return _say_instead(plan, options)
    said = plan.explain(kind, known_id, options.lang)
    show(options, {"format": "matcher.explanation/1", "text": said}, said)
    return DONE


def _say_instead(plan: ProgrammePlan, options: argparse.Namespace) -> int:
    """Say what the plan would be if two who are named had each other; of a pair that it has, without it."""
    from matcher.programmes.asking import what_if
    from matcher.programmes.explaining import is_kind

    programme = plan.programme
    tables = {"provider_id": (programme.providers,), "recipient_id": (programme.recipients, programme.also)}
    words = [said.partition(":") for said in (options.name, options.instead)]
    ends = {
        side: known
        for kind, _, known in words
        for side, mine in tables.items()
        if any(is_kind(kind, t, programme) for t in mine)
    }
    if len(ends) != len(tables):
        known = {"known": f"{programme.recipients}:ID, {programme.providers}:ID"}
        raise InvalidInput([Fault("not_an_option", column="instead", value=options.instead, details=known)])
    has = (plan.pairings["recipient_id"] == ends["recipient_id"]) & (
        plan.pairings["provider_id"] == ends["provider_id"]
    )
    found = what_if(plan, [{"kind": "forbid" if has.any() else "force", **ends}])
    show(options, found.to_json(), found.summary(options.lang))
    return DONE


def report(options: argparse.Namespace) -> int:
    """Write a saved plan as a page."""
    from matcher.programmes import doors
    from matcher.programmes.page import write_page

    plan, path = doors.load_programme(options.out), options.html or Path(options.out) / PAGE
    target = write_page(plan, path, lang=options.lang, replace=options.force)
    show(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE


def template(options: argparse.Namespace) -> int:
    """Write an empty workbook of the programme's tables."""
    from matcher.programmes import doors

    target = doors.template_of(options.programme, options.file, lang=options.lang, replace=options.force)
    show(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE
