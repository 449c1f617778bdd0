"""A plan as plain data: the parts that `plan.json` holds, and the whole in one JSON document. No pickle anywhere."""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np

from matcher._version import __version__
from matcher.base.arrayfile import checked_shape
from matcher.base.display import title
from matcher.base.errors import Fault, InvalidInput
from matcher.base.jsonform import read_object
from matcher.base.names import SIDES
from matcher.base.notices import Notice
from matcher.base.plain import shown
from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof, ProofKind, Sense, Status
from matcher.model import Instance
from matcher.policy.policy import Policy
from matcher.problem.pairs import positions_of
from matcher.problem.problem import Problem

if TYPE_CHECKING:
    from matcher.plan import Plan

FORMAT: Final = "matcher.plan/1"
#: what a plan may depend on besides its input
_VERSIONED: Final = ("ortools", "numpy", "scipy", "pyproj")


def head(plan: Plan) -> dict[str, Any]:
    """Return what a plan claims of itself besides its rows, as plain JSON values; no timings."""
    proof = plan.proof
    return {
        "format": FORMAT,
        "status": plan.status,
        "stop_reason": plan.stop_reason,
        "levels": [level.to_json() for level in plan.levels],
        "proof": {"kind": proof.kind, "scope": proof.scope, "solver": proof.solver, "arrays": sorted(proof.arrays)},
        "witness": None if plan.witness is None else dict(plan.witness),
        "warnings": [notice.to_json() for notice in plan.warnings],
        "metrics": dict(plan.metrics),
        "policy": json.loads(plan.policy.to_json()),
        "input": plan.instance.digest,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions that a plan may depend on."""
    found = {"matcher": __version__}
    for name in _VERSIONED:
        found[name] = importlib.metadata.version(name)
    return found


def dumps(content: Any) -> str:
    """Return canonical JSON text: keys sorted, no NaN, readable."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"


def parsed(source: str | bytes) -> dict[str, Any]:
    """Return the object of a plan document.

    Raises
    ------
    InvalidInput
        If it is not JSON or of another format.
    """
    content = read_object(source, "plan")
    if content.get("format") != FORMAT:
        raise InvalidInput([Fault("not_a_plan", "plan", details={"format": FORMAT})])
    return content


def levels_of(content: Mapping[str, Any]) -> tuple[Level, ...]:
    """Return the levels of a plan document, exact integers only."""
    return tuple(Level.from_json(row) for row in content["levels"])


def witness_of(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the witness of a plan document."""
    witness = content["witness"]
    if not (witness is None or isinstance(witness, dict)):
        raise ValueError("witness")
    return witness


def notices_of(content: Mapping[str, Any]) -> tuple[Notice, ...]:
    """Return the warnings of a plan document."""
    notices = tuple(Notice.from_json(row) for row in content["warnings"])
    if not all(isinstance(notice.code, str) for notice in notices):
        raise ValueError("warnings")
    return notices


def proof_of(content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Proof:
    """Return the proof of a plan document with its arrays."""
    row = content["proof"]
    return Proof(row["kind"], row["scope"], row["solver"], MappingProxyType(dict(arrays)))


def policy_of(content: Mapping[str, Any]) -> Policy:
    """Return the policy of a plan document."""
    return Policy.from_json(json.dumps(content["policy"]))


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Turn what goes wrong with a document of another form into InvalidInput."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InvalidInput([Fault("broken_plan", "plan", details={"reason": shown(f"{error!r}")})]) from None


def assemble(
    content: Mapping[str, Any],
    instance: Instance,
    pairs: Mapping[str, list[tuple[str, str]]],
    arrays: Mapping[str, np.ndarray],
) -> dict[str, Any]:
    """Return the fields of the plan that a document, its input, its pairs of ids and its proof arrays make.

    Raises
    ------
    InvalidInput
        If the document lacks a part or has one of another form.
    """
    with readable():
        _check_claims(content)
        problem = Problem.of(instance, policy_of(content))
        known, strangers = {}, {}
        for level in SIDES:
            known[level], strangers[level] = positions_of(problem.arrays, level, pairs[level])
        return {
            "problem": problem,
            "status": content["status"],
            "stop_reason": content["stop_reason"],
            "county_pairs": known["county"],
            "school_pairs": known["school"],
            "levels": levels_of(content),
            "proof": proof_of(content, arrays),
            "said": notices_of(content),
            "witness": witness_of(content),
            "strangers": MappingProxyType(strangers),
        }


def _check_claims(content: Mapping[str, Any]) -> None:
    """Refuse words that no plan says of itself; whether they are true is for the checker."""
    levels = levels_of(content)
    proof = content["proof"]
    words = (
        (content["status"], get_args(Status)),
        (content["stop_reason"], (None, *get_args(StopReason))),
        (proof["kind"], get_args(ProofKind)),
        *((level.sense, get_args(Sense)) for level in levels),
    )
    for word, known in words:
        if word not in known:
            raise ValueError(f"{shown(word)!r} is none of {known}")
    texts = [proof["scope"], proof["solver"] or "", *(part for each in levels for part in (each.unit, each.method))]
    if not all(isinstance(each, str) for each in (*texts, *(level.scope for level in levels))):
        raise TypeError("scope")
    for level in levels:
        title(level.name)


def to_json(plan: Plan) -> str:
    """Return the whole plan as one JSON document."""
    document = head(plan)
    document["instance"] = json.loads(plan.instance.to_json())
    document["pairs"] = {level: id_pairs(plan, level) for level in SIDES}
    document["proof"]["arrays"] = {name: _packed(array) for name, array in sorted(plan.proof.arrays.items())}
    return dumps(document)


def from_json(source: str | bytes) -> dict[str, Any]:
    """Return the fields of the plan that `to_json` wrote."""
    content = parsed(source)
    with readable():
        instance = Instance.from_json(json.dumps(content["instance"]))
        pairs = {level: [(provider, recipient) for provider, recipient in content["pairs"][level]] for level in SIDES}
        arrays = {name: _unpacked(packed) for name, packed in content["proof"]["arrays"].items()}
    return assemble(content, instance, pairs, arrays)


def id_pairs(plan: Plan, level: str) -> list[tuple[str, str]]:
    """Return (provider_id, recipient_id) of every pair of `level`, strangers last."""
    providers, recipients = plan.problem.arrays.sides(level)
    known = [(providers.ids[provider], recipients.ids[recipient]) for provider, recipient in plan.pairs(level).tolist()]
    return known + list(plan.strangers[level])


def _packed(array: np.ndarray) -> dict[str, Any]:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    data = base64.b64encode(plain.tobytes()).decode("ascii")
    return {"dtype": plain.dtype.str, "shape": list(plain.shape), "data": data}


def _unpacked(packed: Mapping[str, Any]) -> np.ndarray:
    dtype = np.dtype(packed["dtype"])
    if dtype.hasobject:
        raise ValueError("a proof holds plain numbers only")
    data = base64.b64decode(packed["data"], validate=True)
    array = np.frombuffer(data, dtype=dtype).reshape(checked_shape(packed["shape"], dtype, len(data)))
    return array.astype(dtype.newbyteorder("="))
