"""Whatever bytes come to a reader, it reads or refuses them: nothing but the package's own errors comes out."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_plans import small_instance, small_plan

import matcher
import matcher.renewal
from matcher import Market, MatcherError, Matching, Plan, Policy
from matcher.files.writing import write_tables

#: draws of each target by default, and among the long proofs (about a minute in all)
FEW, MANY = 6, 300
HALF = {"deadline": None, "suppress_health_check": list(HealthCheck)}

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400)
TREES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@st.composite
def changed(draw, content):
    """A document with one of its parts replaced by anything, or taken away."""
    whole = json.loads(content)
    part = whole
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        key = draw(st.sampled_from(keys))
        if isinstance(part[key], dict | list) and part[key] and draw(st.booleans()):
            part = part[key]
            continue
        if draw(st.booleans()):
            part[key] = draw(TREES)
        else:
            del part[key]
        return json.dumps(whole)


@st.composite
def spoiled(draw, content):
    """Bytes with some of them changed, cut off, or put in."""
    at = draw(st.integers(0, len(content)))
    how = draw(st.sampled_from(["flip", "cut", "insert", "any"]))
    if how == "flip" and at < len(content):
        return content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]
    if how == "insert":
        return content[:at] + draw(st.binary(max_size=20)) + content[at:]
    return content[:at] if how == "cut" else draw(st.binary(max_size=200))


PLAN = small_plan()
EVENTS = matcher.renewal.events_to_json([{"kind": "takes", "table": "schools", "id": "S1", "pairs": 2}])
POLICY = Policy(max_county_km=300, within="province", objectives=["fill", {"name": "cover_schools", "at_least": 3}])
MARKET = Market.from_matrix([[4, 1, 3], [2, 0, 5]], capacity=2)
MATCHING = matcher.match(MARKET)


def _plan(source):
    plan = Plan.from_json(source)
    plan.summary("zh")
    plan.to_json()
    matcher.verify(small_instance(), plan)


def _table(source):
    with tempfile.TemporaryDirectory() as folder:
        write_tables(small_instance(), Path(folder))
        Path(folder, "schools.csv").write_bytes(source)
        matcher.read(folder)


def _book(source):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.xlsx").write_bytes(source)
        matcher.read(Path(folder, "a.xlsx"))


def _proof(source):
    with tempfile.TemporaryDirectory() as folder:
        out = PLAN.save(Path(folder, "out"))
        (out / "plan.json").write_bytes(source)
        matcher.verify(PLAN.instance, out).summary("zh")


def _in_use(kind, source):
    read = kind.from_bytes(source)
    read._repr_html_() if isinstance(read, Matching) else repr(read)
    read.to_bytes()


def _csv():
    with tempfile.TemporaryDirectory() as folder:
        write_tables(small_instance(), Path(folder))
        return Path(folder, "schools.csv").read_bytes()


def _bytes(folder_file):
    with tempfile.TemporaryDirectory() as folder:
        return (PLAN.save(Path(folder, "out")) / folder_file).read_bytes()


def _xlsx():
    pytest.importorskip("openpyxl")
    from matcher.files.writing import write_workbook

    with tempfile.TemporaryDirectory() as folder:
        write_workbook(small_instance(), Path(folder, "a.xlsx"))
        return Path(folder, "a.xlsx").read_bytes()


TARGETS = {
    "instance": lambda: (matcher.Instance.from_json, changed(small_instance().to_json())),
    "policy": lambda: (Policy.from_json, changed(POLICY.to_json())),
    "policy of TOML": lambda: (lambda b: Policy.from_toml(b.decode("latin-1")), spoiled(POLICY.to_toml().encode())),
    "plan": lambda: (_plan, changed(PLAN.to_json())),
    "plan of bytes": lambda: (_plan, spoiled(PLAN.to_json().encode())),
    "saved plan": lambda: (_proof, spoiled(_bytes("plan.json"))),
    "events": lambda: (matcher.renewal.events_from_json, changed(EVENTS)),
    "market": lambda: (lambda source: _in_use(Market, source), spoiled(MARKET.to_bytes())),
    "matching": lambda: (lambda source: _in_use(Matching, source), spoiled(MATCHING.to_bytes())),
    "table": lambda: (_table, spoiled(_csv())),
    "workbook": lambda: (_book, spoiled(_xlsx())),
    "anything": lambda: (lambda tree: Policy(rules=tree, objectives=tree, child_km=tree), TREES),
    "records": lambda: (lambda tree: matcher.Instance(counties=[tree], schools=[{"id": tree, "needs": tree}]), TREES),
}


def _fuzz(name, draws):
    read, inputs = TARGETS[name]()

    @settings(max_examples=draws, derandomize=True, database=None, **HALF)
    @given(inputs)
    def run(source):
        try:
            read(source)
        except MatcherError as error:
            json.dumps(error.to_json()).encode()
            error.message("zh").encode()

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_reads_or_refuses(name):
    _fuzz(name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_reads_or_refuses_many(name):
    _fuzz(name, MANY)


@pytest.mark.slow
def test_any_arrays_are_read_or_refused():
    """Arrays of any type and shape in the place of any one of a matching's."""
    arrays = MATCHING.to_arrays()
    others = [np.array(3), np.zeros((0, 2)), np.array(["x"]), np.array([[9, 9]]), np.array([True]), np.array([2**62])]
    for name in arrays:
        for other in others:
            with contextlib.suppress(MatcherError):
                read = Matching.from_arrays({**arrays, name: other})
                read._repr_html_()
                assert read.cost is not MATCHING
