"""The figures: true to their numbers, the same bytes every time, readable, and nobody else's settings touched."""

import itertools
import json
import re
import subprocess
import sys
import threading
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import matplotlib.colors
import matplotlib.font_manager
import numpy as np
import pandas as pd
import pytest
from draws import few

from matcher.base.errors import InvalidInput, MissingExtra
from matcher.files import read_boundaries
from matcher.geo import geodesic_m, nearest, pair_m
from matcher.model import Instance
from matcher.plan import Plan
from matcher.show import draw_maps, figures, multiples, pairmap, picture
from matcher.show.picture import Ink, ink
from matcher.words.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]
SERIF = matplotlib.font_manager.findfont("DejaVu Serif")


def make_instance(num_counties=30, provinces=("甲省", "乙省"), names=True):
    rng = np.random.default_rng(5)

    def point(around=None, spread=1.5):
        centre = np.array([27.0, 111.0]) if around is None else around
        lat, lon = (centre + rng.uniform(-spread, spread, 2)).round(4)
        return {"lat": float(lat), "lon": float(lon)}

    counties, organizations, schools, branches = [], [], [], []
    for i in range(num_counties):
        province = provinces[i % len(provinces)]
        at = point()
        name = f"第{i}县" if names else f"county {i}"
        counties.append({"id": f"C{i:03d}", "name": name, "province": province, "children": 100 * (i + 1), **at})
        kind = ("university", "enterprise", "institution", None)[i % 4]
        organizations.append({"id": f"O{i:03d}", "name": f"org {i}", "kind": kind, "province": province, **point()})
        for j in range(4):
            near = point(np.array([at["lat"], at["lon"]]), 0.3)
            schools.append({"id": f"S{i:03d}{j}", "county_id": f"C{i:03d}", "children": 10 + j, **near})
            branches.append({"id": f"B{i:03d}{j}", "organization_id": f"O{i:03d}", **point()})
    return Instance(organizations=organizations, branches=branches, counties=counties, schools=schools)


def make_pairs(instance, *, left_out=1):
    known = instance.arrays
    county = pd.DataFrame({"county_id": known.counties.ids, "organization_id": known.organizations.ids})
    o, c = known.organizations, known.counties
    county["km"] = pair_m(o.lat, o.lon, c.lat, c.lon) / 1000
    take = np.array([int(name[-1]) >= left_out for name in known.schools.ids])
    b, s = known.branches, known.schools
    school = pd.DataFrame({"school_id": np.array(s.ids)[take], "branch_id": np.array(b.ids)[take]})
    school["km"] = pair_m(b.lat, b.lon, s.lat, s.lon)[take] / 1000
    return county, school


INSTANCE = make_instance()
COUNTY, SCHOOL = make_pairs(INSTANCE)


def every_figure(lang="zh", num_counties=8):
    instance = make_instance(num_counties)
    county, school = make_pairs(instance)
    return {
        "map": figures.draw_map(instance, county, school, lang=lang),
        "histogram": figures.draw_histogram(county, school, lang=lang),
        "coverage": figures.draw_coverage(instance, school, lang=lang),
    }


def words(drawn):
    return [text.get_text() for text in drawn.figure.findobj(matplotlib.text.Text) if text.get_text()]


# --- bytes and neighbours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "num_counties"), few(1, [("zh", 8), ("en", 8), ("zh", 30), ("en", 30)]))
def test_the_same_figure_has_the_same_bytes(lang, num_counties):
    one, two = every_figure(lang, num_counties), every_figure(lang, num_counties)
    for name in one:
        png, svg = one[name].png(), one[name].svg()
        assert png.startswith(b"\x89PNG")
        assert two[name].png() == png
        assert two[name].svg() == svg
    assert one["histogram"].svg() == two["histogram"].svg()  # drawn a second time


@pytest.mark.slow
def test_figures_drawn_in_threads_have_the_same_bytes():
    want = [drawn.png() for drawn in every_figure().values()]
    same = []

    def work():
        same.append(want == [drawn.png() for drawn in every_figure().values()])

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 2


