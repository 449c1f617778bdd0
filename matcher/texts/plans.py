"""Plans: why they have none, warnings, what changed, saving."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("plan.infeasible", "No plan meets the hard rules; the witness says why.", "没有方案能满足硬性规则，原因见证据。"),
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
        "{level} 级未设距离上限：95% 的结对在 {p95_km} 公里以内，最远 {max_km} 公里。",
    ),
    (
        "notice.estimated_times",
        "{count} pair(s) at {level} level have an estimated travel time.",
        "{level} 级有 {count} 个结对的路程时间为估算值。",
    ),
    (
        "notice.school_at_county_seat",
        "{count} of {of} schools have no coordinates and stand at their county's seat.",
        "{of} 所学校中有 {count} 所没有坐标，按所在县城计算。",
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
        "{path} exists and is not a saved plan; nothing was written.",
        "{path} 已存在且不是已保存的方案；未写入任何内容。",
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
)
