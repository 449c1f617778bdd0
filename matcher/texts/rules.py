"""The sentence of every rule and objective of a policy, and what is said where one is broken."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("rule.all", "all", "全部"),
    (
        "rule.reach.county.km",
        "No organisation is paired with a county farther than {max_km:g} km.",
        "组织与区县的距离不超过 {max_km:g} 公里。",
    ),
    (
        "rule.reach.school.km",
        "No branch serves a school farther than {max_km:g} km.",
        "支部与学校的距离不超过 {max_km:g} 公里。",
    ),
    (
        "rule.reach.county.min",
        "No organisation is paired with a county more than {max_min:g} minutes away.",
        "组织到区县的路程不超过 {max_min:g} 分钟。",
    ),
    (
        "rule.reach.school.min",
        "No branch serves a school more than {max_min:g} minutes away.",
        "支部到学校的路程不超过 {max_min:g} 分钟。",
    ),
    ("rule.within.province", "Organisations stay in their own province.", "组织只与本省区县结对。"),
    (
        "rule.within.named",
        "Only organisations of {provinces} are paired.",
        "只有{provinces}的组织参加结对。",
    ),
    (
        "rule.listed.county",
        "Only organisations and counties with a listed travel time are paired.",
        "只有列出路程时间的组织和区县可以结对。",
    ),
    (
        "rule.listed.school",
        "Only branches and schools with a listed travel time are paired.",
        "只有列出路程时间的支部和学校可以结对。",
    ),
    (
        "rule.pin",
        "{provider} and {recipient} are paired (reason: {reason}).",
        "{provider} 与 {recipient} 固定结对（原因：{reason}）。",
    ),
    (
        "rule.forbid",
        "No pair between {provider} and {recipient} (reason: {reason}).",
        "{provider} 与 {recipient} 之间不得结对（原因：{reason}）。",
    ),
    (
        "policy.objectives",
        "In this order, each among the best for those before: {objectives}.",
        "按以下次序，后者在前者最优的前提下取最优：{objectives}。",
    ),
    (
        "policy.child_rate.km",
        "Exchange rate: a branch goes up to {child_km:g} km for each child it reaches, and no farther.",
        "折算率：支部每覆盖一名儿童最多走 {child_km:g} 公里，不再更远。",
    ),
    (
        "policy.child_rate.min",
        "Exchange rate: a branch travels up to {child_min:g} minutes for each child it reaches, and no longer.",
        "折算率：支部每覆盖一名儿童最多用时 {child_min:g} 分钟，不再更久。",
    ),
    (
        "policy.child_rate.none",
        "Coverage of schools comes before travel at any distance.",
        "学校覆盖先于路程，不限远近。",
    ),
    ("objective.cover_counties", "most children in paired counties", "结对区县的儿童最多"),
    ("objective.count_counties", "most paired counties", "结对区县最多"),
    ("objective.fill_counties", "most county pairs", "区县结对数最多"),
    ("objective.cover_schools", "most children in covered schools", "受助学校的儿童最多"),
    ("objective.count_schools", "most covered schools", "受助学校最多"),
    ("objective.fill", "most school pairs", "学校结对数最多"),
    ("objective.keep_counties", "most county pairs of last year kept", "保留去年区县结对最多"),
    ("objective.keep_schools", "most school pairs of last year kept", "保留去年学校结对最多"),
    ("objective.convenience", "nearest and most convenient for the schools", "学校结对就近就便"),
    ("objective.county_travel", "least travel of county pairs", "区县结对路程最短"),
    ("objective.school_travel", "least travel of school pairs", "学校结对路程最短"),
)