def test_an_svg_is_well_formed_and_needs_nothing_from_elsewhere():
    for drawn in every_figure(num_counties=4).values():
        svg = drawn.svg().decode()
        root = ElementTree.fromstring(svg)
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        referred = re.findall(r'href="([^"]+)"', svg) + re.findall(r"url\(([^)]+)\)", svg)
        assert all(target.startswith(("#", "data:image/png;base64")) for target in referred)
        assert {target[1:] for target in referred if target.startswith("#")} <= set(ids)
        assert not re.search(r"<(text|script|image href=\"http)", svg)
        assert not re.search(r'id="\w*[0-9a-f]{10}"', svg)


def test_a_users_settings_and_pyplot_are_left_alone():
    code = (
        "import sys, matplotlib; before = dict(dict.items(matplotlib.rcParams))\n"
        "sys.path[:0] = ['.', 'tests', 'tests/show']\n"
        "import test_figures as t\n"
        "[d.png() for d in t.every_figure(num_counties=2).values()]\n"
        "t.every_figure(num_counties=2)['coverage'].svg()\n"
        "assert dict(dict.items(matplotlib.rcParams)) == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120, cwd=ROOT)


def test_saving_writes_what_the_suffix_says(tmp_path):
    drawn = figures.draw_histogram(COUNTY, SCHOOL)
    assert drawn.save(tmp_path / "a.png").read_bytes() == drawn.png()
    assert drawn.save(str(tmp_path / "b.SVG")).read_bytes() == drawn.svg()
    with pytest.raises(InvalidInput, match="figure_format"):
        drawn.save(tmp_path / "c.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.SVG"]
    assert drawn._repr_png_().startswith(b"\x89PNG")


# --- fonts ----------------------------------------------------------------------------------------------------------


def entry(name, fname, weight=400, style="normal"):
    return SimpleNamespace(name=name, fname=fname, weight=weight, style=style)


def test_the_best_installed_font_is_taken_unless_thin_slanted_gone_or_without_chinese(tmp_path):
    chinese = picture.packaged_font()
    good = entry("SimHei", chinese)
    worse = [
        entry("Microsoft YaHei", chinese, weight=100),
        entry("Microsoft YaHei", chinese, weight="bold"),
        entry("PingFang SC", chinese, style="italic"),
        entry("Noto Sans CJK SC", str(tmp_path / "gone.otf")),
        entry("Noto Sans SC", SERIF),
        entry("DejaVu Sans", chinese),
    ]
    assert picture.installed_family([*worse, good]) == "SimHei"
    assert picture.installed_family([good, entry("WenQuanYi Micro Hei", chinese, weight="normal")]) != "SimHei"
    assert picture.installed_family(worse) is None


def test_the_packaged_font_has_the_characters_of_the_catalogue_and_of_chinese_counties():
    from matplotlib.font_manager import get_font

    charmap = get_font(picture.packaged_font()).get_charmap()
    written = "".join(zh for key, (_, zh) in catalogue().items() if key.startswith("figures."))
    assert all(ord(character) in charmap for character in written + "溆浦浉河鄠邑儋州婺源歙县亳州泸溪犍为")


def test_without_any_font_one_warning_english_and_ids(monkeypatch):
    monkeypatch.setattr(picture, "installed_family", lambda entries: None)
    monkeypatch.setattr(picture, "packaged_font", lambda: None)
    with pytest.warns(UserWarning, match="no font|未找到中文字体") as caught:
        drawn = figures.draw_map(INSTANCE, COUNTY, SCHOOL, lang="zh")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    drawn.png()
    assert all(word.isascii() for word in "".join(words(drawn)).replace("°", "").replace("·", "").split())
    assert "C029" in words(drawn)
    assert "Who is paired with whom" in words(drawn)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = make_instance(provinces=("A", "B"), names=False)
        assert "county 29" in words(figures.draw_map(plain, *make_pairs(plain), lang="en"))


def test_an_installed_family_is_drawn_by_name(monkeypatch):
    monkeypatch.setattr(picture, "installed_family", lambda entries: "DejaVu Serif")
    pen = ink("en")
    assert pen.family == "DejaVu Serif"
    drawn = figures.draw_histogram(COUNTY, SCHOOL)
    assert {text.get_fontfamily()[0] for text in drawn.figure.findobj(matplotlib.text.Text) if text.get_text()} == {
        "DejaVu Serif"
    }
    drawn.png()


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.font_manager", None)
    with pytest.raises(MissingExtra, match="figures"):
        ink("en")


# --- what is drawn --------------------------------------------------------------------------------------------------


def test_every_pair_and_point_is_on_the_map():
    from matplotlib.collections import LineCollection, PathCollection

    drawn = figures.draw_map(INSTANCE, COUNTY, SCHOOL, lang="zh")
    axes = drawn.figure.axes[0]
    lines = [len(c.get_segments()) for c in axes.collections if isinstance(c, LineCollection)]
    assert sorted(lines) == sorted([len(COUNTY), len(SCHOOL)])
    points = sum(len(c.get_offsets()) for c in axes.collections if isinstance(c, PathCollection))
    num_schools, num_counties = len(INSTANCE.schools), len(INSTANCE.counties)
    assert points == num_schools + num_counties + SCHOOL["branch_id"].nunique() + COUNTY["organization_id"].nunique()
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    for collection in axes.collections:
        if isinstance(collection, PathCollection):
            x, y = collection.get_offsets().T
            assert ((x > x0) & (x < x1) & (y > y0) & (y < y1)).all()
    assert "区县结对 30 对，距离中位数 {:.0f} 公里".format(COUNTY["km"].median()) in " ".join(words(drawn))


def test_labels_name_every_county_and_never_overlap():
    drawn = figures.draw_map(INSTANCE, COUNTY, SCHOOL, lang="zh")
    renderer = drawn.figure.canvas.get_renderer()
    labels = [text for text in drawn.figure.axes[0].texts if text.get_zorder() == 30]
    names = [label.get_text() for label in labels]
    assert {county.name for county in INSTANCE.counties} <= set(names)  # every county, and organisations with them
    assert {organization.name for organization in INSTANCE.organizations} & set(names)
    boxes = [label.get_window_extent(renderer) for label in labels]
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)


