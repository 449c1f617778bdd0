"""The report in a browser without a network: what its scripts do, with names that try to do something else."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_report import HOSTILE, hostile_plan

import matcher
from matcher.show import report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

#: runs in the page once it is ready, and leaves what it found in an element
ACT = """
<script>
const wrong = [];
addEventListener("error", event => wrong.push(String(event.message)));
console.error = (...said) => wrong.push(said.join(" "));
const told = () => document.getElementById("detail").textContent;
const rows = kind => [...document.querySelectorAll(`#t-${kind} tbody tr`)].map(row => row.cells[0].textContent);
const type = said => {
  const box = document.getElementById("q");
  box.value = said;
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
};
const found = {};
const act = () => {
  if (!window.report?.ready) return setTimeout(act, 20);
  const { map } = window.report;
  found.nodes = document.querySelectorAll("section.one").length;
  found.schools = rows("school");
  document.querySelector("#tabs input[value=county]").click();
  found.counties = rows("county");
  type("");
  type("S5");
  found.left = told();
  found.filtered = rows("school");
  found.x = map.plot.x_range.end - map.plot.x_range.start;
  type("");
  found.again = rows("school");
  const first = document.querySelector("#t-county tbody tr");
  first.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  found.chosen = told();
  map.sources.organization.selected.indices = [0];
  setTimeout(() => {
    found.tapped = told();
    found.narrowed = rows("school");
    dispatchEvent(new Event("beforeprint"));
    found.printed = [...document.querySelectorAll("section.one")].map(each => each.textContent).join(" ");
    dispatchEvent(new Event("afterprint"));
    found.after = document.querySelectorAll("section.one").length;
    found.labels = map.sources.school.data.label;
    found.hit = window.hit ?? null;
    found.images = document.querySelectorAll("img").length;
    found.wrong = wrong;
    const element = document.createElement("pre");
    element.id = "found";
    element.textContent = JSON.stringify(found);
    document.body.append(element);
  }, 100);
};
act();
</script>
"""


def found_in(plan: matcher.Plan, folder: Path, lang: str = "en") -> dict[str, Any]:
    page = plan.report(folder / "plan.html", lang=lang).read_text(encoding="utf-8")
    (folder / "act.html").write_text(page.replace("</body>", ACT + "</body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    offline = "--host-resolver-rules=MAP * 0.0.0.0"
    command = [
        str(CHROMIUM),
        *options,
        offline,
        f"--user-data-dir={folder / 'profile'}",
        f"file://{folder / 'act.html'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert said, done.stdout[-2000:]
    found: dict[str, Any] = json.loads(html.unescape(said[1]))
    return found


def test_the_page_answers_and_names_stay_text(tmp_path: Path, monkeypatch) -> None:
    """Search, filter, keyboard and tap show the right thing; nothing in a name is run, no error is told."""
    pytest.importorskip("bokeh")
    monkeypatch.setattr(report, "_figures", lambda *given: ())
    plan = hostile_plan(*HOSTILE.values())
    names = {
        table: [each.name for each in getattr(plan.instance, table)]
        for table in ("counties", "schools", "organizations")
    }
    found = found_in(plan, tmp_path)
    assert found["wrong"] == []
    assert found["hit"] is None
    assert found["images"] == 0
    assert found["nodes"] == found["after"] == 0  # sections are one text until they are asked for, or all printed
    assert all(name in found["printed"] for each in names.values() for name in each)
    assert sorted(found["schools"]) == sorted(found["again"]) == sorted(names["schools"])
    assert sorted(found["counties"]) == sorted(names["counties"])
    assert found["filtered"] == [names["schools"][4]]
    assert "farther" in found["left"]
    assert names["schools"][4] in found["left"]
    assert any(name in found["chosen"] for name in names["counties"])
    assert names["organizations"][0] in found["tapped"]
    assert sorted(found["narrowed"]) == sorted(names["schools"][:3])  # those of C1, which U1 is paired with
    assert [label.rstrip("…") for label in found["labels"]] == [
        name[: len(label.rstrip("…"))] for name, label in zip(names["schools"], found["labels"], strict=True)
    ]
