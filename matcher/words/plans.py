"""Plans: why they have none, warnings, what changed, saving."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("plan.infeasible", "No plan meets the hard rules.", "没有方案能满足硬性规则。"),
    (
        "plan.unknown",
        "No feasible plan is known (stopped: {reason}).",
        "尚无可行方案（停止原因：{reason}）。",
    ),
    # warnings
    (
        "notice.unlimited_reach",
        "There is no limit of reach at {level} level: 95 % of the pairs lie within {p95_km} km, the farthest at "
        "{max_km} km.",
        "{level}级未设距离上限：95% 的结对在 {p95_km} 公里以内，最远 {max_km} 公里。",
    ),
    (
        "notice.estimated_times",
        "{count} pair(s) at {level} level have an estimated travel time.",
        "{level}级有 {count} 个结对的路程时间为估算值。",
    ),
    (
        "notice.school_at_county_seat",
        "{count} of {of} schools stand at their county's seat for want of coordinates of their own.",
        "{of} 所学校中有 {count} 所没有自己的坐标，按所在县城计算。",
    ),
    (
        "notice.floor_counts_nobody",
        "The {level} coverage floor (by {by}) counts nobody in {groups} group(s) and asks for nothing there: {names}.",
        "{level}级覆盖下限（按 {by}）在 {groups} 个组中没有计数对象，在这些组中不作要求：{names}。",
    ),
    ("summary.rules", "Rules:", "规则："),
    (
        "notice.policy_unknown_id",
        "The policy names ids that the input does not have: {names}.",
        "规则中的以下编号在输入中不存在：{names}。",
    ),
    (
        "notice.policy_unknown_province",
        "The policy names provinces that nobody in the input lies in: {names}.",
        "规则中的以下省份在输入中无人所属：{names}。",
    ),
    (
        "notice.policy_unknown_column",
        "The policy names columns that no table of the input has: {names}.",
        "规则中的以下列在输入的各表中都不存在：{names}。",
    ),
    (
        "notice.policy_unknown_kind",
        "The policy names kinds that no organisation can be of: {names} (university, enterprise, institution).",
        "规则中的以下组织类型不存在：{names}（可用 university 高校、enterprise 企业、institution 事业单位）。",
    ),
    # events and renewal
    ("fault.id_taken", "{value!r} is an id of the table {target} already.", "{value!r} 已是表 {target} 中的编号。"),
    ("mend.id_taken", "Give the arrival an id of its own.", "请为新加入者使用新的编号。"),
    (
        "fault.no_priced_level",
        "a curve of changes needs one-to-one pairing without rules over several pairs, and an objective in km or "
        "minutes.",
        "变动曲线要求一对一结对、没有跨多个结对的规则，且目标中有以公里或分钟计的一项。",
    ),
    (
        "mend.no_priced_level",
        "Leave such rules out, or use `matcher.tradeoff`.",
        "请去掉此类规则，或改用 matcher.tradeoff。",
    ),
    # changes
    ("diff.head", "What differs between the two plans:", "两份方案的差异："),
    (
        "diff.county",
        "  county pairs: {kept} kept, {new} new, {ended} ended ({ended_forced} forced, {ended_consequent} consequent, "
        "{ended_chosen} chosen); {changed} counties with {children_affected} children affected",
        "  区县结对：保留 {kept}，新增 {new}，终止 {ended}（被迫 {ended_forced}，连带 {ended_consequent}，"
        "主动 {ended_chosen}）；涉及 {changed} 个区县、{children_affected} 名儿童",
    ),
    (
        "diff.school",
        "  school pairs: {kept} kept, {new} new, {ended} ended ({ended_forced} forced, {ended_consequent} consequent, "
        "{ended_chosen} chosen); {changed} schools with {children_affected} children affected",
        "  学校结对：保留 {kept}，新增 {new}，终止 {ended}（被迫 {ended_forced}，连带 {ended_consequent}，"
        "主动 {ended_chosen}）；涉及 {changed} 所学校、{children_affected} 名儿童",
    ),
    # saving and loading
    (
        "error.save_failed",
        "{path} can't be written ({reason}); what was there is unchanged. If it is open in Excel, close it.",
        "无法写入 {path}（{reason}）；原有内容未变。如在 Excel 中打开，请先关闭。",
    ),
    (
        "error.save_foreign",
        "{path} exists and is not a saved plan; nothing was written. Choose another name, or replace it with --force "
        "(in Python replace=True).",
        "{path} 已存在且不是已保存的方案；未写入任何内容。请另选名称，或用 --force 强制替换"
        "（Python 中为 replace=True）。",
    ),
    (
        "error.save_format",
        "A plan can't be written as {suffix}; nothing was written. Give a name that ends in .xlsx for a workbook, or "
        "the name of a folder.",
        "方案不能写成 {suffix} 格式；未写入任何内容。请使用以 .xlsx 结尾的工作簿名，或文件夹名。",
    ),
    (
        "error.save_file",
        "{path} is a file, and a plan needs a folder; nothing was written. Choose another name.",
        "{path} 是文件，而方案须存入文件夹；未写入任何内容。请另选名称。",
    ),
    (
        "error.save_changed",
        "The plan at {path} was changed since it was saved ({names}); nothing was written. Choose another name, take "
        "the edits of its workbook with --edits, or replace it with --force (in Python replace=True).",
        "{path} 处的方案在保存后被更改（{names}）；未写入任何内容。请另选名称，或用 --edits 采纳工作簿中的修改，"
        "或用 --force 强制替换（Python 中为 replace=True）。",
    ),
    (
        "error.save_worse",
        "{path} holds a plan that keeps the rules, and this one does not; nothing was written. Choose another name, or "
        "replace it with --force (in Python replace=True).",
        "{path} 处已有符合规则的方案，而本次没有可行方案；未写入任何内容。请另选名称，或用 --force 强制替换"
        "（Python 中为 replace=True）。",
    ),
    (
        "error.save_not_ours",
        "{path} exists and was not made by this library, or was changed since; nothing was written. Choose another "
        "name, or replace it with --force (in Python replace=True).",
        "{path} 已存在，且不是本库写出的文件，或写出后被更改；未写入任何内容。请另选名称，或用 --force 强制替换"
        "（Python 中为 replace=True）。",
    ),
    ("fault.no_plan", "there is no saved plan at {value}.", "{value} 处没有已保存的方案。"),
    ("mend.no_plan", "Give the folder that a plan was saved to.", "请给出保存方案的文件夹。"),
    ("fault.not_a_plan", "this is not a plan of the format {format}.", "这不是 {format} 格式的方案。"),
    ("mend.not_a_plan", "Give what the library wrote itself.", "请提供由本库写出的内容。"),
    ("fault.broken_plan", "the plan can't be read: {reason}.", "方案无法读取：{reason}。"),
    ("mend.broken_plan", "Save the plan again.", "请重新保存方案。"),
    ("fault.unreadable_plan", "the plan at {value} can't be read.", "无法读取 {value} 处的方案。"),
    ("mend.unreadable_plan", "Check the folder, or save the plan again.", "请检查该文件夹，或重新保存方案。"),
    ("fault.file_changed", "the file {value} was changed after saving.", "文件 {value} 在保存后被更改。"),
    (
        "mend.file_changed",
        "Run `matcher verify` to see what the change means, or save the plan again.",
        "请运行 `matcher verify` 查看更改的影响，或重新保存方案。",
    ),
    ("fault.unknown_kind", "the kind {value!r} is not known.", "未知的类别 {value!r}。"),
    ("mend.unknown_kind", "Give one of {known}.", "请填写 {known} 之一。"),
    # the summary
    ("summary.head", "Plan: {status}; {proof}.", "方案：{status}；{proof}。"),
    ("summary.status.optimal", "optimal", "最优"),
    ("summary.status.feasible", "feasible", "可行"),
    ("summary.status.infeasible", "no plan meets the hard rules", "没有方案能满足硬性规则"),
    ("summary.status.unknown", "nothing feasible is known", "尚无可行方案"),
    ("summary.stopped", " (stopped: {reason})", "（提前停止：{reason}）"),
    ("summary.stop.time", "time limit", "达到时限"),
    ("summary.stop.work", "work limit", "达到工作量上限"),
    ("summary.stop.gap", "gap reached", "达到设定差距"),
    ("summary.stop.cancelled", "cancelled", "已取消"),
    ("summary.stop.search", "the search ended by itself", "搜索自行结束"),
    ("summary.stop.worker_died", "a worker process died", "工作进程中途退出"),
    (
        "summary.proof.certificate",
        "proved by a certificate in exact integers over {scope}",
        "由精确整数证书证明，范围：{scope}",
    ),
    ("summary.proof.solver", "claimed by {solver} over {scope}", "由 {solver} 声明，范围：{scope}"),
    (
        "summary.proof.partly.certificate",
        "{closed} of {of} levels proved by a certificate in exact integers over {scope}, of the others bounds at most",
        "{of} 个层次中 {closed} 个由精确整数证书证明，范围：{scope}；其余至多有界",
    ),
    (
        "summary.proof.partly.solver",
        "{closed} of {of} levels claimed as proved by {solver} over {scope}, of the others bounds at most",
        "{of} 个层次中 {closed} 个由 {solver} 声明已证明，范围：{scope}；其余至多有界",
    ),
    ("summary.proof.none", "nothing is proved", "未作证明"),
    ("summary.scope.both_levels", "both levels of pairing together", "区县与学校两级结对一并考虑"),
    ("summary.scope.stable_plans", "all stable plans over both levels", "两级结对的全部稳定方案"),
    (
        "summary.scope.stable_plans_ties_broken",
        "all plans stable for the order that breaks ties by id",
        "按编号打破并列后的全部稳定方案",
    ),
    ("summary.scope.all_pairs", "all allowed pairs", "全部允许的配对"),
    ("summary.scope.one_level_after_the_other", "one level after the other only", "仅逐级分别考虑"),
    ("summary.witness", "  Why: {said}", "  原因：{said}"),
    (
        "witness.hall",
        "{count} {own} ({ids}) need {needed} pairs, but the {other} they may be paired with have room for {available}.",
        "{count} 个{own}（{ids}）共需 {needed} 对，而其可结对的{other}只能提供 {available} 对。",
    ),
    (
        "witness.pins",
        "{id} ({own}) is in {pinned} pinned pairs, but takes {limit} at most.",
        "{id}（{own}）有 {pinned} 个固定配对，但最多只能有 {limit} 对。",
    ),
    (
        "witness.pin_forbidden",
        "the pair {provider_id} – {recipient_id} is pinned, but another rule forbids it.",
        "配对 {provider_id} – {recipient_id} 被固定，但另有规则禁止。",
    ),
    (
        "witness.floor",
        "{asked} can't be met: {bound} at most can be reached.",
        "{asked}无法满足：最多能达到 {bound}。",
    ),
    ("witness.conflict", "these can't all be met together: {groups}", "下列要求不能同时满足：{groups}"),
    (
        "witness.conflict.reducible",
        "these can't all be met together (some may not be part of it): {groups}",
        "下列要求不能同时满足（其中个别可能无关）：{groups}",
    ),
    (
        "witness.joint_requirements",
        "pins and minima of both levels together can't be met: {unmet} of them at least stay open.",
        "两级的固定配对与下限不能同时满足：至少有 {unmet} 项无法满足。",
    ),
    (
        "witness.no_stable_plan.minimum",
        "no stable plan meets the minima ({known}).",
        "没有稳定方案能满足下限（{known}）。",
    ),
    (
        "witness.no_stable_plan.no_county_pair",
        "every stable plan leaves these, which need a pair, without a county pair ({known}).",
        "在任何稳定方案中，这些必须结对的单位都没有县级结对（{known}）。",
    ),
    (
        "witness.no_stable_plan.pin_unstable",
        "no stable plan has these pinned pairs ({known}).",
        "没有稳定方案包含这些固定配对（{known}）。",
    ),
    (
        "witness.no_stable_plan.pins_apart",
        "no stable plan has all of these pinned pairs together ({known}).",
        "没有稳定方案同时包含这些固定配对（{known}）。",
    ),
    (
        "witness.group.floor",
        "the coverage floor of {group} ({level}, {count}: {limit})",
        "{group}的覆盖下限（{level}，{count}：{limit}）",
    ),
    (
        "witness.group.load",
        "the load of {id} ({table}, {count}: {limit})",
        "{id} 的承担量（{table}，{count}：{limit}）",
    ),
    (
        "witness.group.children_per_volunteer",
        "the children per volunteer of branch {id} (at most {limit} children)",
        "支部 {id} 的志愿者人均儿童数（最多 {limit} 名儿童）",
    ),
    (
        "witness.group.wanted_kind",
        "the kind that county {id} wants ({kinds}: {limit})",
        "区县 {id} 需要的组织类型（{kinds}：{limit}）",
    ),
    (
        "witness.group.max_changes",
        "the most pairs of last year that may end by choice ({level}: {most})",
        "可主动终止的去年结对数（{level}：{most}）",
    ),
    ("witness.group.cap", "the cap of the level {of}", "目标 {of} 的限值"),
    ("witness.group.pins", "the pinned pairs ({of})", "固定配对（{of}）"),
    ("witness.group.minimum", "the minima ({of})", "下限（{of}）"),
    ("word.many.organizations", "organisations", "组织"),
    ("word.many.branches", "branches", "支部"),
    ("word.many.counties", "counties", "区县"),
    ("word.many.schools", "schools", "学校"),
    ("summary.level.county", "counties", "区县"),
    ("summary.level.school", "schools", "学校"),
    ("summary.coverage", "Covered", "覆盖"),
    ("summary.travel", "Travel", "路程"),
    ("summary.last_year", "Last year", "与去年相比"),
    (
        "summary.covered",
        "{covered:,} of {total:,} ({share}), {children_covered:,} of {children:,} children ({children_share})",
        "{total:,} 个中的 {covered:,} 个（{share}），"
        "{children:,} 名儿童中的 {children_covered:,} 名（{children_share}）",
    ),
    (
        "summary.spread.km",
        "mean {mean} km, median {median}, 95 % within {p95}, farthest {max}; {total} in all",
        "平均 {mean} 公里，中位数 {median}，95% 在 {p95} 以内，最远 {max}；合计 {total}",
    ),
    (
        "summary.spread.min",
        "mean {mean} min, median {median}, 95 % within {p95}, longest {max}; {total} in all",
        "平均 {mean} 分钟，中位数 {median}，95% 在 {p95} 以内，最长 {max}；合计 {total}",
    ),
    (
        "summary.changes",
        "{kept:,} kept, {new:,} new, {ended:,} ended ({ended_forced:,} forced, {ended_consequent:,} consequent, "
        "{ended_chosen:,} chosen)",
        "保留 {kept:,}，新增 {new:,}，终止 {ended:,}（被迫 {ended_forced:,}，连带 {ended_consequent:,}，"
        "主动 {ended_chosen:,}）",
    ),
    (
        "summary.blocking",
        "Pairs that would both rather have each other: {county:,} at county level, {school:,} at school level.",
        "双方都更愿意与对方结对的配对：区县级 {county:,} 对，学校级 {school:,} 对。",
    ),
    (
        "summary.levels",
        "Levels, each the best given those before it:",
        "目标层级（后者在前者既定的前提下取最优）：",
    ),
    ("summary.bound", "bound {bound}", "界 {bound}"),
    ("summary.verdict.proved", "proved", "已证明"),
    ("summary.verdict.gap", "gap {gap} ({share})", "差距 {gap}（{share}）"),
    ("summary.verdict.open", "not proved", "未证明"),
    ("summary.verdict.conditional", ", given the levels before", "，以前面各级为条件"),
    ("summary.warnings", "To know:", "注意："),
    (
        "summary.carried_columns",
        "Columns that are not known are carried through: {columns}.",
        "未知的列原样带出：{columns}。",
    ),
    (
        "summary.more_warnings",
        "  ! and {count} more: matcher check INPUT --all shows them (in Python plan.warnings)",
        "  ! 另有 {count} 条：用 matcher check 数据 --all 查看",
    ),
    ("summary.unknown", "unknown", "未知"),
    ("summary.unit.km", "km", "公里"),
    ("summary.unit.min", "min", "分钟"),
    ("summary.unit.children", "children", "名儿童"),
    ("summary.unit.counties", "counties", "个区县"),
    ("summary.unit.schools", "schools", "所学校"),
    ("summary.unit.pairs", "pairs", "对"),
    ("summary.unit.organizations", "organisations", "个组织"),
    # words for codes
    ("word.policy", "policy", "政策"),
    ("word.county", "county", "区县"),
    ("word.school", "school", "学校"),
    ("word.organization", "organisation", "组织"),
    ("word.university", "university", "高校"),
    ("word.enterprise", "enterprise", "企业"),
    ("word.institution", "institution", "事业单位"),
    ("word.branch", "branch", "支部"),
    # stable words inside details
    ("word.children", "children", "儿童"),
    ("word.recipients", "recipients", "个数"),
    ("word.all", "all", "全部"),
    # why somebody is unmatched; of a school or branch, "here" is its county pairing
    ("unmatched.nearest", "nearest={id}; km={km}", "最近：{id}，{km} 公里"),
    ("reason.not_planned", "Nothing is planned: there is no plan.", "没有方案，未作安排。"),
    ("reason.no_county_pair", "There is no county pairing it could stand on.", "没有可依托的区县结对。"),
    ("reason.no_partner", "There is nobody else here to be paired with.", "在此没有其他可结对的对象。"),
    ("reason.outside_province", "Nobody in its own province can be paired with it.", "本省内没有可结对的对象。"),
    ("reason.out_of_reach", "Everybody here is out of reach.", "在此所有对象都超出允许范围。"),
    ("reason.not_listed", "No travel time to anybody here is listed.", "没有列出到此处任何对象的路程时间。"),
    ("reason.forbidden", "Every pair here is forbidden.", "在此每个配对均被禁止。"),
    ("reason.not_allowed", "The rules together allow nobody here.", "各项规则合起来在此不允许任何对象。"),
    (
        "reason.farther_than_children_are_worth",
        "Everybody here is farther than the exchange rate allows for so few children.",
        "按折算率，就其儿童数而言，在此所有对象都太远。",
    ),
    (
        "reason.partners_full",
        "Everybody else here it could be paired with has all pairs it may have.",
        "在此其他可结对的对象均已满额。",
    ),
    (
        "reason.not_chosen",
        "Somebody has room, but the order of the policy, or others, left the pair out.",
        "尚有对象有余量，但按政策次序或为他人所需而未选。",
    ),
)
