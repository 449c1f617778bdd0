"""Who is meant on the command line, by id or name, and which saved plan, by its folder or its workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import ENTITIES, KIND_OF_TABLE, SIDES

if TYPE_CHECKING:
    from matcher.model import Instance
    from matcher.plan import Plan


def saved_plan(path: str) -> Plan:
    """Return the plan of a folder, or of a workbook in its folder as it was edited.

    Raises
    ------
    InvalidInput
        If there is none, or the workbook does not stand beside the plan that it was made from.
    """
    from matcher.plan import Plan, load_plan

    if not path.lower().endswith(".xlsx"):
        return load_plan(path)
    from matcher.files.plan_edits import read_edits
    from matcher.outcome.frames import PAIR_COLUMNS

    edits = read_edits(path)
    try:
        plan = load_plan(Path(path).resolve().parent)
    except InvalidInput:
        plan = None
    if plan is None or plan.instance.digest != edits.claims.digest:
        raise InvalidInput([Fault("book_alone", value=path)])
    if not any(edits.added.values()) and not any(edits.removed.values()):
        return plan
    pairs = {}
    for level in SIDES:
        recipient, provider = PAIR_COLUMNS[level][:2]
        rows = edits.claims.rows[level]
        pairs[f"{level}_pairs"] = list(zip(rows[provider], rows[recipient], strict=True))
    return Plan.from_pairs(plan.instance, policy=plan.policy, **pairs)


def who(instance: Instance, word: str) -> tuple[str, str]:
    """Return kind and id of who is meant by `KIND:ID`, `KIND:NAME`, or by an id or a name that is one's alone.

    Raises
    ------
    InvalidInput
        If it is nobody's, or several's.
    """
    from matcher.files.book_reading import Names

    given, found, rest = word.replace("：", ":").partition(":")
    names = {
        KIND_OF_TABLE[table]: Names(table, {record.id: record.name for record in getattr(instance, table)})
        for table in ENTITIES
    }
    if found:
        kind = kind_of(given)
        if kind not in names:
            return kind, rest  # the one who is asked says which kinds there are
        one = names[kind].id_of(rest)
        if one is None and names[kind].namesakes(rest):
            raise InvalidInput(
                [Fault("many_names", value=rest, details={"ids": ", ".join(names[kind].namesakes(rest))})]
            )
        return kind, one or rest
    meant = [(kind, one) for kind, table in names.items() if (one := table.id_of(word)) is not None]
    if len(meant) == 1:
        return meant[0]
    raise InvalidInput([Fault("not_kind_and_id", value=word)])


def called(instance: Instance, kind: str, known: str) -> str:
    """Return a name with its id, the id alone where there is none."""
    table = next(table for table, one in KIND_OF_TABLE.items() if one == kind)
    name = next((record.name for record in getattr(instance, table) if record.id == known), "")
    return f"{name} ({known})" if name else known


def kind_of(word: str) -> str:
    """Return the kind that `word` is, in English or in Chinese, as people write it in their tables."""
    from matcher.tables.headers import table_of

    return KIND_OF_TABLE.get(table_of(word.strip()) or "", word)
