"""The command line: `matcher demo`, `template`, `plan`, `verify`, `explain`, `diff`, `report`.

Results go to standard output, as one screen of text or, with `--json`, as one JSON document; progress and errors go to
standard error. Exit codes: 0 done, 1 the plan is infeasible or does not verify, 2 bad input or arguments, 130
interrupted (with the best plan so far where there is one).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.resources
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from matcher._version import __version__
from matcher.base.errors import Fault, InvalidInput, Lang, MatcherError, MissingExtra, text
from matcher.base.interrupts import cancel_on_interrupt
from matcher.base.progress import CancelToken
from matcher.show.progressline import ProgressLine

if TYPE_CHECKING:
    from matcher.model import Instance
    from matcher.plan import Plan
    from matcher.policy.policy import Policy

DONE: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130

DEMO_FOLDER: Final = "demo-plan"
MAP_FILE: Final = "map.png"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    _never_fail_on_characters()
    lang = _language(arguments)
    try:
        options = _parser(lang).parse_args(arguments)
    except SystemExit as stop:  # argparse has said what is wrong, or the help
        return int(stop.code or 0)
    try:
        code: int = options.run(options)
    except MatcherError as error:
        _complain(error, options)
        code = BAD_INPUT
    except KeyboardInterrupt:
        print(text("cli.interrupted", options.lang), file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        # whoever read the output has gone: nothing more to say, also not at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    return code


# --- commands ---------------------------------------------------------------------------------------------------------


def run_demo(options: argparse.Namespace) -> int:
    """Plan the embedded example; write plan and map."""
    from matcher.files.reading import read

    with importlib.resources.as_file(importlib.resources.files("matcher") / "data" / "example") as folder:
        instance = read(folder)
    plan, interrupted = _solve(instance, None, options)
    out = plan.save(options.out)
    notes = [text("cli.demo", options.lang), text("cli.saved", options.lang, path=options.out)]
    try:
        plan.map(lang=options.lang).save(out / MAP_FILE)
        notes.append(text("cli.map", options.lang, path=Path(options.out) / MAP_FILE))
    except MissingExtra as error:
        notes.append(text("cli.no_map", options.lang, reason=error.message(options.lang)))
    return _show_plan(plan, options, notes, interrupted=interrupted)


def run_plan(options: argparse.Namespace) -> int:
    """Read, solve, save."""
    policy = _policy(options.policy)
    instance = _read(options)
    if options.edits is not None:
        from matcher.files.plan_edits import read_edits

        instance = read_edits(options.edits).applied(instance, options.lang)
    start = None
    if options.start is not None:
        from matcher.plan import load_plan

        start = load_plan(options.start)
    plan, interrupted = _solve(instance, policy, options, start=start)
    if plan.status == "unknown":
        return _show_plan(plan, options, [text("cli.nothing_saved", options.lang)], interrupted=interrupted)
    out = plan.save(options.out)
    notes = [text("cli.saved", options.lang, path=options.out)]
    if options.html:
        notes.append(text("cli.saved", options.lang, path=plan.report(out / "plan.html", lang=options.lang)))
    if options.xlsx:
        notes.append(text("cli.saved", options.lang, path=plan.save(out / "plan.xlsx", lang=options.lang)))
    return _show_plan(plan, options, notes, interrupted=interrupted)


def run_verify(options: argparse.Namespace) -> int:
    """Judge a saved plan by the input given."""
    from matcher.checking.checker import verify

    policy = None if options.policy is None else _policy(options.policy)
    report = verify(_read(options), options.out, policy)
    _print(options, report.to_json(), report.summary(options.lang))
    return DONE if report.ok else FAILED


def run_explain(options: argparse.Namespace) -> int:
    """Say why somebody is paired as it is."""
    from matcher.plan import load_plan

    kind, found, known_id = options.name.partition(":")
    if not found:
        raise InvalidInput([Fault("not_kind_and_id", value=options.name)])
    explanation = load_plan(options.out).explain(_kind_of(kind), known_id)
    _print(options, explanation.to_json(), explanation.text(options.lang))
    return DONE


def run_diff(options: argparse.Namespace) -> int:
    """Say what differs between two saved plans."""
    from matcher.plan import load_plan
    from matcher.study.differences import diff

    found = diff(load_plan(options.old), load_plan(options.new))
    _print(options, found.to_json(), found.summary(options.lang))
    return DONE


def run_report(options: argparse.Namespace) -> int:
    """Write the HTML report of a saved plan."""
    from matcher.files.saving import find_plan
    from matcher.plan import load_plan

    plan = load_plan(options.out)
    target = plan.report(options.html or find_plan(Path(options.out)) / "plan.html", lang=options.lang)
    _print(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE


def run_template(options: argparse.Namespace) -> int:
    """Write an empty workbook to fill in."""
    from matcher.files.templates import template

    target = template(options.file, lang=options.lang)
    _print(options, {"format": "matcher.written/1", "path": str(target)}, text("cli.saved", options.lang, path=target))
    return DONE


# --- steps ------------------------------------------------------------------------------------------------------------


def _solve(
    instance: Instance, policy: Policy | None, options: argparse.Namespace, start: Plan | None = None
) -> tuple[Plan, bool]:
    """Return the plan and whether the user interrupted the search for it."""
    from matcher.solver import solve

    limits = {name: getattr(options, name, None) for name in ("time_limit_s", "work_limit", "gap")}
    cancel = CancelToken()
    with ProgressLine(sys.stderr, options.lang, verbose=options.verbose) as line, cancel_on_interrupt(cancel):
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


def _show_plan(plan: Plan, options: argparse.Namespace, notes: Sequence[str], *, interrupted: bool) -> int:
    from matcher.outcome.document import head

    _print(options, head(plan), "\n".join([plan.summary(options.lang), *notes]))
    if interrupted:
        return INTERRUPTED
    return DONE if plan.status in ("optimal", "feasible") else FAILED


def _read(options: argparse.Namespace) -> Instance:
    from matcher.files.reading import read
    from matcher.files.region import parsed

    try:
        region = parsed(options.region)
        return read(options.input, datum=options.datum, region=region, gazetteer=options.gazetteer)
    except InvalidInput as error:
        if options.mark is not None:
            from matcher.files.faultbook import mark_faults

            marked = mark_faults(options.input, error, options.mark, lang=options.lang)
            print(text("cli.saved", options.lang, path=marked), file=sys.stderr)
        raise


def _policy(path: str | None) -> Policy | None:
    from matcher.policy.policy import Policy

    if path is None:
        return None
    try:
        content = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InvalidInput([Fault("unreadable_policy", "policy", value=path)]) from None
    return Policy.from_json(content) if path.lower().endswith(".json") else Policy.from_toml(content)


def _kind_of(word: str) -> str:
    """Return the kind that `word` is, in English or in Chinese, as people write it in their tables."""
    from matcher.tables.columns import table_of

    table = table_of(word.strip())
    return {"organizations": "organization", "branches": "branch", "counties": "county", "schools": "school"}.get(
        table or "", word
    )


def _print(options: argparse.Namespace, document: Mapping[str, Any], said: str) -> None:
    print(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) if options.json else said, flush=True)


def _complain(error: MatcherError, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(error.to_json(), ensure_ascii=False, sort_keys=True, indent=1))
    print(error.message(options.lang), file=sys.stderr)


def _never_fail_on_characters() -> None:
    """Print what a terminal can't show as a mark instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


