"""Every public object crosses to another process: by pickle, by copy, in its own form, and stays equal to itself."""

from __future__ import annotations

import copy
import io
import os
import pickle
import zipfile
from types import MappingProxyType

import numpy as np
import pytest
from small_plans import small_instance, small_plan

import matcher
import matcher.base
import matcher.renewal
from matcher import InvalidInput, Market, Matching, Plan
from matcher.base.arrayfile import FINE_BYTES, BrokenArrays, checked_shape, read_arrays, write_arrays
from matcher.base.disk import regular_bytes
from matcher.base.notices import Notice
from matcher.base.result import Proof


@pytest.fixture(scope="module")
def plan():
    """A plan of an instance that was read from files, with everything asked of it once."""
    plan = matcher.solve(matcher.example())
    assert plan.metrics
    assert len(plan.county_pairings)
    assert plan.instance.digest
    assert plan.instance.reading
    return plan


@pytest.fixture(scope="module")
def objects(plan):
    market = Market.from_matrix([[4, 1, 3], [2, 0, 5]], capacity=2)
    points = Market.from_points([[26, 106], [27, 107]], [[26.5, 106.5], [27.5, 107]], unmet_km=100)
    arcs = Market.from_arcs([0, 1], [0, 0], [[3, 1], [2, 2]], num_providers=2, num_recipients=1)
    arrival = matcher.County(id="new", lat=27.5, lon=110.0, children=900)
    return {
        "instance": plan.instance,
        "policy": matcher.Policy(max_county_km=300, within="province"),
        "plan": plan,
        "plan by hand": Plan.from_pairs(small_instance(), county_pairs=[("U1", "nobody")]),
        "no plan": matcher.solve(small_instance(), matcher.Policy(county_demand=(9, 9))),
        "report": matcher.verify(plan.instance, plan),
        "diff": matcher.diff(plan, plan),
        "recommendation": matcher.recommend(plan, arrival)[0],
        "explanation": plan.explain("school", "S018"),
        "events": matcher.renewal.events_from_json(
            matcher.renewal.events_to_json([{"kind": "leaves", "table": "organizations", "id": "U"}])
        ),
        "progress": matcher.base.Progress("level:convenience", 1, 2, 3, 4, 5),
        "level": plan.levels[0],
        "proof": plan.proof,
        "notice": plan.warnings[0],
        "market": market,
        "points": points,
        "arcs": arcs,
        "matching": matcher.match(market),
        "matching of points": matcher.match(points, stability="report"),
        "infeasible matching": matcher.match(Market.from_matrix([[1, 2, 3]], demand=[(1, 1)] * 3)),
    }


