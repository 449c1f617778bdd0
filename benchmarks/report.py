"""The report of a folder of tables in headless Chromium without a network: its size, how soon it is ready and answers.

    python -m benchmarks.report FOLDER [--lang zh] [--first FIRST.png] [--pdf REPORT.pdf]

The time to be ready runs from the call to open the page, in a browser that stands idle, until its script says so; that
of a search or filter from the change of its box to the frame that shows the answer. On paper every row is looked for in
the text that is printed.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import matcher

#: types a word into a box (a selector) and returns the milliseconds until its answer is painted
TYPE = """
(async (selector, said) => {
  const box = document.querySelector(selector), told = () => document.getElementById("n-school").textContent
    + document.getElementById("detail").textContent;
  const before = told(), began = performance.now();
  await new Promise(seen => {
    const answered = () => {
      if (told() === before && performance.now() - began < 3000) return;
      watching.disconnect();
      clearTimeout(never);
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = seen;
        port2.postMessage(0);
      });
    };
    const watching = new MutationObserver(answered), never = setTimeout(answered, 3000);
    watching.observe(document.getElementById("board"), { subtree: true, childList: true, characterData: true });
    box.value = said;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return performance.now() - began;
})"""
#: the ids that the printed page does not name
PRINTED = """
(() => {
  dispatchEvent(new Event("beforeprint"));
  const text = document.body.textContent, data = JSON.parse(document.getElementById("report-data").textContent);
  const missing = ["county", "school", "organization"].flatMap(kind => data[kind].map(row => row[0]))
    .filter(id => !text.includes(id));
  dispatchEvent(new Event("afterprint"));
  return missing;
})()"""


class Browser:
    """Headless Chromium that finds no host, spoken to through a pipe in its DevTools' protocol."""

    def __init__(self, profile: str) -> None:
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if chromium is None:
            raise SystemExit("no Chromium here")
        theirs, self._out = os.pipe()
        self._in, back = os.pipe()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--window-size=1400,900"]
        offline = ["--host-resolver-rules=MAP * 0.0.0.0", f"--user-data-dir={profile}", "about:blank"]
        # Chromium reads its pipe at 3 and answers at 4; the shell puts them there
        script = f'exec "$@" 3<&{theirs} 4>&{back}'
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", script, "sh", chromium, *options, *offline],
            pass_fds=(theirs, back),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(back)
        self._number, self._rest, self._session = 0, b"", None
        self.events: list[dict[str, Any]] = []
        page = next(each for each in self("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        data = json.dumps(message | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            while b"\0" not in self._rest:
                more = os.read(self._in, 1 << 20)
                if not more:
                    raise SystemExit("the browser has ended")
                self._rest += more
            said, self._rest = self._rest.split(b"\0", 1)
            answer = json.loads(said)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def value(self, code: str) -> Any:
        """Return what a line of JavaScript gives."""
        done = self("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"])
        return done["result"].get("value")

    def faults(self) -> list[str]:
        """Return what the console was told and what was asked of a network."""
        found = []
        for event in self.events:
            kind, params = event.get("method"), event.get("params", {})
            asked = params.get("request", {}).get("url", "")
            if kind in ("Runtime.exceptionThrown", "Log.entryAdded"):
                found.append(f"{kind}: {params}")
            elif kind == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(f"console: {params['args']}")
            elif kind == "Network.requestWillBeSent" and not asked.startswith(("file:", "data:", "blob:")):
                found.append(f"asked for {asked}")
        return found

    def close(self) -> None:
        """End the browser."""
        self("Browser.close")
        self._process.wait(20)
        os.close(self._in)
        os.close(self._out)


def asked(browser: Browser, selector: str, words: list[str]) -> list[float]:
    """Return the milliseconds that a box takes to answer each of these words."""
    taken = []
    for word in words:
        taken.append(browser.value(f"{TYPE}({json.dumps(selector)}, {json.dumps(word)})"))
        time.sleep(0.3)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--first", type=Path)
    parser.add_argument("--pdf", type=Path)
    options = parser.parse_args()
    plan = matcher.solve(matcher.read(options.folder))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = plan.report(Path(folder) / "plan.html", lang=options.lang)
        print(f"size {page.stat().st_size / 1e6:.2f} MB")
        browser = Browser(f"{folder}/profile")
        time.sleep(3)  # a browser that has just begun reads pages of its own
        began = time.perf_counter()
        browser("Page.navigate", url=page.as_uri())
        for name, what in (("tables answer", "answers"), ("ready, with its map drawn,", "ready")):
            while not browser.value(f"Boolean(window.report?.{what})"):
                time.sleep(0.02)
            print(f"{name} after {time.perf_counter() - began:.2f} s")
        if options.first:
            time.sleep(1)
            options.first.write_bytes(base64.b64decode(browser("Page.captureScreenshot", format="png")["data"]))
        instance = plan.instance
        words = [each[number].name for each in (instance.counties, instance.schools, instance.organizations)
                 for number in (0, len(each) // 2, len(each) - 1)]  # fmt: skip
        searches = asked(browser, "#q", [*words, instance.schools[0].id, "", "?", ""])
        filters = asked(browser, "#t-school thead input", [instance.schools[1].id, "", instance.schools[1].id[:2], ""])
        for name, taken in (("search", searches), ("filter", filters)):
            print(f"{name}: {len(taken)} times, median {statistics.median(taken):.0f} ms, largest {max(taken):.0f} ms")
        print(f"ids that are not on paper: {len(browser.value(PRINTED))}")
        if options.pdf:
            data = base64.b64decode(browser("Page.printToPDF", printBackground=True)["data"])
            options.pdf.write_bytes(data)
            print(f"{len(re.findall(rb'/Type */Page[^s]', data))} pages, {len(data) / 1e6:.1f} MB")
        print("faults:", browser.faults() or "none")
        browser.close()


if __name__ == "__main__":
    main()