def test_the_projection_keeps_areas_and_its_scale():
    rng = np.random.default_rng(6)
    points = np.stack([rng.uniform(18, 53, 400), rng.uniform(74, 134, 400)], axis=1)
    project, _ = pairmap.projection(points)
    here = points[:200]
    d = 0.01
    east, north = (project(here + np.array(step)) - project(here) for step in ((0, d), (d, 0)))
    area = np.abs(east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0])
    want = (6371.0088 * np.radians(d)) ** 2 * np.cos(np.radians(here[:, 0] + d / 2))
    assert np.allclose(area, want, rtol=1e-4)
    ends = points[200:]
    idx, _ = nearest(ends, ends, 3)
    flat = np.hypot(*(project(ends[idx[:, 2]]) - project(ends)).T)
    assert np.allclose(flat * 1000, geodesic_m(*ends[idx[:, 2]].T, *ends.T), rtol=0.12)
    for odd in ([[0.0, 100.0], [0.0, 101.0]], [[-5.0, 10.0], [5.0, 20.0]], [[-45.0, 170.0], [-40.0, 175.0]], [[1, 2]]):
        project, frame = pairmap.projection(np.array(odd, dtype=float))
        assert np.isfinite(project(np.array(odd, dtype=float))).all()
        assert frame[0] < frame[1]
        assert frame[2] < frame[3]


@pytest.mark.parametrize(("county", "school"), [(0, 0), (1, 0), (1, 1), (0, 5)])
def test_few_pairs_or_none_are_drawn_all_the_same(county, school):
    instance = make_instance(8)
    few_county, few_school = (
        pairs.iloc[:most] for pairs, most in zip(make_pairs(instance), (county, school), strict=True)
    )
    for drawn in (
        figures.draw_map(instance, few_county, few_school, title="A title"),
        figures.draw_histogram(few_county, few_school),
        figures.draw_coverage(instance, few_school),
    ):
        assert drawn.png().startswith(b"\x89PNG")


def test_an_empty_instance_says_that_there_are_no_pairs():
    nothing = Instance()
    none_county, none_school = COUNTY.iloc[:0], SCHOOL.iloc[:0]
    assert "no pairs" in words(figures.draw_map(nothing, none_county, none_school))
    assert "no pairs" in words(figures.draw_coverage(nothing, none_school))


def test_one_county_alone_has_a_map():
    alone = make_instance(1)
    assert figures.draw_map(alone, *make_pairs(alone)).png().startswith(b"\x89PNG")


