"""The first screen of the page: five numbers, a paragraph, the first levers, and what is proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from matcher.base.display import amount, number, percent, title
from matcher.base.escaping import html_text
from matcher.base.names import SIDES
from matcher.show.page.knowledge import Knowledge
from matcher.show.page.table import table
from matcher.show.summary import level_verdict, plan_summary, proof_words, status_words

#: reasons named in the paragraph
_MOST_REASONS = 3


def head(known: Knowledge, levers: Sequence[str]) -> Iterator[str]:
    """Yield the five numbers, the paragraph, the levers and the proof."""
    yield '<div class="cards">'
    for key, big, small in _cards(known):
        yield f'<div class="card" id="card-{key}"><b>{html_text(big)}</b><span>{known.said(f"card.{key}")}</span>'
        yield f"<small>{html_text(small)}</small></div>"
    yield f'</div>\n<p class="lead">{html_text(paragraph(known))}</p>\n'
    if levers:
        items = "".join(f"<li>{html_text(lever)}</li>" for lever in levers)
        yield f'<div class="levers"><h2>{known.said("levers")}</h2><ol>{items}</ol></div>\n'
    yield f'<details class="proof"><summary>{html_text(proof_sentence(known))}</summary>\n'
    yield f"<p>{html_text(status_words(known.plan, known.lang))}; {html_text(proof_words(known.plan, known.lang))}</p>"
    yield levels(known)
    yield f'<p>{known.said("check")}</p><pre class="do">matcher verify INPUT OUT</pre>\n'
    yield f"<pre>{html_text(plan_summary(known.plan, known.lang))}</pre></details>\n"


def _cards(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    plan, metrics = known.plan, known.plan.metrics
    table = "schools" if plan.instance.schools else "counties"
    fields = {"covered": metrics[f"{table}_children_covered"], "children": metrics[f"{table}_children"]}
    yield "children", percent(metrics[f"{table}_children_share"]), known.plain("card.children.of", **fields)
    for kind, recipients in (("school", "schools"), ("county", "counties")):
        yield (
            f"{recipients}_short",
            f"{len(known.short[kind]):,}",
            known.plain("card.short.of", total=metrics[recipients]),
        )
    idle = sum(row.missing for row in known.short["branch"].values())
    total = int(plan.problem.capacity("school")[:, 1].sum())
    apart = sum(not known.partners("organization", each) for each in known.short["organization"])
    yield "idle", f"{idle:,}", known.plain("card.idle.of", total=total, organizations=apart)
    if not plan.instance.previous:
        yield "last_year", "–", known.plain("card.last_year.none")
        return
    kept, new, ended = (sum(int(metrics[f"{level}_{name}"] or 0) for level in SIDES) for name in _CHANGES)
    yield "last_year", f"{ended + new:,}", known.plain("card.last_year.of", kept=kept, new=new, ended=ended)


_CHANGES = ("kept", "new", "ended")


def paragraph(known: Knowledge) -> str:
    """Say the plan in a few sentences."""
    plan, metrics = known.plan, known.plan.metrics
    if plan.status in ("infeasible", "unknown") and not len(plan.county_pairs):
        return plan_summary(plan, known.lang).splitlines()[0]
    counties = {name: metrics[name] for name in ("counties", "counties_covered", "organizations_used")}
    sentences = [known.plain("lead.counties", **counties)]
    if plan.instance.schools:
        schools = {name: metrics[name] for name in ("schools", "schools_covered", "branches_used")}
        sentences.append(known.plain("lead.schools", **schools))
    if metrics["school_pairs"]:
        far = {name: number(metrics[f"school_km_{name}"]) for name in ("mean", "p95", "max")}
        sentences.append(known.plain("lead.travel", **far))
    reasons = Counter(row.reason for row in known.short["school"].values())
    if reasons:
        # the catalogue's reasons are sentences: without their full stop they stand in a list
        listed = (", " if known.lang == "en" else "，").join(
            known.plain("lead.reason", count=count, reason=known.plain(f"reason.{reason}"))
            for reason, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:_MOST_REASONS]
        )
        sentences.append(known.plain("lead.reasons", schools=len(known.short["school"]), reasons=listed))
    return (" " if known.lang == "en" else "").join(sentences)


def proof_sentence(known: Knowledge) -> str:
    """Say in one sentence what is proved."""
    plan = known.plan
    if plan.status == "infeasible":
        return known.plain("proof.infeasible")
    if plan.proof.kind == "none":
        return known.plain("proof.none")
    if plan.status == "optimal":
        return known.plain(f"proof.{plan.proof.kind}", solver=plan.proof.solver or "-")
    return known.plain("proof.partly", stop=status_words(plan, known.lang))


def levels(known: Knowledge) -> str:
    """Return the levels with value, bound, what is proved and by which method."""
    heads = [known.plain(f"head.{name}") for name in ("level", "value", "bound", "verdict", "method")]
    rows = [
        (
            title(level.name, known.lang),
            amount(level.value, level.unit, known.lang),
            amount(level.bound, level.unit, known.lang),
            level_verdict(level, known.lang),
            level.method,
        )
        for level in known.plan.levels
    ]
    return table(heads, rows, frozenset({1, 2}))
