"""A programme's plan as a workbook, and the year after: what a plan left is known to the next one."""

import json
from xml.etree import ElementTree

import openpyxl
import pytest
from draws import few

from matcher import programmes
from matcher.cli import main
from matcher.programmes import BuddyPair, Order, plan_programme, programme_of, renewed, what_if, write_book, write_page
from matcher.programmes.forms import policy_lines

#: of the synthetic tables of each so many rows that a plan takes a moment
SMALL = {
    "buddies": {"families": 30, "children": 12},
    "calls": {},
    "experts": {"experts": 8, "cases": 12},
    "wishes": {"wishes": 25, "members": 12},
    "centres": {"places": 12, "sites": 8},
}


def small(name, seed=0):
    records = programmes.example_of(name, seed)
    ids = {"buddies": {"preferences"}}.get(name, set())
    return {table: () if table in ids else rows[: SMALL[name].get(table, len(rows))] for table, rows in records.items()}


def planned(name, records, **policy):
    return plan_programme(name, records, {"centres": {"sites": [3, 3]}}.get(name, {}) | policy, time_limit_s=20)


@pytest.mark.parametrize(
    ("name", "lang"), few(6, [("wishes", "en"), *((name, "zh") for name in SMALL), *((name, "en") for name in SMALL)])
)
def test_the_workbook_has_every_row_of_every_frame_with_names_and_words(name, lang, tmp_path):
    plan = planned(name, small(name))
    path = write_book(plan, tmp_path / "plan.xlsx", lang=lang)
    assert write_book(plan, tmp_path / "again.xlsx", lang=lang).read_bytes() == path.read_bytes()
    sheets = openpyxl.load_workbook(path)
    shown = [name for name in plan.frames if len(plan.frame(name))]
    assert len(sheets.sheetnames) == 1 + len(shown)
    for title, frame in zip(sheets.sheetnames[1:], shown, strict=True):
        header, *rows = sheets[title].iter_rows(values_only=True)
        data = plan.frame(frame)
        assert len(rows) == len(data)
        if lang == "zh":
            assert all(any("\u4e00" <= letter <= "\u9fff" for letter in cell) for cell in header)
        for column in data.columns:
            if column not in ("kind", "reason", "mode"):
                cells = [row for row in zip(*rows, strict=True) if list(row) == data[column].tolist()]
                assert cells or data[column].isna().any()
            elif lang == "zh" and name != "centres":  # whose kinds are words of the planner
                assert not set(data[column].dropna()) & {cell for row in rows for cell in row}
    first = [row[0] for row in sheets[sheets.sheetnames[0]].iter_rows(values_only=True)]
    assert plan.summary(lang).split("\n")[0] in first
    if name == "wishes":
        names = {wish.id: wish.name for wish in plan.records["wishes"]}
        header, *rows = sheets[sheets.sheetnames[1]].iter_rows(values_only=True)
        assert all(row[1] == names[row[0]] for row in rows) or not any(names.values())


def test_wishes_granted_are_gone_next_year_and_nobody_gets_the_same_child_again():
    records = small("wishes")
    old = planned("wishes", records)
    now = renewed(old, records)
    granted = dict(zip(old.pairings["recipient_id"], old.pairings["provider_id"], strict=True))
    child = {wish.id: wish.child for wish in records["wishes"]}
    assert {wish.id for wish in now["wishes"]} == set(child) - set(granted)
    assert {(row.member_id, row.child) for row in now["granted"]} == {(m, child[w]) for w, m in granted.items()}
    # the same children wish again: none of them is given to the member of before
    again = [wish.model_copy(update={"id": f"new-{wish.id}"}) for wish in records["wishes"]]
    later = planned("wishes", renewed(old, {**records, "wishes": again}))
    pairs = set(zip(later.pairings["provider_id"], later.pairings["recipient_id"], strict=True))
    assert pairs
    assert not pairs & {(member, f"new-{wish}") for wish, member in granted.items()}
    # and what was granted the year before last is still known
    assert {row.sort_key() for row in now["granted"]} <= {row.sort_key() for row in renewed(later, records)["granted"]}


def test_buddies_that_work_go_on_and_what_the_table_says_of_a_pair_stands():
    records = small("buddies")
    old = planned("buddies", records)
    frame = old.pairings
    first = (frame["provider_id"][0], frame["recipient_id"][0])
    gone = frame["provider_id"][1]
    said = {
        **records,
        "families": [family for family in records["families"] if family.id != gone],
        "previous": [BuddyPair(family_id=first[0], child_id=first[1], works="no")],
    }
    now = renewed(old, said)
    pairs = {(row.family_id, row.child_id): row.works for row in now["previous"]}
    before = set(zip(frame["provider_id"], frame["recipient_id"], strict=True))
    assert set(pairs) == {pair for pair in before if pair[0] != gone}
    assert [pair for pair, works in pairs.items() if works == "no"] == [first]
    later = planned("buddies", now, keep=True)
    assert set(pairs) - {first} <= set(zip(later.pairings["provider_id"], later.pairings["recipient_id"], strict=True))


