"""What the checker finds: `violation.CODE` for every code, and the frame around them."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "report.ok.proved",
        "Proved: the plan keeps every rule, and everything it says of itself, its bounds too, was recomputed.",
        "已证明：方案符合全部规则，其所述（包括各级的界）均已重新计算，全部属实。",
    ),
    (
        "report.ok.claimed",
        "Claimed: the plan keeps every rule and its values are true; that no plan is better is not proved.",
        "未证明最优：方案符合全部规则，各项数值属实；是否没有更好的方案，未得到证明。",
    ),
    (
        "report.bound",
        "  Recomputed: with what comes before it as it is, no plan is more than {percent} % better in: {level}.",
        "  已重新计算：在排在其前的各项不变时，没有方案在“{level}”上比它好 {percent}% 以上。",
    ),
    (
        "report.ok.infeasible.proved",
        "Proved: no plan meets the hard rules.",
        "已证明：没有方案能满足硬性规则。",
    ),
    (
        "report.ok.infeasible.claimed",
        "Claimed: that no plan meets the hard rules is a solver's word; nothing found here speaks against it.",
        "仅为求解器的结论：没有方案能满足硬性规则；核验中未发现反例。",
    ),
    (
        "report.ok.unknown",
        "Nothing is false: there are no pairs, and nothing is claimed of them.",
        "无不实之处：方案为空，亦未作任何声明。",
    ),
    ("report.head", "The plan does not verify: {count} violation(s).", "方案未通过核验：共 {count} 处问题。"),
    # hard rules
    (
        "violation.unknown_id",
        "The {level} pairings name the {kind} {id}, which the input does not have.",
        "{level}级结对中的 {kind} {id} 不在输入数据中。",
    ),
    (
        "violation.repeated_pair",
        "{provider} – {recipient} stands {times} times in the {level} pairings.",
        "{level}级结对中 {provider} – {recipient} 出现了 {times} 次。",
    ),
    (
        "violation.over_capacity",
        "The {kind} {id} has {count} pairs, but takes {most} at most.",
        "{kind} {id} 有 {count} 个结对，上限为 {most}。",
    ),
    (
        "violation.below_minimum",
        "The {kind} {id} has {count} pairs, but must have {least} at least.",
        "{kind} {id} 有 {count} 个结对，下限为 {least}。",
    ),
    (
        "violation.over_demand",
        "The {kind} {id} has {count} pairs, but wants {most} at most.",
        "{kind} {id} 有 {count} 个结对，最多需要 {most} 个。",
    ),
    (
        "violation.below_demand",
        "The {kind} {id} has {count} pairs, but must have {least} at least.",
        "{kind} {id} 有 {count} 个结对，至少需要 {least} 个。",
    ),
    (
        "violation.county_not_paired",
        "The branch {provider} serves the school {recipient}, but its organisation {organization} is not paired with "
        "the county {county}.",
        "支部 {provider} 服务学校 {recipient}，但所属组织 {organization} 未与区县 {county} 结对。",
    ),
    (
        "violation.out_of_reach",
        "{provider} – {recipient} ({level}, {km} km) is out of reach.",
        "{provider} – {recipient}（{level}级，{km} 公里）超出允许范围。",
    ),
    (
        "violation.outside_province",
        "{provider} – {recipient} crosses the province that the policy keeps to.",
        "{provider} – {recipient} 不在政策限定的省份内。",
    ),
    (
        "violation.not_listed",
        "{provider} – {recipient} ({level}) has no listed travel time.",
        "{provider} – {recipient}（{level}级）没有列出路程时间。",
    ),
    (
        "violation.forbidden_pair",
        "{provider} – {recipient} ({level}) is forbidden.",
        "{provider} – {recipient}（{level}级）属于禁止结对。",
    ),
    (
        "violation.rule_broken",
        "{provider} – {recipient} ({level}) breaks the rule {rule}.",
        "{provider} – {recipient}（{level}级）违反规则 {rule}。",
    ),
    (
        "violation.pin_missing",
        "{provider} – {recipient} ({level}) is pinned, but not in the plan.",
        "{provider} – {recipient}（{level}级）为固定结对，但方案中没有。",
    ),
    (
        "violation.blocking_pair",
        "{provider} and {recipient} ({level}) would both rather have each other: the plan is not stable.",
        "{provider} 与 {recipient}（{level}级）都更愿意与对方结对：方案不稳定。",
    ),
    (
        "violation.too_many_blocking_pairs",
        "{value} pairs would rather have each other, at most {limit} may.",
        "有 {value} 对更愿意与对方结对，最多只允许 {limit} 对。",
    ),
    (
        "violation.unaccepted_pair",
        "{provider} and {recipient} ({level}) are paired, but one of them does not list the other.",
        "{provider} 与 {recipient}（{level}级）结对，但其中一方未将对方列入意愿表。",
    ),
    # rows
    (
        "violation.wrong_county",
        "{provider} – {recipient}: the school is in the county {true}, not {claimed}.",
        "{provider} – {recipient}：学校所在区县为 {true}，而非 {claimed}。",
    ),
    (
        "violation.wrong_organization",
        "{provider} – {recipient}: the branch belongs to {true}, not {claimed}.",
        "{provider} – {recipient}：支部所属组织为 {true}，而非 {claimed}。",
    ),
    (
        "violation.km_differs",
        "{provider} – {recipient} ({level}): {true} km, not {claimed}.",
        "{provider} – {recipient}（{level}级）：应为 {true} 公里，而非 {claimed}。",
    ),
    (
        "violation.minutes_differ",
        "{provider} – {recipient} ({level}): {true} minutes, not {claimed}.",
        "{provider} – {recipient}（{level}级）：应为 {true} 分钟，而非 {claimed}。",
    ),
    (
        "violation.kept_differs",
        "{provider} – {recipient} ({level}): kept is {true}, not {claimed}.",
        "{provider} – {recipient}（{level}级）：是否保留应为 {true}，而非 {claimed}。",
    ),
    (
        "violation.since_differs",
        "{provider} – {recipient} ({level}): since {true}, not {claimed}.",
        "{provider} – {recipient}（{level}级）：起始年份应为 {true}，而非 {claimed}。",
    ),
    # metrics, unmatched, warnings
    (
        "violation.metric_differs",
        "The metric {name} is {true}, not {claimed}.",
        "指标 {name} 应为 {true}，而非 {claimed}。",
    ),
    ("violation.metric_missing", "The metric {name} is missing.", "缺少指标 {name}。"),
    ("violation.metric_unknown", "There is no metric {name}.", "没有指标 {name}。"),
    (
        "violation.unmatched_row_missing",
        "The {kind} {id} wanted more, but is not among the unmatched.",
        "{kind} {id} 未获满足，但未列入未匹配名单。",
    ),
    (
        "violation.unmatched_row_false",
        "The {kind} {id} is among the unmatched, but lacks nothing.",
        "{kind} {id} 列入未匹配名单，但并无缺口。",
    ),
    ("violation.unmatched_repeated", "The unmatched have a row twice.", "未匹配名单有重复行。"),
    (
        "violation.unmatched_missing_differs",
        "The {kind} {id} lacks {true}, not {claimed}.",
        "{kind} {id} 缺 {true} 个，而非 {claimed} 个。",
    ),
    (
        "violation.unmatched_reason_differs",
        "The {kind} {id} is unmatched for the reason {true}, not {claimed}.",
        "{kind} {id} 未匹配的原因是 {true}，而非 {claimed}。",
    ),
    (
        "violation.unmatched_detail_differs",
        "The {kind} {id}, unmatched: {true!r}, not {claimed!r}.",
        "{kind} {id} 未匹配的说明应为 {true!r}，而非 {claimed!r}。",
    ),
    (
        "violation.warning_missing",
        "The warning {name} is missing or says something else.",
        "缺少警告 {name} 或其内容不符。",
    ),
    ("violation.warning_false", "The warning {name} is not true.", "警告 {name} 与事实不符。"),
    # levels, status, proof
    (
        "violation.levels_differ",
        "The levels are {claimed}, but the policy orders {true}.",
        "方案的目标层级为 {claimed}，而政策规定为 {true}。",
    ),
    ("violation.level_unit", "The level {name} is counted as {true}.", "层级 {name} 应按 {true} 计。"),
    (
        "violation.level_value",
        "The level {name} has the value {true}, not {claimed}.",
        "层级 {name} 的值为 {true}，而非 {claimed}。",
    ),
    (
        "violation.bound_beaten",
        "The level {name} has the value {value}, better than its bound {bound}: the bound is false.",
        "层级 {name} 的值 {value} 优于其界 {bound}：该界有误。",
    ),
    (
        "violation.level_gap",
        "The gap of the level {name} is {true}, not {claimed}.",
        "层级 {name} 的差距为 {true}，而非 {claimed}。",
    ),
    (
        "violation.bound_without_proof",
        "The level {name} claims a bound, but the plan has no proof.",
        "层级 {name} 给出了界，但方案没有证明。",
    ),
    (
        "violation.level_unconditional",
        "The bound of the level {name} holds only given an earlier level with a gap, which it does not say.",
        "层级 {name} 的界仅在前面有差距的层级取当前值时成立，但未注明。",
    ),
    ("violation.status_unknown_word", "There is no status {claimed!r}.", "没有状态 {claimed!r}。"),
    ("violation.stop_reason_unknown", "There is no stop reason {claimed!r}.", "没有停止原因 {claimed!r}。"),
    (
        "violation.status_not_feasible",
        "The plan calls itself feasible, but breaks a hard rule.",
        "方案自称可行，但违反了硬性规则。",
    ),
    (
        "violation.status_not_infeasible",
        "The plan says that none is feasible, but its own pairs are.",
        "方案声称不可行，但其自身结对是可行的。",
    ),
    (
        "violation.status_unproved",
        "The plan calls itself optimal without proof of it (open levels: {levels}).",
        "方案自称最优，但没有证明（未闭合层级：{levels}）。",
    ),
    (
        "violation.status_stopped",
        "The plan calls itself optimal, but was stopped ({reason}).",
        "方案自称最优，但求解曾提前停止（{reason}）。",
    ),
    (
        "violation.status_scope",
        "The plan calls itself optimal, but its proof covers only {scope}.",
        "方案自称最优，但其证明仅覆盖 {scope}。",
    ),
    (
        "violation.witness_missing",
        "The plan says that none is feasible, but not why.",
        "方案声称不可行，但未说明原因。",
    ),
    (
        "violation.witness_needless",
        "The plan gives a reason why none is feasible, but does not say that none is.",
        "方案给出了不可行的原因，却并未声明不可行。",
    ),
    ("violation.witness_false", "What the plan names as impossible is possible.", "方案所称的不可行之处其实可行。"),
    ("violation.proof_kind", "There is no proof of the kind {kind!r}.", "没有 {kind!r} 类证明。"),
    ("violation.proof_scope", "There is no proof over {scope!r}.", "没有范围为 {scope!r} 的证明。"),
    (
        "violation.solver_named",
        "Only a solver's claim names a solver, not {solver!r}.",
        "只有求解器声明的结论才注明求解器，不应有 {solver!r}。",
    ),
    (
        "violation.certificate_missing",
        "An optimum of this kind is proved by dual prices; the word of {solver} is no proof.",
        "此类问题的最优性须由对偶价格证明；{solver} 的结论不能作为证明。",
    ),
    (
        "violation.level_inexact",
        "Values, bounds and gaps of levels must be whole numbers.",
        "各层级的数值、界与差距必须是整数。",
    ),
    ("violation.solver_unnamed", "A solver's claim must name the solver.", "由求解器声明的结论须注明求解器。"),
    (
        "violation.certificate_unknown",
        "The certificate covers {scope!r}, which can't be checked.",
        "证明范围 {scope!r} 无法核验。",
    ),
    (
        "violation.certificate_false",
        "The certificate does not prove what the plan claims ({reason}).",
        "证明不能支持方案的结论（{reason}）。",
    ),
    # files
    ("violation.file_changed", "The file {name} was changed after saving.", "文件 {name} 在保存后被更改。"),
    ("violation.column_missing", "The file {name} has no column {column}.", "文件 {name} 缺少列 {column}。"),
    (
        "violation.unreadable",
        "The file {name}, row {row}, column {column}: {value!r} can't be read.",
        "文件 {name} 第 {row} 行、列 {column} 的 {value!r} 无法读取。",
    ),
    ("violation.proof_unreadable", "The file of the proof can't be read.", "证明文件无法读取。"),
    (
        "violation.proof_arrays",
        "The file of the proof holds other arrays than plan.json names.",
        "证明文件中的数组与 plan.json 所列不符。",
    ),
    (
        "violation.input_differs",
        "The plan was made from another input than the one given.",
        "方案所依据的输入与所给输入不同。",
    ),
)
