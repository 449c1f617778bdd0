"""The sheet 要求 of a workbook: one row a rule in the planner's words, for all that a policy can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.base.escaping import escape
from matcher.base.ranges import range_of
from matcher.base.suggest import nearest_word
from matcher.files import selecting
from matcher.files.cells import as_text
from matcher.files.sheets import SheetColumn, add_sheet
from matcher.files.workbook import read_sheets
from matcher.policy.objectives import NAMES
from matcher.policy.policy import Policy
from matcher.policy.rules import Selector
from matcher.tables.columns import TABLES
from matcher.tables.headers import normal
from matcher.words.catalogue import LANGS

COLUMNS: Final = (
    "rule", "level", "who", "whom", "km", "min", "near", "least", "most", "percent", "factor", "how", "by", "year",
    "reason",
)  # fmt: skip
_LEVELS: Final = TABLES["previous"].column("level").values
_NUMBERS: Final = ("km", "min", "near", "least", "most", "percent", "factor", "year")
_HOW: Final = (
    "children", "recipients", "schools", "all", "any", "km", "min", "off", "report", "require", "tolerance", "limit",
)  # fmt: skip
_BY: Final = ("all", "province", "county", "neighbours", "branches", "organizations")
#: kind of rule -> its fields by the column that holds each
_RULES: Final[Mapping[str, Mapping[str, str]]] = {
    "reach": {"level": "level", "km": "max_km", "min": "max_min", "most": "beyond"},
    "within": {"who": "provinces"},
    "pin": {"level": "level", "who": "provider_id", "whom": "recipient_id", "reason": "reason"},
    "keep": {
        "level": "level", "who": "provider", "whom": "recipient", "least": "min_years", "year": "year",
        "reason": "reason",
    },
    "forbid": {"level": "level", "who": "provider", "whom": "recipient", "reason": "reason"},
    "floor": {"level": "level", "whom": "of", "percent": "percent", "least": "number", "how": "count", "by": "by"},
    "load": {"who": "of", "least": "least", "most": "most", "how": "count", "by": "table"},
    "skills": {"whom": "of", "how": "meet"},
    "children_per_volunteer": {"who": "of", "most": "most"},
    "priority": {"whom": "of", "factor": "factor"},
    "wanted_kind": {"who": "kinds", "whom": "of", "least": "least"},
    "max_changes": {"level": "level", "most": "most"},
    "prefer": {"level": "level", "who": "provider", "whom": "recipient", "km": "km", "min": "min", "by": "within"},
    "partners": {
        "level": "level", "who": "provider", "whom": "recipient", "by": "by", "most": "most", "km": "km", "min": "min",
    },
    "kind_balance": {
        "who": "kinds", "whom": "of", "by": "by", "near": "near_km", "most": "most", "km": "km", "min": "min",
    },
}  # fmt: skip
_OBJECTIVE: Final = {
    "how": "name", "whom": "where", "percent": "slack_percent", "least": "at_least", "most": "at_most",
    "km": "band_km", "min": "band_min",
}  # fmt: skip
_BOUNDS: Final = ("county_demand", "organization_capacity", "school_demand", "branch_capacity")
#: asked for -> column -> field of the policy; where the level says which of two, both in order
_ASKED: Final[Mapping[str, Mapping[str, str]]] = {
    "child": {"km": "child_km", "min": "child_min"},
    "change_cost": {"km": "change_cost_km", "min": "change_cost_min"},
    "stability_gain": {"km": "stability_km", "min": "stability_min"},
    "stability": {"how": "stability"},
    "max_blocking_pairs": {"most": "max_blocking_pairs"},
    "speed_kmh": {"most": "speed_kmh"},
    "detour_factor": {"factor": "detour_factor"},
    "max": {"km": "max_{level}_km", "min": "max_{level}_min"},
    "cost": {"how": "{level}_cost"},
    "within_field": {"who": "within"},
    **{name: {"least": name, "most": name} for name in _BOUNDS},
}
_ASKS: Final = ("objective", *_ASKED, *_RULES)
#: words of ours that stand in a cell in place of a number: no limit
_NONE: Final = tuple(text("rulebook.none", lang) for lang in LANGS)
Cells = dict[str, Any]


# --- out ------------------------------------------------------------------------------------------------------------


def rows_of(policy: Policy, lang: Lang = "en") -> list[list[Any]]:
    """Return a policy as the rows of the sheet; what is as by default has none."""
    default = Policy()
    rows: list[Cells] = []
    if policy.objectives != default.objectives:
        rows += [{"rule": "objective", **_filled(each, _OBJECTIVE)} for each in policy.objectives]
    for ask, columns in _ASKED.items():
        for level in ("county", "school") if any("{" in field for field in columns.values()) else ("",):
            names = {column: field.format(level=level) for column, field in columns.items()}
            changed = {
                column: name for column, name in names.items() if getattr(policy, name) != getattr(default, name)
            }
            if changed:
                rows.append({"rule": ask, "level": level or None, **_field_cells(policy, changed)})
    for rule in policy.rules:
        kind: str = rule.kind
        rows.append({"rule": kind, **_filled(rule, _RULES[kind])})
    return [[_shown(column, row.get(column), row, lang) for column in COLUMNS] for row in rows]


def _field_cells(policy: Policy, names: Mapping[str, str]) -> Cells:
    cells: Cells = {}
    for column, name in names.items():
        value = getattr(policy, name)
        if isinstance(value, tuple) and name != "within":  # bounds
            value = value[0] if column == "least" else value[1]
        cells[column] = _NONE if value is None else value
    return cells


def _filled(model: Any, columns: Mapping[str, str]) -> Cells:
    """Return the cells of a rule or objective, those as by default left empty."""
    fields = type(model).model_fields
    return {
        column: getattr(model, name)
        for column, name in columns.items()
        if fields[name].is_required() or getattr(model, name) != fields[name].default
    }


def _shown(column: str, value: Any, row: Cells, lang: Lang) -> Any:
    if value is None:
        return None
    if value is _NONE:
        return text("rulebook.none", lang)
    if column == "rule":
        return text(f"ask.{value}", lang)
    if column == "level":
        return _LEVELS[value][0] if lang == "zh" else value
    if column == "how":
        return text(f"objective.{value}" if row["rule"] == "objective" else f"how.{value}", lang)
    if column == "by":
        return text(f"by.{value}", lang) if value in _BY else escape(value)
    if isinstance(value, Selector):
        found = selecting.said(value, lang)
        if found is None:  # an objective for everybody of a selector is not one without
            return text("rule.all", lang) if row["rule"] == "objective" else None
        return escape(found)
    if isinstance(value, str) or column in ("who", "whom"):
        return escape(_names(row["rule"], value, lang))
    return value


def _names(rule: str, value: Any, lang: Lang) -> str:
    """Return ids, kinds or provinces as they stand in a cell."""
    if rule == "within_field" and value == "province":
        return text("by.province", lang)
    if rule in ("within", "within_field"):
        return selecting.said(Selector(provinces=value), lang) or ""
    if rule in ("wanted_kind", "kind_balance"):
        return selecting.said(Selector(kinds=value), lang) or ""
    return str(value)


def add_rules(workbook: Any, policy: Policy, lang: Lang) -> None:
    """Add the sheet 要求 with the rules of a policy, and the sheet of what its drop-downs offer."""
    choices = _choices(lang)
    beside = text("rulebook.choices", lang)
    columns = []
    for column in COLUMNS:
        note = text(f"rulebook.note.{column}", lang) if column in ("rule", "level", "who", "whom") else ""
        at = list(choices).index(column) if column in choices else None
        offered = "" if at is None else f"'{beside}'!${'ABCD'[at]}$2:${'ABCD'[at]}${len(choices[column]) + 1}"
        kind = "any" if column in _NUMBERS else "text"
        columns.append(SheetColumn(text(f"rulebook.{column}", lang), kind, note, offered, strict=column != "by"))
    add_sheet(workbook, text("rulebook.sheet", lang), columns, rows_of(policy, lang))
    longest = max(map(len, choices.values()))
    words = [[each[at] if at < len(each) else None for each in choices.values()] for at in range(longest)]
    add_sheet(workbook, beside, [SheetColumn(text(f"rulebook.{name}", lang)) for name in choices], words)


def _choices(lang: Lang) -> dict[str, list[str]]:
    """Return what each column with a drop-down offers."""
    return {
        "rule": [text(f"ask.{ask}", lang) for ask in _ASKS],
        "level": [words[0] if lang == "zh" else level for level, words in _LEVELS.items()],
        "how": [text(f"how.{how}", lang) for how in _HOW] + [text(f"objective.{name}", lang) for name in NAMES],
        "by": [text(f"by.{by}", lang) for by in _BY],
    }


# --- in -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the sheet: its number, what it asks, and its cells by column."""

    number: int
    rule: str
    cells: Cells


