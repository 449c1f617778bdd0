"""The edits of a plan's workbook, read back; and the copy of an input with its faults marked."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("book.edited_reason", "edited in the workbook", "在工作簿中修改"),
    # the copy of an input with its faults marked
    ("faultbook.sheet", "faults", "错误清单"),
    ("faultbook.table", "table", "表"),
    ("faultbook.sheet_name", "sheet", "工作表"),
    ("faultbook.row", "row", "行"),
    ("faultbook.column", "column", "列"),
    ("faultbook.value", "value", "值"),
    ("faultbook.code", "code", "代码"),
    ("faultbook.fault", "what is wrong", "错误"),
    ("faultbook.mend", "how to mend it", "如何改正"),
    ("fault.same_file", "{value} is the input itself.", "{value} 就是输入文件。"),
    ("mend.same_file", "Give another path.", "请另选路径。"),
    # edits that can't be understood
    ("fault.edit_sheet_missing", "the sheet {value} is gone or was renamed.", "工作表“{value}”已删除或改名。"),
    (
        "mend.edit_sheet_missing",
        "Give it its name back, or take the workbook as it was written; to end pairs, delete their rows.",
        "请恢复原来的表名，或使用原来写出的工作簿；要终止某些结对，请删除相应的行。",
    ),
    ("fault.edit_header_missing", "the header {value} is gone or was renamed.", "表头“{value}”已删除或改名。"),
    ("mend.edit_header_missing", "Give it its name back in the first row.", "请在第一行恢复原来的表头。"),
    (
        "fault.edit_error_value",
        "the cell holds an error, or a formula without a value: {value}.",
        "单元格是错误值，或公式没有结果：{value}。",
    ),
    ("mend.edit_error_value", "Write the value itself.", "请直接填写数值或文字。"),
    ("fault.edit_half_row", "the row is filled in by half.", "这一行只填了一半。"),
    (
        "mend.edit_half_row",
        "Fill in both partners; to end a pair, delete its row or order to forbid it.",
        "请把双方都填上；要终止结对，请删除整行，或在“指定”栏填“禁止”。",
    ),
    (
        "fault.edit_two_names",
        "the name {value!r} is not that of the id {id}.",
        "名称“{value}”与编号 {id} 不是同一方。",
    ),
    ("mend.edit_two_names", "Correct the one or the other.", "请改正其中之一。"),
    ("fault.edit_many_names", "several have the name {value!r}: {ids}.", "有几方都叫“{value}”：{ids}。"),
    ("mend.edit_many_names", "Write the id.", "请填写编号。"),
    ("fault.edit_unknown_order", "{value!r} is no order.", "看不懂“{value}”这一指定。"),
    (
        "mend.edit_unknown_order",
        "Write one of {known}, the last with a name or an id behind it.",
        "请填写 {known} 之一，最后一种后面写名称或编号。",
    ),
    (
        "fault.edit_two_orders",
        "the pair of the row was changed, and an order replaces it as well: {value}.",
        "这一行的结对已改写，又另有指定：{value}。",
    ),
    ("mend.edit_two_orders", "Say it once.", "请只用一种方式。"),
    # edits read back
    (
        "violation.edit_pair_changed",
        "{sheet} row {row}: {recipient} was paired with {old}, now with {new}.",
        "{sheet} 第 {row} 行：{recipient} 原与 {old} 结对，现改为 {new}。",
    ),
    (
        "violation.edit_pair_added",
        "{sheet} row {row}: the pair {provider} – {recipient} was added.",
        "{sheet} 第 {row} 行：新增结对 {provider} – {recipient}。",
    ),
    (
        "violation.edit_pair_removed",
        "{sheet}: the pair {provider} – {recipient} was removed.",
        "{sheet}：删除结对 {provider} – {recipient}。",
    ),
    (
        "violation.edit_cell",
        "{sheet} row {row}: {column} of {name} was {old}, now {new}.",
        "{sheet} 第 {row} 行：{name} 的“{column}”原为 {old}，现为 {new}。",
    ),
    (
        "violation.edit_row_added",
        "{sheet} row {row}: the row of {name} was added.",
        "{sheet} 第 {row} 行：新增 {name} 一行。",
    ),
    (
        "violation.edit_row_removed",
        "{sheet}: the row of {name} was removed.",
        "{sheet}：删除 {name} 一行。",
    ),
    (
        "violation.edit_note",
        "{sheet} row {row}: the note of {name} was {old}, now {new}.",
        "{sheet} 第 {row} 行：{name} 的批注原为 {old}，现为 {new}。",
    ),
    (
        "violation.edit_pinned",
        "{sheet}: the pair {provider} – {recipient} is ordered to stay.",
        "{sheet}：固定结对 {provider} – {recipient}。",
    ),
    (
        "violation.edit_lifted",
        "{sheet}: the order on the pair {provider} – {recipient} is lifted.",
        "{sheet}：解除对 {provider} – {recipient} 的指定。",
    ),
    (
        "violation.edit_banned",
        "{sheet}: the pair {provider} – {recipient} is ordered not to be.",
        "{sheet}：禁止结对 {provider} – {recipient}。",
    ),
    (
        "violation.book_cell",
        "row {row}: {column} of {name} is shown as {claimed}, now it is {true}.",
        "第 {row} 行：{name} 的“{column}”写为 {claimed}，现在应为 {true}。",
    ),
    ("violation.book_row_missing", "the row of {name} is missing.", "缺少 {name} 一行。"),
    ("violation.book_row_false", "row {row}: {name} should not be here now.", "第 {row} 行：{name} 现在不应列出。"),
    ("violation.edit_sheet_removed", "The sheet {sheet} was removed.", "工作表 {sheet} 已删除。"),
    (
        "violation.edit_column_removed",
        "{sheet}: the column {column} was removed or renamed.",
        "{sheet}：列“{column}”已删除或改名。",
    ),
    ("violation.edit_column_added", "{sheet}: the column {column} was added.", "{sheet}：新增列“{column}”。"),
    ("report.edits", "Edited since the plan was written ({count}):", "方案写出后的修改（{count} 处）："),
    (
        "report.stale",
        "No longer true on the sheet {sheet} ({count}):",
        "工作表“{sheet}”中不再准确的内容（{count} 处）：",
    ),
    (
        "fault.no_plan_sheet",
        "the workbook holds no plan of this library, or its hidden sheet was changed.",
        "工作簿中没有本库写出的方案，或其隐藏工作表已被改动。",
    ),
    (
        "mend.no_plan_sheet",
        "Give a workbook that `matcher plan` wrote; keep its hidden sheet when you edit it.",
        "请提供由 `matcher plan` 写出的工作簿，编辑时保留其隐藏工作表。",
    ),
)
