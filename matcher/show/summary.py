"""A plan on one screen: what it covers, how far, what changed, what was proved, and what to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from matcher.base.display import Metric, amount, number, percent, table_lines, title
from matcher.base.errors import text
from matcher.base.names import SIDES
from matcher.base.notices import Notice, by_weight
from matcher.base.result import Level
from matcher.outcome.metrics import idle
from matcher.policy.policy import Policy
from matcher.show.witnesswords import witness_words
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    import pandas as pd

    from matcher.plan import Plan

#: warnings shown in full; the rest are counted
_MOST_WARNINGS = 6


def plan_summary(plan: Plan, lang: str = "en", prices: pd.DataFrame | None = None) -> str:
    """Return the summary of `plan` in `lang`, with what each level cost those below it if that was computed."""
    lines = [text("summary.head", lang, status=status_words(plan, lang), proof=proof_words(plan, lang))]
    if plan.witness is not None:
        lines.append(witness_words(plan.witness, lang))
    if plan.status not in ("infeasible", "unknown") or len(plan.county_pairs):
        lines += overview_lines(plan, lang)
    lines += level_lines(plan.levels, lang)
    if prices is not None:
        lines += price_lines(prices, lang)
    lines.append(rate_sentence(plan.policy, lang))
    lines += rule_lines(plan, lang)
    lines += warning_lines(plan, lang)
    return "\n".join(line for line in lines if line)


def status_words(plan: Plan, lang: str) -> str:
    """Say the status, and why the search stopped if it did."""
    said = text(f"summary.status.{plan.status}", lang)
    if plan.stop_reason is not None:
        said += text("summary.stopped", lang, reason=text(f"summary.stop.{plan.stop_reason}", lang))
    return said


def proof_words(plan: Plan, lang: str) -> str:
    """Say what was proved and by whom; above a level with a gap, how many levels were."""
    proof, closed = plan.proof, 0
    for level in plan.levels:
        if level.gap != 0 or level.conditional:
            break
        closed += 1
    key = f"summary.scope.{proof.scope}"
    scope = text(key, lang) if has_text(key) else proof.scope
    kind: str = proof.kind
    if kind != "none" and plan.status in ("feasible", "unknown"):
        kind = f"partly.{kind}"
    said = {"scope": scope, "solver": proof.solver or "-", "closed": closed, "of": len(plan.levels)}
    return text(f"summary.proof.{kind}", lang, **said)


def overview_lines(plan: Plan, lang: str) -> list[str]:
    """Return the lines on coverage, travel, changes against last year, blocking pairs and who is left over."""
    metrics, rows = plan.metrics, []
    for level in SIDES:
        name = text(f"summary.level.{level}", lang)
        rows.append((text("summary.coverage", lang), name, _coverage(metrics, level, lang)))
    for level in SIDES:
        if metrics[f"{level}_pairs"]:
            unit = plan.problem.facts.unit(level)
            rows.append(
                (
                    text("summary.travel", lang),
                    text(f"summary.level.{level}", lang),
                    _travel(metrics, level, "km", lang),
                )
            )
            if unit == "min":
                rows.append(("", text(f"summary.level.{level}", lang), _travel(metrics, level, "min", lang)))
    for level in SIDES:
        if plan.instance.previous:
            fields = {name: metrics[f"{level}_{name}"] for name in _CHANGES}
            rows.append(
                (
                    text("summary.last_year", lang),
                    text(f"summary.level.{level}", lang),
                    text("summary.changes", lang, **fields),
                )
            )
    lines = table_lines(_without_repeats(rows))
    if "county_blocking_pairs" in metrics:
        numbers = {level: metrics[f"{level}_blocking_pairs"] for level in SIDES}
        lines.append(text("summary.blocking", lang, **numbers))
    return [*lines, *idle_lines(plan, lang)]


def idle_lines(plan: Plan, lang: str) -> list[str]:
    """Say what stands idle while schools want more, and the first lever if levers were looked for."""
    found = idle(plan.problem, plan.both)
    lines = []
    if found["schools"] and (found["places"] or found["organizations"]):
        lines.append(text("summary.idle", lang, **found))
    if plan.known_levers:
        lines.append(text("summary.lever", lang, said=plan.known_levers[0].text(lang)))
    return lines


_CHANGES = ("kept", "new", "ended", "ended_forced", "ended_consequent", "ended_chosen")


def _coverage(metrics: Mapping[str, Metric], level: str, lang: str) -> str:
    table = SIDES[level][1]
    fields = {name: metrics[f"{table}_{name}"] for name in ("covered", "children", "children_covered")}
    shares = {name: percent(metrics[f"{table}_{name}"]) for name in ("share", "children_share")}
    return text("summary.covered", lang, total=metrics[table], **fields, **shares)


def _travel(metrics: Mapping[str, Metric], level: str, unit: str, lang: str) -> str:
    fields = {name: number(metrics[f"{level}_{unit}_{name}"]) for name in ("mean", "median", "p95", "max", "total")}
    return text(f"summary.spread.{unit}", lang, **fields)


def _without_repeats(rows: Sequence[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    shown, before = [], ""
    for head, *rest in rows:
        shown.append(("" if head == before else head, *rest))
        before = head or before
    return shown


def level_lines(levels: Sequence[Level], lang: str) -> list[str]:
    """Return the levels as a table: value, bound, gap, what is proved."""
    rows = [
        (
            str(position),
            title(level.name, lang),
            amount(level.value, level.unit, lang),
            text("summary.bound", lang, bound=amount(level.bound, level.unit, lang)),
            level_verdict(level, lang),
        )
        for position, level in enumerate(levels, 1)
    ]
    return [text("summary.levels", lang), *table_lines(rows)] if rows else []


def level_verdict(level: Level, lang: str) -> str:
    """Say whether the level is proved, and its gap if it is not."""
    if level.gap is None:
        said = text("summary.verdict.open", lang)
    elif level.gap == 0:
        said = text("summary.verdict.proved", lang)
    else:
        share = percent(level.relative_gap, digits=3)
        said = text("summary.verdict.gap", lang, gap=amount(level.gap, level.unit, lang), share=share)
    return said + (text("summary.verdict.conditional", lang) if level.conditional else "")


def rate_sentence(policy: Policy, lang: str) -> str:
    """Say the exchange rate between children and travel, if the policy weighs convenience."""
    if all(objective.name != "convenience" for objective in policy.objectives):
        return ""
    return policy.sentences(lang)[1]


def rule_lines(plan: Plan, lang: str) -> list[str]:
    """Return the rules in sentences, each with how many rows it binds."""
    said = plan.policy.sentences(lang, plan.instance)[2:]
    return [text("summary.rules", lang), *(f"  - {sentence}" for sentence in said)] if said else []


def warning_lines(plan: Plan, lang: str) -> list[str]:
    """Return the warnings, the first few in full."""
    said = notice_lines(by_weight(plan.warnings), lang)
    shown = [f"  ! {line}" for line in said[:_MOST_WARNINGS]]
    if len(said) > len(shown):
        shown.append(text("summary.more_warnings", lang, count=len(said) - len(shown)))
    return [text("summary.warnings", lang), *shown] if shown else []


def notice_lines(notices: Iterable[Notice], lang: str) -> list[str]:
    """Say notices, the columns that are carried on in one line at the end."""
    carried: dict[str, list[str]] = {}  # columns that nobody may have meant as one of ours: one line for all tables
    said = []
    for notice in notices:
        if notice.code == "unknown_column" and "nearest" not in notice.details:
            carried.setdefault(notice.details["column"], []).append(notice.details["table"])
        else:
            said.append(notice.text(lang))  # type: ignore[arg-type]
    if carried:
        words = {table: text(f"word.{table}", lang) for tables in carried.values() for table in tables}
        columns = "; ".join(
            f"{column} ({', '.join(words[table] for table in tables)})" for column, tables in carried.items()
        )
        said.append(text("summary.carried_columns", lang, columns=columns))
    return said


def price_lines(prices: pd.DataFrame, lang: str = "en") -> list[str]:
    """Return the lines of a summary: for each level, what it cost the first level below that would be better."""
    rows = []
    for name, part in prices.groupby("level", sort=False):
        found = part[part["first"]]
        known = part["without"].notna().all()
        if not len(found):
            said = "levels.price.nothing" if known else "levels.price.unknown"
            rows.append((title(str(name), lang), text(said, lang)))
            continue
        row = found.iloc[0]
        fields = {"below": title(row["below"], lang), "cost": amount(int(row["cost"]), row["unit"], lang)}
        said = text("levels.price.cost" if row["proved"] else "levels.price.about", lang, **fields)
        rows.append((title(str(name), lang), said))
    return [text("levels.price.head", lang), *table_lines(rows)] if rows else []
