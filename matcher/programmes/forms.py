"""What a planner fills in for a programme: its empty tables as a workbook, and its policy as a sheet of that workbook.

The sheet of rules has a row for each field of the policy: its name, what is wanted, what it means. A cell left empty
is as by default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.base.fieldtypes import HALF_WIDTH
from matcher.base.names import EXAMPLE
from matcher.files.cells import as_text, write_bounds
from matcher.files.sheets import SheetColumn, add_sheet, add_text, new_workbook, save_workbook
from matcher.files.workbook import read_sheets
from matcher.files.writing import KINDS, grids_of
from matcher.programmes.columns import COMMON
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.tables.columns import Column, Table
from matcher.tables.headers import normal
from matcher.words.catalogue import LANGS, has_text

_WORKBOOKS: Final = (".xlsx", ".xlsm")
_BOOLEAN: Final = {True: "yes", False: "no"}


def write_template(programme: Programme, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write a workbook to fill in: a sheet a table with notes, drop-downs and an example row, and the sheet of rules.

    Raises
    ------
    InvalidInput
        If the name does not end in .xlsx.
    SaveError
        If the target can't be written, or is not ours to replace.
    MissingExtra
        If the extra `excel` is not installed.
    """
    if Path(path).suffix.lower() != ".xlsx":
        raise InvalidInput([Fault("not_a_workbook_name", value=str(path))])
    schema, workbook = programme.schema, new_workbook()
    titles = {spec.name: spec.zh if lang == "zh" else spec.name for spec in schema.kit.values()}
    needed = ("、" if lang == "zh" else ", ").join(titles[name] for name in schema.needed)
    head = text("programme.template", lang, name=word("programme", programme.name, lang))
    lines = [*text("template.readme", lang, needed=needed).split("\n"), text("programme.template.rules", lang)]
    add_text(workbook, text("programme.template.sheet", lang), [head, *lines])
    for spec, _, rows in grids_of(schema.kit, _examples(programme, lang), lang, tuple(schema.kit)):
        columns = [
            SheetColumn(*_ends(programme, spec, column, lang), *_choices(programme, spec, column, titles, lang))
            for column in spec.columns
        ]
        add_sheet(workbook, titles[spec.name], columns, [row[: len(columns)] for row in rows])
    add_rules(workbook, programme.policy(), lang)
    return save_workbook(workbook, Path(path), replace=replace)


def _examples(programme: Programme, lang: Lang) -> dict[str, list[Any]]:
    """Return the first synthetic row of every table that has ids, with an id that is never planned."""
    found = {}
    kit = programme.schema.kit
    for name, rows in programme.example(0).items():
        if rows and kit[name].column(rows[0].key[0]).type == "id":
            key: str = EXAMPLE[lang] + rows[0].sort_key()[0]
            found[name] = [rows[0].model_copy(update={rows[0].key[0]: key, "extras": {}})]
    return found


def _ends(programme: Programme, spec: Table, column: Column, lang: Lang) -> tuple[str, str, str]:
    """Return header, kind and note of a column; who is meant in a common table is called as in its own table."""
    target = _target(programme, spec, column)
    title = column.zh if lang == "zh" else column.name
    said = text(f"programme.cell.{column.type}", lang)
    if target is not None:
        title = target.column("id").zh if lang == "zh" else title
        said = text("programme.cell.of_table", lang, table=target.name)
    needed = text("column.required" if column.required else "column.optional", lang)
    return title, KINDS.get(column.type, "text"), f"{said} {needed}" if lang == "en" else said + needed


def _choices(
    programme: Programme, spec: Table, column: Column, titles: Mapping[str, str], lang: Lang
) -> tuple[tuple[str, ...] | str, bool]:
    """Return the drop-down of a column, and whether nothing else may be entered."""
    target = _target(programme, spec, column)
    if target is not None:
        return f"'{titles[target.name]}'!$A$2:$A$10000", False
    return tuple(words[0] if lang == "zh" else name for name, words in column.values.items()), True


def _target(programme: Programme, spec: Table, column: Column) -> Table | None:
    """Return the table of whose ids a column of a common table is."""
    known = {"provider_id": programme.providers, "recipient_id": programme.recipients}
    if COMMON.get(spec.name, (None,))[0] is not spec or column.name not in known:
        return None
    return programme.schema.kit[known[column.name]]


def word(kind: str, name: str, lang: Lang) -> str:
    """Return the word for a name; a programme of one's own may have none."""
    return text(f"{kind}.{name}", lang) if has_text(f"{kind}.{name}") else name


# --- the policy as a sheet ------------------------------------------------------------------------------------------


