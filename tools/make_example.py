"""Write the embedded example: one province, Hunan, as the tables of the contract.

    python tools/make_example.py [FOLDER]        (default: matcher/data/example)

Facts, from general knowledge: names and six-digit codes of counties, names of universities and enterprises with the
national five-digit code where one is given, and their rough places (two decimals, a few kilometres). Everything else is
synthetic: branches, schools, children, volunteers, skills, needs, capacities and last year's pairs. Every draw is a
hash of a seed and of what is drawn, so a row does not change when another is added, and no random generator's version
matters.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import sys
from pathlib import Path

from matcher.geo import pair_m

SEED = "hunan-1"
PROVINCE = "湖南省"
FOLDER = Path(__file__).resolve().parent.parent / "matcher" / "data" / "example"
SUBJECTS = ("课业辅导", "心理辅导", "体育", "艺术", "科普", "安全自护")
FACULTIES = ("文学院", "理学院", "外国语学院", "教育学院", "信息学院", "经济管理学院", "艺术学院", "体育学院")

# code, name, lat, lon
COUNTIES = """
430224 茶陵县 26.78 113.54
430225 炎陵县 26.49 113.77
430421 衡阳县 26.97 112.37
430426 祁东县 26.80 112.09
430482 常宁市 26.42 112.40
430522 新邵县 27.32 111.46
430523 邵阳县 26.99 111.27
430524 隆回县 27.11 111.03
430525 洞口县 27.06 110.58
430527 绥宁县 26.58 110.16
430528 新宁县 26.43 110.86
430529 城步苗族自治县 26.39 110.32
430581 武冈市 26.73 110.63
430582 邵东市 27.26 111.74
430626 平江县 28.70 113.58
430726 石门县 29.58 111.38
430802 永定区 29.13 110.48
430821 慈利县 29.43 111.14
430822 桑植县 29.41 110.16
430923 安化县 28.37 111.21
431022 宜章县 25.40 112.95
431026 汝城县 25.53 113.69
431027 桂东县 26.08 113.94
431028 安仁县 26.71 113.27
431122 东安县 26.40 111.32
431123 双牌县 25.96 111.66
431124 道县 25.53 111.60
431125 江永县 25.27 111.34
431126 宁远县 25.57 111.95
431127 蓝山县 25.37 112.20
431128 新田县 25.90 112.20
431129 江华瑶族自治县 25.19 111.58
431181 祁阳市 26.58 111.84
431222 沅陵县 28.45 110.39
431223 辰溪县 28.01 110.18
431224 溆浦县 27.91 110.59
431225 会同县 26.89 109.74
431226 麻阳苗族自治县 27.87 109.82
431227 新晃侗族自治县 27.35 109.17
431228 芷江侗族自治县 27.44 109.68
431229 靖州苗族侗族自治县 26.58 109.70
431230 通道侗族自治县 26.16 109.78
431281 洪江市 27.20 109.84
431321 双峰县 27.46 112.19
431322 新化县 27.73 111.33
431382 涟源市 27.69 111.66
433101 吉首市 28.26 109.70
433122 泸溪县 28.22 110.22
433123 凤凰县 27.95 109.60
433124 花垣县 28.57 109.48
433125 保靖县 28.70 109.66
433126 古丈县 28.62 109.95
433127 永顺县 29.00 109.85
433130 龙山县 29.46 109.44
"""

# id, name, lat, lon, and where a second site stands, if any: most of its branches are there
UNIVERSITIES = """
10530 湘潭大学 27.89 112.86
10531 吉首大学 28.29 109.72 29.14 110.46
10532 湖南大学 28.18 112.94
10533 中南大学 28.17 112.93
10534 湖南科技大学 27.91 112.91
10536 长沙理工大学 28.07 113.01
10537 湖南农业大学 28.18 113.08
10538 中南林业科技大学 28.13 112.99
10541 湖南中医药大学 28.13 112.90
10542 湖南师范大学 28.19 112.94
10543 湖南理工学院 29.35 113.13
10545 湘南学院 25.79 113.09
10546 衡阳师范学院 26.88 112.68
10547 邵阳学院 27.20 111.44
10548 怀化学院 27.57 110.02
10549 湖南文理学院 29.05 111.67
10551 湖南科技学院 26.44 111.60
10553 湖南人文科技学院 27.71 112.00
10554 湖南工商大学 28.22 112.91
10555 南华大学 26.90 112.58
10823 长沙医学院 28.30 112.87
11077 长沙学院 28.25 113.02
11342 湖南工程学院 27.85 112.93
11527 湖南城市学院 28.55 112.38
11528 湖南工学院 26.88 112.68
11532 湖南财政经济学院 28.21 112.92
11534 湖南警察学院 28.23 113.12
11535 湖南工业大学 27.82 113.10
11538 湖南女子学院 28.12 113.00
12034 湖南第一师范学院 28.20 112.86
12214 湖南医药学院 27.54 110.00
12303 湖南涉外经济学院 28.21 112.87
13806 长沙师范学院 28.26 113.08
13809 湖南应用技术学院 28.99 111.69
13836 湖南信息学院 28.32 113.08
13924 湖南交通工程学院 26.92 112.50
ZY01 湘西民族职业技术学院 28.23 109.68
ZY02 张家界航空工业职业技术学院 29.15 110.45
ZY03 怀化职业技术学院 27.54 109.93
ZY04 邵阳职业技术学院 27.19 111.42
ZY05 永州职业技术学院 26.27 111.62
ZY06 郴州职业技术学院 25.78 113.09
ZY07 娄底职业技术学院 27.74 112.02
ZY08 益阳职业技术学院 28.69 112.24
ZY09 常德职业技术学院 29.04 111.64
ZY10 岳阳职业技术学院 29.29 113.14
ZY11 湘中幼儿师范高等专科学校 27.16 111.41
ZY12 湖南环境生物职业技术学院 27.00 112.61
ZY13 湖南铁道职业技术学院 27.88 113.12
ZY14 长沙民政职业技术学院 28.14 113.01
"""
ENTERPRISES = """
QY01 湖南钢铁集团 28.10 112.98 27.75 111.96
QY02 五凌电力 28.10 112.99 28.77 110.93
QY03 三一集团 28.24 113.08
QY04 中联重科 28.22 112.88
QY05 中车株洲电力机车 27.86 113.12
QY06 酒鬼酒 28.24 109.70
QY07 步步高集团 27.85 112.92
QY08 特变电工衡阳变压器 26.88 112.57
QY09 柿竹园有色金属 25.76 113.15
"""
INSTITUTIONS = """
SY01 湖南博物院 28.21 112.99
SY02 湖南省人民医院 28.19 112.98
"""
#: left without a pair last year, so that what deciding both levels together gains shows in the plan
OPEN_COUNTIES = {"430802", "430822", "431222", "431321", "431382", "433101"}
OPEN_ORGANIZATIONS = {"10531", "QY01", "QY02", "ZY01", "ZY02"}


def draw(*key: object) -> float:
    """Return a number in [0, 1) that depends on the seed and `key` alone."""
    digest = hashlib.sha256(":".join(map(str, (SEED, *key))).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def between(low: int, high: int, *key: object) -> int:
    """Return a whole number from low to high, both included."""
    return low + int(draw(*key) * (high - low + 1))


def near(lat: float, lon: float, most_km: float, *key: object) -> tuple[float, float]:
    """Return a point within `most_km` of another, denser near it, to four decimals."""
    turn, reach = 2 * math.pi * draw(*key, "turn"), most_km * draw(*key, "reach") ** 0.8
    return round(lat + reach * math.sin(turn) / 111.2, 4), round(lon + reach * math.cos(turn) / 98.5, 4)


def subjects(most: int, *key: object) -> str:
    """Return up to `most` different subjects, as `a;b`."""
    ranked = sorted(SUBJECTS, key=lambda subject: draw(*key, subject))
    return ";".join(sorted(ranked[: between(1, most, *key, "many")]))


def facts(text: str) -> list[tuple[str, str, list[float]]]:
    """Return (id, name, coordinates) of every line."""
    rows = (line.split() for line in text.strip().splitlines())
    return [(row[0], row[1], [float(number) for number in row[2:]]) for row in rows]


def organizations_and_branches() -> tuple[list[dict], list[dict]]:
    """Return both tables; some branches have no coordinates and so stand at their organisation."""
    organizations, branches = [], []
    kinds = {"university": UNIVERSITIES, "enterprise": ENTERPRISES, "institution": INSTITUTIONS}
    for kind, text in kinds.items():
        for org, name, (lat, lon, *second) in facts(text):
            row = {
                "id": org,
                "name": name,
                "kind": kind,
                "province": PROVINCE,
                "lat": f"{lat:.2f}",
                "lon": f"{lon:.2f}",
            }
            organizations.append({**row, "capacity": 1, "source": "fact"})
            units = sorted(FACULTIES, key=lambda unit: draw(org, unit))
            num_branches = 5 if second else between(2, 5, org, "branches")
            for number in range(num_branches):
                label = f"{units[number]}团委" if kind == "university" else f"第{number + 1}团支部"
                at = tuple(second) if second and number >= 1 else (lat, lon)
                place = near(*at, 3.0, org, number)
                blank = not second and draw(org, number, "blank") < 0.12
                branches.append(
                    {
                        "id": f"B{len(branches) + 1:03d}",
                        "name": f"{name}{label}（合成）",
                        "organization_id": org,
                        "lat": "" if blank else f"{place[0]:.4f}",
                        "lon": "" if blank else f"{place[1]:.4f}",
                        "capacity": between(1, 3, org, number, "capacity"),
                        "volunteers": between(15, 60, org, number, "volunteers"),
                        "skills": subjects(3, org, number),
                        "source": "synthetic",
                    }
                )
    return organizations, branches


def counties_and_schools() -> tuple[list[dict], list[dict]]:
    """Return both tables; some schools have no coordinates and so stand at their county's seat."""
    counties, schools = [], []
    numerals = "一二三四五六七八九"
    for code, name, (lat, lon) in facts(COUNTIES):
        children = 0
        num_schools = between(5, 8, code, "schools")
        for number in range(num_schools):
            middle = number % 3 == 2
            label = f"第{numerals[number // 3]}中学" if middle else f"第{numerals[number - (number + 1) // 3]}小学"
            place = near(lat, lon, 32.0, code, number)
            blank = draw(code, number, "blank") < 0.06
            here = 20 + int(380 * draw(code, number, "children") ** 2.5)
            children += here
            schools.append(
                {
                    "id": f"S{len(schools) + 1:03d}",
                    "name": f"{name}{label}（合成）",
                    "county_id": code,
                    "lat": "" if blank else f"{place[0]:.4f}",
                    "lon": "" if blank else f"{place[1]:.4f}",
                    "children": here,
                    "demand": 1,
                    "needs": subjects(2, code, number),
                    "source": "synthetic",
                }
            )
        row = {"id": code, "name": name, "province": PROVINCE, "lat": f"{lat:.2f}", "lon": f"{lon:.2f}"}
        rest = int(children * (1 + 2 * draw(code, "rest")))
        counties.append({**row, "children": children + rest, "demand": 1, "source": "fact"})
    return counties, schools