# --- arguments --------------------------------------------------------------------------------------------------------


def _language(arguments: Sequence[str]) -> Lang:
    """Return the language asked for, else that of the system."""
    for position, argument in enumerate(arguments):
        if argument.startswith("--lang"):
            asked = argument.partition("=")[2] or "".join(arguments[position + 1 : position + 2])
            return "zh" if asked == "zh" else "en"
    system = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if system.lower().startswith("zh") else "en"


def _parser(lang: Lang) -> argparse.ArgumentParser:
    def say(key: str) -> str:
        return text(f"cli.help.{key}", lang).replace("%", "%%")

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            self.exit(BAD_INPUT, text("cli.bad_arguments", lang, command=self.prog, reason=message) + "\n")

    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", help=say("json"))
    common.add_argument("--lang", choices=("en", "zh"), default=lang, help=say("lang"))
    common.add_argument("-v", "--verbose", action="store_true", help=say("verbose"))
    reading = Parser(add_help=False)
    reading.add_argument("input", metavar="INPUT", help=say("input"))
    reading.add_argument("--policy", metavar="FILE", help=say("policy"))
    reading.add_argument("--datum", choices=("wgs84", "gcj02", "bd09"), default="wgs84", help=say("datum"))
    reading.add_argument("--region", metavar="REGION", help=say("region"))
    reading.add_argument("--gazetteer", metavar="FILE", help=say("gazetteer"))
    reading.add_argument("--mark", metavar="FILE.xlsx", help=say("mark"))

    parser = Parser(prog="matcher", description=say("matcher"), epilog=say("exit"))
    parser.add_argument("--version", action="version", version=f"matcher {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Any, *parents: Parser) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common, *parents], help=say(name), description=say(name))
        added.set_defaults(run=run)
        return added

    demo = command("demo", run_demo)
    demo.add_argument("-o", "--out", metavar="OUT", default=DEMO_FOLDER, help=say("out"))
    template = command("template", run_template)
    template.add_argument("file", metavar="FILE.xlsx", help=say("file"))
    plan = command("plan", run_plan, reading)
    plan.add_argument("-o", "--out", metavar="OUT", required=True, help=say("out"))
    plan.add_argument("--start", metavar="OUT", help=say("start"))
    plan.add_argument("--edits", metavar="FILE.xlsx", help=say("edits"))
    plan.add_argument("--time-limit", dest="time_limit_s", metavar="S", type=float, help=say("time_limit"))
    plan.add_argument("--work-limit", metavar="N", type=int, help=say("work_limit"))
    plan.add_argument("--gap", metavar="SHARE", type=float, help=say("gap"))
    plan.add_argument("--workers", metavar="N", type=int, default=1, help=say("workers"))
    plan.add_argument("--xlsx", action="store_true", help=say("xlsx"))
    plan.add_argument("--html", action="store_true", help=say("html"))
    verify = command("verify", run_verify, reading)
    verify.add_argument("out", metavar="OUT", help=say("saved"))
    explain = command("explain", run_explain)
    explain.add_argument("out", metavar="OUT", help=say("saved_folder"))
    explain.add_argument("name", metavar="KIND:ID", help=say("name"))
    diff = command("diff", run_diff)
    diff.add_argument("old", metavar="OUT1", help=say("saved_folder"))
    diff.add_argument("new", metavar="OUT2", help=say("saved_folder"))
    report = command("report", run_report)
    report.add_argument("out", metavar="OUT", help=say("saved_folder"))
    report.add_argument("-o", "--html", metavar="FILE", help=say("report_file"))
    return parser
