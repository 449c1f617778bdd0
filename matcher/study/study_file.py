"""A study as a file: which instances, policies and seeds are run, what is measured, and what is compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Whole
from matcher.base.jsonform import faults_of_validation, read_toml
from matcher.base.manyfaults import check_size


def _seeds(value: Any) -> Any:
    """Read "0-19" as those numbers."""
    if isinstance(value, str) and value.count("-") == 1:
        first, last = value.split("-")
        if first.isdecimal() and last.isdecimal():
            return list(range(int(first), int(last) + 1))
    return value


class StudyFile(BaseModel):
    """A study.

    Attributes
    ----------
    name, title, title_zh
        Of the study, and in Chinese if that differs.
    kind
        What a run is: see `matcher.study.study_kinds`.
    seeds
        A list, or "0-19".
    instances, policies
        Options of each by name; a run is made of one of each and a seed.
    measures
        Columns of the runs that are shown and compared.
    compare
        Pairs of names of policies: the first less the second, on the same instance and seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[\w\-]{1,80}$")]
    title: str = ""
    title_zh: str = ""
    kind: Literal["plan", "years", "arrivals"]
    seeds: Annotated[tuple[Whole, ...], BeforeValidator(_seeds), Field(min_length=1, max_length=100_000)]
    instances: dict[str, dict[str, Any]] = Field(min_length=1)
    policies: dict[str, dict[str, Any]] = Field(min_length=1)
    measures: tuple[str, ...] = Field(min_length=1)
    compare: tuple[tuple[str, str], ...] = ()

    def specs(self, data: str | None) -> list[dict[str, Any]]:
        """Return every run, in order of instance, policy and seed."""
        return [
            {
                "kind": self.kind,
                "instance": options,
                "policy": wanted,
                "seed": seed,
                "data": data,
                "names": [one, other],
            }
            for one, options in self.instances.items()
            for other, wanted in self.policies.items()
            for seed in self.seeds
        ]

    def digest(self) -> str:
        """Return the SHA-256 of what the study says."""
        return digest_of(self.model_dump(mode="json"))


def digest_of(content: Any) -> str:
    """Return the SHA-256 of plain JSON values."""
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def shipped_studies() -> dict[str, Path]:
    """Return the studies that come with the package, by name."""
    folder = Path(str(files("matcher") / "data" / "studies"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_study(given: str | Path | Mapping[str, Any]) -> StudyFile:
    """Return a study from a TOML file, the name of a shipped one, or a mapping.

    Raises
    ------
    InvalidInput
        With every fault of it.
    """
    if not isinstance(given, Mapping):
        path = Path(given)
        if not path.exists():
            path = shipped_studies().get(str(given), path)
        given = read_toml(regular_bytes(path).decode("utf-8-sig"), "study")
    check_size(given, "study")
    try:
        study = StudyFile.model_validate(dict(given))
    except ValidationError as error:
        raise InvalidInput(faults_of_validation(error, lambda loc: ("study", None, ".".join(map(str, loc))))) from None
    known = {"known": ", ".join(study.policies)}
    unknown = [name for pair in study.compare for name in pair if name not in study.policies]
    if unknown:
        raise InvalidInput([Fault("not_an_option", "study", column="compare", value=v, details=known) for v in unknown])
    return study
