"""The commands that look at saved plans: `verify`, `explain`, `report`; and `template`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.cli.common import CLAIMED, DONE, FAILED, policy_for, read_input, show
from matcher.cli.people import saved_plan, who

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.show.outlines import Outlines

#: levers looked for, for the first screen of a report
_MOST_LEVERS = 3


def run_verify(options: argparse.Namespace) -> int:
    """Judge a saved plan by the input given, and by the rules that stand in it."""
    from matcher.checking.checker import verify

    report = verify(read_input(options), options.out, policy_for(options))
    show(options, report.to_json(), report.summary(options.lang))
    return {"proved": DONE, "claimed": CLAIMED, "false": FAILED}[report.finding]


def run_check(options: argparse.Namespace) -> int:
    """Say what a plan would be based on; write the tidy tables where asked to."""
    from matcher.files.guarding import check_not_input
    from matcher.files.mendbook import write_mended
    from matcher.policy.fitting import faults_of_policy
    from matcher.show.basis import checkup

    if options.mend is not None:
        check_not_input(options.mend, options.input, options.policy, options.gazetteer)
    policy = policy_for(options)
    found = checkup(read_input(options), policy)
    said = [found.text(options.lang, everything=options.all, source=options.input)]
    if options.mend is not None:
        path = write_mended(found.problem.instance, options.mend, lang=options.lang, replace=options.force)
        said.append(text("cli.saved", options.lang, path=path))
    faults = faults_of_policy(found.problem.policy, found.problem.facts)
    if faults:
        if not options.json:
            print("\n".join(said))
        raise InvalidInput(faults)
    show(options, found.to_json(), said)
    return DONE


def run_warm_up(options: argparse.Namespace) -> int:
    """Compile the loops, once for an installation."""
    from matcher.market.points.compiled import AVAILABLE
    from matcher.market.warming import warm_up

    seconds, ready = warm_up(), AVAILABLE
    said = text("cli.warm" if ready else "cli.warm.nothing", options.lang, seconds=f"{seconds:.0f}")
    show(options, {"compiled": ready, "seconds": round(seconds, 1)}, said)
    return DONE


def run_explain(options: argparse.Namespace) -> int:
    """Say why somebody is paired as it is."""
    plan = saved_plan(options.out)
    if options.instead:
        return _say_instead(plan, options)
    explanation = plan.explain(*who(plan.instance, options.name))
    show(options, explanation.to_json(), explanation.text(options.lang))
    return DONE


def _say_instead(plan: Plan, options: argparse.Namespace) -> int:
    """Say what a pair would cost the plan; of a pair that it has, what the plan without it would."""
    sides = dict(who(plan.instance, word) for word in (options.name, options.instead))
    for level, (provider, recipient) in SIDES.items():
        kinds = KIND_OF_TABLE[provider], KIND_OF_TABLE[recipient]
        if sides.keys() == set(kinds):
            found = plan.price(level, sides[kinds[1]], sides[kinds[0]])
            show(options, found.to_json(), found.text(options.lang))
            return DONE
    raise InvalidInput([Fault("not_a_pair_of_kinds", value=f"{options.name} {options.instead}")])


def run_report(options: argparse.Namespace) -> int:
    """Write the HTML report of a saved plan."""
    from matcher.files.boundaries import read_boundaries
    from matcher.files.planfolder import find_plan
    from matcher.plan import load_plan

    plan = load_plan(options.out)
    path = options.html or find_plan(Path(options.out)) / "plan.html"
    boundaries = read_boundaries(options.boundaries)
    if options.levers:
        plan.levers(_MOST_LEVERS)
    if options.maps is not None:
        _write_maps(plan, Path(options.maps), options, boundaries)
    target = plan.report(path, lang=options.lang, replace=options.force, boundaries=boundaries)
    return _written(target, options)


def _write_maps(plan: Plan, folder: Path, options: argparse.Namespace, boundaries: Outlines | None) -> None:
    """Write the maps of each prefecture, a page a picture; nothing of a person's is written over."""
    from matcher.base.disk import write_made
    from matcher.base.seal import sealed_picture
    from matcher.show.multiples import draw_maps

    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(draw_maps(plan, lang=options.lang, boundaries=boundaries), 1):
        write_made(folder / f"map-{number:02}.png", sealed_picture(picture.png()), replace=options.force)


def run_template(options: argparse.Namespace) -> int:
    """Write an empty workbook to fill in."""
    from matcher.files.templates import template

    return _written(template(options.file, lang=options.lang, replace=options.force), options)


def _written(target: Path, options: argparse.Namespace) -> int:
    show(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE
