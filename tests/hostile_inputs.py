"""Inputs just under 10 MB that ask for as much as they can; `test_hostile_inputs` looks at what becomes of them.

Each is handed to its reader in a process of its own; run as a script it prints name, seconds of the processor,
megabytes of the whole process (what is loaded before counts), and what came of it, a line each.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import matcher
import matcher.advice
import matcher.base
import matcher.files
import matcher.programmes.doors
import matcher.renewal
import matcher.show
import matcher.study
from matcher.base.arrayfile import write_arrays
from matcher.base.progress import Progress
from matcher.renewal.recommending import Recommendation
from matcher.show.explanation import Explanation

SIZE = 9_900_000
HEAD = b"id,name,lat,lon,children\n"
ONE = b"id,lat,lon\nU1,26,106\n"
EVENTS = b'{"format":"matcher.renewals.events/1","events":['
Case = tuple[str, Callable[[Path], Any]]


def filled(part: bytes, begin: bytes = b"", end: bytes = b"") -> bytes:
    return begin + part * ((SIZE - len(begin) - len(end)) // len(part)) + end


def rows_of(form: str, name: str, row: bytes) -> Callable[[], bytes]:
    return lambda: filled(row + b",", b'{"format":"matcher.%s/1","%s":[' % (form.encode(), name.encode()), row + b"]}")


#: texts for whoever reads JSON
TEXTS: dict[str, Callable[[], bytes]] = {
    "brackets": lambda: b"[" * SIZE,
    "braces": lambda: filled(b'{"a":'),
    "digits": lambda: b"1" * SIZE,
    "digits in a list": lambda: filled(b"1" * 5000 + b",", b"[", b"1]"),
    "small numbers": lambda: filled(b"1,", b"[", b"1]"),
    "empty records": rows_of("instance", "counties", b"{}"),
    "wrong records": rows_of("instance", "counties", b'{"id":3}'),
    "unknown fields": lambda: b"{" + b",".join(b'"x%d":1' % n for n in range(800_000)) + b"}",
    "some unknown fields": lambda: b"{" + b",".join(b'"objectivs%d":1' % n for n in range(90_000)) + b"}",
    "objectives": lambda: filled(b'"fill",', b'{"objectives":[', b'"fill"]}'),
    "rules": lambda: filled(b'{"kind":"reach"},', b'{"rules":[', b"{}]}"),
    "some rules": lambda: b'{"rules":[' + b'{"kind":"floor"},' * 90_000 + b"{}]}",
    "a long text": lambda: b'{"format":"' + b"x" * SIZE + b'"}',
    "noughts": lambda: b"\x00" * SIZE,
    "a byte that is none": lambda: b"\xff" * SIZE,
}
#: documents of each form with rows that are none, or are right
ROWS: dict[str, Callable[[], bytes]] = {
    "report": rows_of("report", "violations", b'{"code":"x","details":{},"text":{}}'),
    "report 0": rows_of("report", "violations", b"0"),
    "events": rows_of("renewals.events", "events", b'{"kind":"agreed"}'),
    "events {}": rows_of("renewals.events", "events", b"{}"),
    "events right": rows_of("renewals.events", "events", b'{"kind":"leaves","table":"schools","id":"S1"}'),
    "events within": lambda: filled(b"{},", EVENTS + b'{"kind":"joins","organizations":[', b"{}]}]}"),
    "error": rows_of("faults", "faults", b'{"code":"x"}'),
    "error right": rows_of(
        "faults",
        "faults",
        b'{"code":"missing_value","table":"counties","sheet":null,"row":3,"column":"id","value":null,"details":{}}',
    ),
    "diff": rows_of("diff", "rows", b"{}"),
    "what_if": rows_of("what_if", "levels", b"{}"),
    "recommendation": rows_of("recommendation", "gives_way", b"[]"),
    "explanation": rows_of("explanation", "facts", b"{}"),
    "progress": rows_of("progress", "stage", b"{}"),
    "instance right": rows_of("instance", "previous", b'{"level":"county","provider_id":"U","recipient_id":"C"}'),
    "instance ids": lambda: (
        b'{"format":"matcher.instance/1","schools":['
        + b",".join(b'{"id":"S%d","county_id":"nowhere"}' % n for n in range(230_000))
        + b"]}"
    ),
}
TOMLS: dict[str, Callable[[], str]] = {
    "brackets": lambda: "a = " + "[" * SIZE,
    "digits": lambda: "a = " + "1" * SIZE,
    "fewer digits": lambda: "a = " + "1" * 999_000,
    "dots": lambda: "a" + ".a" * 499_000 + " = 1",
    "lines of dots": lambda: ("a" + ".a" * 999 + " = 1\n") * 499,
    "many dots": lambda: ("a" + ".a" * 2000 + "=1\n") * 240,
    "tables": lambda: "[[rules]]\nkind = 'reach'\nlevel = 'county'\nkm = 3\n" * 150_000,
    "fewer tables": lambda: "[[rules]]\nkind = 'reach'\nlevel = 'county'\nkm = 3\n" * 19_000,
    "keys": lambda: "\n".join(f"k{n} = 1" for n in range(80_000)),
    "a string": lambda: 'a = """' + "x" * 999_000,
    "inline": lambda: "a = " + "{a=" * 330_000,
}
CSVS: dict[str, Callable[[], bytes]] = {
    "rows": lambda: HEAD + b"".join(b"C%06d,county,26.%04d,106.5,900\n" % (n, n % 10_000) for n in range(290_000)),
    "thin rows": lambda: b"id,lat,lon\n" + b"".join(b"%06d,2,1\n" % n for n in range(880_000)),
    "wrong rows": lambda: HEAD + b"C1,county,far,away,none\n" * 400_000,
    "different wrong rows": lambda: HEAD + b"".join(b"%x,c,f,a,n\n" % n for n in range(600_000)),
    "repeated ids": lambda: HEAD + b"C1,county,26,106,900\n" * 460_000,
    "swapped": lambda: HEAD + b"".join(b"C%06d,,106.5,26.5,9\n" % n for n in range(480_000)),
    "mended": lambda: HEAD + b"".join("C%06d,县,26.5°,106.5E,90人\n".encode() % n for n in range(290_000)),
    "controls": lambda: b"id,lat,lon,a,b,c,d\n" + b"C1,26,106,\x01,\x01,\x01,\x01\n" * 500_000,
    "many cells": lambda: HEAD + b"C1,county,26,106,900,x\n" * 430_000,
    "commas": lambda: HEAD + filled(b","),
    "newlines": lambda: HEAD + filled(b"\n"),
    "columns": lambda: b",".join(b"c%d" % n for n in range(1_200_000)) + b"\n",
    "extra columns": lambda: (
        b"id,lat,lon," + b",".join(b"c%d" % n for n in range(990)) + b"\n" + (b"C1,26,106" + b",1" * 990 + b"\n") * 4900
    ),
    "a quotation": lambda: HEAD + b'"' + b"x" * SIZE,
    "quotation marks": lambda: HEAD + filled(b'"'),
    "noughts": lambda: b"\x00" * SIZE,
    "noise": lambda: np.random.default_rng(0).bytes(SIZE),
    "Chinese": lambda: HEAD + filled("县,".encode("gb18030")),
    "a long id": lambda: HEAD + b"x" * SIZE + b",county,26,106,900\n",
    "digits": lambda: HEAD + b"C1,county," + b"1" * SIZE + b",106,900\n",
    "totals": lambda: HEAD + "合计,,,,\n".encode() * 900_000,
}
#: other tables than counties, by name
TABLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "unknown counties": ("schools", lambda: b"id,name,lat,lon,county_id\n" + b"S,school,26,106,nowhere\n" * 400_000),
    "names of counties": ("schools", lambda: b"id,name,lat,lon,county_id\n" + b"S,a,2,1,C\n" * 900_000),
    "strangers": ("previous", lambda: b"level,provider_id,recipient_id\n" + b"county,X,Y\n" * 880_000),
    "roads": (
        "travel_times",
        lambda: b"level,origin_id,destination_id,minutes\n"
        + b"".join(b"county,U%d,C1,9\n" % n for n in range(480_000)),
    ),
    "ranks": (
        "preferences",
        lambda: b"level,side,id,choice_id,rank\n" + b"county,provider,U1,C1,1\n" * 390_000,
    ),
    "successors": ("successors", lambda: b"table,old_id,new_id\n" + b"".join(
        b"counties,c%d,c%d\n" % (n, n + 1) for n in range(380_000)
    )),
}  # fmt: skip


def folder(at: Path, content: bytes, table: str = "counties") -> Path:
    for name, said in {"organizations": ONE, "counties": b"id,lat,lon\nC1,26,106\n", table: content}.items():
        (at / f"{name}.csv").write_bytes(said)
    if table in ("schools", "branches"):
        (at / "branches.csv").write_bytes(b"id,organization_id\nB1,U1\n")
    return at


def book(at: Path, pieces: Iterator[bytes], sheets: int = 1, strings: bytes = b"", parts: int = 1) -> Path:
    """Write a workbook by hand, its one sheet listed `sheets` times in `parts` parts."""
    types = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    path = at / "input.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", types)
        target = f'<Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        file.writestr("_rels/.rels", f'<Relationships xmlns="{package}">{target}</Relationships>')
        listed = "".join(f'<sheet name="counties{n or ""}" sheetId="{n + 1}" r:id="s{n}"/>' for n in range(sheets))
        file.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
        )
        ways = "".join(
            f'<Relationship Id="s{n}" Type="{office}/worksheet" Target="sheet{n % parts}.xml"/>' for n in range(sheets)
        )
        ways += f'<Relationship Id="t" Type="{office}/sharedStrings" Target="strings.xml"/>'
        file.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{ways}</Relationships>')
        for number in range(parts):
            with file.open(f"xl/sheet{number}.xml", "w") as sheet:
                for piece in pieces:
                    sheet.write(piece)
        if strings:
            file.writestr("xl/strings.xml", strings)
    assert path.stat().st_size < 10_000_000, path.stat().st_size
    return path


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BEGIN, END = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode(), b"</sheetData></worksheet>"
TEXTS_BEGIN = f'<sst xmlns="{MAIN}">'.encode()
WIDE = b"".join(b'<c t="inlineStr"><is><t>c%d</t></is></c>' % n for n in range(16_000))
CELL = b'<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'
TITLES = b'<row r="1">%s</row>' % b"".join(
    b'<c r="%s1" t="inlineStr"><is><t>%s</t></is></c>' % at for at in ((b"A", b"id"), (b"B", b"lat"), (b"C", b"lon"))
)


