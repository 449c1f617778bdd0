"""What the programmes of giving say: wishes, buddies, calls, experts, and what arrives one by one."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("programme.wishes", "Wishes", "微心愿认领"),
    ("programme.objective.granted", "wishes not granted", "未认领心愿"),
    ("programme.objective.waiting", "days that wishes left over have waited", "未认领心愿已等待天数"),
    ("programme.unit.wishes", "wishes", "个心愿"),
    ("programme.unit.days", "days", "天"),
    ("programme.metric.wishes", "wishes", "微心愿"),
    ("programme.metric.wishes_granted", "wishes granted", "已认领心愿"),
    ("programme.metric.share_granted", "share of wishes granted", "心愿认领率"),
    ("programme.metric.members_giving", "members who give", "参与认领的委员"),
    ("programme.metric.spent", "cost of the wishes granted", "已认领心愿费用"),
    ("word.wishes", "wishes", "微心愿"),
    ("word.members", "members", "青联委员"),
    (
        "fault.arrivals_market",
        "only a market of {expected} can be served as people come.",
        "仅支持以下形式的市场逐一到达决策：{expected}。",
    ),
    (
        "mend.arrivals_market",
        "Give one cost level and `unmet_cost`, and no minima.",
        "请提供单一成本层级与 `unmet_cost`，且不设下限。",
    ),
    (
        "fault.time_runs_back",
        "{column} is {value}, but it is {now} already.",
        "{column} 为 {value}，早于当前时间 {now}。",
    ),
    ("mend.time_runs_back", "Give whole seconds, in the order in which things happen.", "请按发生顺序给出整数秒。"),
    ("phase.compare", "policies compared", "策略比较"),
    ("word.granted", "wishes granted before", "以往认领"),
)
