"""The words of curves: what is traded against what."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("curve.title", "What {over} trades", "{over} 的取舍曲线"),
    ("curve.schools_children_share", "children reached in schools, %", "学校儿童覆盖率（%）"),
    ("curve.schools_share", "schools reached, %", "学校覆盖率（%）"),
    ("curve.counties_share", "counties reached, %", "区县覆盖率（%）"),
    ("curve.counties_children_share", "children of the counties reached, %", "区县儿童覆盖率（%）"),
    ("curve.school_km_mean", "mean length of a school pair, km", "学校结对平均距离（公里）"),
    ("curve.school_km_median", "median length of a school pair, km", "学校结对距离中位数（公里）"),
    ("curve.school_km_p95", "95 % of the school pairs within, km", "95% 的学校结对在多少公里以内"),
    ("curve.school_km_max", "longest school pair, km", "最远的学校结对（公里）"),
    ("curve.school_km_total", "travel of all school pairs, km", "学校结对总距离（公里）"),
    ("curve.county_km_mean", "mean length of a county pair, km", "区县结对平均距离（公里）"),
    ("curve.county_km_total", "travel of all county pairs, km", "区县结对总距离（公里）"),
    ("curve.school_kept", "school pairs of last year kept", "保留的去年学校结对"),
    ("curve.county_kept", "county pairs of last year kept", "保留的去年区县结对"),
    ("curve.none", "none", "不限"),
    ("curve.dots", "{over} above each dot", "点上数字为 {over}"),
    ("curve.open", "hollow: not proven optimal", "空心点：未证明最优"),
)
