"""The arguments of every command."""

from __future__ import annotations

import argparse
import locale
import os
from collections.abc import Callable, Sequence
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


class Parser(argparse.ArgumentParser):
    """A parser that speaks the reader's language also where argparse itself speaks."""

    def __init__(self, *, lang: Lang = "en", **options: Any):
        asks_help = options.pop("add_help", True)
        super().__init__(add_help=False, **options)
        self.lang = lang
        self._positionals.title, self._optionals.title = text("cli.positional", lang), text("cli.options", lang)
        if asks_help:
            self.add_argument("-h", "--help", action="help", help=self.say("help"))

    def say(self, key: str) -> str:
        """Return the help of an option or a command."""
        return text(f"cli.help.{key}", self.lang).replace("%", "%%")

    def takes(self, *flags: str, say: str, **options: Any) -> None:
        """Add an argument with its help."""
        self.add_argument(*flags, help=self.say(say), **options)

    def format_usage(self) -> str:
        """Return the usage, in the reader's language."""
        return super().format_usage().replace("usage: ", text("cli.usage", self.lang), 1)

    def format_help(self) -> str:
        """Return the help, in the reader's language."""
        return super().format_help().replace("usage: ", text("cli.usage", self.lang), 1)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and end."""
        reason = in_chinese(message) if self.lang == "zh" else message
        self.exit(BAD_INPUT, text("cli.bad_arguments", self.lang, command=self.prog, reason=reason) + "\n")


def parser(lang: Lang) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, with its help in `lang`."""
    whole = Parser(prog="matcher", lang=lang)
    whole.description, whole.epilog = whole.say("matcher"), whole.say("exit")
    whole.takes("--version", action="version", version=f"matcher {__version__}", say="version")
    made = whole.add_subparsers(metavar="COMMAND", required=True)
    common = _common(lang)

    def command(name: str, run: Any, *parents: Parser) -> Parser:
        said = whole.say(name)
        added = made.add_parser(name, lang=lang, parents=[common, *parents], help=said, description=said)
        added.set_defaults(run=run)
        return added

    command("demo", run_demo).takes("-o", "--out", metavar="OUT", default=DEMO_FOLDER, say="out")
    _planning(command, lang)
    _during_the_year(command)
    _asking(command, lang)
    _showing(command, lang)
    command("warm-up", run_warm_up)
    return whole


def _common(lang: Lang) -> Parser:
    """Return what every command takes."""
    common = Parser(lang=lang, add_help=False)
    common.takes("--json", action="store_true", say="json")
    common.takes("--lang", choices=("en", "zh"), default=lang, say="lang")
    common.takes("--force", action="store_true", say="force")
    common.takes("-v", "--verbose", action="store_true", say="verbose")
    common.takes("--progress", choices=("line", "json"), default="line", say="progress")
    return common


def _reading(lang: Lang) -> Parser:
    """Return what commands take that read tables."""
    reading = Parser(lang=lang, add_help=False)
    reading.takes("input", metavar="INPUT", say="input")
    reading.takes("--policy", metavar="FILE", say="policy")
    reading.takes("--datum", choices=("wgs84", "gcj02", "bd09"), default="wgs84", say="datum")
    reading.takes("--region", metavar="REGION", say="region")
    reading.takes("--gazetteer", metavar="FILE", say="gazetteer")
    reading.takes("--mark", metavar="FILE.xlsx", say="mark")
    return reading


def _making(lang: Lang) -> Parser:
    """Return what commands take that make a plan of tables."""
    making = Parser(lang=lang, add_help=False)
    making.takes("-o", "--out", metavar="OUT", required=True, say="out")
    making.takes("--start", metavar="OUT", say="start")
    making.takes("--edits", metavar="FILE.xlsx", say="edits")
    _limits(making)
    making.takes("--gap", metavar="SHARE", type=float, say="gap")
    making.takes("--workers", metavar="N", type=int, default=1, say="workers")
    making.takes("--xlsx", action="store_true", say="xlsx")
    making.takes("--html", action="store_true", say="html")
    making.takes("--year", metavar="YEAR", type=int, say="year")
    return making