def add_rules(workbook: Any, policy: ProgrammePolicy, lang: Lang) -> None:
    """Add the sheet of rules with what a policy says that is not as by default."""
    default = type(policy)()
    rows = []
    for name, field in type(policy).model_fields.items():
        value = getattr(policy, name)
        said = None if value == getattr(default, name) else _cell(value, lang)
        options = [_value_word(each, lang) for each in _literals(field.annotation)]
        meaning = text(f"programme.meaning.{name}", lang) if has_text(f"programme.meaning.{name}") else ""
        as_is = _cell(getattr(default, name), lang)
        known = [meaning] if meaning else []
        known += [text("programme.rules.options", lang, options=" / ".join(options))] if options else []
        known += [] if as_is is None else [text("programme.rules.default", lang, value=as_is)]
        rows.append([word("programme.rule", name, lang), said, " ".join(known)])
    columns = [
        SheetColumn(text("programme.rules.rule", lang)),
        SheetColumn(text("programme.rules.value", lang), "any", fill_in=True),
        SheetColumn(text("programme.rules.meaning", lang)),
    ]
    add_sheet(workbook, text("rulebook.sheet", lang), columns, rows, wraps=True)


def policy_lines(policy: ProgrammePolicy, lang: Lang) -> list[str]:
    """Return what a policy asks for, a line a field; what asks for nothing has none."""
    values = {name: _cell(getattr(policy, name), lang) for name in type(policy).model_fields}
    between = "：" if lang == "zh" else ": "
    return [
        f"{word('programme.rule', name, lang)}{between}{value}" for name, value in values.items() if value is not None
    ]


def read_rules(policy: type[ProgrammePolicy], path: str | Path) -> dict[str, Any] | None:
    """Return the fields of a policy that the sheet of rules of a workbook fills in; None without such a sheet.

    Raises
    ------
    InvalidInput
        For every row that names no field.
    """
    path = Path(path)
    if path.suffix.lower() not in _WORKBOOKS or not path.is_file():
        return None
    titles = {normal(text("rulebook.sheet", lang)) for lang in LANGS}
    found: dict[str, Any] = {}
    faults = []
    sheets = read_sheets(path, lambda title: normal(title) in titles)
    for sheet, rows in sheets.items():
        for number, row in enumerate(rows[1:], 2):
            said, value = (as_text(cell) for cell in (*row, "", "")[:2])
            name = _field(policy, said)
            if name is None and (said or value):
                known = ", ".join(policy.model_fields)
                details = {"known": known}
                faults.append(Fault("not_an_option", "policy", number, sheet, said, sheet, details))
            elif name is not None and value:
                found[name] = _read(policy.model_fields[name].annotation, value)
    if faults:
        raise InvalidInput(faults)
    return found if sheets else None


def _field(policy: type[ProgrammePolicy], said: str) -> str | None:
    """Return the field that a cell names, by its own name or by its word in either language."""
    for name in policy.model_fields:
        if normal(said) in {normal(each) for each in (name, *(word("programme.rule", name, lang) for lang in LANGS))}:
            return name
    return None


def _literals(annotation: Any) -> list[Any]:
    """Return the words that a field may be, wherever in its type they stand."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if annotation is bool:
        return list(_BOOLEAN.values())
    return [each for part in get_args(annotation) for each in _literals(part)]


def _is_mapping(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(_is_mapping(part) for part in get_args(annotation))


def _cell(value: Any, lang: Lang) -> Any:
    """Return the value of a field as it stands in a cell."""
    if isinstance(value, bool):
        return _value_word(_BOOLEAN[value], lang)
    if value is None or value in ((), {}):
        return None
    if isinstance(value, Mapping):
        return ";".join(f"{name}={_cell(each, lang)}" for name, each in value.items())
    if isinstance(value, tuple):
        is_bounds = all(isinstance(each, int) for each in value)
        return write_bounds((value[0], value[1])) if is_bounds else ";".join(_value_word(each, lang) for each in value)
    return _value_word(value, lang) if isinstance(value, str) else value


def _value_word(value: Any, lang: Lang) -> str:
    kind = "programme.objective" if has_text(f"programme.objective.{value}") else "programme.value"
    return word(kind, str(value), lang)


def _read(annotation: Any, said: str) -> Any:
    """Return what a cell means, for the field's own check; what is unknown is handed on as it stands."""
    plain = said.translate(HALF_WIDTH)
    known = {normal(each): value for value, *words in _named(annotation) for each in words}
    if _is_mapping(annotation):
        pairs = [part.partition("=") for part in _parts(plain)]
        return {name.strip(): value.strip() for name, _, value in pairs}
    if annotation is bool:
        return known.get(normal(plain), plain) == "yes" if normal(plain) in known else plain
    if not known:
        return plain
    found = [known.get(normal(part), part) for part in _parts(plain)]
    return found if get_origin(annotation) is tuple else found[0] if found else None


def _named(annotation: Any) -> Iterator[tuple[Any, ...]]:
    for value in _literals(annotation):
        yield value, value, *(_value_word(value, lang) for lang in LANGS)


def _parts(said: str) -> Sequence[str]:
    for mark in "、,\n":
        said = said.replace(mark, ";")
    return [part.strip() for part in said.split(";") if part.strip()]
