"""The command line: `matcher demo`, `template`, `plan`, `verify`, `explain`, `diff`, `report`.

Results go to standard output, as one screen of text or, with `--json`, as one JSON document; progress and errors go to
standard error. Exit codes: 0 done (`verify`: proved), 1 the plan is infeasible or does not verify, 2 bad input or
arguments, 3 `verify` found rules kept and values true, but bounds that nobody can recompute, 130 interrupted (with the
best plan so far where there is one), 70 an error inside the library, which is a bug of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import traceback
from collections.abc import Sequence

from matcher.base.errors import MatcherError, text
from matcher.base.plain import shown
from matcher.cli.arguments import language, parser
from matcher.cli.common import BAD_INPUT, DONE, INTERNAL, INTERRUPTED
from matcher.words.catalogue import LANGS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    _never_fail_on_characters()
    lang = language(arguments)
    try:
        options = parser(lang).parse_args(arguments)
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
    except Exception as error:  # nothing that is given may do this: whoever sees it should tell us
        _confess(error, options)
        code = INTERNAL
    return code


def _confess(error: Exception, options: argparse.Namespace) -> None:
    """Say that the fault is the library's, and all that helps to mend it."""
    said = {lang: text("cli.internal", lang, kind=type(error).__name__, reason=shown(str(error))) for lang in LANGS}
    if options.json:
        document = {"format": "matcher.error/1", "code": "internal", "message": said, "details": {}}
        print(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1))
    traceback.print_exception(error)
    print(said[options.lang], file=sys.stderr)


def _complain(error: MatcherError, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(error.to_json(), ensure_ascii=False, sort_keys=True, indent=1))
    print(error.message(options.lang), file=sys.stderr)


def _never_fail_on_characters() -> None:
    """Print what a terminal can't show as a mark instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
