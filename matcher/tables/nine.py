"""What has the nine tables as attributes: an `Instance`, seen from below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class NineTables(Protocol):
    """The records of each table in id order; `Instance` is one."""

    @property
    def organizations(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def branches(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def counties(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def schools(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def previous(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def preferences(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def travel_times(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def locks(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def successors(self) -> Sequence[Any]: ...  # noqa: D102
