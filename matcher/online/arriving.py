"""What a desk is told and what it answers: its policy, the events of a stream, and decisions."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

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
        Arrivals after which prices are estimated anew; 0: only when `refresh` is called.
    refresh_s
        Seconds after which prices are estimated anew where fewer came.
    until_s
        When the last is expected to come: without a sample of who is expected, those who came so far stand for them.
    smoothing
        Noise of what is expected, as a share of the mean value of a pair.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["bid_prices", "greedy", "batches", "hindsight"] = "bid_prices"
    hold_s: int | None = Field(default=None, ge=0)
    batch_s: int = Field(default=86_400, ge=1)
    every: int = Field(default=1000, ge=0)
    refresh_s: int = Field(default=7 * 86_400, ge=1)
    until_s: int | None = None
    smoothing: float = Field(default=0.02, gt=0, le=1)


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
