"""What a reader mended or took for what it is (`notice.mended_*` and others), and what it could not (`fault.*`)."""

_CELLS = "{table}, column {column}: {count} cell(s)"
_CELLS_ZH = "表 {table} 的列“{column}”有 {count} 格"

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "notice.mended_number",
        f"{_CELLS} held a number with words around it; the number was taken ({{examples}}).",
        f"{_CELLS_ZH}数字前后带有文字，已取其数字（{{examples}}）。",
    ),
    (
        "notice.mended_about",
        f"{_CELLS} held an approximate number, taken as it stands ({{examples}}).",
        f"{_CELLS_ZH}为约数，已按所写数字采用（{{examples}}）。",
    ),
    (
        "notice.mended_unit",
        f"{_CELLS} named another unit and were converted ({{examples}}).",
        f"{_CELLS_ZH}写有其他单位，已换算（{{examples}}）。",
    ),
    (
        "notice.mended_header_unit",
        "{table}: the header {column} names another unit; all its numbers were converted ({examples}).",
        "表 {table} 的表头“{column}”写有其他单位，整列已换算（{examples}）。",
    ),
    (
        "notice.mended_year",
        f"{_CELLS} held a date or a year with words; the year was taken ({{examples}}).",
        f"{_CELLS_ZH}为日期或带字的年份，已取其年份（{{examples}}）。",
    ),
    (
        "notice.mended_degrees",
        f"{_CELLS} gave degrees and minutes, converted to decimal degrees ({{examples}}).",
        f"{_CELLS_ZH}为度分秒，已换算为十进制度数（{{examples}}）。",
    ),
    (
        "notice.mended_point",
        f"{_CELLS} held latitude and longitude together and were split ({{examples}}).",
        f"{_CELLS_ZH}经纬度写在一起，已拆开（{{examples}}）。",
    ),
    (
        "notice.mended_swapped",
        "{table}: in {count} row(s) latitude and longitude were swapped; only so the point makes sense ({examples}).",
        "表 {table} 有 {count} 行经纬度填反，已对调（只有对调后坐标才合理）：{examples}。",
    ),
    (
        "notice.mended_range",
        f"{_CELLS} gave a range in other words, taken as least and most ({{examples}}).",
        f"{_CELLS_ZH}以其他写法给出范围，已作为下限和上限（{{examples}}）。",
    ),
    (
        "notice.mended_kept_as_text",
        f"{_CELLS} held an id with marks that keep a spreadsheet from changing it; they were taken off ({{examples}}).",
        f"{_CELLS_ZH}编号带有防止表格软件改写的符号，已去掉（{{examples}}）。",
    ),
    (
        "notice.partners_taken",
        "{table}: the column {column} names partners of last year; {count} pair(s) were taken from it.",
        "表 {table} 的列“{column}”写有上年结对对象，已取 {count} 对作为上年结对。",
    ),
    (
        "notice.twin_ids",
        "{table}: {count} group(s) of ids differ only in case or leading zeros; they are planned as different rows "
        "({pairs}).",
        "表 {table} 有 {count} 组编号仅大小写或前导零不同，按不同对象处理：{pairs}。",
    ),
    (
        "notice.twin_places",
        "{table}: {count} group(s) of rows have one name at one place; they are planned as different rows ({pairs}).",
        "表 {table} 有 {count} 组名称和位置都相同，可能重复，按不同对象处理：{pairs}。",
    ),
    (
        "notice.short_roads",
        "travel_times: in {count} row(s) the road is shorter than the straight line; check the points or the "
        "kilometres ({examples}).",
        "行程表有 {count} 行的里程短于直线距离，请核对坐标或里程：{examples}。",
    ),
    (
        "fault.other_encoding",
        "the file is not UTF-8 and looks like {encoding}, which would be read as nonsense.",
        "文件不是 UTF-8，疑为 {encoding} 编码，直接读取会成乱码。",
    ),
    (
        "mend.other_encoding",
        "Save it as UTF-8 (in Excel: CSV UTF-8), or give the workbook itself.",
        "请另存为 UTF-8（Excel 中选择“CSV UTF-8”），或直接提供工作簿。",
    ),
    (
        "notice.mended_example_row",
        "{table}: {count} example row(s) of the template were left out ({examples}).",
        "表 {table} 有 {count} 行为模板示例，不作为数据（{examples}）。",
    ),
    (
        "fault.only_examples",
        "the table holds nothing but the example rows of the template.",
        "该表只有模板的示例行。",
    ),
    (
        "mend.only_examples",
        "Fill in rows of your own; rows whose id begins with EXAMPLE- or 示例- are never planned.",
        "请填入实际数据；编号以“示例-”或“EXAMPLE-”开头的行一律不参与计划。",
    ),
    (
        "notice.mended_invisible",
        f"{_CELLS} held characters that nobody can see; they were left out ({{examples}}).",
        f"{_CELLS_ZH}含看不见的字符，已去掉（{{examples}}）。",
    ),
    (
        "notice.mended_province",
        f"{_CELLS} named a province in another way; its official name was put ({{examples}}).",
        f"{_CELLS_ZH}省份写法不同，已换为全称（{{examples}}）。",
    ),
    (
        "notice.mended_words",
        f"{_CELLS} separated words in another way, or said that there are none ({{examples}}).",
        f"{_CELLS_ZH}用其他符号分隔词语，或写明没有（{{examples}}）。",
    ),
    (
        "notice.mended_merged_down",
        f"{_CELLS} belong to a merged cell and took its value ({{examples}}).",
        f"{_CELLS_ZH}属于合并单元格，已逐行填入（{{examples}}）。",
    ),
    (
        "notice.mended_total_row",
        "{table}: {count} row(s) of totals are no row of the table and were left out ({examples}).",
        "表 {table} 有 {count} 行合计，不作为数据（{examples}）。",
    ),
    (
        "notice.mended_remark_row",
        "{table}: {count} line(s) of remarks below the table were left out ({examples}).",
        "表 {table} 有 {count} 行为填报说明，不作为数据（{examples}）。",
    ),
    (
        "notice.mended_header_again",
        "{table}: the header came again in {count} row(s), which were left out ({examples}).",
        "表 {table} 的表头重复出现 {count} 次，不作为数据（{examples}）。",
    ),
    (
        "notice.mended_spelling",
        f"{_CELLS} spelled a name or id in another way (width, case, spaces) and were understood ({{examples}}).",
        f"{_CELLS_ZH}名称或编号的写法（全半角、大小写、空格、括号）不同，已对上（{{examples}}）。",
    ),
    (
        "notice.mended_whole_name",
        f"{_CELLS} gave a name with the name of whose it is before it and were understood ({{examples}}).",
        f"{_CELLS_ZH}名称前带有所属单位，已对上（{{examples}}）。",
    ),
    (
        "notice.mended_county_name",
        f"{_CELLS} gave a county by its short or its long name and were understood ({{examples}}).",
        f"{_CELLS_ZH}县名为简称或全称，已对上（{{examples}}）。",
    ),
    ("notice.table_taken", "{name} is taken for the table {table}.", "“{name}”按表 {table} 读取。"),
    (
        "notice.level_taken",
        "{table} has no column level: by its headers ({columns}) every row is of the level {level}.",
        "表 {table} 没有层级列：据表头（{columns}）全部按{level}层级读取。",
    ),
    (
        "notice.made_ids",
        "{table} has no ids: {count} were made from names, such as {example}.",
        "表 {table} 没有编号：已据名称生成 {count} 个，如“{example}”。",
    ),
    (
        "notice.header_says",
        "the header {column} in {table} says {said!r}, which bears on nothing that is read.",
        "表 {table} 的表头“{column}”中的“{said}”未作解读。",
    ),
    (
        "notice.part_column",
        "the column {column} of {table} counts only some of them; it is carried along, but nothing is planned by it.",
        "表 {table} 的列“{column}”只统计一部分，仅随表保留，不参与计算。",
    ),
    ("fault.unknown_unit", "the header names the unit {unit!r}.", "表头写有单位“{unit}”。"),
    ("mend.unknown_unit", "Use one of these: {known}.", "请使用以下单位之一：{known}。"),
    (
        "fault.unsupported_datum",
        "the header names a datum that can't be converted here.",
        "表头所写的坐标系无法在此换算。",
    ),
    ("mend.unsupported_datum", "Convert the points to WGS-84 first.", "请先将坐标换算为 WGS-84。"),
    ("fault.not_a_point", "{value!r} is no latitude and longitude.", "{value!r} 不是经纬度。"),
    (
        "mend.not_a_point",
        "Give both in decimal degrees, in two columns.",
        "请分两列填写十进制度数的纬度和经度。",
    ),
    (
        "fault.cells_too_far",
        "a sheet has cells far from all others ({value}).",
        "某工作表有单元格远离其他内容（{value}）。",
    ),
    ("mend.cells_too_far", "Delete what stands there.", "请删除该处内容。"),
    (
        "fault.cells_too_many",
        "the workbook has more than {most} cells, more than a file of its size can mean.",
        "工作簿的单元格超过 {most} 个，与文件大小不相称。",
    ),
    (
        "mend.cells_too_many",
        "Delete what is filled down below the tables, or save them as CSV files.",
        "请删除表格下方填充的内容，或另存为 CSV 文件。",
    ),
    (
        "fault.too_many_sheets",
        "the workbook has {found} sheets; at most {most} are read.",
        "工作簿有 {found} 个工作表，最多读取 {most} 个。",
    ),
    ("mend.too_many_sheets", "Keep the sheets that are needed.", "请只保留需要的工作表。"),
)
