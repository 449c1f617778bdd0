"""What is wrong with an input and how to mend it: `fault.CODE` and `mend.CODE` for every code."""

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
    ("fault.missing_value", "the value is missing.", "缺少数值。"),
    ("mend.missing_value", "Fill it in.", "请补填。"),
    ("fault.unknown_field", "the field {column} is not known.", "字段 {column} 未知。"),
    (
        "mend.unknown_field",
        "Remove it, or put it into `extras` to carry it through.",
        "请删除，或放入 `extras` 以原样带出。",
    ),
    ("fault.invalid_value", "{value!r} is not valid: {reason}.", "{value!r} 无效：{reason}。"),
    ("mend.invalid_value", "Correct the value.", "请改正该值。"),
    ("fault.not_json", "this is not JSON of the expected form: {reason}.", "不是所需格式的 JSON：{reason}。"),
    ("mend.not_json", "Give what the library wrote itself.", "请提供由本库写出的内容。"),
    ("fault.unknown_id", "{value!r} is not an id of the table {target}.", "{value!r} 不是表 {target} 中的编号。"),
    (
        "mend.unknown_id",
        "Correct the id, or add it to {target}.",
        "请改正编号，或在表 {target} 中补上。",
    ),
    ("fault.repeated_id", "{value!r} stands in row {first_row} already.", "{value!r} 已出现在第 {first_row} 行。"),
    ("mend.repeated_id", "Remove one of the two rows, or give one a new id.", "请删除其中一行，或改用新编号。"),
    (
        "fault.half_coordinates",
        "only one of lat and lon is given.",
        "经纬度只填了一个。",
    ),
    (
        "mend.half_coordinates",
        "Give both, or neither to stand at the parent's point.",
        "请两个都填，或都不填（取上级所在地）。",
    ),
    (
        "fault.minimum_above_maximum",
        "the minimum is above the maximum in {value!r}.",
        "{value!r} 的下限大于上限。",
    ),
    ("mend.minimum_above_maximum", "Swap or correct the two.", "请对调或改正。"),
    (
        "fault.contradicting_locks",
        "the pair {value} is pinned and forbidden.",
        "配对 {value} 既被固定又被禁止。",
    ),
    ("mend.contradicting_locks", "Remove one of the two rows.", "请删除其中一行。"),
    (
        "fault.successor_cycle",
        "the successors of {value} lead back to it.",
        "{value} 的承接关系成环。",
    ),
    ("mend.successor_cycle", "Remove the row that closes the circle.", "请删除使其成环的一行。"),
    (
        "fault.previous_strangers",
        "{count} of {of} rows name ids that no table has (such as {example}).",
        "{of} 行中有 {count} 行的编号不在任何表中（例如 {example}）。",
    ),
    (
        "mend.previous_strangers",
        "Check that the table belongs to these tables, or list renamed ids in `successors`.",
        "请确认该表与其他表相符，或在 `successors` 中列出更改过的编号。",
    ),
)
