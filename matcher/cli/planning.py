"""The commands that make plans: `demo` and `plan`."""

from __future__ import annotations

import argparse
import importlib.resources
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.base.errors import Lang, MissingExtra, SaveError, text
from matcher.base.interrupts import cancel_on_interrupt
from matcher.base.progress import CancelToken
from matcher.cli.common import DONE, FAILED, INTERRUPTED, policy_for, read_input, show
from matcher.cli.people import saved_plan
from matcher.show.progressline import progress_of

if TYPE_CHECKING:
    from matcher.files.plan_edits import Edits
    from matcher.model import Instance
    from matcher.plan import Plan
    from matcher.policy.policy import Policy

DEMO_FOLDER: Final = "demo-plan"
BOOK, PAGE, MAP = "plan.xlsx", "plan.html", "map.png"
#: ways out that are told of a plan that there is none of, and how long they are looked for
_MOST_WAYS, _WAYS_S = 3, 30.0


def run_demo(options: argparse.Namespace) -> int:
    """Plan the embedded example; write plan and map."""
    from matcher.files.guarding import check_target
    from matcher.files.reading import read

    check_target(Path(options.out), replace=options.force)
    with importlib.resources.as_file(importlib.resources.files("matcher") / "data" / "example") as folder:
        instance = read(folder)
    plan, interrupted = solved(instance, None, options)
    notes = [text("cli.demo", options.lang), *saved(plan, options, {MAP})]
    return show_plan(plan, options, notes, interrupted=interrupted)


def run_plan(options: argparse.Namespace) -> int:
    """Read, solve, save."""
    from matcher.files.guarding import check_not_input, check_target

    edited = None if options.edits is None else Path(options.edits)
    check_not_input(options.out, options.input, options.policy, options.gazetteer, options.edits)
    check_target(Path(options.out), replace=options.force, kept=edited)
    policy = policy_for(options)
    instance = read_input(options)
    if options.previous is not None:
        instance = renewed(instance, options)
    edits, told = None, []
    if edited is not None:
        from matcher.files.plan_edits import read_edits

        edits = read_edits(edited)
        instance, told = edits.applied(instance, options.lang), edit_lines(edits, instance, options.lang)
    start = None
    if options.start is not None:
        from matcher.plan import load_plan

        start = load_plan(options.start)
    plan, interrupted = solved(instance, policy, options, start=start)
    if plan.status == "unknown":
        return show_plan(plan, options, [text("cli.nothing_saved", options.lang)], interrupted=interrupted)
    asked = {name for name, wanted in ((BOOK, options.xlsx or edits), (PAGE, options.html)) if wanted}
    notes = saved(plan, options, asked, kept=edited, edits=edits)
    return show_plan(plan, options, [*told, *notes], interrupted=interrupted)


def renewed(instance: Instance, options: argparse.Namespace) -> Instance:
    """Return the tables with the pairs of the plan `options.previous` as those of last year."""
    from matcher.model import Instance
    from matcher.renewal.year import next_year

    old = next_year(saved_plan(options.previous), year=options.year)
    if instance.previous:
        print(text("cli.previous_replaced", options.lang, number=len(instance.previous)), file=sys.stderr)
    tables = {name: getattr(instance, name) for name in type(instance).model_fields if name != "format"}
    return Instance(**(tables | {"previous": old.previous}))


def edit_lines(edits: Edits, instance: Instance, lang: Lang) -> list[str]:
    """Say which edits were taken, and what the workbook orders in all."""
    lines = [text("cli.edits", lang, count=len(edits.changes))] if edits.changes else []
    lines += [f"  {change.text(lang)}" for change in edits.changes]
    kinds = [kind for kind, _ in edits.standing.values()]
    counts = {"pins": kinds.count("pin"), "bans": kinds.count("forbid"), "notes": len(edits.notes)}
    lines.append(text("cli.standing", lang, **counts))
    if gone := edits.gone(instance):
        lines.append(text("cli.locks_gone", lang, names="; ".join(" – ".join(place[1:]) for place in gone)))
    return lines


def solved(
    instance: Instance, policy: Policy | None, options: argparse.Namespace, start: Plan | None = None
) -> tuple[Plan, bool]:
    """Return the plan and whether the user interrupted the search for it."""
    from matcher.solver import solve

    limits = {name: getattr(options, name, None) for name in ("time_limit_s", "work_limit", "gap")}
    cancel = CancelToken()
    with progress_of(options) as line, cancel_on_interrupt(cancel):
        plan = solve(
            instance,
            policy,
            start=start,
            progress=line,
            cancel=cancel,
            workers=getattr(options, "workers", 1),
            **limits,
        )
    return plan, cancel.cancelled


def saved(
    plan: Plan,
    options: argparse.Namespace,
    asked: set[str],
    *,
    kept: Path | None = None,
    edits: Edits | None = None,
) -> list[str]:
    """Save the plan and what is made from it; return what was written, or why nothing was.

    What was made from the plan that stood there before is made again, from this one.
    """
    from matcher.files.saving import save_plan

    out = Path(options.out)
    if out.suffix.lower() == ".xlsx":
        pages = {out.with_suffix(".html"): PAGE} if PAGE in asked else {}
    else:
        pages = {out / name: name for name in (BOOK, PAGE, MAP) if name in asked or (out / name).is_file()}
    try:
        save_plan(plan, out, options.lang, replace=options.force, kept=kept, edits=edits)
    except SaveError as error:
        if error.code != "save_worse":
            raise
        return [error.message(options.lang)]
    return [text("cli.saved", options.lang, path=out), *(_made(plan, options, *each, edits) for each in pages.items())]


def _made(plan: Plan, options: argparse.Namespace, target: Path, name: str, edits: Edits | None) -> str:
    """Write the workbook, the page or the map of a plan; say where."""
    from matcher.base.disk import write_made
    from matcher.base.seal import sealed_picture

    if name == MAP:
        try:
            picture = plan.map(lang=options.lang).png()
        except MissingExtra as error:
            return text("cli.no_map", options.lang, reason=error.message(options.lang))
        write_made(target, sealed_picture(picture), replace=options.force)
        return text("cli.map", options.lang, path=target)
    if name == PAGE:
        plan.report(target, lang=options.lang, replace=options.force)
    else:
        plan.save(target, lang=options.lang, replace=options.force, edits=edits)
    return text("cli.saved", options.lang, path=target)


def show_plan(plan: Plan, options: argparse.Namespace, notes: Sequence[str], *, interrupted: bool) -> int:
    """Print the plan and what was written; return the exit code."""
    from matcher.outcome.document import head

    ways = [] if interrupted or plan.status != "infeasible" else ways_out(plan, options)
    show(options, head(plan), [plan.summary(options.lang), *ways, *notes])
    if interrupted:
        return INTERRUPTED
    return DONE if plan.status in ("optimal", "feasible") else FAILED


def ways_out(plan: Plan, options: argparse.Namespace) -> list[str]:
    """Return why there is no plan and the cheapest ways out, as far as they are found soon."""
    if options.json:
        return []
    cancel = CancelToken()
    with progress_of(options) as line, cancel_on_interrupt(cancel):
        found = plan.repairs(_MOST_WAYS, time_limit_s=_WAYS_S, progress=line, cancel=cancel)
    return [found.text(options.lang)] if found.conflict else []
