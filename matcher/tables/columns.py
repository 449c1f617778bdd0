"""Tables and columns: the one mapping of English and Chinese names of tables, columns and values.

`docs/tables.md` shows it as a table, the readers, the writers and the template use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

#: how the cells of a column are read
CellType = Literal[
    "id", "text", "province", "choice", "lat", "lon", "count", "bounds", "words", "year", "rank", "decimal"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one table.

    Attributes
    ----------
    name, zh
        Its English and its Chinese header, as written to files.
    type
        How its cells are read.
    required
        Whether the column must be there and every cell filled in.
    also
        Further headers with the same meaning.
    weak
        Headers taken for this column only if none of the others is there (a column of names beside one of ids).
    values
        Of a choice: value -> further words for it, the first of them the Chinese one.
    """

    name: str
    zh: str
    type: CellType
    required: bool = False
    also: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table: its names as a file or a sheet, and its columns in the order of writing; equal to itself only."""

    name: str
    zh: str
    also: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return the column `name`."""
        return next(column for column in self.columns if column.name == name)


#: the tables that belong together, by name
Kit = Mapping[str, Table]

_KINDS: Final = MappingProxyType(
    {
        "university": ("高校", "大学", "学院", "高等学校", "高校团委"),
        "enterprise": ("企业", "国企", "公司", "企业团委"),
        "institution": ("事业单位", "机关", "机关事业单位", "事业单位团委"),
    }
)
_LEVELS: Final = MappingProxyType(
    {"county": ("县区", "县", "区县", "县级", "县区级"), "school": ("学校", "校", "校级", "学校级")}
)
_SIDES: Final = MappingProxyType(
    {"provider": ("帮扶方", "提供方", "支援方"), "recipient": ("受助方", "需求方", "接受方")}
)
_LOCK_KINDS: Final = MappingProxyType({"pin": ("固定", "锁定", "指定"), "forbid": ("禁止", "排除", "不可")})
_TABLES_OF_SUCCESSORS: Final = MappingProxyType(
    {
        "organizations": ("组织", "单位", "高校"),
        "branches": ("支部", "团支部", "分支", "分团委"),
        "counties": ("县区", "县", "区县"),
        "schools": ("学校",),
    }
)


def _lat(required: bool) -> Column:
    return Column("lat", "纬度", "lat", required, ("latitude", "北纬"))


def _lon(required: bool) -> Column:
    return Column("lon", "经度", "lon", required, ("longitude", "lng", "long", "东经"))


_LEVEL: Final = Column("level", "层级", "choice", True, ("级别", "结对层级"), values=_LEVELS)
_PROVINCE: Final = Column("province", "省份", "province", False, ("省", "所在省", "所在省份", "省级", "省市区"))
_CAPACITY: Final = ("capacity", "容量", "bounds")
_DEMAND: Final = ("demand", "需求数", "bounds")
_PROVIDER: Final = Column(
    "provider_id",
    "帮扶方编号",
    "id",
    True,
    ("单位编号", "组织编号", "高校编号", "分支编号", "团支部编号", "支部编号", "provider", "支援方编号", "提供方编号"),
    (
        "帮扶方",
        "高校",
        "单位",
        "结对高校",
        "结对单位",
        "帮扶高校",
        "帮扶单位",
        "高校名称",
        "单位名称",
        "组织",
        "团支部",
        "支部",
        "结对团支部",
        "结对支部",
        "支援方",
        "提供方",
    ),
)
_RECIPIENT: Final = Column(
    "recipient_id",
    "受助方编号",
    "id",
    True,
    ("县区代码", "区划代码", "学校编号", "学校代码", "recipient", "接受方编号", "需求方编号"),
    (
        "受助方",
        "县区",
        "学校",
        "结对县区",
        "结对县",
        "结对区县",
        "受助县",
        "县",
        "区县",
        "结对学校",
        "受助学校",
        "接受方",
        "需求方",
    ),
)

