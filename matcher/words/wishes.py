"""The sentences of wishes: preferences at a rate, different partners, balance of kinds, and exceptions to a reach."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("word.or", " or ", "或"),
    (
        "rule.reach.beyond",
        "At most {beyond} pairs may be farther.",
        "允许超出的最多 {beyond} 对。",
    ),
    (
        "rule.prefer.county",
        "Organisations preferred for counties ({recipient}): {provider}.",
        "区县（{recipient}）优先由这些组织结对：{provider}。",
    ),
    (
        "rule.prefer.county.province",
        "Organisations preferred for counties ({recipient}): those of the same province ({provider}).",
        "区县（{recipient}）优先由本省组织结对（范围：{provider}）。",
    ),
    (
        "rule.prefer.school",
        "Branches preferred for schools ({recipient}): {provider}.",
        "学校（{recipient}）优先由这些支部帮扶：{provider}。",
    ),
    (
        "rule.prefer.school.province",
        "Branches preferred for schools ({recipient}): those of the same province ({provider}).",
        "学校（{recipient}）优先由本省支部帮扶（范围：{provider}）。",
    ),
    ("rule.rate.pair", " Any other pair counts as {rate} farther.", "其他结对的路程按多 {rate}计。"),
    ("rule.rate.further", " Each further one counts as {rate} of travel.", "每多一个，按多走 {rate}计。"),
    ("rule.rate.beyond", " Each pair beyond counts as {rate} of travel.", "每超出一对，按多走 {rate}计。"),
    (
        "rule.partners.county",
        "Counties are paired with at most {most} different ones of these organisations, {by} (organisations: "
        "{provider}; counties: {recipient}).",
        "区县结对中，{by}至多有以下组织中的 {most} 个（组织：{provider}；区县：{recipient}）。",
    ),
    (
        "rule.partners.school",
        "Schools are served by at most {most} different ones of these branches, {by} (branches: {provider}; schools: "
        "{recipient}).",
        "学校结对中，{by}至多有以下支部中的 {most} 个（支部：{provider}；学校：{recipient}）。",
    ),
    ("rule.by.neighbours", "in every county with those within {near_km:g} km", "各区县连同 {near_km:g} 公里内的邻县"),
    ("rule.kinds.all", "all", "全部"),
    (
        "rule.kind_balance",
        "Of the organisations paired with counties, no kind has more than {most} pairs above another, {by} (kinds: "
        "{kinds}; counties: {of}).",
        "区县结对中，{by}任一类型比另一类型至多多 {most} 对（类型：{kinds}；区县：{of}）。",
    ),
    (
        "violation.far_pairs",
        "{value} pairs ({level}) are farther than the reach, at most {limit} may.",
        "超出路程限制的结对（{level}级）有 {value} 对，最多允许 {limit} 对。",
    ),
    (
        "violation.partners",
        "{group} ({level}) has {value} different partners of those meant, at most {limit} may be.",
        "{group}（{level}级）有 {value} 个所指的不同帮扶方，最多允许 {limit} 个。",
    ),
    (
        "violation.kind_balance",
        "{group} has {value} pairs more of the kind {kind} than of {other}, at most {limit} may be.",
        "{group}的 {kind} 类结对比 {other} 类多 {value} 对，最多允许多 {limit} 对。",
    ),
    (
        "witness.group.far_pairs",
        "at most {limit} pairs beyond the reach ({level})",
        "超出路程限制的结对（{level}级）最多 {limit} 对",
    ),
    (
        "witness.group.partners",
        "at most {limit} different partners of {group} ({level})",
        "{group}（{level}级）最多 {limit} 个不同的帮扶方",
    ),
    (
        "witness.group.kind_balance",
        "in {group} at most {limit} pairs more of {kind} than of {other}",
        "{group}的 {kind} 类结对比 {other} 类最多多 {limit} 对",
    ),
    (
        "fault.rate_not_paid",
        "the rate is paid in none of the objectives.",
        "任何目标都不计入该折算率，规则不起作用。",
    ),
    ("mend.rate_not_paid", "Add one of these objectives: {choices}.", "请加入以下目标之一：{choices}。"),
    (
        "fault.not_compared",
        "the column {of} of {target} holds {value!r}, which is no number that could be compared.",
        "表 {target} 的列“{of}”中有“{value}”，不是数，无法比较大小。",
    ),
    ("mend.not_compared", "Correct the cell, or leave it empty.", "请改正该格，或留空。"),
    ("fault.invalid_value.no_limit.rate", "a preference needs a rate: km or min.", "优先结对须给出折算率 km 或 min。"),
    (
        "fault.invalid_value.no_limit.prefer",
        "a preference for everybody binds nobody: it needs provider, within or both.",
        "优先所有人等于没有要求：须给出 provider、within 或两者。",
    ),
    (
        "fault.invalid_value.kind_balance.near",
        'near_km is for by = "neighbours", and needed there.',
        'near_km 只用于 by = "neighbours"，且不可缺少。',
    ),
)
