"""The commands with `--programme NAME`: the programmes beside the pairing."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.interrupts import cancel_on_interrupt
from matcher.base.progress import CancelToken
from matcher.cli.common import DONE, FAILED, INTERRUPTED, show
from matcher.show.progressline import progress_of

Run = Callable[[argparse.Namespace], int]


def routed(pairing: Run, programme: Run) -> Run:
    """Return the command that is the second where `--programme` was given, else the first."""
    return lambda options: pairing(options) if options.programme is None else programme(options)


def plan(options: argparse.Namespace) -> int:
    """Read, plan, save."""
    from matcher.programmes import doors

    records = doors.read_records(options.programme, options.input, datum=options.datum)
    start = None if options.start is None else doors.load_programme(options.start)
    limits = {name: getattr(options, name) for name in ("time_limit_s", "work_limit", "gap")}
    cancel = CancelToken()
    with progress_of(options) as line, cancel_on_interrupt(cancel):
        found = doors.plan_programme(
            options.programme, records, options.policy, start=start, progress=line, cancel=cancel, **limits
        )
    note = text("cli.nothing_saved", options.lang)
    if found.status in ("optimal", "feasible"):
        note = text("cli.saved", options.lang, path=doors.save_programme(found, options.out, options.lang))
    show(options, doors.head_of(found), [found.summary(options.lang), note])
    if cancel.cancelled:
        return INTERRUPTED
    return DONE if found.status in ("optimal", "feasible") else FAILED


def verify(options: argparse.Namespace) -> int:
    """Judge a saved plan by the input given."""
    from matcher.programmes import doors

    records = doors.read_records(options.programme, options.input, datum=options.datum)
    report = doors.verify_programme(options.out, records)
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

    target = doors.programme_of(options.programme).schema.template(options.file, lang=options.lang)
    show(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE
