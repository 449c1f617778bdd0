"""The page on markets says what is true: its code runs, and gives what its comments say."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "markets.md"


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(code, names)  # the page's own code
    frame = names["matching"].to_frame()
    assert frame.to_numpy().tolist() == [["u1", "c2", 4], ["u2", "c1", 5]]
    assert names["shipped"].cost == 29
    assert names["shipped"].units.sum() == 15
    assert names["sparse"].num_arcs == names["masked"].num_arcs == 3
    assert names["drawn"].proof.scope == "stable_matchings_ties_by_order"
    assert {path.name for path in tmp_path.iterdir()} == {"named.min", "named.mps"}