def numbers(rows: int, row: bytes) -> Iterator[bytes]:
    yield BEGIN + TITLES
    for n in range(2, rows + 2):
        yield row.replace(b"#", b"%d" % n)
    yield END


PLAIN = b'<row r="#"><c r="A#"><v>#</v></c><c r="B#"><v>26.5</v></c><c r="C#"><v>106</v></c></row>'
#: pieces of a sheet, times it is listed, shared texts, parts
BOOKS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "a stray cell": lambda: ([BEGIN, CELL, b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', END],),
    "a bomb": lambda: ([BEGIN, *[b" " * 10**6] * 1500, END],),
    "many sheets": lambda: ([BEGIN, CELL, END], 30_000),
    "one part of many sheets": lambda: (list(numbers(3000, PLAIN)), 900),
    "deep": lambda: ([BEGIN, *[b"<a>" * 1000] * 60_000],),
    "an entity": lambda: ([b'<!DOCTYPE x [<!ENTITY a "xx">]>', BEGIN, b"&a;" * 100_000, END],),
    "many rows": lambda: (list(numbers(250_000, PLAIN)),),
    "rows of a formula": lambda: (list(numbers(250_000, PLAIN.replace(b"<v>", b"<f>1</f><v>"))),),
    "a million rows": lambda: (list(numbers(1_000_000, PLAIN)),),
    "wrong cells": lambda: (list(numbers(300_000, PLAIN.replace(b"><v>26.5</v>", b' t="str"><v>x</v>'))),),
    "wide": lambda: ([BEGIN, *[b"<row>" + WIDE + b"</row>"] * 60, END],),
    "shared texts": lambda: ([BEGIN, CELL, END], 1, TEXTS_BEGIN + b"<si><t>abc</t></si>" * 3_000_000 + b"</sst>"),
    "deep texts": lambda: ([BEGIN, CELL, END], 1, TEXTS_BEGIN + b"<a>" * 30_000_000),
}  # fmt: skip


def archives() -> dict[str, Callable[[], bytes]]:
    """Return .npz files that declare or unpack to far more than they are."""

    def many() -> bytes:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            for n in range(90_000):
                archive.writestr(f"{n}.npy", b"")
        return whole.getvalue()

    arcs = {"format": np.array("matcher.market/1"), "provider": np.zeros(10**7, np.int64)}
    return {
        "noise": CSVS["noise"],
        "noughts": CSVS["noughts"],
        "many arrays": many,
        "large arrays": lambda: write_arrays(arcs | {"recipient": arcs["provider"], "cost": arcs["provider"]}),
    }


def outlines() -> dict[str, Callable[[], bytes]]:
    line = b'{"type":"LineString","coordinates":[[1,2],[3,4]]},'
    return {
        "lines": lambda: filled(line, b'{"type":"GeometryCollection","geometries":[', line[:-1] + b"]}"),
        "points": lambda: filled(b"[1,2],", b'{"type":"LineString","coordinates":[', b"[1,2]]}"),
        "empty": lambda: filled(b"{},", b'{"type":"FeatureCollection","features":[', b"{}]}"),
    }


def plans() -> Iterator[Case]:
    """Yield plans whose parts are far too many, and saved plans with one such file."""
    plan = matcher.solve(matcher.example())
    whole = json.loads(plan.to_json())
    level = json.dumps(whole["levels"][0]).encode()
    parts = {
        "pairs": ("pairs", b'["a","b"],', b'{"county":[', b'["a","b"]],"school":[]}'),
        "levels": ("levels", level + b",", b"[", level + b"]"),
        "warnings": ("warnings", b'{"code":"no_school_level","details":{}},', b"[", b'{"code":"x","details":{}}]'),
        "policy": ("policy", b'{"kind":"floor"},', b'{"rules":[', b"{}]}"),
    }

    def text(name: str, part: bytes, begin: bytes, end: bytes) -> bytes:
        rest = json.dumps({key: value for key, value in whole.items() if key != name}).encode()
        return rest[:-1] + b', "' + name.encode() + b'": ' + filled(part, begin + b" " * len(rest), end) + b"}"

    def saved(file: str, content: Callable[[], bytes], at: Path) -> Any:
        plan.save(at / "plan")
        next((at / "plan").rglob(file)).write_bytes(content())
        return matcher.verify(matcher.example(), at / "plan")

    for name, made in parts.items():
        yield f"plan: {name}", lambda _, made=made: matcher.Plan.from_json(text(*made))
    pair = b"".join(b"U%d,C%d\n" % (n, n) for n in range(600_000))
    yield "saved plan: pairs", partial(saved, "county_pairs.csv", lambda: b"organization_id,county_id\n" + pair)
    yield "saved plan: document", partial(saved, "plan.json", TEXTS["small numbers"])
    yield "saved plan: proof", partial(saved, "proof.npz", archives()["large arrays"])


def places() -> Iterator[Case]:
    """Yield what is no ordinary file where one is expected."""
    readers: dict[str, Callable[[Path], Any]] = {
        "folder": lambda target: matcher.read(target.parent),
        "rules": matcher.files.read_rules,
        "policy": lambda target: matcher.programmes.doors.policy_of("camps", target),
        "study": matcher.study.read_study,
        "boundaries": matcher.files.read_boundaries,
        "market": matcher.Market.from_npz,
        "plan": matcher.load_plan,
    }

    def read(kind: str, reader: Callable[[Path], Any], at: Path) -> Any:
        target = folder(at, b"") / "counties.csv"
        target.unlink()
        if kind == "pipe":
            os.mkfifo(target)
        elif kind == "folder":
            target.mkdir()
        else:
            target.symlink_to({"link": "/proc/self/mem", "device": "/dev/zero", "circle": target}[kind])
        return reader(target)

    for kind in ("pipe", "link", "device", "circle", "folder"):
        for name, reader in readers.items():
            yield f"place: {kind}, {name}", partial(read, kind, reader)


def cases() -> Iterator[Case]:
    readers: dict[str, Callable[[Any], Any]] = {
        "instance": matcher.Instance.from_json,
        "policy": matcher.Policy.from_json,
        "plan": matcher.Plan.from_json,
        "events": matcher.renewal.events_from_json,
        "report": matcher.Report.from_json,
        "diff": matcher.study.Diff.from_json,
        "error": matcher.base.error_from_json,
        "what_if": matcher.advice.WhatIf.from_json,
        "recommendation": Recommendation.from_json,
        "explanation": Explanation.from_json,
        "progress": Progress.from_json,
    }
    for kind in ("instance", "policy", "plan", "events", "report", "error"):
        for name, text in TEXTS.items():
            yield f"{kind}: {name}", lambda _, kind=kind, text=text: readers[kind](text())
    for name, text in ROWS.items():
        yield f"rows: {name}", lambda _, name=name, text=text: readers[name.split()[0]](text())
    for name, toml in TOMLS.items():
        yield f"toml: {name}", lambda _, toml=toml: matcher.Policy.from_toml(toml())
    for name, content in archives().items():
        yield f"market: {name}", lambda _, content=content: matcher.Market.from_bytes(content())
        yield f"matching: {name}", lambda _, content=content: matcher.Matching.from_bytes(content())
    for name, text in outlines().items():
        yield f"boundaries: {name}", lambda _, text=text: matcher.files.read_boundaries(json.loads(text()))
    for name, content in CSVS.items():
        yield f"csv: {name}", lambda at, content=content: matcher.read(folder(at, content()))
    for name, (table, content) in TABLES.items():
        yield f"csv: {name}", lambda at, table=table, content=content: matcher.read(folder(at, content(), table))
    for name in ("wrong rows", "mended"):
        yield f"programme: {name}", partial(programme, CSVS[name])
    for name, made in BOOKS.items():
        yield f"workbook: {name}", lambda at, made=made: matcher.read(book(at, *made()))
    for name in ("many rows", "many sheets", "wide"):
        yield f"rules: {name}", lambda at, name=name: matcher.files.read_rules(book(at, *BOOKS[name]()))
    yield from plans()
    yield from places()


def programme(content: Callable[[], bytes], at: Path) -> Any:
    (at / "sites.csv").write_bytes(content())
    return matcher.programmes.doors.read_records("camps", at)


def outcome(read: Callable[[Path], Any], at: Path) -> str:
    try:
        return f"read {type(read(at)).__name__}"
    except matcher.MatcherError as error:
        error.message("zh")
        faults = error.faults if isinstance(error, matcher.InvalidInput) else ()
        return f"refused {','.join(sorted({fault.code for fault in faults})[:4]) or error.code}"
    except BaseException as error:
        return f"BROKE {type(error).__name__}: {str(error)[:90]}"


def apart(read: Callable[[Path], Any]) -> tuple[float, int, str]:
    """Return seconds, megabytes and outcome of a reader in a copy of this process, which is small yet."""
    receive, send = os.pipe()
    at = Path(tempfile.mkdtemp())
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        os.write(send, outcome(read, at).encode())
        os._exit(0)
    os.close(send)
    _, status, used = os.wait4(child, 0)
    said = os.read(receive, 1000).decode() or f"BROKE with status {status}"
    os.close(receive)
    shutil.rmtree(at)
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, said


if __name__ == "__main__":
    for name, read in cases():
        if not sys.argv[1:] or any(
            name == each or (each.endswith(":") and name.startswith(each)) for each in sys.argv[1:]
        ):
            seconds, megabytes, said = apart(read)
            print(json.dumps([name, round(seconds, 2), megabytes, said]), flush=True)
