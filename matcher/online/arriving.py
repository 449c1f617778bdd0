"""What a desk is told and what it answers: its policy, the events of a stream, and decisions."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from matcher.base.fieldtypes import Real, Whole

Answer = Literal["paired", "held", "declined"]


class ArrivalPolicy(BaseModel):
    """How arrivals are decided.

    Attributes
    ----------
    kind
        "bid_prices": the pair of greatest value less price, if that is 0 or more. "greedy": the pair of greatest value.
        "batches": whoever waits is matched every `batch_s`. "hindsight": as the best plan of the whole market has it.
    hold_s
        Nobody is held longer, whatever their own deadline; 0: decide at once.
    batch_s
        Seconds between batches.
    every
        Arrivals after which a new estimate of prices begins, of which a piece is done with each who comes; 0:
        prices are only estimated when `refresh` is called.
    refresh_s
        Seconds after which `advance` estimates prices anew while somebody waits and nobody comes.
    until_s
        When the last is expected to come: without a sample of who is expected, those who came so far stand for them.
        None: as many come as the market has recipients; for wishes, until the year ends.
    smoothing
        Noise of what is expected, as a share of the mean difference of a pair's value from the mean.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["bid_prices", "greedy", "batches", "hindsight"] = "bid_prices"
    hold_s: Whole | None = Field(default=None, ge=0)
    batch_s: Whole = Field(default=86_400, ge=1)
    every: Whole = Field(default=100, ge=0)
    refresh_s: Whole = Field(default=7 * 86_400, ge=1)
    until_s: Whole | None = None
    smoothing: Real = Field(default=0.05, gt=0, le=1)


class ArrivalDecision(NamedTuple):
    """What became of one who came; `provider` and `value` are None and 0 unless paired."""

    who: Any
    answer: Answer
    provider: Any
    value: int
    arrived: int
    at: int


class ArrivalEvent(NamedTuple):
    """One event of a stream: a "recipient" comes (answered by `due`), a "provider" joins, or gives `units` more."""

    at: int
    kind: Literal["recipient", "provider", "units"]
    who: Any
    due: int | None = None
    units: int = 1


class Waiting(NamedTuple):
    """One who is held."""

    key: Any
    arrived: int
    due: int