NAMES = [
    *("instance", "policy", "plan", "plan by hand", "no plan", "report", "diff", "recommendation", "explanation"),
    *("events", "progress", "level", "proof", "notice", "market", "points", "arcs", "matching", "matching of points"),
    "infeasible matching",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cross", [lambda o: pickle.loads(pickle.dumps(o)), copy.copy, copy.deepcopy])
def test_everything_crosses_equal(objects, name, cross):
    """And the copy crosses again, also after it was used."""
    given = objects[name]
    again = cross(given)
    assert type(again) is type(given)
    assert again == given
    assert given == again
    assert cross(again) == given
    assert again != object()


def test_every_object_is_tried(objects):
    assert sorted(objects) == sorted(NAMES)


@pytest.mark.parametrize("name", ["instance", "plan", "no plan", "recommendation", "diff", "market", "matching"])
def test_equal_things_have_one_hash(objects, name):
    again = pickle.loads(pickle.dumps(objects[name]))
    assert len({again, objects[name]}) == 1


def test_what_crossed_is_read_only(objects):
    """As what was sent was."""
    matching, plan = (pickle.loads(pickle.dumps(objects[name])) for name in ("matching", "plan"))
    for array in (matching.market.matrix.cost, matching.market.capacity, *plan.both):
        assert not array.flags.writeable
    assert isinstance(plan.proof.arrays, MappingProxyType)
    assert isinstance(plan.strangers, MappingProxyType)


def test_what_differs_is_not_equal(objects):
    market = objects["market"]
    assert market != Market.from_matrix([[4, 1, 3], [2, 0, 6]], capacity=2)
    assert market != objects["points"]
    assert objects["matching"] != objects["matching"].replace(status="feasible")
    assert objects["diff"] != matcher.diff(objects["plan"], Plan.from_pairs(objects["instance"]))


def test_a_used_instance_weighs_as_much_as_a_fresh_one():
    """What can be made again is not sent."""
    used = small_instance()
    assert used.arrays
    assert used.notices is not None
    assert len(pickle.dumps(used)) == len(pickle.dumps(small_instance()))


# --- what the reader noticed ------------------------------------------------------------------------------------------


def test_notices_of_reading_go_with_the_instance(plan, tmp_path):
    """Through JSON and folders: the same plan with the same warnings comes of what is read back."""
    instance = plan.instance
    again = matcher.Instance.from_json(instance.to_json())
    assert (again.reading, again.notices, again.digest) == (instance.reading, instance.notices, instance.digest)
    assert again.to_json() == instance.to_json()
    loaded = matcher.load_plan(plan.save(tmp_path / "out"))
    assert loaded == plan
    for back in (again, loaded.instance, Plan.from_json(plan.to_json()).instance):
        assert matcher.solve(back) == plan


def test_an_instance_without_such_notices_says_nothing_of_them(tmp_path):
    """Its bytes are what they were."""
    plan = small_plan()
    assert '"notices"' not in plan.instance.to_json()
    assert '"notices"' not in (plan.save(tmp_path / "out") / "plan.json").read_text(encoding="utf-8")
    assert not matcher.load_plan(tmp_path / "out").instance.reading


def test_the_digest_is_of_the_tables_alone(plan):
    bare = plan.instance.as_read(())
    assert bare == plan.instance
    assert bare.digest == plan.instance.digest
    assert len(bare.notices) < len(plan.instance.notices)
    assert plan.instance.as_read(plan.instance.reading) is plan.instance


@pytest.mark.parametrize(
    "notices",
    [3, [3], [{}], [{"code": "great", "details": {}}], [{"code": "assumed_children", "details": {}}], [{"code": 3}]],
    ids=str,
)
def test_broken_notices_are_a_fault(notices):
    import json

    content = {"format": "matcher.instance/1", "notices": notices}
    with pytest.raises(InvalidInput) as error:
        matcher.Instance.from_json(json.dumps(content))
    assert [fault.code for fault in error.value.faults] == ["broken_notices"]
    with pytest.raises((KeyError, TypeError, ValueError)):
        [Notice.from_json(row) for row in notices]


# --- arrays -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["market", "points", "arcs", "matching", "matching of points", "infeasible matching"])
def test_array_forms_are_bytes_too(objects, name, tmp_path):
    """The same bytes each time, and equal when read."""
    given = objects[name]
    content = given.to_bytes()
    assert content == given.to_bytes()
    assert type(given).from_bytes(content) == given
    given.to_npz(tmp_path / "a.npz")
    assert type(given).from_npz(tmp_path / "a.npz") == given
    assert np.load(tmp_path / "a.npz").files


def test_a_broken_seal_stays_broken(objects):
    arrays = objects["matching"].to_arrays()
    arrays["seal"] = arrays["seal"][::-1]
    broken = Matching.from_arrays(arrays)
    assert not broken.intact
    assert not pickle.loads(pickle.dumps(broken)).intact
    assert not copy.deepcopy(broken).intact


BAD = {
    "pairs out of range": ("pairs", np.array([[0, 9]])),
    "pairs below": ("pairs", np.array([[-1, 0]])),
    "pairs of floats": ("pairs", np.array([[0.0, 1.0]])),
    "pairs in a row": ("pairs", np.array([0, 1])),
    "blocking out of range": ("blocking", np.array([[0, 9]])),
    "status": ("status", np.array("great")),
    "stop reason": ("stop_reason", np.array("bored")),
    "proof": ("proof", np.array(["oath", "", ""])),
    "proof of one word": ("proof", np.array(["none"])),
    "level value": ("level_value", np.array(["'a'", "2"])),
    "level value nested": ("level_value", np.array(["(" * 900, "2"])),
    "level value long": ("level_value", np.array(["9" * 5000, "2"])),
    "level sense": ("level_sense", np.array(["'best'", "'min'"])),
    "level count": ("level_name", np.array(["'a'"])),
    "objects": ("pairs", np.array([[None, 3]])),
    "list": ("pairs", [[0, 0]]),
    "hall": ("proof_hall_recipient", np.array([99])),
    "hall of floats": ("proof_hall_provider", np.array([0.5])),
    "format": ("format", np.array("matcher.market/1")),
    "market": ("market_capacity", np.array([[1, 0], [3, 3]])),
    "seal": ("seal", None),
}


@pytest.mark.parametrize("name", BAD)
def test_arrays_of_another_form_are_a_fault(objects, name):
    """At the door, not when the matching is asked for its cost."""
    array, value = BAD[name]
    arrays = {**objects["matching"].to_arrays(), array: value}
    with pytest.raises(InvalidInput):
        Matching.from_arrays(arrays)


@pytest.mark.parametrize("arrays", [None, 3, [], {3: np.zeros(1)}, {"format": "x"}, {}], ids=str)
def test_what_are_no_arrays_is_a_fault(arrays):
    for kind in (Market, Matching):
        with pytest.raises(InvalidInput):
            kind.from_arrays(arrays)


@pytest.mark.parametrize("content", [None, "text", b"", b"PK\x03\x04", b"x" * 1000], ids=repr)
def test_what_is_no_archive_is_a_fault(content):
    for kind in (Market, Matching):
        with pytest.raises(InvalidInput):
            kind.from_bytes(content)


def test_arrays_come_back_as_they_were():
    given = {
        "ints": np.arange(6).reshape(2, 3),
        "by column": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "text": np.array(["甲", "b"]),
        "none": np.zeros((0, 2)),
        "one": np.array(3.5),
        "yes": np.array([True]),
    }
    for content in (write_arrays(given), _savez(given)):
        again = read_arrays(content)
        assert {name: (a.dtype, a.shape) for name, a in again.items()} == {
            name: (a.dtype, a.shape) for name, a in given.items()
        }
        assert all(np.array_equal(again[name], array) for name, array in given.items())


def _savez(arrays):
    whole = io.BytesIO()
    np.savez_compressed(whole, **arrays)
    return whole.getvalue()


def _archive(*entries):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return whole.getvalue()


def _header(shape, dtype="<i8"):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"shape": shape, "fortran_order": False, "descr": dtype})
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        _archive(("a.npy", _header((2**45,)))),
        _archive(("a.npy", _header((2**62, 2**62)))),
        _archive(("a.npy", _header((-1,)))),
        _archive(("a.npy", _header((3,)) + b"\0" * 16)),
        _archive(("a.npy", _header((1,), "|O") + b"\0" * 8)),
        _archive(("a.npy", _header((1,), [("x", "<i8")]) + b"\0" * 8)),
        _archive(("a.npy", b"\x93NUMPY\x03\x00" + b"\0" * 20)),
        _archive(("a.npy", b"")),
        _archive(("a.txt", b"hello")),
    ],
)
def test_declared_sizes_are_judged_before_memory_is_asked_for(content):
    with pytest.raises(BrokenArrays):
        read_arrays(content)


