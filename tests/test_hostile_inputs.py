"""Every input under 10 MB is read or refused within 5 s of the processor and 500 MB, and nothing else comes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="each input has a process that is a copy of one")
MOST_SECONDS, MOST_MEGABYTES = 5.0, 500
#: how much longer a processor takes that other tests keep busy; the script says it of a quiet one
BUSY = 2.0
#: one of each kind that once took gigabytes or minutes, and is refused soon
SOME = ("policy: unknown fields", "rows: events", "toml: digits", "workbook: many sheets", "place: pipe, policy")


def _looked_at(*names: str) -> list[list[object]]:
    script = Path(__file__).with_name("hostile_inputs.py")
    done = subprocess.run([sys.executable, str(script), *names], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _bad(rows: list[list[object]]) -> list[list[object]]:
    most = MOST_SECONDS * BUSY
    return [row for row in rows if row[1] > most or row[2] > MOST_MEGABYTES or row[3].startswith("BROKE")]


def test_some_inputs_of_ten_megabytes_are_read_or_refused() -> None:
    rows = _looked_at(*SOME)
    assert len(rows) == len(SOME)
    assert not _bad(rows)


#: tables that are right, or nearly: as long as they are, reading them takes longer, and `time_limit_s` ends it
LONG = (
    "csv: mended",
    "csv: strangers",
    "csv: roads",
    "csv: ranks",
    "csv: successors",
    "csv: rows",
    "boundaries: lines",
)
KINDS = ("instance", "policy", "plan", "events", "report", "error", "rows", "toml", "market", "matching", "boundaries")
KINDS += ("csv", "programme", "workbook", "rules", "saved plan", "place")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_input_of_ten_megabytes_is_read_or_refused(kind: str) -> None:
    rows = _looked_at(f"{kind}:")
    assert len(rows) > 1
    assert not _bad([row for row in rows if row[0] not in LONG])
    assert not [row for row in rows if row[3].startswith("BROKE")]