def read_rules(path: str | Path) -> tuple[str, Policy] | None:
    """Return the title of the sheet of rules and the policy that it says; None without one, or where it is empty.

    Raises
    ------
    InvalidInput
        With every fault, each with the sheet and its row.
    """
    if Path(path).suffix.lower() not in (".xlsx", ".xlsm") or not Path(path).is_file():
        return None
    names = {normal(text("rulebook.sheet", lang)) for lang in LANGS}
    for title, rows in read_sheets(Path(path), lambda title: normal(title) in names).items():
        if any(any(as_text(cell) for cell in row) for row in rows[1:]):
            return title, policy_of(rows, title)
    return None


def policy_of(rows: Sequence[Sequence[Any]], sheet: str = "") -> Policy:
    """Return the policy that the rows of a sheet say, its header first."""
    faults: list[Fault] = []
    read = list(_read(rows, faults))
    fields: dict[str, Any] = {"objectives": [], "rules": []}
    places: dict[str, list[int]] = {"objectives": [], "rules": []}
    for row in read:
        if row.rule == "objective":
            fields["objectives"].append(_given(row, _OBJECTIVE))
            places["objectives"].append(row.number)
        elif row.rule in _RULES:
            fields["rules"].append({"kind": row.rule, **_given(row, _RULES[row.rule])})
            places["rules"].append(row.number)
        else:
            _take_field(row, fields, places, faults)
    if not fields["objectives"]:
        del fields["objectives"]
    try:
        policy = Policy(**fields)
    except InvalidInput as refused:
        faults += [_at_row(fault, places) for fault in refused.faults]
    if faults:
        raise InvalidInput([replace(fault, table="policy", sheet=sheet) for fault in faults])
    return policy


