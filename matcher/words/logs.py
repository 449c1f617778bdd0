"""What a log says: `log.CODE`, a line a stage."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("log.read", "read {path}: {sizes}; {notices} notices", "已读取 {path}：{sizes}；{notices} 条提示"),
    ("log.stage", "stage {phase}", "阶段 {phase}"),
    ("log.solve", "solving {sizes}, {objectives} objectives", "开始求解 {sizes}，{objectives} 个目标"),
    (
        "log.solved",
        "solved: {status}, stopped by {stop_reason}, {county_pairs} county pairs, {school_pairs} school pairs",
        "求解结束：{status}，停止原因 {stop_reason}，区县结对 {county_pairs} 对，学校结对 {school_pairs} 对",
    ),
    ("log.matched", "matched: {status}, stopped by {stop_reason}", "配对结束：{status}，停止原因 {stop_reason}"),
    ("log.verified", "verified: {count} violations: {codes}", "核验结束：{count} 处问题：{codes}"),
    ("log.saved", "saved to {path}", "已保存到 {path}"),
    ("log.loaded", "loaded from {path}", "已从 {path} 读取"),
    (
        "log.start_left_out",
        "{left_out} of {of} pairs to start from are no longer possible and were left out",
        "起始方案的 {of} 对中有 {left_out} 对已不可能，未采用",
    ),
    (
        "log.left_by_a_crash",
        "{path} is not there; the plan that a crash left beside it was read",
        "{path} 不存在；已读取因中断而留在旁边的方案",
    ),
)
