"""What emptied a level of a plan."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "notice.emptied_by_table",
        "The plan has no pairs at {level} level: the table {table} has no rows.",
        "方案在{level}级没有任何结对：表 {table} 没有数据。",
    ),
    (
        "notice.emptied_by_bounds",
        "The plan has no pairs at {level} level: every row of {table} may have at most 0 of them.",
        "方案在{level}级没有任何结对：表 {table} 中每一行最多只能有 0 个结对。",
    ),
    (
        "notice.emptied_by_counties",
        "The plan has no pairs at {level} level: no paired organisation has a branch with room where a paired county "
        "has a school that wants one.",
        "方案在{level}级没有任何结对：已结对的组织与区县中，没有一对同时有可用的支部和需要支部的学校。",
    ),
    (
        "notice.emptied_by_objectives",
        "The plan has no pairs at {level} level although {allowed} are allowed: under its objectives it is no better "
        "with any of them.",
        "方案在{level}级没有任何结对，尽管允许的有 {allowed} 对：按其目标，加入任何一对都不会更优。",
    ),
    (
        "notice.emptied_by_rule",
        "The plan has no pairs at {level} level because a rule forbids every one: {rules}",
        "方案在{level}级没有任何结对，因为有规则禁止了所有配对：{rules}",
    ),
    (
        "notice.emptied_by_rules",
        "The plan has no pairs at {level} level because these rules together forbid every one: {rules}",
        "方案在{level}级没有任何结对，因为以下规则合起来禁止了所有配对：{rules}",
    ),
    ("emptied.provinces.organizations", "(Provinces of the organisations: {names};", "（组织所在省份：{names}；"),
    ("emptied.provinces.counties", "of the counties: {names}.)", "区县所在省份：{names}。）"),
    (
        "emptied.no_times",
        "(The table travel_times has no row of this level.)",
        "（表 travel_times 中没有该级的数据。）",
    ),
)
