"""Write docs/policy.schema.json, the JSON Schema of a policy, for editors and other services.

    python tools/make_schema.py            # write it
    python tools/make_schema.py --check    # exit 1 if it is not up to date

It is that of `matcher.Policy`, and allows "none" where a field may be null, since TOML has no null.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matcher

TARGET = Path(__file__).resolve().parent.parent / "docs" / "policy.schema.json"


def schema() -> str:
    """Return the schema as text."""
    found = matcher.Policy.model_json_schema()
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    for field in found["properties"].values():
        if {"type": "null"} in field.get("anyOf", ()):
            field["anyOf"].append({"const": "none"})
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, or check it."""
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(schema(), encoding="utf-8", newline="\n")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != schema():
        print(f"not up to date: {TARGET.name}; run python tools/make_schema.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