def test_what_a_call_gave_is_promised_in_the_next_round_and_nothing_is_given_twice():
    records = small("calls")
    one = records["pledges"][0].model_copy(update={"id": "big", "status": "new", "amount": 400, "need_id": None})
    records = {**records, "pledges": (*records["pledges"], one)}
    old = planned("calls", records)
    given = old.pairings[old.pairings["recipient_id"] == "big"]
    assert len(given) > 1
    now = renewed(old, records)
    # the pieces of every family are what they were, each promised to the need that the plan names, the rest still new
    for pledge in records["pledges"]:
        parts = [row for row in now["pledges"] if row.id == pledge.id or row.id.startswith(f"{pledge.id}/")]
        assert sum(part.amount for part in parts) == pledge.amount
        mine = old.pairings[old.pairings["recipient_id"] == pledge.id]
        if pledge.status != "new" or not len(mine):
            assert parts == [pledge]
            continue
        promised = {part.need_id: part.amount for part in parts if part.status == "promised"}
        assert promised == dict(zip(mine["provider_id"], mine["pieces"], strict=True))
    later = planned("calls", now)
    assert later.metrics["pieces_promised"] == old.metrics["pieces_promised"] + old.metrics["pieces_given"]
    assert later.metrics["pieces_given"] == 0  # all that there was room for is promised
    assert later.opened["missing"].tolist() == old.opened["missing"].tolist()
    # less is pledged now, or the need is gone: the table stands
    less = one.model_copy(update={"amount": 1})
    assert less in renewed(old, {**records, "pledges": (less,)})["pledges"]
    nowhere = {**records, "needs": [need.model_copy(update={"id": f"new-{need.id}"}) for need in records["needs"]]}
    assert one in renewed(old, {**nowhere, "pledges": (one,)})["pledges"]


@pytest.mark.parametrize("name", ["calls", "experts", "wishes"])
@pytest.mark.parametrize("kind", ["forbid", "force"])
def test_what_if_of_every_programme_is_the_best_plan_under_the_change(name, kind):
    records = small(name)
    plan = planned(name, records)
    pairs = set(zip(plan.pairings["provider_id"], plan.pairings["recipient_id"], strict=True))
    market = plan.programme.asked(plan.records, plan.policy)
    arcs = [
        (plan.providers[j].id, plan.recipients[i].id)
        for j, i in zip(market.provider_idx.tolist(), market.recipient_idx.tolist(), strict=True)
    ]
    provider, recipient = next(arc for arc in arcs if (arc in pairs) == (kind == "forbid"))
    order = {"kind": kind, "provider_id": provider, "recipient_id": recipient}
    found = what_if(plan, [order])
    again = plan_programme(name, {**records, "orders": [Order(**order)]})
    assert found.exact
    assert [level.value for level in found.after.levels] == [level.value for level in again.levels]
    assert ((recipient, provider) in found.begun) == (kind == "force")
    assert ((recipient, provider) in found.ended) == (kind == "forbid")
    assert found.after.verify().ok


