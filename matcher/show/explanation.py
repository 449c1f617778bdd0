"""What an explanation holds, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from matcher.base.display import as_html
from matcher.base.errors import text
from matcher.base.forms import made, read_document
from matcher.words.catalogue import has_text

State = Literal["free", "taken", "elsewhere", "closed"]


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner: its distance, its place by cost among all partners that the rules allow, and since when."""

    id: str
    name: str
    km: float
    place: int
    kept: bool
    since: int | None


@dataclass(frozen=True, slots=True)
class PairPrice:
    """What forcing a pair would cost the plan, exactly where `exact`.

    `cost` has each level with how much worse it gets, in its exact unit (below 0: better); `said` is the sentence in
    English and in Chinese; `status` "infeasible" says that no plan keeps the hard rules with the pair.
    """

    status: str
    exact: bool
    cost: tuple[tuple[str, int], ...]
    moved: int
    children: int
    said: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One that the rules allow instead: "free" has room, "taken" is full (with `partners`), "closed" takes nobody.

    `partners` are ids, `partner_names` their names.

    "elsewhere": its organisation or county is not in the county pairing that the pair would need; `parents` names those
    that it is paired with. `price` is there where the plan can tell it.
    """

    id: str
    name: str
    km: float
    state: State
    partners: tuple[str, ...]
    partner_names: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    price: PairPrice | None = None


@dataclass(frozen=True, slots=True)
class Nearby:
    """The nearest of all: whether the rules allow the pair, and how it stands.

    "barred": they do not; "barred_above": they do not allow the county pair it would need.
    """

    id: str
    name: str
    km: float
    allowed: bool
    state: str
    partners: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one organisation, branch, county or school is paired as it is.

    Attributes
    ----------
    kind, id, name
        Who it is about.
    partners
        Whom the plan pairs it with, nearest first.
    allowed
        How many partners the rules allow.
    missing, reason, detail
        How many more it could have, and why it has not, as in `Plan.unmatched`; 0, "", "" if it lacks nothing.
    worth
        Of a school: what a place left empty counts in convenience, in km (or minutes, as `worth_unit` says).
    alternatives
        The nearest five others that the rules allow, by cost; of a branch or school, inside its county pairing, and
        then the nearest three outside it.
    own, parents
        Of a branch or school: its organisation or county, and whom that is paired with; names with ids.
    closest
        If something is missing: the nearest of whom the reason speaks, as (name with id, km).
    nearest, nearest_allowed
        If something is missing: the nearest of all that it is not paired with, and of all that the rules allow.
    rate
        Of a school that the exchange rate decided against: from which rate on the nearest allowed branch of its county
        pairing would be worth the way, with the branch and the rate now.
    """

    kind: str
    id: str
    name: str
    partners: tuple[Partner, ...]
    allowed: int
    missing: int
    reason: str
    detail: str
    worth: float | None
    worth_unit: str
    alternatives: tuple[Alternative, ...]
    own: str = ""
    parents: tuple[str, ...] = ()
    closest: tuple[str, float] | None = None
    nearest: Nearby | None = None
    nearest_allowed: Nearby | None = None
    rate: tuple[str, float, float] | None = None

    def text(self, lang: str = "en") -> str:
        """Say it."""
        name = called(self.id, self.name)
        lines = [text("explain.paired" if self.partners else "explain.none", lang, kind=self.kind, name=name)]
        for partner in self.partners:
            kept = ""
            if partner.kept:
                kept = text(
                    "explain.kept" if partner.since is None else "explain.kept_since", lang, since=partner.since
                )
            fields = {"name": called(partner.id, partner.name), "km": partner.km, "place": partner.place}
            lines.append(text("explain.partner", lang, **fields, allowed=self.allowed, kept=kept))
        lines += self._missing(lang) if self.missing else []
        if self.worth is not None:
            unit = text(f"summary.unit.{self.worth_unit}", lang)
            lines.append(text("explain.worth", lang, worth=self.worth, unit=unit))
        lines.append(text("explain.alternatives" if self.alternatives else "explain.no_alternatives", lang))
        for other in self.alternatives:
            named = zip(other.partners, other.partner_names or other.partners, strict=True)
            partners = [called(known, name if name != known else "") for known, name in named]
            state = self._state(other.state, partners, other.parents, lang)
            lines.append(text("explain.alternative", lang, name=called(other.id, other.name), km=other.km, state=state))
            if other.price is not None:
                lines.append(text("explain.price", lang, said=other.price.said[lang == "zh"]))
        return "\n".join(lines)

    def _missing(self, lang: str) -> list[str]:
        """Say what is missing and why, then who is nearest."""
        key = f"explain.reason.{self.kind}.{self.reason}"
        key = key if has_text(key) else f"reason.{self.reason}"
        said = text(key, lang, own=self.own, parents=listed(self.parents, lang))
        if self.closest is not None:
            said += text("explain.of_these", lang, name=self.closest[0], km=self.closest[1])
        lines = [text("explain.missing", lang, missing=self.missing, reason=said)]
        if self.rate is not None:
            name, rate, now = self.rate
            lines.append(text("explain.rate", lang, name=name, rate=rate, now=now))
        for key, near in (("nearest", self.nearest), ("nearest_allowed", self.nearest_allowed)):
            if near is not None and (key == "nearest_allowed" or not near.allowed):
                state = self._state(near.state, near.partners, near.parents, lang)
                lines.append(text(f"explain.{key}", lang, name=called(near.id, near.name), km=near.km, state=state))
        if self.nearest is not None and self.nearest_allowed is None:
            lines.append(text("explain.nobody_allowed", lang))
        return lines

    def _state(self, state: str, partners: Sequence[str], parents: Sequence[str], lang: str) -> str:
        parent = "organization" if self.kind == "school" else "county"
        key = "unpaired" if state == "elsewhere" and not parents else state
        fields = {"partners": listed(partners, lang), "parents": listed(parents, lang)}
        return text(f"explain.state.{key}", lang, kind=parent, **fields)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.explanation/1`), with the text in both languages."""
        said = {lang: self.text(lang) for lang in ("en", "zh")}
        return {"format": "matcher.explanation/1", **asdict(self), "text": said}

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | str | bytes) -> Self:
        """Read what `to_json` wrote, as it is or as text.

        Raises
        ------
        InvalidInput
            If it is something else.
        """
        return made(cls, read_document(source, "matcher.explanation/1"), ("text",))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.text())


def called(known_id: str, name: str) -> str:
    """Return a name with its id, the id alone where there is none."""
    return f"{name} ({known_id})" if name and name != known_id else known_id


def listed(names: Sequence[str], lang: str) -> str:
    """Return names as a list."""
    return ("、" if lang == "zh" else ", ").join(names)