def test_the_bars_of_the_histogram_count_every_pair_once():
    drawn = figures.draw_histogram(COUNTY, SCHOOL)
    counted = [sum(bar.get_height() for bar in axes.patches) for axes in drawn.figure.axes]
    assert counted == [len(COUNTY), len(SCHOOL)]
    assert f"median {COUNTY['km'].median():.0f} km" in words(drawn)
    same = figures.km_histogram({"all at 0": np.zeros(7), "one": np.array([123.456])}, ink=Ink("en"))
    assert [sum(bar.get_height() for bar in axes.patches) for axes in same.figure.axes] == [7, 1]


@pytest.mark.parametrize(("provinces", "bars"), [(("甲省", "乙省"), 2), (("甲省",), 30)])
def test_the_coverage_bars_are_the_children_reached(provinces, bars):
    instance = make_instance(provinces=provinces)
    _, school = make_pairs(instance, left_out=2)
    drawn = figures.draw_coverage(instance, school, lang="zh")
    widths = [bar.get_width() for bar in drawn.figure.axes[0].patches]
    assert len(widths) == 2 * bars
    assert sum(widths[:bars]) == 30 * (10 + 11 + 12 + 13)
    assert sum(widths[bars:]) == 30 * (12 + 13)
    assert any("54.3 %" in word for word in words(drawn))


def test_a_share_is_never_rounded_up_and_the_rest_is_one_line():
    names = [f"n{i}" for i in range(70)]
    total, covered = np.full(70, 100_000), np.full(70, 99_999)
    drawn = figures.coverage_bars(names, covered, total, ink=Ink("en"))
    assert "100.0 %" not in words(drawn)
    assert "11 others" in words(drawn)
    assert words(drawn).count("99.9 %") == 60
    assert figures._share(0, 0) == "–"
    assert figures._share(3, 3) == "100.0 %"


def test_schools_of_an_unknown_province_are_counted_apart():
    counties = [
        {"id": "C1", "province": "A", "lat": 26.0, "lon": 106.0},
        {"id": "C2", "province": "B", "lat": 26.5, "lon": 106.0},
        {"id": "C3", "lat": 27.0, "lon": 106.0},
    ]
    schools = [{"id": f"S{i}", "county_id": f"C{i}", "children": 10 * i} for i in (1, 2, 3)]
    drawn = figures.draw_coverage(Instance(counties=counties, schools=schools), SCHOOL.iloc[:0])
    assert "unknown" in words(drawn)
    assert sorted(bar.get_width() for bar in drawn.figure.axes[0].patches) == [0, 0, 0, 10, 20, 30]


def test_every_text_of_the_figures_is_used():
    source = "".join(
        Path(module.__file__).read_text(encoding="utf-8") for module in (figures, pairmap, picture, multiples)
    )
    dynamic = {"county_pairs", "school_pairs", *pairmap._MARKS}
    for key in catalogue():
        room, _, name = key.partition(".")
        if room == "figures":
            assert name in dynamic or f'"{name}"' in source or f'"figures.{name}"' in source, key


@pytest.mark.parametrize(
    ("value", "want"), [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (5.1, 10.0), (199.0, 200.0), (0.03, 0.05)]
)
def test_round_up(value, want):
    assert picture.round_up(value) == pytest.approx(want)


# --- boundaries, and maps in small ------------------------------------------------------------------------------------

SQUARE = {"type": "Polygon", "coordinates": [[[110, 26], [112, 26], [112, 28], [110, 28], [110, 26]]]}