def _at_row(fault: Fault, places: Mapping[str, list[int]]) -> Fault:
    """Return a fault of a field of the policy at the row that says it."""
    first, _, rest = (fault.column or "").partition(".")
    at, _, column = rest.partition(".")
    rows = places.get(first, [])
    number = rows[int(at)] if at.isdecimal() and int(at) < len(rows) else rows[0] if rows else None
    return replace(fault, row=number, column=column or first)


def _take_field(row: _Row, fields: dict[str, Any], places: dict[str, list[int]], faults: list[Fault]) -> None:
    level = row.cells.get("level") or ""
    found: dict[str, Any] = {}
    for column, pattern in _ASKED[row.rule].items():
        name, value = pattern.format(level=level), row.cells.get(column)
        if row.rule in _BOUNDS:
            found[name] = (row.cells.get("least") or 0, row.cells.get("most"))
        elif value is not None:
            found[name] = None if value is _NONE else value
    if row.rule == "within_field":
        said = found.get("within", "")
        is_same = any(normal(said) == normal(text("by.province", lang)) for lang in LANGS)
        found["within"] = "province" if is_same else _words(said, "provinces")
    for name, value in found.items():
        if name in fields:
            faults.append(Fault("repeated_rule", row=row.number, value=name))
        fields[name] = value
        places[name] = [row.number]


