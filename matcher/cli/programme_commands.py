"""The commands with `--programme NAME`: the programmes beside the pairing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.interrupts import cancel_on_interrupt
from matcher.base.progress import CancelToken
from matcher.cli.common import DONE, FAILED, INTERRUPTED, show
from matcher.files.guarding import check_not_input
from matcher.files.region import parsed
from matcher.show.progressline import progress_of

if TYPE_CHECKING:
    from matcher.programmes.programme import ProgrammePolicy
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


def plan(options: argparse.Namespace) -> int:
    """Read, plan, save."""
    from matcher.programmes import doors

    policy, read = _policy(options), _tables(options)
    start = None if options.start is None else doors.load_programme(options.start)
    limits = {name: getattr(options, name) for name in ("time_limit_s", "work_limit", "gap")}
    cancel = CancelToken()
    with progress_of(options) as line, cancel_on_interrupt(cancel):
        found = doors.plan_programme(
            options.programme, read.records, policy, start=start, progress=line, cancel=cancel, **limits
        )
    note = text("cli.nothing_saved", options.lang)
    if found.status in ("optimal", "feasible"):
        note = text("cli.saved", options.lang, path=doors.save_programme(found, options.out, options.lang))
    told = [f"! {notice.text(options.lang)}" for notice in read.notices]
    show(options, doors.head_of(found), [*told, found.summary(options.lang), note])
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
    said = doors.load_programme(options.out).explain(kind, known_id, options.lang)
    show(options, {"format": "matcher.explanation/1", "text": said}, said)
    return DONE


def template(options: argparse.Namespace) -> int:
    """Write an empty workbook of the programme's tables."""
    from matcher.programmes import doors

    target = doors.template_of(options.programme, options.file, lang=options.lang, replace=options.force)
    show(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE
