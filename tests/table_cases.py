"""The corpus of bad inputs: what planners' tables have wrong with them."""

from __future__ import annotations

from typing import Any

from table_corpus import (
    GOOD,
    LOCKS,
    PREFERENCES,
    PREVIOUS,
    SUCCESSORS,
    TRAVEL,
    Case,
    Place,
    Rows,
    cell,
    folder,
    tables,
)


def one(table: str, row: int, column: str, value: Any, code: str, *more: Place) -> Case:
    """Make a case of one bad cell in a CSV file."""
    build = folder(cell(table, row, column, value))
    return Case(f"{table}-{column}-{str(value)[:20]}", build, ((table, row, column, code), *more))


def mended(table: str, row: int, column: str, value: Any, code: str, *more: str) -> Case:
    """Make a case of one cell in a CSV file that has one meaning."""
    build = folder(cell(table, row, column, value))
    return Case(f"{table}-{column}-{str(value)[:20]}", build, notices=(*more, f"mended_{code}"))


def changed(table: str, row: int, column: str, value: Any, rows: Rows) -> Rows:
    return cell(table, row, column, value, rows)[table]


CELLS = [
    one("schools", 2, "lat", "nan", "not_finite"),
    one("schools", 2, "lat", "inf", "not_finite"),
    one("schools", 3, "lon", "-Infinity", "not_finite"),
    one("counties", 2, "lat", "1e999", "not_finite"),
    mended("counties", 2, "lat", "26°12′00″N", "degrees"),
    mended("counties", 3, "lon", "东经104°54'", "degrees"),
    one("counties", 3, "lon", "东经104°74'", "not_a_number"),
    one("organizations", 2, "lat", "约26.6", "not_a_number"),
    one("organizations", 2, "lat", "26,6".replace(",", "，"), "not_a_number"),
    one("organizations", 2, "lat", "2_6.6", "not_a_number"),
    one("organizations", 2, "lat", "0x1A", "not_a_number"),
    one("organizations", 2, "lat", "", "missing_value"),
    one("organizations", 3, "lon", "181", "out_of_range"),
    one("counties", 2, "lon", "-180.5", "out_of_range"),
    one("counties", 2, "lat", "-181", "out_of_range"),
    one("organizations", 2, "capacity", "2.5", "not_whole"),
    one("organizations", 2, "capacity", "-1", "negative"),
    one("organizations", 2, "capacity", "很多", "not_a_number"),
    one("organizations", 2, "capacity", "3..1", "minimum_above_maximum"),
    one("organizations", 2, "capacity", "99999999999", "out_of_range"),
    one("branches", 2, "volunteers", "-5", "negative"),
    mended("branches", 2, "volunteers", "20人", "number"),
    one("branches", 2, "volunteers", "20余人", "not_a_number"),
    one("branches", 2, "volunteers", "20个月", "not_a_number"),
    one("branches", 2, "volunteers", "1e3.5", "not_a_number"),
    one("schools", 2, "children", "-1", "negative"),
    one("schools", 2, "children", "", "missing_value"),
    one("schools", 2, "children", "12.5", "not_whole"),
    one("schools", 2, "children", "1" * 5000, "not_a_number"),
    one("schools", 2, "children", "²", "not_a_number"),
    one("counties", 2, "children", "TRUE", "not_a_number"),
    one("organizations", 2, "kind", "学校", "not_a_choice"),
    one("schools", 2, "lat", "", "half_coordinates"),
    one("schools", 2, "id", "", "missing_value"),
    one("schools", 3, "id", "S01", "repeated_id"),
    one("schools", 2, "id", "1.23457E+17", "digits_lost"),
    one("schools", 2, "id", "S\x0001", "control_character"),
    one("schools", 2, "id", "S\u200b01", "control_character"),
    one("schools", 2, "name", "一\x07中", "control_character"),
    one("schools", 2, "name", "#REF!", "excel_error"),
    one("schools", 2, "name", "x" * 40_000, "too_long"),
    one("schools", 2, "county_id", "520999", "unknown_id"),
    one("schools", 2, "county_id", "", "missing_value"),
    mended("schools", 2, "county_id", "六枝", "county_name", "names_for_ids"),
    one("schools", 2, "county_id", "五枝", "unknown_id"),
    one("branches", 2, "organization_id", "U1", "unknown_id"),
    one("organizations", 2, "lat", "106.7", "out_of_range"),
]