def test_a_small_file_may_not_become_gigabytes():
    """Zeros compress a thousandfold."""
    shape = (FINE_BYTES // 8 + 1,)
    bomb = _archive(("a.npy", _header(shape) + bytes(FINE_BYTES + 8)))
    assert len(bomb) < 10**6
    with pytest.raises(BrokenArrays, match="more than"):
        read_arrays(bomb)


def test_an_array_that_ends_early_or_late_is_refused():
    for size in (15, 17):
        with pytest.raises(BrokenArrays):
            read_arrays(_archive(("a.npy", _header((2,)) + b"\0" * size)))
    with pytest.raises(BrokenArrays):
        checked_shape([1] * 33, np.dtype(np.int8), 1)


def test_repeated_names_are_refused():
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = _archive(("a.npy", _header((0,))), ("a.npy", _header((0,))))
    with pytest.raises(BrokenArrays):
        read_arrays(content)


def test_a_flipped_bit_in_a_proof_is_told(tmp_path):
    """Never a traceback, whichever byte it is."""
    plan = small_plan()
    folder = plan.save(tmp_path / "out")
    file = folder / "proof.npz"
    good = file.read_bytes()
    for at in range(0, len(good), max(1, len(good) // 40)):
        file.write_bytes(good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :])
        assert "file_changed" in matcher.verify(plan.instance, folder).codes
        with pytest.raises(InvalidInput):
            matcher.load_plan(folder)


# --- files ------------------------------------------------------------------------------------------------------------


def test_only_ordinary_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"12345")
    cases = {tmp_path / "pipe": "not_regular", tmp_path: "not_regular", tmp_path / "no": "not_found", "\0": "not_found"}
    for path, code in {**cases, "/dev/zero": "not_regular", None: "wrong_type"}.items():
        with pytest.raises(InvalidInput) as error:
            regular_bytes(path)
        assert error.value.faults[0].code == code
    with pytest.raises(InvalidInput) as error:
        regular_bytes(tmp_path / "large", 4)
    assert error.value.faults[0].code == "file_too_large"
    assert regular_bytes(tmp_path / "large") == b"12345"


def test_a_proof_is_compared_by_its_arrays():
    one, other = (Proof("certificate", arrays={"a": np.array([n])}) for n in (1, 2))
    assert one != other
    assert one != 3
