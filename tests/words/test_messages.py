"""The catalogue is whole: both languages, the same fields, and every key that the code uses."""

import re
import string
from pathlib import Path

from matcher.words.catalogue import catalogue

PACKAGE = Path(__file__).resolve().parents[2] / "matcher"
CODE = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "texts"
)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_languages_fill_in_the_same_fields():
    for key, (english, chinese) in catalogue().items():
        assert english.strip(), key
        assert chinese.strip(), key
        assert fields(english) == fields(chinese), key


def test_chinese_is_chinese():
    for key, (english, chinese) in catalogue().items():
        letters = re.sub(r"\{[^}]*\}|[\W\d_]", "", chinese)
        assert not letters or chinese == english or re.search(r"[\u4e00-\u9fff]", chinese), key


def test_every_key_that_the_code_names_is_there():
    named = set(re.findall(r'\btext\(\s*"([a-z_]+\.[a-z_.]+)"', CODE))
    assert named - set(catalogue()) == set()


def test_every_fault_has_a_mend():
    codes = {key.removeprefix("fault.") for key in catalogue() if key.startswith("fault.")}
    said = {code for code in codes if "." not in code} - {"head", "more"}
    mended = {key.split(".")[1] for key in catalogue() if key.startswith("mend.")}
    assert said == mended


def test_every_fault_and_notice_that_the_code_makes_has_a_text():
    made = {f"fault.{code}" for code in re.findall(r'\bFault\(\s*"([a-z_]+)"', CODE)}
    made |= {f"notice.{code}" for code in re.findall(r'\bNotice\(\s*"([a-z_]+)"', CODE)}
    made |= {f"violation.{code}" for code in re.findall(r'\bViolation\(\s*"([a-z_]+)"', CODE)}
    assert made - set(catalogue()) == set()
