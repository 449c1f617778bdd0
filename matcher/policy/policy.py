"""What a planner wants: objectives in order, and rules. Every field has a default that works.

A policy is data: it goes to and from TOML and JSON, and has a JSON Schema (`Policy.model_json_schema()`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.base.display import as_html
from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.fieldtypes import Bounds, Count, NotBoolean
from matcher.base.jsonform import no_deeper, read_object, read_toml
from matcher.base.manyfaults import FaultList, check_size
from matcher.base.numbers import M_PER_KM, S_PER_MIN, CostUnit
from matcher.base.suggest import nearest_word
from matcher.base.toml import dump
from matcher.facts import Facts, Travel
from matcher.policy.coverage import ChildrenPerVolunteer, Floor, Load, MaxChanges, Priority, Skills, WantedKind
from matcher.policy.keep import Keep
from matcher.policy.objectives import (
    DEFAULT_OBJECTIVES,
    PAYING,
    AnyObjective,
    Objective,
)
from matcher.policy.rules import Forbid, Listed, Locks, Names, Number, Pin, Reach, Rule, Within
from matcher.policy.wishes import KindBalance, Outside, Partners, Prefer, Rated
from matcher.tables.drafts import record_fault

if TYPE_CHECKING:
    from matcher.model import Instance

#: a rule as data: the word `kind` says which
AnyRule = Annotated[
    Reach
    | Within
    | Pin
    | Keep
    | Forbid
    | Floor
    | Load
    | Skills
    | ChildrenPerVolunteer
    | Priority
    | WantedKind
    | MaxChanges
    | Prefer
    | Partners
    | KindBalance,
    Field(discriminator="kind"),
]
#: unknown fields for which a like one is looked for
_NEAREST: Final = 100


class Policy(BaseModel):
    """What the planner wants, from the most important down.

    Parameters
    ----------
    objectives
        Names (or `Objective`s) in strict order: each is optimised among the optima of those before.
    child_km
        The planner's exchange rate: a branch goes up to so many km for each child it reaches. None: coverage of
        schools stands as its own level before convenience.
    change_cost_km
        What ending a pair of last year costs, in km of convenience (at school level).
    child_min, change_cost_min
        The same two rates where school travel is counted in minutes (`school_cost="min"`).
    max_county_km, max_school_km, max_county_min, max_school_min
        Reach at each level, inclusive; None for no limit.
    within
        "province": organisations stay in their province; or the provinces whose organisations take part.
    county_demand, organization_capacity, school_demand, branch_capacity
        Bounds on the number of pairs for every row, instead of the table's: one number d is (0, d).
    county_cost, school_cost
        What travel is counted in: "km" or "min".
    speed_kmh, detour_factor
        Estimate of travel time where the table has none.
    rules
        Further rules, see docs/rules.md.
    stability
        Of blocking pairs: "off"; "report" them; "require" that there are none; "tolerance": none where both sides gain
        more than `stability_km` (`stability_min` where travel is counted in minutes), with travel as everybody's
        preference; "limit": at most `max_blocking_pairs` of both levels together.
    stability_km, stability_min, max_blocking_pairs
        See `stability`.

    Examples
    --------
    >>> import matcher
    >>> matcher.Policy(max_county_km=300, within="province").max_county_km
    300.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["matcher.policy/1"] = "matcher.policy/1"
    objectives: tuple[AnyObjective, ...] = tuple(Objective(name=name) for name in DEFAULT_OBJECTIVES)
    child_km: Number | None = 10.0
    change_cost_km: Number = 0.0
    child_min: Number | None = 10.0
    change_cost_min: Number = 0.0
    max_county_km: Number | None = None
    max_school_km: Number | None = None
    max_county_min: Number | None = None
    max_school_min: Number | None = None
    within: Literal["province"] | Annotated[Names, Field(min_length=1)] | None = None
    county_demand: Bounds | None = None
    organization_capacity: Bounds | None = None
    school_demand: Bounds | None = None
    branch_capacity: Bounds | None = None
    county_cost: CostUnit = "km"
    school_cost: CostUnit = "km"
    speed_kmh: Annotated[float, Field(ge=0.001, le=1e6), NotBoolean] | None = None
    detour_factor: Annotated[float, Field(ge=1, le=1000), NotBoolean] = 1.0
    rules: tuple[AnyRule, ...] = ()
    stability: Literal["off", "report", "require", "tolerance", "limit"] = "report"
    stability_km: Number | None = None
    stability_min: Number | None = None
    max_blocking_pairs: Count | None = None

    def __init__(self, /, **fields: Any):
        check_size(fields, "policy")
        try:
            with no_deeper("policy"):
                super().__init__(**fields)
        except ValidationError as error:
            raise InvalidInput(_faults(error.errors(include_url=False))) from None

    def model_post_init(self, _context: Any) -> None:
        """Refuse an empty or repeating list of objectives, and bounds upside down."""
        asked = [(each.name, each.where and each.where.model_dump_json()) for each in self.objectives]
        faults = [
            Fault("repeated_objective", "policy", column="objectives", value=each[0])
            for each, times in Counter(asked).items()
            if times > 1
        ]
        if not asked:
            faults.append(Fault("missing_value", "policy", column="objectives"))
        for name in ("county_demand", "organization_capacity", "school_demand", "branch_capacity"):
            bounds = getattr(self, name)
            if bounds is not None and bounds[0] > bounds[1]:
                faults.append(Fault("minimum_above_maximum", "policy", column=name, value=f"{bounds[0]}..{bounds[1]}"))
        needed = {"tolerance": sorted({f"stability_{unit}" for unit in (self.county_cost, self.school_cost)})}
        needed["limit"] = ["max_blocking_pairs"]
        missing = [name for name in needed.get(self.stability, ()) if getattr(self, name) is None]
        faults += [Fault("missing_value", "policy", column=name) for name in missing]
        faults += self._unpaid()
        if faults:
            raise InvalidInput(faults)

    def _unpaid(self) -> Iterator[Fault]:
        """Find rates in another unit than the travel of their level, and those that no objective pays."""
        names = {objective.name for objective in self.objectives}
        for position, rule in enumerate(self.rules):
            if not (isinstance(rule, Rated) and rule.is_soft):
                continue
            unit = self._unit(rule.rated_level)
            if rule.rate(unit) is None:
                yield Fault("missing_value", "policy", column=f"rules.{position}.{unit}")
            paying = PAYING[rule.rated_level]
            if not names & set(paying):
                details = {"choices": ", ".join(paying)}
                yield Fault("rate_not_paid", "policy", column=f"rules.{position}", details=details)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Policy:
        """Return a policy with some fields replaced, checked as any other (frozen content is never copied deep)."""
        return Policy(**{**{name: getattr(self, name) for name in type(self).model_fields}, **(update or {})})

    @property
    def child_rate(self) -> int | None:
        """What a branch may go for each child it reaches, in whole metres or seconds; None for any distance."""
        rate, exact = (self.child_km, M_PER_KM) if self.school_cost == "km" else (self.child_min, S_PER_MIN)
        return None if rate is None else round(rate * exact)

    @property
    def change_rate(self) -> int:
        """What ending a school pair of last year costs, in whole metres or seconds."""
        in_km = self.school_cost == "km"
        return round(self.change_cost_km * M_PER_KM) if in_km else round(self.change_cost_min * S_PER_MIN)

    @property
    def asks_stability(self) -> bool:
        """Whether blocking pairs make a plan infeasible, all or some."""
        return self.stability in ("require", "tolerance", "limit")

    def stability_tolerance(self, level: str) -> int:
        """Return the gain of both sides, in whole metres or seconds, up to which a pair of `level` does not block."""
        if self.stability != "tolerance":
            return 0
        in_km = (self.county_cost if level == "county" else self.school_cost) == "km"
        return round((self.stability_km or 0) * M_PER_KM) if in_km else round((self.stability_min or 0) * S_PER_MIN)

    @property
    def travel(self) -> Travel:
        """How the cost of a pair is counted."""
        outside = tuple(
            Outside(rule, rate)
            for rule in self.rules
            if isinstance(rule, Prefer) and (rate := rule.rate(self._unit(rule.level))) is not None
        )
        return Travel(self.county_cost, self.school_cost, self.speed_kmh, self.detour_factor, outside)

    def _unit(self, level: str) -> CostUnit:
        return self.county_cost if level == "county" else self.school_cost

    def all_rules(self) -> tuple[Rule, ...]:
        """Return every rule that holds: those of the fields first, then `rules`, in an order that never matters."""
        found: list[Rule] = [Locks()]
        for level, max_km, max_min, unit in (
            ("county", self.max_county_km, self.max_county_min, self.county_cost),
            ("school", self.max_school_km, self.max_school_min, self.school_cost),
        ):
            if max_km is not None or max_min is not None:
                found.append(Reach(level=level, max_km=max_km, max_min=max_min))
            if unit == "min" and self.speed_kmh is None:
                found.append(Listed(level=level))
        if self.within is not None:
            found.append(Within(provinces=None if self.within == "province" else self.within))
        return (*found, *self.rules)

    def sentences(self, lang: str = "en", instance: Instance | None = None) -> list[str]:
        """Say the policy in sentences: the objectives in order, the exchange rate, the rules.

        With `instance`, each rule says how many of its rows it binds.
        """
        facts = None if instance is None else Facts(instance, self.travel)
        listed = [
            objective.words(lang)
            if facts is None or objective.where is None
            else objective.words(lang)
            + binding_words({objective.table: objective.where.count(facts, objective.table)}, lang)
            for objective in self.objectives
        ]
        said = [text("policy.objectives", lang, objectives="; ".join(f"{n}. {s}" for n, s in enumerate(listed, 1)))]
        if self.child_rate is None:
            said.append(text("policy.child_rate.none", lang))
        elif self.school_cost == "km":
            said.append(text("policy.child_rate.km", lang, child_km=self.child_km))
        else:
            said.append(text("policy.child_rate.min", lang, child_min=self.child_min))
        said += [rule_words(rule, facts, lang) for rule in self.all_rules() if not isinstance(rule, Locks)]
        if self.asks_stability:
            gains = {"km": self.stability_km, "min": self.stability_min}
            used = sorted({self.county_cost, self.school_cost})
            gain = ", ".join(
                f"{gains[unit]:g} {text(f'summary.unit.{unit}', lang)}" for unit in used if gains[unit] is not None
            )
            fields = {"gain": gain, "most": self.max_blocking_pairs}
            said.append(text(f"policy.stability.{self.stability}", lang, **fields))
        return said

    def summary(self, lang: str = "en", instance: Instance | None = None) -> str:
        """Say the policy, a sentence a line; with `instance`, how many rows each rule binds."""
        return "\n".join(self.sentences(lang, instance))

    def _repr_html_(self) -> str:
        return as_html(self.summary())

    def to_json(self) -> str:
        """Return the policy as JSON, defaults left out."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({"format": self.format, **content}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, source: str | bytes) -> Policy:
        """Read what `to_json` wrote."""
        return cls(**read_object(source, "policy"))

    def to_toml(self) -> str:
        """Return the policy as TOML, defaults left out; `child_km = "none"` stands for None."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return dump({"format": self.format, **content})

    @classmethod
    def from_toml(cls, source: str) -> Policy:
        """Read a policy from TOML.

        Raises
        ------
        InvalidInput
            If it is not TOML, or a field is unknown or faulty.
        """
        content = read_toml(source, "policy")
        return cls(**{name: None if value == "none" else value for name, value in content.items()})