SWAPPED = cell("schools", 2, "lat", "105.51")["schools"]
SWAPPED[1][SWAPPED[0].index("lon")] = "26.21"
URUMQI = changed("organizations", 2, "lat", "87.6", GOOD["organizations"])
URUMQI[1][URUMQI[0].index("lon")] = "43.8"
PARIS = changed("schools", 2, "lat", "48.86", GOOD["schools"])
PARIS[1][PARIS[0].index("lon")] = "2.35"
ZEROS = [row if at == 0 else [row[0].replace("B", "00"), *row[1:]] for at, row in enumerate(GOOD["branches"])]
SAME_NAMES = changed("counties", 3, "name", "六枝特区", GOOD["counties"])
NO_CHILDREN = [[*row[:5], *row[6:]] for row in GOOD["schools"]]
WITH_PROVINCE = [[*row, ("province", "四川省", "贵州省")[at]] for at, row in enumerate(GOOD["schools"])]
WITH_DATUM = [[*row, ("坐标系", "WGS84", "GCJ-02")[at]] for at, row in enumerate(GOOD["schools"])]
TWO_LATS = [[*row, ("纬度", "26.2", "26.5")[at]] for at, row in enumerate(GOOD["schools"])]
RENAMED = [
    ["id", "name", "county_id", "latitute", "lon", *row[5:]] if at == 0 else row
    for at, row in enumerate(GOOD["schools"])
]
STRANGERS = [*PREVIOUS, *(["county", "U01", f"X{number}", "2016"] for number in range(3))]
FEW_STRANGERS = [*PREVIOUS, *([["school", f"B0{1 + n % 2}", f"S0{1 + n // 2}", "2016"] for n in range(4)])]
FEW_STRANGERS += [["county", "U09", "520203", ""]]
GAPS = [*PREFERENCES, ["county", "recipient", "520203", "U02", "3"]]
BOTH_LOCKS = [*LOCKS, ["county", "U01", "520203", "forbid", "y"]]
CYCLE = [*SUCCESSORS, ["counties", "520204", "520221"]]
WIDE = [*GOOD["schools"][:2], [*GOOD["schools"][2], "了", "x"]]
HEADLESS = [[row[0], ("", "甲", "")[at], *row[1:]] for at, row in enumerate(GOOD["schools"])]
NAMED = changed("schools", 2, "county_id", "六枝特区", GOOD["schools"])

TABLES = [
    Case("swapped in one row", folder(tables(schools=SWAPPED)), notices=("mended_swapped",)),
    Case(
        "swapped where both are latitudes",
        folder(tables(organizations=URUMQI)),
        notices=("mended_swapped",),
    ),
    Case("far from the rest", folder(tables(schools=PARIS)), notices=("far_points", "far_from_county")),
    Case(
        "out of the declared region",
        folder(tables(schools=PARIS)),
        (("schools", 2, "lat", "out_of_region"),),
        options={"region": "china"},
    ),
    Case(
        "outside a declared box",
        folder(tables()),
        (
            ("branches", 2, "lat", "out_of_region"),
            ("counties", 2, "lat", "out_of_region"),
            ("counties", 3, "lat", "out_of_region"),
            ("organizations", 2, "lat", "out_of_region"),
            ("organizations", 3, "lat", "out_of_region"),
            ("schools", 2, "lat", "out_of_region"),
            ("schools", 3, "lat", "out_of_region"),
        ),
        options={"region": (30.0, 40.0, 100.0, 110.0)},
    ),
    Case(
        "no region at all",
        folder(tables()),
        ((None, None, None, "bad_region"),),
        options={"region": (3.0, 1.0, 0.0, 9.0)},
    ),
    Case("an unknown datum", folder(tables()), ((None, None, None, "unknown_datum"),), options={"datum": "cgcs"}),
    Case("two datums in a column", folder(tables(schools=WITH_DATUM)), (("schools", 3, "坐标系", "two_datums"),)),
    Case(
        "a datum in the header",
        folder(tables(schools=[[{"lat": "lat_gcj02"}.get(v, v) for v in row] for row in GOOD["schools"]])),
        (("schools", None, "lat_gcj02", "two_datums"),),
    ),
    Case(
        "a school of another province",
        folder(tables(schools=WITH_PROVINCE)),
        (("schools", 2, "province", "other_province"),),
    ),
    Case(
        "ids that lost zeros",
        folder(tables(branches=ZEROS, previous=[]) | {"locks": [LOCKS[0], ["school", "1", "S01", "pin", ""]]}),
        (("locks", 2, "provider_id", "lost_zeros"),),
    ),
    Case(
        "last year's ids that lost zeros",
        folder(tables(branches=ZEROS) | {"previous": [PREVIOUS[0], ["school", "1", "S01", "2016"]]}),
        (("previous", 2, "provider_id", "lost_zeros"),),
    ),
    Case(
        "a name of two counties",
        folder(tables(counties=SAME_NAMES, schools=NAMED)),
        (("schools", 2, "county_id", "ambiguous_name"),),
    ),
    Case("a name for an id", folder(tables(schools=NAMED)), notices=("names_for_ids",)),
    Case("no children at all", folder(tables(schools=NO_CHILDREN)), notices=("assumed_children",)),
    Case(
        "two columns of one meaning", folder(tables(schools=TWO_LATS)), (("schools", None, "纬度", "repeated_column"),)
    ),
    Case(
        "the same header twice",
        folder(tables(schools=[[*row, row[1]] for row in GOOD["schools"]])),
        (("schools", None, "name", "repeated_column"),),
    ),
    Case(
        "a misspelt optional header",
        folder(tables(schools=RENAMED)),
        (("schools", 2, "lat", "half_coordinates"), ("schools", 3, "lat", "half_coordinates")),
    ),
    Case(
        "a misspelt needed header",
        folder(
            tables(
                counties=[
                    ["id", "name", "province", "latitute", *row[4:]] if at == 0 else row
                    for at, row in enumerate(GOOD["counties"])
                ]
            )
        ),
        (("counties", None, "lat", "missing_column"),),
    ),
    Case(
        "no ids",
        folder(tables(schools=[row[1:] for row in GOOD["schools"]])),
        notices=("made_ids",),
    ),
    Case(
        "an unknown column",
        folder(tables(schools=[[*row, f"x{at}"] for at, row in enumerate(GOOD["schools"])])),
        notices=("unknown_column",),
    ),
    Case("a column without header", folder(tables(schools=HEADLESS)), (("schools", 2, None, "missing_header"),)),
    Case("more cells than headers", folder(tables(schools=WIDE)), (("schools", 3, None, "too_many_cells"),)),
    Case("no counties", folder(tables(counties=[])), (("counties", None, None, "missing_table"),)),
    Case("no schools but branches", folder(tables(schools=[])), (("schools", None, None, "missing_table"),)),
    Case(
        "a misspelt file",
        folder(tables(schools=[]) | {"scools": GOOD["schools"]}),
        notices=("table_taken",),
    ),
    Case("neither schools nor branches", folder(tables(schools=[], branches=[])), notices=("no_school_level",)),
    Case(
        "two files of one table",
        folder(tables() | {"学校": GOOD["schools"]}),
        (("schools", None, None, "repeated_table"),),
    ),
    Case("an empty file", folder(tables(), schools=b""), (("schools", None, None, "empty_table"),)),
    Case("a file of blank lines", folder(tables(), schools=b"\n\n ,,\n"), (("schools", None, None, "empty_table"),)),
    Case(
        "previous with many strangers",
        folder(tables() | {"previous": STRANGERS}),
        (("previous", None, None, "previous_strangers"),),
    ),
    Case("previous with a stranger", folder(tables() | {"previous": FEW_STRANGERS}), notices=("previous_stranger",)),
    Case(
        "a year out of time",
        folder(tables() | {"previous": changed("x", 2, "since", "16", PREVIOUS)}),
        (("previous", 2, "since", "out_of_range"),),
    ),
    Case(
        "an unknown level",
        folder(tables() | {"previous": changed("x", 2, "level", "town", PREVIOUS)}),
        (("previous", 2, "level", "not_a_choice"),),
    ),
    Case("preferences with gaps", folder(tables() | {"preferences": GAPS}), notices=("preference_gaps",)),
    Case(
        "a rank of nought",
        folder(tables() | {"preferences": changed("x", 2, "rank", "0", PREFERENCES)}),
        (("preferences", 2, "rank", "out_of_range"),),
    ),
    Case(
        "a preference for nobody",
        folder(tables() | {"preferences": changed("x", 2, "choice_id", "U9", PREFERENCES)}),
        (("preferences", 2, "choice_id", "unknown_id"),),
    ),
    Case(
        "a side of its own",
        folder(tables() | {"preferences": changed("x", 2, "side", "middle", PREFERENCES)}),
        (("preferences", 2, "side", "not_a_choice"),),
    ),
    Case(
        "one preference twice",
        folder(tables() | {"preferences": [*PREFERENCES, PREFERENCES[1]]}),
        (("preferences", 3, "choice_id", "repeated_id"),),
    ),
    Case(
        "pinned and forbidden", folder(tables() | {"locks": BOTH_LOCKS}), (("locks", 3, "kind", "contradicting_locks"),)
    ),
    Case(
        "a lock of strangers",
        folder(tables() | {"locks": changed("x", 2, "provider_id", "U77", LOCKS)}),
        (("locks", 2, "provider_id", "unknown_id"),),
    ),
    Case(
        "no travel time",
        folder(tables() | {"travel_times": changed("x", 2, "minutes", "", TRAVEL)}),
        (("travel_times", 2, "minutes", "missing_value"),),
    ),
    Case(
        "a travel time below 0",
        folder(tables() | {"travel_times": changed("x", 2, "minutes", "-1", TRAVEL)}),
        (("travel_times", 2, "minutes", "negative"),),
    ),
    Case(
        "successors in a circle",
        folder(tables() | {"successors": CYCLE}),
        (("successors", 2, "old_id", "successor_cycle"), ("successors", 3, "old_id", "successor_cycle")),
    ),
    Case(
        "two successors of one",
        folder(tables() | {"successors": [*SUCCESSORS, ["counties", "520221", "520203"]]}),
        (("successors", 3, "new_id", "repeated_id"),),
    ),
]
