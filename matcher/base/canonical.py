"""One form for every name that is used as a key: of organisations, counties, schools, and of provinces.

Two names are one if they differ only in width, case, spaces, invisible characters and kinds of dashes and brackets;
two names of a province if they differ in its suffix; two of a county if one leaves out what kind of county it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: characters without width or meaning: joiners, marks of direction, fillers, soft hyphens, byte order marks
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_SPACES: Final = re.compile(r"\s+")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63]")
_BRACKETS: Final = str.maketrans("〔【［｛〈《「『〕】］｝〉》」』", "((((((((" + "))))))))")

_AUTONOMOUS: Final = {"内蒙古": "", "广西": "壮族", "西藏": "", "宁夏": "回族", "新疆": "维吾尔"}
_CITIES: Final = ("北京", "天津", "上海", "重庆")
_PLAIN: Final = (
    "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南",
    "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾",
)  # fmt: skip
#: every way to write a province -> its official name
_PROVINCES: Final[dict[str, str]] = (
    {form: f"{name}省" for name in _PLAIN for form in (name, f"{name}省")}
    | {form: f"{name}市" for name in _CITIES for form in (name, f"{name}市")}
    | {
        form: f"{name}{people}自治区"
        for name, people in _AUTONOMOUS.items()
        for form in (name, f"{name}自治区", f"{name}{people}自治区", f"{name}区", f"{name}省")
    }
    | {form: f"{name}特别行政区" for name in ("香港", "澳门") for form in (name, f"{name}特别行政区", f"{name}特区")}
    | {"新疆生产建设兵团": "新疆生产建设兵团", "兵团": "新疆生产建设兵团"}
)
#: peoples that the names of autonomous counties list, the long ones first
_PEOPLES: Final = re.compile(
    "(?:蒙古族?|回族?|藏族?|维吾尔族?|苗族|彝族|壮族|布依族|朝鲜族?|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族?|傣族|黎族|傈僳族|"
    "佤族|畲族|高山族|拉祜族|水族|东乡族?|纳西族?|景颇族|柯尔克孜族?|土族|达斡尔族?|仫佬族|羌族|布朗族|撒拉族?|毛南族|"
    "仡佬族|锡伯族?|阿昌族|普米族|塔吉克族?|怒族|乌孜别克族|俄罗斯族|鄂温克族?|德昂族|保安族|裕固族|京族|塔塔尔族|独龙族|"
    "鄂伦春族?|赫哲族|门巴族|珞巴族|基诺族|各族)+$"
)
_COUNTY_SUFFIX: Final = ("自治县", "自治旗", "特区", "林区", "县", "市", "区", "旗")


@lru_cache(maxsize=1 << 16)
def canonical(name: str) -> str:
    """Return a name as names are compared."""
    if name.isascii():
        return _SPACES.sub("", name).casefold()
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name.translate(_BRACKETS))).translate(_BRACKETS)
    return _SPACES.sub("", _DASHES.sub("-", plain)).casefold()


def province(name: str) -> str:
    """Return the official name of a province of China, the name without outer spaces if it is none.

    Examples
    --------
    >>> province("贵州"), province("广西区"), province("Bavaria")
    ('贵州省', '广西壮族自治区', 'Bavaria')
    """
    found = _PROVINCES.get(name)
    return found if found is not None else _PROVINCES.get(canonical(name), visible(name).strip())


def is_province(name: str) -> bool:
    """Return whether a name is the official one of a province of China."""
    return _PROVINCES.get(name) == name


@lru_cache(maxsize=1 << 16)
def county_stem(name: str) -> str:
    """Return what a county is called without what kind of county it is; the canonical name if nothing is left.

    Examples
    --------
    >>> county_stem("关岭布依族苗族自治县"), county_stem("关岭县"), county_stem("六枝特区")
    ('关岭', '关岭', '六枝')
    """
    whole = canonical(name)
    for official in (name for name in _PROVINCES if len(name) > 2 and whole.startswith(name)):
        whole = whole.removeprefix(official) or whole
        break
    for suffix in _COUNTY_SUFFIX:
        if whole.endswith(suffix) and len(whole) > len(suffix):
            stem = whole.removesuffix(suffix)
            if suffix in ("自治县", "自治旗"):
                stem = _PEOPLES.sub("", stem) or stem
            return stem if len(stem) >= 2 else whole
    return whole


def visible(text: str) -> str:
    """Return text without characters that nobody can see."""
    return text if text.isascii() else _INVISIBLE.sub("", text)
