"""Every bad input of the corpus ends in its complete list of faults, or in the documented notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from table_corpus import Case
from table_file_cases import CASES, whole_folder

import matcher
from matcher import InvalidInput
from matcher.cli import main


def test_the_corpus_is_large_enough() -> None:
    """There are at least 80 bad inputs, each with a name of its own."""
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)


def _word(value: object) -> str:
    return value if isinstance(value, str) else ",".join(map(str, value))  # type: ignore[call-overload]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_is_named_completely(case: Case, tmp_path: Path) -> None:
    """The faults are exactly those expected, in both languages; the command ends with 2, and nothing is written."""
    path = case.build(tmp_path)
    before = whole_folder(tmp_path)
    if not case.faults:
        instance = matcher.read(path, **case.options)
        assert tuple(notice.code for notice in instance.notices) == case.notices
        for notice in instance.notices:
            assert notice.text("en") != notice.text("zh")
    else:
        with pytest.raises(InvalidInput) as error:
            matcher.read(path, **case.options)
        faults = error.value.faults
        found = sorted((f.table or "", f.row or 0, f.column or "", f.code) for f in faults)
        assert found == sorted((t or "", r or 0, c or "", code) for t, r, c, code in case.faults)
        for fault in faults:
            for lang in ("en", "zh"):
                assert "{" not in fault.message(lang) + fault.mend(lang)
        assert len(error.value.to_json()["faults"]) == len(faults)
        assert error.value.message("zh") != error.value.message("en")
        options = [word for name, value in case.options.items() for word in (f"--{name}", _word(value))]
        assert main(["plan", str(path), "-o", str(tmp_path / "out"), *options]) == 2
    assert whole_folder(tmp_path) == before
