"""Instances written as tables read back equal, whatever their texts hold."""

from __future__ import annotations

import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcher
from matcher.files.writing import write_tables, write_workbook
from matcher.tables.columns import TABLES
from matcher.tables.headers import columns_of

#: texts that spreadsheets and this library could take for something else
TRAPS = [
    "=1+1",
    "+86",
    "-5",
    "@x",
    "'=x",
    "''",
    "'",
    "1E+17",
    "#N/A",
    "2.0",
    "nan",
    "TRUE",
    "a,b",
    '"',
    "a\nb",
    "_x0041_",
    "1..3",
]
TRAPS += ["2024-03-04", "００1", "贵州 省", "U\xa01", "=cmd|' /C calc'!A0", "#REF!", "\ttab", "x;y", "；"]

# what has no width is refused in ids and taken out of names: see test_mending.py
plain = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Mn", "Cn", "Lo"], include_characters="\n\t县校"
    ),
    max_size=12,
)
texts = st.one_of(st.sampled_from(TRAPS), plain)
invisible = {chr(code) for code in (*range(0x200B, 0x2010), 0x2028, 0x2029, 0xFEFF)}
ids = texts.map(str.strip).filter(lambda word: word and not set(word) & invisible and not {"\n", "\t"} & set(word))
bounds = st.tuples(st.integers(0, 3), st.integers(3, 9))
degrees = {"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}
point = st.one_of(st.just({}), st.fixed_dictionaries(degrees))


def _extras(table: str) -> st.SearchStrategy[dict[str, str]]:
    kept = ids.filter(lambda word: not columns_of(table, [word]) and word.lower() not in ("datum", "province"))
    return st.dictionaries(kept, texts, max_size=2)


@st.composite
def instances(draw: st.DrawFn) -> matcher.Instance:
    """Draw a small instance with every table."""

    def table(name: str, most: int, **fields: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
        known = draw(st.lists(ids, max_size=most, unique_by=lambda word: matcher.County(id=word, lat=0, lon=0).id))
        rest = st.fixed_dictionaries({"name": texts, "extras": _extras(name), **fields})
        return [{"id": word} | draw(rest) for word in known]

    kinds = st.sampled_from(["university", "enterprise", "institution", None])
    provinces = st.one_of(st.none(), texts)
    organizations = table("organizations", 4, kind=kinds, province=provinces, capacity=bounds, **degrees)
    with_children = st.integers(0, 10**9) if draw(st.booleans()) else st.none()
    counties = table("counties", 4, province=provinces, demand=bounds, children=with_children, **degrees)
    branches = schools = []
    if organizations:
        parent = st.sampled_from([row["id"] for row in organizations])
        skills = st.lists(texts, max_size=3)
        branches = table(
            "branches",
            4,
            organization_id=parent,
            volunteers=st.none() | st.integers(0, 9),
            skills=skills,
            capacity=bounds,
        )
        branches = [row | draw(point) for row in branches]
    if counties:
        parent = st.sampled_from([row["id"] for row in counties])
        schools = table("schools", 4, county_id=parent, children=with_children, demand=bounds, coord_precision=texts)
        schools = [row | draw(point) for row in schools]
    pairs = [
        {"level": level, "provider_id": p["id"], "recipient_id": r["id"]}
        for level, providers, recipients in (("county", organizations, counties), ("school", branches, schools))
        for p in providers
        for r in recipients
    ]
    locks = [pair | {"kind": draw(st.sampled_from(["pin", "forbid"])), "reason": draw(texts)} for pair in pairs[:3]]
    previous = [pair | {"since": draw(st.none() | st.integers(1900, 2200))} for pair in pairs]
    travel = [
        {"level": pair["level"], "origin_id": pair["provider_id"], "destination_id": pair["recipient_id"]}
        | {"minutes": draw(st.floats(0, 1e6)), "km": draw(st.none() | st.floats(0, 1e6))}
        for pair in pairs
    ]
    preferences = [
        {"level": pair["level"], "side": "recipient", "id": pair["recipient_id"], "choice_id": pair["provider_id"]}
        | {"rank": draw(st.integers(1, 9))}
        for pair in pairs
    ]
    successors = [
        {"table": "counties", "old_id": "gone", "new_id": row["id"]} for row in counties[:1] if row["id"] != "gone"
    ]
    return matcher.Instance(
        organizations=organizations,
        branches=branches,
        counties=counties,
        schools=schools,
        previous=previous,
        locks=locks,
        travel_times=travel,
        preferences=preferences,
        successors=successors,
    )


def differences(one: matcher.Instance, other: matcher.Instance) -> list[tuple[Any, Any]]:
    """Return the records that differ, to show a failure at a glance."""
    return [
        (mine, theirs)
        for table in TABLES
        for mine, theirs in zip_longest(getattr(one, table), getattr(other, table))
        if mine != theirs
    ]


def through_a_folder(instance: matcher.Instance) -> None:
    """Instance -> folder of CSV files -> Instance is the identity, and writing is a function of the content."""
    with tempfile.TemporaryDirectory() as name:
        write_tables(instance, name)
        again = matcher.read(name)
        assert differences(again, instance) == []
        assert again == instance
        assert again.digest == instance.digest
        first = {path.name: path.read_bytes() for path in Path(name).iterdir()}
        write_tables(again, name)
        assert {path.name: path.read_bytes() for path in Path(name).iterdir()} == first


def through_a_workbook(instance: matcher.Instance, lang: Any) -> None:
    """Instance -> workbook -> Instance is the identity in both languages, and the bytes are the same each time."""
    with tempfile.TemporaryDirectory() as name:
        path = write_workbook(instance, Path(name) / "x.xlsx", lang=lang)
        again = matcher.read(path)
        assert differences(again, instance) == []
        first = path.read_bytes()
        assert write_workbook(again, path, lang=lang).read_bytes() == first


languages = st.sampled_from(["en", "zh"])
test_a_folder_reads_back_equal = settings(max_examples=10)(given(instances())(through_a_folder))
test_a_workbook_reads_back_equal = settings(max_examples=8)(given(instances(), languages)(through_a_workbook))


@pytest.mark.slow
@given(instances(), languages)
@settings(max_examples=1000)
def test_a_thousand_folders_and_workbooks_read_back_equal(instance: matcher.Instance, lang: Any) -> None:
    through_a_folder(instance)
    through_a_workbook(instance, lang)


@given(instances())
@settings(max_examples=20)
def test_json_reads_back_equal(instance: matcher.Instance) -> None:
    """Instance -> JSON -> Instance is the identity."""
    assert matcher.Instance.from_json(instance.to_json()) == instance