TABLES: Final[Mapping[str, Table]] = MappingProxyType(
    {
        table.name: table
        for table in (
            Table(
                "organizations",
                "组织",
                ("organization", "organisations", "organisation", "单位", "高校", "结对单位", "单位团委", "高校团委"),
                (
                    Column(
                        "id", "组织编号", "id", True, ("编号", "代码", "单位编号", "高校编号", "高校代码", "单位代码")
                    ),
                    Column("name", "组织名称", "text", False, ("名称", "单位", "单位名称", "高校名称", "高校", "组织")),
                    Column(
                        "kind",
                        "组织类型",
                        "choice",
                        False,
                        ("类型", "类别", "性质", "单位类型", "单位性质"),
                        values=_KINDS,
                    ),
                    _PROVINCE,
                    _lat(True),
                    _lon(True),
                    Column(*_CAPACITY, False, ("可结对县区数", "可结对县数", "可结对区县数", "容纳数", "名额")),
                ),
            ),
            Table(
                "branches",
                "支部",
                ("branch", "团支部", "分支", "分团委", "基层团组织", "院系团委", "分院系团委"),
                (
                    Column("id", "支部编号", "id", True, ("编号", "代码", "团支部编号", "分支编号", "分团委编号")),
                    Column(
                        "name",
                        "支部名称",
                        "text",
                        False,
                        ("名称", "支部", "团支部", "团支部名称", "分支名称", "分支", "分团委名称"),
                    ),
                    Column(
                        "organization_id",
                        "组织编号",
                        "id",
                        True,
                        ("所属单位编号", "单位编号", "高校编号", "所属组织编号", "organisation_id"),
                        (
                            "所属组织",
                            "组织",
                            "组织名称",
                            "所属单位",
                            "单位",
                            "单位名称",
                            "所属高校",
                            "高校",
                            "高校名称",
                            "organization",
                            "organisation",
                        ),
                    ),
                    _lat(False),
                    _lon(False),
                    Column(*_CAPACITY, False, ("可结对学校数", "容纳数", "名额")),
                    Column("volunteers", "志愿者数", "count", False, ("志愿者人数", "志愿者", "人数")),
                    Column("skills", "特长", "words", False, ("技能", "专长", "服务内容")),
                ),
            ),
            Table(
                "counties",
                "县区",
                ("county", "区县", "县", "重点区县", "重点县", "重点县区"),
                (
                    Column(
                        "id",
                        "区划代码",
                        "id",
                        True,
                        ("行政区划代码", "县区代码", "区县代码", "县代码", "编号", "代码", "县区编号", "adcode"),
                    ),
                    Column("name", "县区", "text", False, ("县区名称", "名称", "区县", "区县名称", "县", "县名")),
                    _PROVINCE,
                    _lat(True),
                    _lon(True),
                    Column(
                        "children", "留守儿童数", "count", False, ("留守儿童", "留守儿童人数", "儿童数", "儿童人数")
                    ),
                    Column(*_DEMAND, False, ("需结对单位数", "需求", "所需单位数", "所需组织数")),
                ),
            ),
            Table(
                "schools",
                "学校",
                ("school", "中小学", "中小学校", "学校名单"),
                (
                    Column("id", "学校编号", "id", True, ("编号", "代码", "学校代码", "学校标识码")),
                    Column("name", "学校名称", "text", False, ("学校", "名称", "校名")),
                    Column(
                        "county_id",
                        "区划代码",
                        "id",
                        True,
                        ("行政区划代码", "县区代码", "区县代码", "县代码", "县区编号", "所在县区代码", "adcode"),
                        (
                            "县区",
                            "区县",
                            "县",
                            "所在县区",
                            "所在区县",
                            "所属县区",
                            "所属县",
                            "所在县",
                            "所属区县",
                            "县区名称",
                            "county",
                        ),
                    ),
                    _lat(False),
                    _lon(False),
                    Column("coord_precision", "坐标精度", "text", False, ("坐标来源",)),
                    Column(
                        "children", "留守儿童数", "count", False, ("留守儿童", "留守儿童人数", "儿童数", "儿童人数")
                    ),
                    Column(*_DEMAND, False, ("需结对数", "需求", "所需团支部数", "所需支部数")),
                    Column("needs", "服务需求", "words", False, ("需要", "需求内容", "帮扶需求")),
                ),
            ),
            Table(
                "previous",
                "上年结对",
                ("去年结对", "历史结对", "原结对", "往年结对", "已有结对", "last_year"),
                (
                    _LEVEL,
                    _PROVIDER,
                    _RECIPIENT,
                    Column("since", "起始年份", "year", False, ("年份", "起始年", "结对年份", "自")),
                ),
            ),
            Table(
                "preferences",
                "意愿",
                ("preference", "偏好", "志愿", "意向"),
                (
                    _LEVEL,
                    Column("side", "方", "choice", True, ("所属方", "哪一方"), values=_SIDES),
                    Column("id", "编号", "id", True, ("本方编号",), ("名称", "本方")),
                    Column("choice_id", "意向编号", "id", True, ("意向方编号", "选择编号"), ("意向", "意向方")),
                    Column(
                        "rank",
                        "名次",
                        "rank",
                        True,
                        ("排序", "顺位", "排名", "志愿顺序", "志愿次序", "意愿顺序", "优先顺序"),
                        ("序号",),
                    ),
                ),
            ),
            Table(
                "travel_times",
                "行程",
                ("travel_time", "出行时间", "行车时间", "交通时间", "行程时间"),
                (
                    _LEVEL,
                    Column("origin_id", "起点编号", "id", True, ("出发地编号", "origin"), ("起点", "出发地")),
                    Column("destination_id", "终点编号", "id", True, ("目的地编号", "destination"), ("终点", "目的地")),
                    Column("minutes", "分钟", "decimal", True, ("时长", "用时", "minute")),
                    Column("km", "公里", "decimal", False, ("里程", "距离", "千米", "公里数")),
                ),
            ),
            Table(
                "locks",
                "指定",
                ("lock", "锁定", "固定与禁止", "指定结对"),
                (
                    _LEVEL,
                    _PROVIDER,
                    _RECIPIENT,
                    Column("kind", "方式", "choice", True, ("类型", "锁定方式"), values=_LOCK_KINDS),
                    Column("reason", "原因", "text", False, ("理由", "说明")),
                ),
            ),
            Table(
                "successors",
                "变更",
                ("successor", "承接", "更名", "沿革", "编号变更"),
                (
                    Column("table", "表", "choice", True, ("所在表", "表名"), values=_TABLES_OF_SUCCESSORS),
                    Column("old_id", "原编号", "id", True, ("旧编号", "原代码", "旧代码")),
                    Column("new_id", "新编号", "id", True, ("现编号", "新代码", "现代码")),
                ),
            ),
        )
    }
)
