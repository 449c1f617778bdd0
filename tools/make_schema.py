"""Write the JSON Schemas of what the library reads and writes, for editors and other services.

    python tools/make_schema.py            # write them
    python tools/make_schema.py --check    # exit 1 if one is not up to date

docs/policy.schema.json is that of `matcher.Policy`, and allows "none" where a field may be null, since TOML has none.
docs/schemas/NAME.schema.json are those of everything else that has a JSON form; a test holds them against what is
written, and no field may be there that a schema does not know.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

import matcher
from matcher.advice.effects import How
from matcher.base.names import PairLevel
from matcher.base.progress import StopReason
from matcher.base.result import ProofKind, Sense, Status
from matcher.renewal.events import FORMAT as EVENTS
from matcher.renewal.events import AnyEvent

DOCS = Path(__file__).resolve().parent.parent / "docs"
Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES: Schema = {"type": "boolean"}
BOTH: Schema = {"type": "object", "properties": {"en": TEXT, "zh": TEXT}, "required": ["en", "zh"]}
ANY: Schema = {"type": "object"}


def none_or(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def word(kind: Any) -> Schema:
    """Return the schema of a `Literal`."""
    return {"enum": list(get_args(kind))}


def rows(schema: Schema, **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, **more}


def numbers(schema: Schema) -> Schema:
    """Return the schema of an object with any names."""
    return {"type": "object", "additionalProperties": schema}


def whole(**properties: Schema) -> Schema:
    """Return the schema of an object that has all these fields and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def document(name: str, /, **properties: Schema) -> Schema:
    """Return the schema of a document of the format `name`."""
    return whole(format={"const": name}, **properties)


PAIR = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}
LEVEL = whole(
    name=TEXT,
    sense=word(Sense),
    unit=TEXT,
    value=none_or(WHOLE),
    bound=none_or(WHOLE),
    gap=none_or(WHOLE),
    conditional=YES,
    method=TEXT,
    scope=TEXT,
)
SAID = whole(code=TEXT, details=ANY, text=BOTH)
METRICS = numbers(none_or(NUMBER))
ARRAY = whole(data=TEXT, dtype=TEXT, shape=rows({"type": "integer", "minimum": 0}))
FAULT = whole(
    code=TEXT,
    table=none_or(TEXT),
    sheet=none_or(TEXT),
    row=none_or(WHOLE),
    column=none_or(TEXT),
    value=none_or(TEXT),
    message=BOTH,
    mend=BOTH,
    details=ANY,
    shown=rows(TEXT),
)
SENT = {"level": word(PairLevel), "provider_id": TEXT, "recipient_id": TEXT, "km": none_or(NUMBER)}


def instance() -> Schema:
    """Return the schema of an instance: defaults are left out, and what the reader noticed stands beside the tables."""
    found = matcher.Instance.model_json_schema()
    found["properties"]["notices"] = rows(whole(code=TEXT, details=ANY))
    found["properties"]["format"] = {"const": "matcher.instance/1"}
    found["required"] = sorted({*found.get("required", ()), "format"})
    return found


def policy() -> Schema:
    """Return the schema of a policy."""
    found = matcher.Policy.model_json_schema()
    for field in found["properties"].values():
        if {"type": "null"} in field.get("anyOf", ()):
            field["anyOf"].append({"const": "none"})
    return found


def plan() -> Schema:
    """Return the schema of a plan; the instance in it is one of its own schema."""
    return document(
        "matcher.plan/1",
        status=word(Status),
        stop_reason=none_or(word(StopReason)),
        levels=rows(LEVEL),
        proof=whole(kind=word(ProofKind), scope=TEXT, solver=none_or(TEXT), arrays=numbers(ARRAY)),
        witness=none_or(ANY),
        warnings=rows(SAID),
        metrics=METRICS,
        policy=ANY,
        input=TEXT,
        versions=numbers(TEXT),
        instance=ANY,
        pairs=whole(county=rows(PAIR), school=rows(PAIR)),
    )


def events() -> Schema:
    """Return the schema of what happens in the year."""
    found = TypeAdapter(tuple[AnyEvent, ...]).json_schema()
    definitions = found.pop("$defs")
    return {**document(EVENTS, events=found), "$defs": definitions}


def diff() -> Schema:
    """Return the schema of two plans compared."""
    ids = {"old_provider_ids": TEXT, "new_provider_ids": TEXT, "old_km": none_or(NUMBER), "new_km": none_or(NUMBER)}
    changed = whole(level=word(PairLevel), recipient_id=TEXT, **ids, children=none_or(WHOLE), kind=none_or(TEXT))
    return document(
        "matcher.diff/1",
        counts=numbers(WHOLE),
        kept=rows(whole(**SENT)),
        new=rows(whole(**SENT)),
        ended=rows(whole(**SENT, kind=TEXT, cause=TEXT)),
        changed=rows(changed),
    )


