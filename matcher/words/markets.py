"""What is wrong with a market given as arrays, and what a matching says of itself."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "fault.array_shape",
        "{column} has the shape {shape}, but must be {expected}.",
        "{column} 的形状为 {shape}，应为 {expected}。",
    ),
    ("mend.array_shape", "Give an array of that shape.", "请提供该形状的数组。"),
    (
        "fault.array_type",
        "{column} holds {kind}, but must hold numbers.",
        "{column} 的元素类型为 {kind}，应为数值。",
    ),
    (
        "fault.not_a_mask",
        "{column} holds {kind}, but says of each pair whether it may be.",
        "{column} 的类型为 {kind}，而它应说明每一对是否允许。",
    ),
    ("mend.not_a_mask", "Give True and False, or 0 and 1.", "请提供 True 和 False，或 0 和 1。"),
    ("mend.array_type", "Give integers, or floats where they make sense.", "请提供整数，或在适用处提供浮点数。"),
    (
        "fault.cost_not_finite",
        "{column} at {position} is {value}.",
        "{column} 在 {position} 处的值为 {value}。",
    ),
    (
        "mend.cost_not_finite",
        "Give a finite number; leave a pair that is not allowed out (or mark it in `allowed`).",
        "请提供有限数值；不允许的配对请不要列出（或在 allowed 中标明）。",
    ),
    (
        "fault.bound_not_whole",
        "{column} at {position} is {value}, but must be a whole number.",
        "{column} 在 {position} 处的值为 {value}，应为整数。",
    ),
    ("mend.bound_not_whole", "Count in whole units.", "请以整数单位计数。"),
    (
        "fault.bound_negative",
        "{column} at {position} is {value}, but must be 0 or more.",
        "{column} 在 {position} 处的值为 {value}，应不小于 0。",
    ),
    ("mend.bound_negative", "Give 0 for none.", "没有时请填 0。"),
    (
        "fault.bound_order",
        "{column} at {position} has the minimum {minimum} above the maximum {maximum}.",
        "{column} 在 {position} 处的下限 {minimum} 大于上限 {maximum}。",
    ),
    ("mend.bound_order", "Give (minimum, maximum), the smaller first.", "请按（下限, 上限）填写，下限在前。"),
    (
        "matching.infeasible.program",
        "Nothing keeps every bound of this market, says {solver}.",
        "据 {solver}，没有方案能满足本市场的全部约束。",
    ),
    (
        "fault.label_range",
        "{column} at {position} is {value}, but must be from 0 to {most}, or -1 for none.",
        "{column} 在 {position} 处的值为 {value}，应在 0 至 {most} 之间，或以 -1 表示无。",
    ),
    ("mend.label_range", "Give a label of that range, or -1.", "请填写该范围内的标号，或填 -1。"),
    (
        "fault.field_alone",
        "{column} says nothing without {other}.",
        "仅有 {column} 而无 {other}，没有意义。",
    ),
    (
        "fault.fields_exclude",
        "{column} has no meaning beside {other}.",
        "{column} 不能与 {other} 同时使用。",
    ),
    ("mend.fields_exclude", "Give one of the two.", "二者只提供其一。"),
    ("mend.field_alone", "Give both or neither.", "请同时提供二者，或都不提供。"),
    (
        "fault.open_and_closed",
        "the provider at {position} must be open and may not be.",
        "位置 {position} 的提供方既须开放又不得开放。",
    ),
    ("mend.open_and_closed", "Mark it in one of the two only.", "请只在其中一个数组中标记。"),
    (
        "fault.stability_of_program",
        "stability is defined for flows; this market has {fields}.",
        "稳定性仅对流问题有定义；本市场含有 {fields}。",
    ),
    (
        "fault.pair_limit_of_program",
        "Several units a pair are for markets that are flows, but this one is more than a flow.",
        "每对多个单位仅适用于流型市场，而该市场不是。",
    ),
    ("mend.pair_limit_of_program", "Leave out pair_limit, or the other fields.", "请去掉 pair_limit 或其他字段。"),
    (
        "fault.stability_of_units",
        "Stability is not defined where a pair may have several units.",
        "一对可有多个单位时，没有稳定性的定义。",
    ),
    ("mend.stability_of_units", 'Use stability="off".', '请使用 stability="off"。'),
    ("fault.column_missing", "The frame has no column {column}.", "数据框中没有列 {column}。"),
    ("mend.column_missing", "Name the columns of the ids and the cost.", "请指明编号列和成本列的名称。"),
    (
        "fault.id_not_text",
        "{column} at {position} is {value!r}, but ids are all text or all whole numbers.",
        "{column} 在 {position} 处为 {value!r}，而编号应全为文本或全为整数。",
    ),
    ("mend.id_not_text", "Give ids of one kind.", "请使用同一种编号。"),
    ("fault.id_twice", "{column} names {value!r} twice.", "{column} 中 {value!r} 出现两次。"),
    ("mend.id_twice", "Name each member once.", "每个成员只列一次。"),
    (
        "fault.id_unknown",
        "{column} at {position}: {value!r} has no match on the other side of the call.",
        "{column} 在 {position} 处：{value!r} 没有对应项。",
    ),
    (
        "mend.id_unknown",
        "Name it among the members, and say of every member what is said.",
        "请将其列入成员，并为每个成员给出该值。",
    ),
    ("fault.edge_inside", "The edge {value} joins two nodes of one side.", "边 {value} 连接了同一侧的两个节点。"),
    ("mend.edge_inside", "Give a bipartite graph and the nodes of one side.", "请提供二部图以及其中一侧的节点。"),
    ("mend.stability_of_program", 'Use stability="off".', '请使用 stability="off"。'),
    (
        "fault.index_range",
        "{column} at {position} is {value}, but there are {count}: 0 to {last} are valid.",
        "{column} 在 {position} 处的值为 {value}，但总数为 {count}，有效范围为 0 至 {last}。",
    ),
    ("mend.index_range", "Number both sides from 0.", "两侧编号均从 0 开始。"),
    (
        "fault.duplicate_arc",
        "the pair of provider {provider} and recipient {recipient} is listed again at {position}.",
        "供方 {provider} 与需方 {recipient} 的配对在 {position} 处重复列出。",
    ),
    ("mend.duplicate_arc", "List every candidate pair once.", "每个候选配对只列一次。"),
    (
        "fault.cost_range",
        "the costs of level {level} reach {magnitude}; with {nodes} providers and recipients totals would leave the "
        "range that is counted exactly (at most {most}).",
        "第 {level} 层的成本绝对值达 {magnitude}；在 {nodes} 个供需方的规模下，"
        "总和将超出可精确计算的范围（上限 {most}）。",
    ),
    (
        "notice.costs_merged",
        "{count} costs that differed are equal once rounded to multiples of {resolution:g}: their order is lost. "
        "Give a finer resolution if it matters.",
        "有 {count} 个原本不同的成本在按 {resolution:g} 取整后变得相等，先后次序已丢失；若有影响，请给出更细的分辨率。",
    ),
    ("mend.cost_range", "Use a coarser unit or resolution.", "请使用更粗的单位或分辨率。"),
    (
        "fault.not_a_flow",
        "the market carries more than bounds and costs of pairs (an opening cost, a least number if open, groups, "
        "sizes or the like), and this can only be done with a market that does not.",
        "该市场除上下限与配对成本外还带有其他条件（如启用成本、启用后的最少数、分组、规模等），此功能只适用于不带这些条件的市场。",
    ),
    (
        "mend.not_a_flow",
        "Leave these fields out, or call match without this option.",
        "请去掉这些字段，或不用此选项调用 match。",
    ),
    (
        "fault.integer_range",
        "{column} at {position} is {value}, which does not fit in 64 bits.",
        "{column} 在 {position} 处的值为 {value}，超出 64 位整数范围。",
    ),
    ("mend.integer_range", "Use a coarser unit.", "请使用更粗的单位。"),
    (
        "fault.number_positive",
        "{column} is {value}, but must be above 0.",
        "{column} 的值为 {value}，应大于 0。",
    ),
    ("mend.number_positive", "Give a number above 0.", "请提供大于 0 的数。"),
    (
        "fault.number_negative",
        "{column} is {value}, but must be 0 or more.",
        "{column} 的值为 {value}，应不小于 0。",
    ),
    ("mend.number_negative", "Give 0 or more, or None for no limit.", "请提供不小于 0 的数，或填 None 表示不限。"),
    (
        "fault.start_pair",
        "the starting pair at {position} is {value}, which is no candidate pair of this market or is listed twice.",
        "起始方案第 {position} 对 {value} 不是该市场的候选配对，或重复列出。",
    ),
    ("mend.start_pair", "Start from pairs of this market.", "请使用该市场中的配对作为起始方案。"),
    (
        "fault.not_an_option",
        "{column} is {value!r}, but must be one of {known}.",
        "{column} 的值为 {value!r}，应为 {known} 之一。",
    ),
    ("mend.not_an_option", "Give one of these.", "请填写其中之一。"),
    (
        "fault.many_faults",
        "{count} more faults of the kind {kind} in {column}.",
        "{column} 中另有 {count} 处 {kind} 类错误。",
    ),
    ("mend.many_faults", "Mend them like those listed.", "请参照已列出的错误一并修改。"),
    (
        "fault.array_format",
        "the arrays are no {expected}: {value}.",
        "这些数组不是 {expected}：{value}。",
    ),
    ("mend.array_format", "Read what was written by `to_arrays`.", "请读取由 to_arrays 写出的内容。"),
    (
        "matching.infeasible.recipient",
        "No matching meets the minima: recipients {members} need {needed} pairs, but the providers that they can reach "
        "have room for {available}.",
        "无法满足下限：需方 {members} 至少需要 {needed} 对，但其可达的供方最多只能提供 {available} 对。",
    ),
    (
        "matching.infeasible.provider",
        "No matching meets the minima: providers {members} must take {needed} pairs, but the recipients that they can "
        "reach have room for {available}.",
        "无法满足下限：供方 {members} 至少需要 {needed} 对，但其可达的需方最多只能接受 {available} 对。",
    ),
    (
        "matching.unstable.program",
        "No weakly stable matching meets the minima, says {solver}.",
        "据 {solver}，没有弱稳定匹配能满足各下限。",
    ),
    (
        "notice.ties_broken",
        "Ties were broken by one order: the matching is the best that is stable for it. Another weakly stable matching "
        "may be better, or serve more; none was looked for.",
        "并列已按一种次序打破：该匹配是在此次序下稳定的匹配中最优的。其他弱稳定匹配可能更优，"
        "或服务更多对象，此处没有寻找。",
    ),
    (
        "notice.ties_settled",
        "Ties were broken by position, and no other weakly stable matching is better, says {solver}.",
        "并列按位置打破；据 {solver}，没有其他弱稳定匹配更优。",
    ),
    (
        "matching.unstable.recipient",
        "Every stable matching leaves the recipients {members} below their minimum.",
        "所有稳定方案都会使需方 {members} 低于其下限。",
    ),
    (
        "matching.unstable.provider",
        "Every stable matching leaves the providers {members} below their minimum.",
        "所有稳定方案都会使供方 {members} 低于其下限。",
    ),
    (
        "matching.unknown",
        "The work was stopped ({reason}) before anything feasible was found.",
        "在找到可行方案之前已停止（{reason}）。",
    ),
)
