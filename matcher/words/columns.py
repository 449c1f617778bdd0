"""What each column of the tables holds: the notes of the template and the page on tables.

`column.TABLE.NAME`, or `column.NAME` where several tables mean the same.
"""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("column.required", "Required.", "必填。"),
    ("column.optional", "May be left empty.", "可不填。"),
    ("column.name", "Name, for people; pairs are made by id.", "名称，供人阅读；配对以编号为准。"),
    ("column.province", "Province, written the same way in every table.", "省份，各表写法须一致。"),
    ("column.lat", "Latitude in decimal degrees, such as 26.57447.", "纬度，十进制度数，如 26.57447。"),
    ("column.lon", "Longitude in decimal degrees, such as 106.71061.", "经度，十进制度数，如 106.71061。"),
    (
        "column.level",
        "Level of the pair: county (organisation and county) or school (branch and school).",
        "结对层级：县区（组织与县区）或学校（支部与学校）。",
    ),
    (
        "column.provider_id",
        "Id of the organisation (level county) or of the branch (level school).",
        "组织编号（县区层级）或支部编号（学校层级）。",
    ),
    (
        "column.recipient_id",
        "Id of the county (level county) or of the school (level school).",
        "区划代码（县区层级）或学校编号（学校层级）。",
    ),
    (
        "column.organizations.id",
        "Id of the organisation, unique in this table; text.",
        "组织编号，本表内唯一；文本格式。",
    ),
    ("column.organizations.kind", "University, enterprise or institution.", "高校、企业或事业单位。"),
    (
        "column.organizations.capacity",
        "Counties it can take: a number, or least..most such as 1..3; 1 if empty.",
        "可结对的县区数：一个数，或“最少..最多”如 1..3；不填为 1。",
    ),
    ("column.branches.id", "Id of the branch, unique in this table; text.", "支部编号，本表内唯一；文本格式。"),
    (
        "column.branches.organization_id",
        "Id (or exact name) of its organisation.",
        "所属组织的编号（或完全一致的名称）。",
    ),
    (
        "column.branches.lat",
        "Latitude in decimal degrees; its organisation's if empty.",
        "纬度，十进制度数；不填则取所属组织。",
    ),
    (
        "column.branches.lon",
        "Longitude in decimal degrees; its organisation's if empty.",
        "经度，十进制度数；不填则取所属组织。",
    ),
    (
        "column.branches.capacity",
        "Schools it can serve: a number, or least..most such as 1..3; 1 if empty.",
        "可服务的学校数：一个数，或“最少..最多”如 1..3；不填为 1。",
    ),
    ("column.branches.volunteers", "Number of volunteers.", "志愿者人数。"),
    ("column.branches.skills", "Skills, separated by semicolons: a;b.", "特长，用分号隔开：甲;乙。"),
    ("column.counties.id", "Code of the county, unique in this table; text.", "区划代码，本表内唯一；文本格式。"),
    ("column.counties.lat", "Latitude of the county's seat in decimal degrees.", "县城纬度，十进制度数。"),
    ("column.counties.lon", "Longitude of the county's seat in decimal degrees.", "县城经度，十进制度数。"),
    (
        "column.counties.children",
        "Left-behind children, in every row. Leave the whole column out to count every county as 1.",
        "留守儿童数，逐行填写。整列不填则每个县区按 1 计。",
    ),
    (
        "column.counties.demand",
        "Organisations it wants: a number, or least..most such as 1..2; 1 if empty.",
        "需要的组织数：一个数，或“最少..最多”如 1..2；不填为 1。",
    ),
    ("column.schools.id", "Id of the school, unique in this table; text.", "学校编号，本表内唯一；文本格式。"),
    ("column.schools.county_id", "Code (or exact name) of its county.", "所在县区的区划代码（或完全一致的名称）。"),
    (
        "column.schools.lat",
        "Latitude in decimal degrees; its county's seat if empty.",
        "纬度，十进制度数；不填则取县城。",
    ),
    (
        "column.schools.lon",
        "Longitude in decimal degrees; its county's seat if empty.",
        "经度，十进制度数；不填则取县城。",
    ),
    (
        "column.schools.coord_precision",
        "How good the point is, in your own words; filled in where there is none.",
        "坐标精度，自行填写；没有坐标时自动注明。",
    ),
    (
        "column.schools.children",
        "Left-behind children, in every row. Leave the whole column out to count every school as 100.",
        "留守儿童数，逐行填写。整列不填则每所学校按 100 计。",
    ),
    (
        "column.schools.demand",
        "Branches it wants: a number, or least..most such as 1..2; 1 if empty.",
        "需要的支部数：一个数，或“最少..最多”如 1..2；不填为 1。",
    ),
    ("column.schools.needs", "Needs, separated by semicolons: a;b.", "服务需求，用分号隔开：甲;乙。"),
    ("column.previous.since", "Year in which the pair began.", "结对起始年份。"),
    (
        "column.preferences.side",
        "Whose list this is: provider (organisation, branch) or recipient (county, school).",
        "谁的意愿：帮扶方（组织、支部）或受助方（县区、学校）。",
    ),
    ("column.preferences.id", "Id of the one whose list this is.", "填报方的编号。"),
    ("column.preferences.choice_id", "Id of the one that is ranked.", "意向对象的编号。"),
    ("column.preferences.rank", "1 is the first choice; equal ranks are ties.", "1 为第一志愿；名次相同表示并列。"),
    ("column.travel_times.origin_id", "Id of the organisation or the branch.", "组织或支部编号。"),
    ("column.travel_times.destination_id", "Id of the county or the school.", "区划代码或学校编号。"),
    ("column.travel_times.minutes", "Minutes of travel.", "路程时间（分钟）。"),
    ("column.travel_times.km", "Kilometres of travel.", "路程（公里）。"),
    ("column.locks.kind", "Pin: must be paired; forbid: must not.", "固定：必须结对；禁止：不得结对。"),
    ("column.locks.reason", "Why, shown beside the pair.", "原因，随结果一并显示。"),
    ("column.successors.table", "Table whose id changed.", "编号有变更的表。"),
    ("column.successors.old_id", "Id of last year.", "上年的编号。"),
    ("column.successors.new_id", "Id of this year.", "今年的编号。"),
    ("template.title", "Tables for matcher", "结对规划数据表"),
    (
        "template.readme",
        "Fill in one sheet a table; the notes on the headers say what each column holds.\n"
        "The row below each header is an example: its id begins with EXAMPLE-, and it is never planned.\n"
        "Needed: {needed}. The other sheets may stay empty or be deleted.\n"
        "Keep the columns of ids formatted as text, so that no zeros are lost.\n"
        "Coordinates: all of one datum (WGS-84, GCJ-02 or BD-09), named when the workbook is read.\n"
        "Further columns are carried through to the results.",
        "每张工作表填一类数据；表头批注说明各列含义。\n"
        "表头下一行为示例：编号以“示例-”开头，一律不参与计划。\n"
        "必需的表：{needed}。其余可留空或删除。\n"
        "编号列请保持文本格式，以免丢失前导零。\n"
        "坐标须为同一坐标系（WGS-84、GCJ-02 或 BD-09），读取时声明。\n"
        "其他列会原样带到结果中。",
    ),
)
