"""The commands of the year: `next-year`, `replan`, `recommend`; and `diff`, which says what changed by name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base.display import amount, title
from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.cli.common import DONE, show
from matcher.cli.people import called, saved_plan, who
from matcher.cli.planning import run_plan, saved, show_plan

if TYPE_CHECKING:
    from matcher.model import Instance
    from matcher.plan import Plan
    from matcher.study.differences import Diff

#: recipients named of each level
_MOST: Final = 20


def run_next_year(options: argparse.Namespace) -> int:
    """Plan next year's tables with the pairs of a saved plan as those of last year."""
    options.previous = options.old
    return run_plan(options)


def run_replan(options: argparse.Namespace) -> int:
    """Change a saved plan as little as possible after somebody left, takes another number, refused or agreed."""
    from matcher.renewal.replanning import replan
    from matcher.study.differences import diff

    plan = saved_plan(options.saved)
    events = _events(plan.instance, options)
    if not events:
        raise InvalidInput([Fault("no_events")])
    if options.out is not None:
        from matcher.files.guarding import check_target

        check_target(Path(options.out), replace=options.force)
    new = replan(plan, events, time_limit_s=options.time_limit_s, work_limit=options.work_limit)
    said = diff_lines(diff(plan, new), plan, new, options.lang)
    if options.out is None:
        said.append(text("cli.only_shown", options.lang))
    elif new.status != "unknown":
        said += saved(new, options, set())
    return show_plan(new, options, said, interrupted=False)


def _events(instance: Instance, options: argparse.Namespace) -> list[dict[str, Any]]:
    tables = {kind: table for table, kind in KIND_OF_TABLE.items()}
    events: list[dict[str, Any]] = []
    for word in options.without or ():
        kind, known = who(instance, word)
        events.append({"kind": "leaves", "table": tables.get(kind, kind), "id": known})
    for word in options.takes or ():
        name, _, number = word.rpartition("=")
        kind, known = who(instance, name)
        events.append(
            {
                "kind": "takes",
                "table": tables.get(kind, kind),
                "id": known,
                "pairs": int(number) if number.isdecimal() else number,
            }
        )
    for order, pairs in (("refused", options.refused), ("agreed", options.agreed)):
        for first, second in pairs or ():
            sides = dict(who(instance, word) for word in (first, second))
            for level, (provider, recipient) in SIDES.items():
                kinds = KIND_OF_TABLE[provider], KIND_OF_TABLE[recipient]
                if sides.keys() == set(kinds):
                    ids = {"provider_id": sides[kinds[0]], "recipient_id": sides[kinds[1]]}
                    events.append({"kind": order, "level": level, **ids})
                    break
            else:
                raise InvalidInput([Fault("not_a_pair_of_kinds", value=f"{first} {second}")])
    return events


def run_recommend(options: argparse.Namespace) -> int:
    """Say the best places for somebody who is there, and what each would cost the plan."""
    from matcher.renewal.recommending import recommend

    plan = saved_plan(options.saved)
    kind, known = who(plan.instance, options.name)
    found = recommend(plan, (kind, known), k=options.number)
    lines = [
        text("cli.recommend" if found else "cli.recommend_none", options.lang, name=called(plan.instance, kind, known))
    ]
    for place, each in enumerate(found, 1):
        provider, recipient = (KIND_OF_TABLE[table] for table in SIDES[each.level])
        units = {level.name: level.unit for level in each.levels}
        cost = "; ".join(
            f"{title(name, options.lang)} {amount(value, units[name], options.lang)}"
            for name, value in each.cost.items()
            if value
        )
        ends = "; ".join(
            f"{called(plan.instance, provider, one)} – {called(plan.instance, recipient, other)}"
            for one, other in each.displaces
        )
        fields = {
            "place": place,
            "provider": called(plan.instance, provider, each.provider_id),
            "recipient": called(plan.instance, recipient, each.recipient_id),
            "km": f"{each.km:,.1f}",
        }
        lines.append(text("cli.place", options.lang, **fields))
        lines.append("     " + text("cli.place_costs" if cost else "cli.place_free", options.lang, cost=cost))
        if ends:
            lines.append("     " + text("cli.place_ends", options.lang, ends=ends))
    document = {"format": "matcher.recommendations/1", "places": [each.to_json() for each in found]}
    show(options, document, lines)
    return DONE


def run_diff(options: argparse.Namespace) -> int:
    """Say what differs between two saved plans."""
    from matcher.study.differences import diff

    old, new = saved_plan(options.old), saved_plan(options.new)
    found = diff(old, new)
    show(options, found.to_json(), diff_lines(found, old, new, options.lang))
    return DONE


def diff_lines(found: Diff, old: Plan, new: Plan, lang: Lang) -> list[str]:
    """Say what differs, then who is affected, by name."""
    lines = [found.summary(lang)]
    for level, (providers, recipients) in SIDES.items():
        rows = found.changed[found.changed["level"] == level].to_dict("records")
        for row in rows[:_MOST]:
            partners = {
                when: _listed(plan, KIND_OF_TABLE[providers], row[f"{when}_provider_ids"], row[f"{when}_km"], lang)
                for when, plan in (("old", old), ("new", new))
            }
            instance = (
                new.instance if row["children"] == row["children"] and row["children"] is not None else old.instance
            )
            name = called(instance, KIND_OF_TABLE[recipients], row["recipient_id"])
            lines.append(text("cli.changed", lang, name=name, **partners))
        if len(rows) > _MOST:
            lines.append(text("cli.changed_more", lang, number=len(rows) - _MOST))
    return lines


def _listed(plan: Plan, kind: str, ids: str, km: Any, lang: Lang) -> str:
    if not ids:
        return text("cli.nobody", lang)
    names = ("、" if lang == "zh" else ", ").join(called(plan.instance, kind, known) for known in ids.split(";"))
    return text("cli.partner", lang, names=names, km=f"{km:,.1f}")
