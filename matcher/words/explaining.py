"""Explanations: why somebody is paired as it is, and why not otherwise."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "explain.partner",
        "  {name}: {km:.3f} km, no. {place} of {allowed} allowed by nearness{kept}",
        "  {name}：{km:.3f} 公里，在 {allowed} 个允许对象中排第 {place} 近{kept}",
    ),
    ("explain.kept", ", kept from last year", "，去年保留"),
    ("explain.kept_since", ", kept, since {since}", "，自 {since} 年保留至今"),
    ("explain.paired", "{kind} {name} is paired with:", "{kind} {name} 的结对对象："),
    ("explain.none", "{kind} {name} is paired with nobody.", "{kind} {name} 没有结对对象。"),
    ("explain.missing", "{missing} more could be had. {reason}", "还缺 {missing} 个。{reason}"),
    ("explain.of_these", " The nearest of these: {name}, {km:,.3f} km.", "其中最近：{name}，{km:,.3f} 公里。"),
    (
        "explain.nearest",
        "Nearest of all, allowed or not: {name}, {km:,.3f} km; {state}.",
        "不论是否允许，最近的是：{name}，{km:,.3f} 公里；{state}。",
    ),
    (
        "explain.nearest_allowed",
        "Nearest that the rules allow: {name}, {km:,.3f} km; {state}.",
        "规则允许的最近对象：{name}，{km:,.3f} 公里；{state}。",
    ),
    ("explain.nobody_allowed", "The rules allow nobody at all.", "规则不允许任何对象。"),
    (
        "explain.rate",
        "{name} would be worth the way from a rate of {rate:,.3f} for each child on (now {now:g}).",
        "折算率（每名儿童）达到 {rate:,.3f} 起，前往 {name} 才值得（现为 {now:g}）。",
    ),
    (
        "explain.worth",
        "A place left empty counts as much as {worth:.3f} {unit} of travel.",
        "每个空缺名额折算为 {worth:.3f} {unit} 路程。",
    ),
    (
        "explain.alternatives",
        "The nearest others that the rules allow (of a school or branch: in its county pairing, then outside it):",
        "规则允许的其他最近对象（学校、支部：先列区县结对之内，再列之外）：",
    ),
    ("explain.no_alternatives", "The rules allow nobody else.", "规则不允许其他对象。"),
    ("explain.alternative", "  {name}: {km:.3f} km; {state}", "  {name}：{km:.3f} 公里；{state}"),
    ("explain.price", "      {said}", "      {said}"),
    ("explain.state.free", "has room", "有余量"),
    ("explain.state.taken", "taken by {partners}", "已与 {partners} 结对"),
    ("explain.state.elsewhere", "its {kind} is paired elsewhere: with {parents}", "其所属{kind}在别处结对：{parents}"),
    ("explain.state.unpaired", "its {kind} is paired with nobody", "其所属{kind}没有结对"),
    ("explain.state.closed", "takes nobody", "不接受结对"),
    ("explain.state.paired", "paired with it", "已与其结对"),
    ("explain.state.barred", "the rules do not allow the pair", "规则不允许该配对"),
    ("explain.state.barred_above", "the rules do not allow the county pair", "规则不允许其上级的区县结对"),
    # why a school has no branch, or not enough; {parents}: the organisations paired with its county
    (
        "explain.reason.school.no_county_pair",
        "Its county, {own}, is paired with nobody.",
        "其所在区县 {own} 没有结对。",
    ),
    (
        "explain.reason.school.no_partner",
        "{parents}, paired with its county, has no other branch that takes schools.",
        "与其区县结对的 {parents} 没有其他可服务学校的支部。",
    ),
    (
        "explain.reason.school.out_of_reach",
        "Every branch of {parents}, paired with its county, is out of reach.",
        "与其区县结对的 {parents} 的支部都超出可及范围。",
    ),
    (
        "explain.reason.school.not_listed",
        "No travel time from a branch of {parents}, paired with its county, is listed.",
        "没有列出与其区县结对的 {parents} 各支部的路程时间。",
    ),
    (
        "explain.reason.school.forbidden",
        "Every branch of {parents}, paired with its county, is forbidden to serve it.",
        "与其区县结对的 {parents} 的支部均被禁止服务该校。",
    ),
    (
        "explain.reason.school.not_allowed",
        "The rules together allow no branch of {parents}, paired with its county.",
        "各项规则合起来不允许与其区县结对的 {parents} 的任何支部。",
    ),
    (
        "explain.reason.school.farther_than_children_are_worth",
        "Every branch of {parents}, paired with its county, that the rules allow is farther than the exchange rate "
        "allows for so few children.",
        "按折算率，就其儿童数而言，与其区县结对的 {parents} 的各支部都太远。",
    ),
    (
        "explain.reason.school.partners_full",
        "Every branch of {parents}, paired with its county, that could serve it serves as many schools as it may.",
        "与其区县结对的 {parents} 中可服务该校的支部均已满额。",
    ),
    (
        "explain.reason.school.not_chosen",
        "A branch of {parents}, paired with its county, has room, but the order of the policy, or others, left the "
        "pair out.",
        "与其区县结对的 {parents} 尚有支部有余量，但按政策次序或为他人所需而未选。",
    ),
    # why a branch has room; {parents}: the counties paired with its organisation
    (
        "explain.reason.branch.no_county_pair",
        "Its organisation, {own}, is paired with no county.",
        "其所属组织 {own} 没有结对区县。",
    ),
    (
        "explain.reason.branch.no_partner",
        "{parents}, paired with its organisation, has no other school that wants a branch.",
        "与其组织结对的 {parents} 没有其他需要支部的学校。",
    ),
    (
        "explain.reason.branch.out_of_reach",
        "Every school of {parents}, paired with its organisation, is out of reach.",
        "与其组织结对的 {parents} 的学校都超出可及范围。",
    ),
    (
        "explain.reason.branch.not_listed",
        "No travel time to a school of {parents}, paired with its organisation, is listed.",
        "没有列出到与其组织结对的 {parents} 各学校的路程时间。",
    ),
    (
        "explain.reason.branch.forbidden",
        "Every school of {parents}, paired with its organisation, is forbidden to it.",
        "与其组织结对的 {parents} 的学校均被禁止由其服务。",
    ),
    (
        "explain.reason.branch.not_allowed",
        "The rules together allow no school of {parents}, paired with its organisation.",
        "各项规则合起来不允许与其组织结对的 {parents} 的任何学校。",
    ),
    (
        "explain.reason.branch.farther_than_children_are_worth",
        "Every school of {parents}, paired with its organisation, that the rules allow is farther than the exchange "
        "rate allows for its children.",
        "按折算率，与其组织结对的 {parents} 的各学校就其儿童数而言都太远。",
    ),
    (
        "explain.reason.branch.partners_full",
        "Every school of {parents}, paired with its organisation, that it could serve has all branches it wants.",
        "与其组织结对的 {parents} 中可由其服务的学校均已有所需支部。",
    ),
    (
        "explain.reason.branch.not_chosen",
        "A school of {parents}, paired with its organisation, wants a branch, but the order of the policy, or others, "
        "left the pair out.",
        "与其组织结对的 {parents} 尚有学校需要支部，但按政策次序或为他人所需而未选。",
    ),
)
