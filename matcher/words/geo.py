"""What is wrong with points and datums."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "fault.points_shape",
        "points must be (n, 2) numbers (lat, lon), but have the shape {shape}.",
        "坐标应为 (n, 2) 的数值（纬度, 经度），实际形状为 {shape}。",
    ),
    ("mend.points_shape", "Give one row (lat, lon) for each point.", "请为每个点提供一行（纬度, 经度）。"),
    (
        "fault.points_range",
        "the point at position {position} is {value}: no place on earth.",
        "第 {position} 个点（从 0 计）的坐标为 {value}，不是有效位置。",
    ),
    (
        "mend.points_range",
        "Give the latitude first, -90 to 90, then the longitude, -180 to 180, in degrees.",
        "请先纬度（-90 至 90）、后经度（-180 至 180），单位为度。",
    ),
    ("fault.unknown_datum", "the datum {value} is not known.", "未知的坐标系 {value}。"),
    (
        "mend.unknown_datum",
        "Give one of {known}: wgs84 for GPS and most open data, gcj02 for AMap and Tencent, bd09 for Baidu.",
        "请填写 {known} 之一：wgs84 为 GPS 及多数开放数据，gcj02 为高德、腾讯地图，bd09 为百度地图。",
    ),
)