def last_year(
    organizations: list[dict], branches: list[dict], counties: list[dict], schools: list[dict]
) -> list[dict[str, object]]:
    """Return last year's pairs: about half of the counties, with a near but not the best organisation each.

    One county's organisation has left the programme since: a pair that ends by force.
    """
    by_id = {row["id"]: row for row in organizations + counties}

    def metres(one: dict, other: dict, parent_one: str, parent_other: str) -> int:
        p = one if one["lat"] else by_id[one[parent_one]]
        q = other if other["lat"] else by_id[other[parent_other]]
        return int(pair_m(float(p["lat"]), float(p["lon"]), float(q["lat"]), float(q["lon"])))

    old_counties = [c for c in counties if c["id"] not in OPEN_COUNTIES and draw(c["id"], "old") < 0.6]
    choices = sorted(
        (int(metres(o, c, "", "") * (1 + draw(o["id"], c["id"], "luck"))), o["id"], c["id"])
        for o in organizations
        if o["id"] not in OPEN_ORGANIZATIONS
        for c in old_counties
    )
    partner: dict[str, str] = {}
    for _, org, county in choices:
        if county not in partner and org not in partner.values():
            partner[county] = org
    gone = min(partner, key=lambda county: draw(county, "gone"))
    pairs: list[dict[str, object]] = []
    for county in sorted(partner):
        since = between(2018, 2024, county, "since")
        org = "ZY99" if county == gone else partner[county]
        pairs.append({"level": "county", "provider_id": org, "recipient_id": county, "since": since})
        ours = [b for b in branches if b["organization_id"] == partner[county]]
        theirs = [s for s in schools if s["county_id"] == county and draw(s["id"], "old") < 0.75]
        free = {b["id"]: b["capacity"] for b in ours}
        served: set[str] = set()
        for _, branch, school in sorted(
            (metres(b, s, "organization_id", "county_id"), b["id"], s["id"]) for b in ours for s in theirs
        ):
            if free[branch] and school not in served:
                free[branch] -= 1
                served.add(school)
                provider = f"ZY99-{branch}" if county == gone else branch
                year = max(since, between(2018, 2024, school, "since"))
                pairs.append({"level": "school", "provider_id": provider, "recipient_id": school, "since": year})
    return sorted(pairs, key=lambda pair: (pair["level"], pair["recipient_id"], pair["provider_id"]))


def tables() -> dict[str, str]:
    """Return the text of every table, by file name."""
    organizations, branches = organizations_and_branches()
    counties, schools = counties_and_schools()
    previous = last_year(organizations, branches, counties, schools)
    every = {
        "organizations": organizations,
        "branches": branches,
        "counties": counties,
        "schools": schools,
        "previous": previous,
    }
    files = {}
    for name, rows in every.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files[f"{name}.csv"] = text.getvalue()
    return files


def main(folder: Path = FOLDER) -> None:
    """Write the tables into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
