"""`matcher study FILE -o OUT`: a study from its file to tables, figures and a manifest."""

from __future__ import annotations

import argparse

from matcher.base.display import table_lines
from matcher.base.errors import text
from matcher.base.interrupts import cancel_on_interrupt
from matcher.base.progress import CancelToken
from matcher.cli.common import DONE, FAILED, INTERRUPTED, show
from matcher.show.progressline import progress_of


def run_study_command(options: argparse.Namespace) -> int:
    """Make the runs that are missing, then write what the study leaves."""
    from matcher.study.studies import run_study

    cancel = CancelToken()
    limits = {"workers": options.workers, "time_limit_s": options.time_limit_s, "cancel": cancel}
    with progress_of(options) as line, cancel_on_interrupt(cancel):
        found = run_study(options.file, options.out, data=options.data, progress=line, **limits)
    if found.stop_reason is not None:
        show(options, {"stop_reason": found.stop_reason}, [text("cli.study.stopped", options.lang, path=options.out)])
        return INTERRUPTED if cancel.cancelled else FAILED
    rows = found.differences if len(found.differences) else found.bands
    lines = [[str(cell) for cell in row] for row in [list(rows.columns), *rows.to_numpy().tolist()]]
    said = table_lines([tuple(line) for line in lines])
    content = {"runs": len(found.rows), "table": [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]}
    show(options, content, [*said, text("cli.saved", options.lang, path=options.out)])
    return DONE