def _limits(command: Parser) -> None:
    command.takes("--time-limit", dest="time_limit_s", metavar="S", type=float, say="time_limit")
    command.takes("--work-limit", metavar="N", type=int, say="work_limit")


def _programme(lang: Lang) -> Parser:
    """Return what commands take that other programmes have too."""
    other = Parser(lang=lang, add_help=False)
    other.takes("--programme", metavar="NAME", say="programme")
    return other


def _planning(command: Callable[..., Parser], lang: Lang) -> None:
    """Add what leads from tables to a plan."""
    reading, making, other = _reading(lang), _making(lang), _programme(lang)
    template = command("template", programmes.routed(run_template, programmes.template), other)
    template.takes("file", metavar="FILE.xlsx", say="file")
    check = command("check", programmes.routed(run_check, programmes.check), reading, other)
    check.takes("--mend", metavar="OUT.xlsx", say="mend")
    check.takes("--all", action="store_true", say="all")
    plan = command("plan", programmes.routed(run_plan, programmes.plan), reading, making, other)
    plan.takes("--previous", metavar="OLD", say="previous")
    old = Parser(lang=lang, add_help=False)
    old.takes("old", metavar="OLD", say="saved_either")
    following = command(
        "next-year", programmes.routed(run_next_year, programmes.next_year), old, reading, making, other
    )
    following.set_defaults(previous=None)


def _during_the_year(command: Callable[..., Parser]) -> None:
    """Add what changes a plan, or looks for a place in it."""
    replan = command("replan", run_replan)
    replan.takes("saved", metavar="OUT", say="saved_either")
    replan.takes("-o", "--out", metavar="NEW", say="replan_out")
    replan.takes("--without", metavar="KIND:ID", action="append", say="without")
    replan.takes("--takes", metavar="KIND:ID=N", action="append", say="takes")
    replan.takes("--refused", metavar="KIND:ID", nargs=2, action="append", say="refused")
    replan.takes("--agreed", metavar="KIND:ID", nargs=2, action="append", say="agreed")
    _limits(replan)
    recommend = command("recommend", run_recommend)
    recommend.takes("saved", metavar="OUT", say="saved_either")
    recommend.takes("name", metavar="KIND:ID", say="name")
    recommend.takes("-k", dest="number", metavar="N", type=int, default=5, say="number")


def _asking(command: Callable[..., Parser], lang: Lang) -> None:
    """Add what judges, explains and compares plans."""
    other = _programme(lang)
    verify = command("verify", programmes.routed(run_verify, programmes.verify), _reading(lang), other)
    verify.takes("out", metavar="OUT", say="saved")
    explain = command("explain", programmes.routed(run_explain, programmes.explain), other)
    explain.takes("out", metavar="OUT", say="saved_either")
    explain.takes("name", metavar="KIND:ID", say="name")
    explain.takes("--instead", metavar="KIND:ID", say="instead")
    diff = command("diff", run_diff)
    diff.takes("old", metavar="OUT1", say="saved_either")
    diff.takes("new", metavar="OUT2", say="saved_either")


def _showing(command: Callable[..., Parser], lang: Lang) -> None:
    """Add the report and studies."""
    report = command("report", programmes.routed(run_report, programmes.report), _programme(lang))
    report.takes("out", metavar="OUT", say="saved_folder")
    report.takes("-o", "--html", metavar="FILE", say="report_file")
    report.takes("--boundaries", metavar="FILE", say="boundaries")
    report.takes("--levers", action="store_true", say="levers")
    report.takes("--maps", metavar="FOLDER", say="maps")
    study = command("study", run_study_command)
    study.takes("file", metavar="FILE", say="study_file")
    study.takes("-o", "--out", metavar="OUT", required=True, say="study_out")
    study.takes("--data", metavar="FOLDER", say="study_data")
    study.takes("--workers", metavar="N", type=int, default=1, say="workers")
    study.takes("--time-limit", dest="time_limit_s", metavar="S", type=float, say="time_limit")
