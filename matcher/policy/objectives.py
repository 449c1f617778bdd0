"""The objectives a planner can ask for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from matcher.base.errors import text
from matcher.base.fieldtypes import NotBoolean
from matcher.policy.rules import Number, Selector

ObjectiveName = Literal[
    "cover_counties",
    "count_counties",
    "fill_counties",
    "cover_schools",
    "count_schools",
    "fill",
    "keep_counties",
    "keep_schools",
    "convenience",
    "county_travel",
    "school_travel",
    "worst_county_travel",
    "worst_school_travel",
    "fair_county_travel",
    "fair_school_travel",
    "balance",
    "skills",
    "fewest_organizations",
]
NAMES: tuple[ObjectiveName, ...] = get_args(ObjectiveName)
#: objectives that count recipients, and so can be asked for some of them only (`Objective.where`)
COVERAGE: tuple[ObjectiveName, ...] = ("cover_counties", "count_counties", "cover_schools", "count_schools")
#: objectives whose shown number is better the larger it is
MORE_IS_BETTER: tuple[ObjectiveName, ...] = (
    *COVERAGE,
    "fill_counties",
    "fill",
    "keep_counties",
    "keep_schools",
    "skills",
)
#: objectives in bands of travel (`Objective.band_km`, `Objective.band_min`)
BANDED: tuple[ObjectiveName, ...] = ("fair_county_travel", "fair_school_travel")
#: level of pairing -> objectives in which the rates of its wishes are paid
PAYING: dict[str, tuple[ObjectiveName, ...]] = {
    "county": ("county_travel",),
    "school": ("convenience", "school_travel"),
}
#: coverage of counties, then last year's pairs, then convenience: the order of the programme
DEFAULT_OBJECTIVES: tuple[ObjectiveName, ...] = (
    "cover_counties",
    "keep_counties",
    "keep_schools",
    "convenience",
    "county_travel",
)

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), NotBoolean]


class Objective(BaseModel):
    """One objective of the ordered list.

    Parameters
    ----------
    name
        One of `matcher.policy.objectives.NAMES`.
    slack_percent
        How much worse than its optimum the level may become for the sake of those after it, in percent.
    at_most, at_least
        A cap on the level, hard from the first level on: at most so many km (or minutes, pairs, organisations) where
        less is better, at least so many children (or schools, counties, pairs, needs) where more is.
    where
        For coverage only: which counties or schools count; the priority of key areas is such a level before the others.
    band_km, band_min
        For fair travel only: the width of a band.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ObjectiveName
    slack_percent: Number = 0.0
    at_most: Number | None = None
    at_least: Number | None = None
    where: Selector | None = None
    band_km: Positive | None = None
    band_min: Positive | None = None

    @model_validator(mode="after")
    def _fields_fit(self) -> Objective:
        """Refuse fields that mean nothing to the objective."""
        if self.where is not None and self.name not in COVERAGE:
            raise PydanticCustomError("objective.where", "where is for coverage only")
        banded = self.band_km is not None or self.band_min is not None
        if banded != (self.name in BANDED):
            raise PydanticCustomError("objective.band", "a band is for fair travel, and needed there")
        if self.name in BANDED and (self.slack_percent or self.at_most is not None):
            raise PydanticCustomError("objective.fair", "fair travel takes no slack_percent or at_most")
        more_is_better = self.name in MORE_IS_BETTER
        if (self.at_most is not None and more_is_better) or (self.at_least is not None and not more_is_better):
            raise PydanticCustomError("objective.cap", "at_most and at_least are exchanged")
        return self

    @property
    def table(self) -> str:
        """The table of the recipients that a level of coverage counts."""
        return "schools" if self.name.endswith("schools") else "counties"

    def words(self, lang: str = "en") -> str:
        """Say the objective, with its slack, cap, place and band."""
        said = text(f"objective.{self.name}", lang)
        details = [
            text(f"objective.with.{field}", lang, value=value)
            for field in ("slack_percent", "at_most", "at_least", "band_km", "band_min")
            if (value := getattr(self, field))
        ]
        if self.where is not None:
            details.insert(0, self.where.words(lang))
        return f"{said} ({'; '.join(details)})" if details else said


def _objective(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


AnyObjective = Annotated[Objective, BeforeValidator(_objective, json_schema_input_type=ObjectiveName | Objective)]