def recommendation() -> Schema:
    """Return the schema of one place for somebody who comes."""
    more = {"exact": YES, "levels": rows(LEVEL), "cost": numbers(WHOLE), "displaces": rows(PAIR)}
    return document("matcher.recommendation/1", **SENT, **more)


def explanation() -> Schema:
    """Return the schema of why somebody is paired as it is."""
    partner = whole(id=TEXT, name=TEXT, km=NUMBER, place=WHOLE, kept=YES, since=none_or(WHOLE))
    price = whole(
        status=word(Status),
        exact=YES,
        cost=rows({"type": "array", "prefixItems": [TEXT, WHOLE], "minItems": 2, "maxItems": 2}),
        moved=WHOLE,
        children=WHOLE,
        said=PAIR,
    )
    there = {"id": TEXT, "name": TEXT, "km": NUMBER, "state": TEXT, "partners": rows(TEXT), "parents": rows(TEXT)}
    other = whole(**there, partner_names=rows(TEXT), price=none_or(price))
    nearby = none_or(whole(**there, allowed=YES))
    some = {"type": "array", "minItems": 2, "maxItems": 3}
    return document(
        "matcher.explanation/1",
        kind={"enum": ["organization", "branch", "county", "school"]},
        id=TEXT,
        name=TEXT,
        partners=rows(partner),
        allowed=WHOLE,
        missing=WHOLE,
        reason=TEXT,
        detail=TEXT,
        worth=none_or(NUMBER),
        worth_unit=TEXT,
        alternatives=rows(other),
        own=TEXT,
        parents=rows(TEXT),
        closest=none_or({**some, "prefixItems": [TEXT, NUMBER]}),
        nearest=nearby,
        nearest_allowed=nearby,
        rate=none_or({**some, "prefixItems": [TEXT, NUMBER, NUMBER]}),
        text=BOTH,
    )


def what_if() -> Schema:
    """Return the schema of what a plan would be with some changes."""
    values = {"before": none_or(WHOLE), "after": none_or(WHOLE), "difference": none_or(WHOLE), "bound": none_or(WHOLE)}
    pair: Schema = {"type": "array", "items": TEXT, "minItems": 3, "maxItems": 3}
    both = none_or({"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2})
    return document(
        "matcher.what_if/1",
        status=word(Status),
        stop_reason=none_or(word(StopReason)),
        how=word(How),
        exact=YES,
        changes=rows(ANY),
        levels=rows(whole(name=TEXT, sense=word(Sense), unit=TEXT, exact=YES, **values)),
        ended=rows(pair),
        begun=rows(pair),
        children=both,
        counties_children=both,
        names=rows(pair),
        text=BOTH,
    )


def report() -> Schema:
    """Return the schema of what a checker found."""
    recomputed = whole(level=TEXT, unit=TEXT, value=WHOLE, bound=WHOLE)
    found = {"ok": YES, "finding": {"enum": ["proved", "claimed", "false"]}, "bounds": rows(recomputed)}
    found["without_plan"] = none_or(TEXT)
    return document(
        "matcher.report/1", **found, violations=rows(SAID), metrics=METRICS, edits=rows(SAID), stale=rows(SAID)
    )


def statistics() -> Schema:
    """Return the schema of how a matching was found."""
    phase = whole(name=TEXT, rounds=WHOLE, began_s=NUMBER, seconds=NUMBER)
    bounds = whole(at_s=NUMBER, value=none_or(WHOLE), bound=none_or(WHOLE))
    return document("matcher.statistics/1", seconds=NUMBER, rounds=WHOLE, phases=rows(phase), bounds=rows(bounds))


def schemas() -> dict[Path, Schema]:
    """Return every schema by the file it stands in."""
    progress = {"of": none_or(WHOLE), "value": none_or(WHOLE), "bound": none_or(WHOLE), "gap": none_or(WHOLE)}
    error = document("matcher.error/1", code=TEXT, message=BOTH, details=ANY)
    error["properties"]["witness"] = none_or(ANY)
    found = {
        "instance": instance(),
        "plan": plan(),
        "events": events(),
        "report": report(),
        "diff": diff(),
        "recommendation": recommendation(),
        "explanation": explanation(),
        "what_if": what_if(),
        "progress": document("matcher.progress/1", phase=TEXT, done=WHOLE, **progress),
        "statistics": statistics(),
        "error": error,
        "faults": document("matcher.faults/1", count=WHOLE, faults=rows(FAULT)),
    }
    return {DOCS / "policy.schema.json": policy()} | {
        DOCS / "schemas" / f"{name}.schema.json": schema for name, schema in found.items()
    }


def as_text(schema: Schema) -> str:
    """Return a schema as the text of its file."""
    schema = {**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files, or check them."""
    wrong = 0
    for path, schema in schemas().items():
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(as_text(schema), encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != as_text(schema):
            print(f"not up to date: {path.name}; run python tools/make_schema.py")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
