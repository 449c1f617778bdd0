"""The commands that look at saved plans: `verify`, `explain`, `diff`, `report`; and `template`."""

from __future__ import annotations

import argparse
from pathlib import Path

from matcher.base.errors import Fault, InvalidInput, text
from matcher.cli.common import CLAIMED, DONE, FAILED, read_input, read_policy, show


def run_verify(options: argparse.Namespace) -> int:
    """Judge a saved plan by the input given."""
    from matcher.checking.checker import verify

    report = verify(read_input(options), options.out, read_policy(options.policy))
    show(options, report.to_json(), report.summary(options.lang))
    return {"proved": DONE, "claimed": CLAIMED, "false": FAILED}[report.finding]


def run_warm_up(options: argparse.Namespace) -> int:
    """Compile the loops for markets of points, once for an installation."""
    from matcher.market.points.compiled import AVAILABLE
    from matcher.market.points.warm import warm_up

    seconds, ready = warm_up(), AVAILABLE
    said = text("cli.warm" if ready else "cli.warm.nothing", options.lang, seconds=f"{seconds:.0f}")
    show(options, {"compiled": ready, "seconds": round(seconds, 1)}, said)
    return DONE


def run_explain(options: argparse.Namespace) -> int:
    """Say why somebody is paired as it is."""
    from matcher.plan import load_plan

    kind, found, known_id = options.name.partition(":")
    if not found:
        raise InvalidInput([Fault("not_kind_and_id", value=options.name)])
    explanation = load_plan(options.out).explain(_kind_of(kind), known_id)
    show(options, explanation.to_json(), explanation.text(options.lang))
    return DONE


def run_diff(options: argparse.Namespace) -> int:
    """Say what differs between two saved plans."""
    from matcher.plan import load_plan
    from matcher.study.differences import diff

    found = diff(load_plan(options.old), load_plan(options.new))
    show(options, found.to_json(), found.summary(options.lang))
    return DONE


def run_report(options: argparse.Namespace) -> int:
    """Write the HTML report of a saved plan."""
    from matcher.files.planfolder import find_plan
    from matcher.plan import load_plan

    plan = load_plan(options.out)
    path = options.html or find_plan(Path(options.out)) / "plan.html"
    target = plan.report(path, lang=options.lang, replace=options.force)
    return _written(target, options)


def run_template(options: argparse.Namespace) -> int:
    """Write an empty workbook to fill in."""
    from matcher.files.templates import template

    return _written(template(options.file, lang=options.lang, replace=options.force), options)


def _written(target: Path, options: argparse.Namespace) -> int:
    show(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE


def _kind_of(word: str) -> str:
    """Return the kind that `word` is, in English or in Chinese, as people write it in their tables."""
    from matcher.tables.columns import table_of

    table = table_of(word.strip())
    return {"organizations": "organization", "branches": "branch", "counties": "county", "schools": "school"}.get(
        table or "", word
    )
