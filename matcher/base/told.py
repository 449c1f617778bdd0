"""What the library tells an engineer's log: `logging.getLogger("matcher")`, silent until somebody listens.

INFO is a line a stage, WARNING something that was done another way than asked. Texts are those of the catalogue, in
English, so that a log reads the same everywhere; a record has its key and fields as `matcher` (a dictionary).
"""

from __future__ import annotations

import logging
from typing import Any, Final

from matcher.base.errors import text
from matcher.base.plain import shown

LOG: Final = logging.getLogger("matcher")
# without a listener Python would write warnings to standard error
LOG.addHandler(logging.NullHandler())


def info(key: str, /, **fields: Any) -> None:
    """Tell of a stage; `log.KEY` in the message catalogue is its text."""
    _tell(logging.INFO, key, fields)


def warning(key: str, /, **fields: Any) -> None:
    """Tell of something that was done another way than asked."""
    _tell(logging.WARNING, key, fields)


def _tell(level: int, key: str, fields: dict[str, Any]) -> None:
    if LOG.isEnabledFor(level):
        said = {name: shown(value) for name, value in fields.items()}
        # the text as an argument: a % in a name is no format
        LOG.log(level, "%s", text(f"log.{key}", **said), extra={"matcher": {"code": key, **said}})
