"""The ground: errors, notices, limits and progress, names, number types, words on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.base.errorform import error_from_json as error_from_json
    from matcher.base.errors import StoppedError as StoppedError
    from matcher.base.notices import Notice as Notice
    from matcher.base.progress import Progress as Progress

_HOME = {
    "Notice": "notices",
    "Progress": "progress",
    "StoppedError": "errors",
    "error_from_json": "errorform",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