def rule_words(rule: Rule, facts: Facts | None, lang: str) -> str:
    """Say a rule, and how many rows it binds where the instance is known."""
    return rule.sentence(lang) if facts is None else rule.sentence(lang) + binding_words(rule.binds(facts), lang)


def binding_words(counts: Mapping[str, int], lang: str) -> str:
    """Say how many rows of each table are bound, in brackets; nothing where no rows are counted."""
    listed = ("、" if lang == "zh" else ", ").join(
        text(f"rule.binds.{table}", lang, count=count) for table, count in counts.items()
    )
    return text("rule.binds", lang, listed=listed) if listed else ""


def _nearest_field(loc: Sequence[Any]) -> dict[str, str]:
    """Return the field of the policy itself that an unknown one looks like, as `nearest`."""
    nearest = nearest_word(str(loc[0]), Policy.model_fields) if len(loc) == 1 else None
    return {"nearest": nearest} if nearest else {}


def _faults(items: Sequence[Any]) -> list[Fault]:
    """Name each field as the planner wrote it: `rules.0.max_km`."""
    found = FaultList()
    for item in items:
        fault = record_fault(item, "policy", None)
        if fault.code == "unknown_field":
            near = _nearest_field(item["loc"]) if len(found) < _NEAREST else {}
            fault = replace(fault, details={**fault.details, "why": "policy", **near})
        if item["loc"][0] != "within":
            found.append(replace(fault, column=".".join(str(part) for part in item["loc"])))
        elif not any(each.column == "within" for each in found):  # pydantic lists one for each form it may have
            details = {"reason": "'province' or names of provinces", "why": "within"}
            found.append(replace(fault, code="invalid_value", details=details))
    return found
