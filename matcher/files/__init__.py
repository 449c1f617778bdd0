"""Tables, workbooks, frames, road graphs and plans: in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.files.boundaries import read_boundaries as read_boundaries
    from matcher.files.mendbook import write_mended as write_mended
    from matcher.files.roads import road_times as road_times
    from matcher.files.roads import with_roads as with_roads
    from matcher.files.rulebook import read_rules as read_rules
    from matcher.files.writing import write_tables as write_tables
    from matcher.files.writing import write_workbook as write_workbook

_HOME = {
    "read_boundaries": "boundaries",
    "road_times": "roads",
    "with_roads": "roads",
    "read_rules": "rulebook",
    "write_mended": "mendbook",
    "write_tables": "writing",
    "write_workbook": "writing",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
