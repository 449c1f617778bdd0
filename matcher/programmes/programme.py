"""What a programme is: the four things that the common doors (plan, verify, save, words) ask of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from matcher.base.display import Metric
from matcher.base.errors import Lang
from matcher.programmes import orders
from matcher.programmes.engines import MARKETS, ProgrammeEngine
from matcher.programmes.schema import Records, Schema
from matcher.programmes.staffing import Staffing


class ProgrammePolicy(BaseModel):
    """What a planner wants of a programme; frozen, unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Describe(Protocol):
    """A function that returns the metrics of a plan."""

    def __call__(self, records: Records, policy: Any, matching: Any) -> Mapping[str, Metric]:
        """Return the metrics."""


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """One programme.

    Attributes
    ----------
    name
        Its word on the command line, and the key of its texts (`programme.NAME.*`).
    schema, policy
        Its tables, and the class of its policy.
    providers, recipients
        The tables whose rows, in id order, are the two sides of its market.
    units
        Objective -> the unit of its values.
    market
        Records and policy to a market, or to what another engine takes.
    metrics
        The numbers of a plan.
    example
        Seed to synthetic records on real coordinates.
    staffing
        How what opens is staffed, None if nobody is asked for.
    also
        A second table of recipients, after the first.
    engine
        How it is solved and judged.
    frames, explain
        Frames of its own by name, and its own answer to why; beside or in place of the common ones.
    renewed
        Last year's plan and this year's tables to tables that know what came of it; None: nothing is to be known.
    """

    name: str
    schema: Schema
    policy: type[ProgrammePolicy]
    providers: str
    recipients: str
    units: Mapping[str, str]
    market: Callable[[Records, Any], Any]
    metrics: Describe
    example: Callable[[int], Records]
    staffing: Staffing | None = None
    also: str | None = None
    engine: ProgrammeEngine = MARKETS
    frames: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    explain: Callable[[Any, str, str, Lang], str] | None = None
    renewed: Callable[[Any, Records], Records] | None = None

    def sides(self, records: Records) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return who opens and who is served."""
        also: tuple[Any, ...] = records[self.also] if self.also else ()
        return records[self.providers], (*records[self.recipients], *also)

    def asked(self, records: Records, policy: Any) -> Any:
        """Return the market under what was decided beforehand.

        Raises
        ------
        InvalidInput
            For orders and a policy that these tables can't be asked for.
        """
        wanted: Any = records.get("orders", ())
        placed = orders.placed(wanted, *self.sides(records), (self.providers, self.recipients))
        return self.engine.ordered(self.market(records, policy), placed)

    def staffed_by(self, records: Records) -> Staffing | None:
        """Return how what opens is staffed; None if the programme asks for nobody, or its table is not there."""
        return self.staffing if self.staffing is not None and records[self.staffing.table] else None
