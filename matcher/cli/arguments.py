"""The arguments of every command."""

from __future__ import annotations

import argparse
import locale
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from matcher._version import __version__
from matcher.base.errors import Lang, text
from matcher.cli import programme_commands as programmes
from matcher.cli.common import BAD_INPUT
from matcher.cli.looking import run_check, run_explain, run_report, run_template, run_verify, run_warm_up
from matcher.cli.planning import DEMO_FOLDER, run_demo, run_plan
from matcher.cli.studying import run_study_command
from matcher.cli.year import run_diff, run_next_year, run_recommend, run_replan
from matcher.words.parsers import in_chinese


def language(arguments: Sequence[str]) -> Lang:
    """Return the language asked for, else that of the system."""
    for position, argument in enumerate(arguments):
        if argument.startswith("--lang"):
            asked = argument.partition("=")[2] or "".join(arguments[position + 1 : position + 2])
            return "zh" if asked == "zh" else "en"
    system = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if not system:  # Windows names its languages in words, and in no variable
        system = locale.getlocale()[0] or ""
    return "zh" if system.lower().startswith(("zh", "chinese")) else "en"


def parser(lang: Lang) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, with its help in `lang`."""

    def say(key: str) -> str:
        return text(f"cli.help.{key}", lang).replace("%", "%%")

    class Parser(argparse.ArgumentParser):
        def __init__(self, **options: Any):
            asks_help = options.pop("add_help", True)
            super().__init__(add_help=False, **options)
            self._positionals.title, self._optionals.title = text("cli.positional", lang), text("cli.options", lang)
            if asks_help:
                self.add_argument("-h", "--help", action="help", help=say("help"))

        def format_usage(self) -> str:
            return super().format_usage().replace("usage: ", text("cli.usage", lang), 1)

        def format_help(self) -> str:
            return super().format_help().replace("usage: ", text("cli.usage", lang), 1)

        def error(self, message: str) -> NoReturn:
            reason = in_chinese(message) if lang == "zh" else message
            self.exit(BAD_INPUT, text("cli.bad_arguments", lang, command=self.prog, reason=reason) + "\n")

    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", help=say("json"))
    common.add_argument("--lang", choices=("en", "zh"), default=lang, help=say("lang"))
    common.add_argument("--force", action="store_true", help=say("force"))
    common.add_argument("-v", "--verbose", action="store_true", help=say("verbose"))
    common.add_argument("--progress", choices=("line", "json"), default="line", help=say("progress"))
    reading = Parser(add_help=False)
    reading.add_argument("input", metavar="INPUT", help=say("input"))
    reading.add_argument("--policy", metavar="FILE", help=say("policy"))
    reading.add_argument("--datum", choices=("wgs84", "gcj02", "bd09"), default="wgs84", help=say("datum"))
    reading.add_argument("--region", metavar="REGION", help=say("region"))
    reading.add_argument("--gazetteer", metavar="FILE", help=say("gazetteer"))
    reading.add_argument("--mark", metavar="FILE.xlsx", help=say("mark"))

    old = Parser(add_help=False)
    old.add_argument("old", metavar="OLD", help=say("saved_either"))
    other = Parser(add_help=False)
    other.add_argument("--programme", metavar="NAME", help=say("programme"))

    whole = Parser(prog="matcher", description=say("matcher"), epilog=say("exit"))
    whole.add_argument("--version", action="version", version=f"matcher {__version__}", help=say("version"))
    commands = whole.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Any, *parents: Parser) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common, *parents], help=say(name), description=say(name))
        added.set_defaults(run=run)
        return added

    demo = command("demo", run_demo)
    demo.add_argument("-o", "--out", metavar="OUT", default=DEMO_FOLDER, help=say("out"))
    template = command("template", programmes.routed(run_template, programmes.template), other)
    template.add_argument("file", metavar="FILE.xlsx", help=say("file"))
    making = Parser(add_help=False)
    making.add_argument("-o", "--out", metavar="OUT", required=True, help=say("out"))
    making.add_argument("--start", metavar="OUT", help=say("start"))
    making.add_argument("--edits", metavar="FILE.xlsx", help=say("edits"))
    making.add_argument("--time-limit", dest="time_limit_s", metavar="S", type=float, help=say("time_limit"))
    making.add_argument("--work-limit", metavar="N", type=int, help=say("work_limit"))
    making.add_argument("--gap", metavar="SHARE", type=float, help=say("gap"))
    making.add_argument("--workers", metavar="N", type=int, default=1, help=say("workers"))
    making.add_argument("--xlsx", action="store_true", help=say("xlsx"))
    making.add_argument("--html", action="store_true", help=say("html"))
    making.add_argument("--year", metavar="YEAR", type=int, help=say("year"))

    check = command("check", run_check, reading)
    check.add_argument("--mend", metavar="OUT.xlsx", help=say("mend"))
    check.add_argument("--all", action="store_true", help=say("all"))
    plan = command("plan", programmes.routed(run_plan, programmes.plan), reading, making, other)
    plan.add_argument("--previous", metavar="OLD", help=say("previous"))
    following = command("next-year", run_next_year, old, reading, making)
    following.set_defaults(previous=None, programme=None)
    replan = command("replan", run_replan)
    replan.add_argument("saved", metavar="OUT", help=say("saved_either"))
    replan.add_argument("-o", "--out", metavar="NEW", help=say("replan_out"))
    replan.add_argument("--without", metavar="KIND:ID", action="append", help=say("without"))
    replan.add_argument("--takes", metavar="KIND:ID=N", action="append", help=say("takes"))
    replan.add_argument("--refused", metavar="KIND:ID", nargs=2, action="append", help=say("refused"))
    replan.add_argument("--agreed", metavar="KIND:ID", nargs=2, action="append", help=say("agreed"))
    replan.add_argument("--time-limit", dest="time_limit_s", metavar="S", type=float, help=say("time_limit"))
    replan.add_argument("--work-limit", metavar="N", type=int, help=say("work_limit"))
    recommend = command("recommend", run_recommend)
    recommend.add_argument("saved", metavar="OUT", help=say("saved_either"))
    recommend.add_argument("name", metavar="KIND:ID", help=say("name"))
    recommend.add_argument("-k", dest="number", metavar="N", type=int, default=5, help=say("number"))
    verify = command("verify", programmes.routed(run_verify, programmes.verify), reading, other)
    verify.add_argument("out", metavar="OUT", help=say("saved"))
    explain = command("explain", programmes.routed(run_explain, programmes.explain), other)
    explain.add_argument("out", metavar="OUT", help=say("saved_either"))
    explain.add_argument("name", metavar="KIND:ID", help=say("name"))
    explain.add_argument("--instead", metavar="KIND:ID", help=say("instead"))
    diff = command("diff", run_diff)
    diff.add_argument("old", metavar="OUT1", help=say("saved_either"))
    diff.add_argument("new", metavar="OUT2", help=say("saved_either"))
    report = command("report", run_report)
    report.add_argument("out", metavar="OUT", help=say("saved_folder"))
    report.add_argument("-o", "--html", metavar="FILE", help=say("report_file"))
    report.add_argument("--boundaries", metavar="FILE", help=say("boundaries"))
    report.add_argument("--levers", action="store_true", help=say("levers"))
    report.add_argument("--maps", metavar="FOLDER", help=say("maps"))
    study = command("study", run_study_command)
    study.add_argument("file", metavar="FILE", help=say("study_file"))
    study.add_argument("-o", "--out", metavar="OUT", required=True, help=say("study_out"))
    study.add_argument("--data", metavar="FOLDER", help=say("study_data"))
    study.add_argument("--workers", metavar="N", type=int, default=1, help=say("workers"))
    study.add_argument("--time-limit", dest="time_limit_s", metavar="S", type=float, help=say("time_limit"))
    command("warm-up", run_warm_up)
    return whole
