"""What is wrong with an input and how to mend it."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("fault.head", "{count} fault(s) in the input:", "输入有 {count} 处错误："),
    ("fault.more", "  … and {count} more with code {code}", "  …… 另有 {count} 处同类错误，代码 {code}"),
    ("fault.where.row", "row {row}", "第 {row} 行"),
    ("fault.where.column", "column {column}", "列 {column}"),
    (
        "fault.limit_negative",
        "the limit {column} is {value}, but must be a number of 0 or more.",
        "限制 {column} 的值为 {value}，应为不小于 0 的数。",
    ),
    ("mend.limit_negative", "Give 0 or more, or leave it out for no limit.", "请填写不小于 0 的数，或不填（不限）。"),
)