def test_boundaries_are_drawn_below_the_pairs():
    from matplotlib.collections import LineCollection

    outlines = read_boundaries({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": SQUARE}]})
    drawn = figures.draw_map(INSTANCE, COUNTY, SCHOOL, outlines=outlines)
    lines = [c for c in drawn.figure.axes[0].collections if isinstance(c, LineCollection)]
    assert sorted(len(line.get_segments()) for line in lines) == sorted([1, len(COUNTY), len(SCHOOL)])
    assert min(lines, key=lambda line: line.get_zorder()).get_segments()[0].shape == (5, 2)
    plain = figures.draw_map(INSTANCE, COUNTY, SCHOOL)
    assert plain.figure.axes[0].get_xlim() == drawn.figure.axes[0].get_xlim()


@pytest.mark.parametrize("wrap", ["file", "mapping", "interface", "collection"])
def test_boundaries_are_read_from_wherever_they_are(tmp_path, wrap):
    found = {
        "type": "GeometryCollection",
        "geometries": [SQUARE, {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}],
    }
    (tmp_path / "b.geojson").write_text(json.dumps(found), encoding="utf-8")
    source = {
        "file": tmp_path / "b.geojson",
        "mapping": found,
        "interface": type("Frame", (), {"__geo_interface__": found})(),
        "collection": {"type": "FeatureCollection", "features": [{"geometry": each} for each in found["geometries"]]},
    }[wrap]
    rings = read_boundaries(source).rings
    assert [ring.tolist() for ring in rings] == [
        [[26, 110], [26, 112], [28, 112], [28, 110], [26, 110]], [[2, 1], [4, 3]],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        {}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": 3}, {"type": "Polygon", "coordinates": [[3]]},
        {"type": "LineString", "coordinates": [[1, 2], ["a", "b"]]}, {"type": "Point", "coordinates": [1, 2]},
        {"type": "LineString", "coordinates": [[500000, 3000000], [500001, 3000001]]},
        {"type": "LineString", "coordinates": [[float("nan"), 2], [1, 2]]},
        {"type": "FeatureCollection", "features": [None, 3, {"geometry": None}]},
    ],
)  # fmt: skip
def test_what_is_no_boundary_is_a_fault(source):
    with pytest.raises(InvalidInput, match="not_geojson"):
        read_boundaries(source)


@pytest.mark.parametrize("grouped", ["code", "column", "province"])
def test_maps_in_small_name_every_county_and_its_organization(grouped):
    records = [county.model_dump() for county in INSTANCE.counties]
    if grouped == "code":
        records = [row | {"id": f"43{i % 3:02d}{i:02d}"} for i, row in enumerate(records)]
    if grouped == "column":
        records = [row | {"extras": {"地市": f"{'甲乙丙'[i % 3]}市"}} for i, row in enumerate(records)]
    order = [row["id"] for row in records]
    of = dict(zip([county.id for county in INSTANCE.counties], order, strict=True))
    schools = [school.model_dump() | {"county_id": of[school.county_id]} for school in INSTANCE.schools]
    instance = Instance(
        organizations=INSTANCE.organizations, branches=INSTANCE.branches, counties=records, schools=schools
    )
    pairs = [(f"O{i:03d}", order[i]) for i in range(len(order))]
    plan = Plan.from_pairs(instance, county_pairs=pairs)
    (page,) = draw_maps(plan, lang="zh", boundaries=read_boundaries(SQUARE))
    panels = page.figure.axes
    wanted = {"code": 6, "column": 6, "province": 2}[grouped]  # three groups in each of two provinces
    assert len(panels) == wanted
    renderer, written = page.figure.canvas.get_renderer(), []
    for panel in panels:
        labels = [each for each in panel.texts if each.get_zorder() == 30]
        boxes = [label.get_window_extent(renderer) for label in labels]
        assert all(box.count_overlaps(boxes) == 1 for box in boxes)
        written += [label.get_text() for label in labels]
    assert sorted(written) == sorted(f"第{i}县\norg {i}" for i in range(len(order)))


def test_the_colours_of_far_and_near_survive_grey_print():
    """Each shade of the scale is darker than the one before."""
    grey = [np.dot(matplotlib.colors.to_rgb(shade), (0.299, 0.587, 0.114)) for shade in picture.SCALE]
    assert all(one - other > 0.03 for one, other in itertools.pairwise(grey))


def test_a_name_that_the_font_has_not_is_an_id_on_a_map():
    """Arabic and Hebrew are not in the packaged Chinese font: no boxes, and no warning."""
    path = picture.packaged_font()
    if path is None:
        pytest.skip("no packaged font")
    pen = Ink("zh", path=path)
    assert pen.label("مرحبا", "C1") == "C1"
    assert pen.label("六枝\u2028特区", "C2") == "C2"
    assert pen.label("六枝特区", "C3") == "六枝特区"
    assert Ink("en").label("六枝特区", "C3") == "C3"