def test_ids_are_headed_in_english_by_whose_they_are(tmp_path):
    heads = {
        "buddies": ["child id", "family id"],
        "wishes": ["wish id", "member id"],
        "calls": ["pledge id", "need id"],
    }
    for name, wanted in heads.items():
        page = write_page(planned(name, small(name)), tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert all(f"<th>{head}</th>" in page for head in wanted), name


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why_is_told_in_the_words_of_the_programme(lang):
    """Only centres, rooms and camps have sites."""
    for name, (recipient, provider) in {
        "buddies": ("child", "family"),
        "wishes": ("wish", "member"),
        "experts": ("case", "expert"),
    }.items():
        plan = planned(name, small(name))
        pair = plan.pairings.iloc[0]
        said = plan.explain(recipient, pair["recipient_id"], lang) + plan.explain(provider, pair["provider_id"], lang)
        nobody = [row.id for row in plan.providers if row.id not in set(plan.pairings["provider_id"])]
        said += "".join(plan.explain(provider, known, lang) for known in nobody[:1])
        said += "".join(plan.explain(recipient, known, lang) for known in plan.unmatched["id"].tolist()[:1])
        assert pair["provider_id"] in said
        assert not any(word in said for word in ("site", "open", "站点", "开放", "需求点")), said
        if name == "experts":
            assert {"phone": ("by phone", "电话"), "onsite": ("on site", "现场"), "round": ("on a round", "巡回")}[
                pair["mode"]
            ][lang == "zh"] in said


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", SMALL)
def test_a_policy_is_told_in_words(name, lang):
    lines = policy_lines(programme_of(name).policy(), lang)
    names = set(programme_of(name).policy.model_fields) - {"objectives", "budget", "sex", "language", "matching"}
    assert not any(line.startswith((f"{field}：", f"{field}: ")) for line in lines for field in names - {"sites"})


@pytest.mark.parametrize("name", ["centres", "rooms"])
def test_what_a_plan_opened_is_there_next_year(name):
    records = programmes.example_of(name)
    some = {"centres": SMALL["centres"], "rooms": {"rooms": 8, "villages": 12}}[name]
    records = {table: rows[: some.get(table, 0)] for table, rows in records.items()}
    old = planned(name, records)
    table = programme_of(name).providers
    status = {row.id: row.status for row in records[table]}
    there = {row.id for row in renewed(old, records)[table] if row.status == "existing"}
    opened = set(old.opened["provider_id"])
    assert opened
    assert there == {known for known in status if status[known] == "existing" or known in opened}


def test_the_command_line_plans_next_year_and_writes_the_workbook(tmp_path, capsys):
    records = small("buddies")
    for year in ("one", "two"):
        (tmp_path / year).mkdir()
        for file, content in programme_of("buddies").schema.files(records).items():
            (tmp_path / year / file).write_bytes(content)
    (tmp_path / "keep.toml").write_text("keep = true\n")
    plan = ["--programme", "buddies", "-o"]
    assert main(["plan", str(tmp_path / "one"), *plan, str(tmp_path / "old"), "--xlsx"]) == 0
    assert (tmp_path / "old" / "plan.xlsx").exists()
    after = ["next-year", str(tmp_path / "old"), str(tmp_path / "two"), "--policy", str(tmp_path / "keep.toml")]
    assert main([*after, *plan, str(tmp_path / "new"), "--lang", "zh"]) == 0
    capsys.readouterr()
    old, new = (programmes.load_programme(tmp_path / name) for name in ("old", "new"))
    assert old.pairings.equals(new.pairings)
    assert new.metrics["pairs_kept"] == len(old.pairings)
    assert main(["plan", str(tmp_path / "two"), *plan, str(tmp_path / "old"), "--xlsx"]) == 0  # in its place


def test_what_if_is_the_best_plan_under_the_change_compared(tmp_path, capsys):
    records = small("buddies")
    plan = planned("buddies", records, matching="convenient")
    child, family = plan.pairings["recipient_id"][0], plan.pairings["provider_id"][0]
    other = next(f.id for f in records["families"] if f.id not in set(plan.pairings["provider_id"]))
    for order in ({"kind": "forbid", "provider_id": family}, {"kind": "force", "provider_id": other}):
        order = {**order, "recipient_id": child}
        found = what_if(plan, [order])
        again = plan_programme("buddies", {**records, "orders": [Order(**order)]}, {"matching": "convenient"})
        assert found.exact
        assert [level.value for level in found.after.levels] == [level.value for level in again.levels]
        assert [level.value for level in found.before.levels] == [level.value for level in plan.levels]
        pairs = [set(zip(p.pairings["recipient_id"], p.pairings["provider_id"], strict=True)) for p in (plan, again)]
        assert (child, family) in found.ended
        assert len(pairs[0]) - len(found.ended) + len(found.begun) == len(pairs[1])
        assert found.after.verify().ok
        for lang in ("en", "zh"):
            assert f"  {child} – {family}" in found.summary(lang).split("\n")
    none = what_if(plan, policy={"max_km": 0.001})
    assert none.after.metrics["children_served"] == 0
    assert len(none.ended) == len(plan.pairings)
    programmes.save_programme(plan, tmp_path / "plan")
    asked = ["explain", "--programme", "buddies", str(tmp_path / "plan"), f"child:{child}", "--instead"]
    assert main([*asked, f"family:{family}", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [child, family] in said["ended"]
    assert main([*asked, f"child:{child}"]) == 2
    assert "families:ID" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_whole_and_shows_every_row(lang, tmp_path, capsys):
    records = small("wishes")
    hostile = records["wishes"][0].model_copy(update={"name": "<script>x</script>&"})
    plan = planned("wishes", {**records, "wishes": (hostile, *records["wishes"][1:])})
    path = write_page(plan, tmp_path / "plan.html", lang=lang)
    assert write_page(plan, tmp_path / "again.html", lang=lang).read_bytes() == path.read_bytes()
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page
    body = ElementTree.fromstring(page[page.index("<body>") : page.index("</html>")])
    tables = [[row for row in table.iter("tr") if row.find("td") is not None] for table in body.iter("table")]
    frames = [plan.frame(name) for name in plan.frames if len(plan.frame(name))]
    assert [len(rows) for rows in tables[2:]] == [len(frame) for frame in frames]
    shown = [row[0].text for row in tables[2]]
    assert shown == plan.pairings["recipient_id"].tolist()
    assert page.count("<circle") == len(records["wishes"])
    assert page.count('fill="white"') == len(plan.unmatched)
    (line,) = body.iter("path")
    assert line.get("d").count("M") == len(plan.pairings)
    programmes.save_programme(plan, tmp_path / "plan")
    assert main(["report", "--programme", "wishes", str(tmp_path / "plan"), "--lang", lang]) == 0
    assert (tmp_path / "plan" / "plan.html").read_bytes() == path.read_bytes()
    assert programmes.load_programme(tmp_path / "plan").verify().ok
