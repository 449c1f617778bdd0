"""What the commands share: exit codes, how tables and policies are read, what is printed, what may be written over."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from matcher.model import Instance
    from matcher.policy.policy import Policy

DONE: Final = 0
#: of `verify`: rules and values hold, the bounds are another's word
CLAIMED: Final = 3
FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
#: EX_SOFTWARE of sysexits.h: a bug of this library
INTERNAL: Final = 70


def read_input(options: argparse.Namespace) -> Instance:
    """Read the tables as the arguments say; mark their faults where asked to."""
    import sys

    from matcher.base.errors import text
    from matcher.files.guarding import check_not_input
    from matcher.files.reading import read
    from matcher.files.region import parsed

    try:
        region = parsed(options.region)
        return read(options.input, datum=options.datum, region=region, gazetteer=options.gazetteer)
    except InvalidInput as error:
        if options.mark is not None:
            from matcher.files.faultbook import mark_faults

            check_not_input(options.mark, options.input)
            marked = mark_faults(options.input, error, options.mark, lang=options.lang, replace=options.force)
            print(text("cli.saved", options.lang, path=marked), file=sys.stderr)
        raise


def read_policy(path: str | None) -> Policy | None:
    """Read a policy file, TOML or JSON."""
    from matcher.policy.policy import Policy

    if path is None:
        return None
    try:
        content = regular_bytes(path).decode("utf-8-sig")
    except (InvalidInput, UnicodeDecodeError):
        raise InvalidInput([Fault("unreadable_policy", "policy", value=path)]) from None
    return Policy.from_json(content) if path.lower().endswith(".json") else Policy.from_toml(content)


def policy_for(options: argparse.Namespace) -> Policy | None:
    """Return the policy of the file that is given, else that of the sheet of rules in the input, if it has one."""
    import sys

    from matcher.base.errors import text
    from matcher.files.rulebook import read_rules

    given = read_policy(options.policy)
    found = read_rules(options.input) if given is None else None
    if found is not None:
        print(text("cli.rules_taken", options.lang, sheet=found[0]), file=sys.stderr)
        return found[1]
    return given


def show(options: argparse.Namespace, document: Mapping[str, Any], said: str | Sequence[str]) -> None:
    """Print the result: one JSON document, or words."""
    words = said if isinstance(said, str) else "\n".join(said)
    print(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) if options.json else words, flush=True)