def _given(row: _Row, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a rule or objective that a row fills in."""
    found: dict[str, Any] = {}
    for column, name in columns.items():
        value = row.cells.get(column)
        if name in ("of", "provider", "recipient"):
            found[name] = selecting.meant(value or "")
        elif value is not None:
            found[name] = _words(value, name) if name in ("provinces", "kinds") else value
            if name == "where":
                found[name] = selecting.meant(value)
    return found


def _words(cell: str, field: str) -> tuple[str, ...]:
    selector = selecting.meant(cell)
    words: tuple[str, ...] | None = getattr(selector, field)
    return words if words is not None else getattr(selecting.meant(f"{field[:-1]}={cell}"), field) or ()


def _read(rows: Sequence[Sequence[Any]], faults: list[Fault]) -> Iterator[_Row]:
    titles = {normal(text(f"rulebook.{column}", lang)): column for column in COLUMNS for lang in LANGS}
    header: list[str | None] = []
    for cell in rows[0]:
        title = as_text(cell)
        header.append(titles.get(normal(title)) if title else None)
        if title and header[-1] is None:
            faults.append(Fault("rule_column", row=1, value=title))
    for number, row in enumerate(rows[1:], 2):
        cells = {column: cell for column, cell in zip(header, row, strict=False) if column and as_text(cell)}
        if not cells:
            continue
        rule = _word(as_text(cells.pop("rule", "")), "ask", _ASKS)
        if rule is None:
            said = as_text(row[header.index("rule")]) if "rule" in header else ""
            near = nearest_word(said, [text(f"ask.{ask}", lang) for ask in _ASKS for lang in LANGS])
            details = {"nearest": near} if near else {}
            faults.append(Fault("unknown_rule", row=number, value=said, details=details))
            continue
        read = {column: _value(column, cell, rule, number, faults) for column, cell in cells.items()}
        yield _Row(number, rule, _allowed(rule, read, number, faults))


def _allowed(rule: str, cells: Cells, number: int, faults: list[Fault]) -> Cells:
    """Refuse cells that the rule does not look at: they would be dropped without a word."""
    columns = _OBJECTIVE if rule == "objective" else _RULES.get(rule) or _ASKED[rule]
    asked = {*columns} | ({"level"} if any("{" in field for field in columns.values()) else set())
    for column in cells.keys() - asked:
        title = text(f"rulebook.{column}", "zh")
        faults.append(Fault("rule_needs_nothing", row=number, column=title, value=cells[column]))
    return cells


def _word(said: str, prefix: str, known: Sequence[str]) -> str | None:
    plain = normal(said)
    return next((each for each in known for lang in LANGS if plain == normal(text(f"{prefix}.{each}", lang))), None)


def _value(column: str, cell: Any, rule: str, number: int, faults: list[Fault]) -> Any:
    said = as_text(cell)
    if column == "level":
        plain = normal(said)
        found = next((level for level, also in _LEVELS.items() if plain == level or plain in also), None)
    elif column == "how":
        prefix, known = ("objective", NAMES) if rule == "objective" else ("how", _HOW)
        found = _word(said, prefix, known)
    elif column == "by":
        return _word(said, "by", _BY) or said
    elif column in _NUMBERS:
        return _number(said, cell, column, number, faults)
    else:
        return said
    if found is None:
        choices = ", ".join(_choices("zh")[column])
        faults.append(Fault("unknown_rule_word", row=number, column=column, value=said, details={"choices": choices}))
    return found


def _number(said: str, cell: Any, column: str, number: int, faults: list[Fault]) -> Any:
    if normal(said) in map(normal, _NONE):
        return _NONE
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return int(cell) if float(cell).is_integer() else cell
    try:
        return float(said)
    except ValueError:
        code = "not_whole" if range_of(said) else "not_a_number"
        faults.append(Fault(code, row=number, column=column, value=said))
        return None
