"""What can be wrong with a road graph."""

TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "fault.road_node",
        "the node {value} has no `lat` and `lon` in degrees.",
        "节点 {value} 没有以度为单位的 `lat` 和 `lon`。",
    ),
    ("mend.road_node", "Give every node both, in WGS-84 degrees.", "请给每个节点填写两者（WGS-84，度）。"),
    (
        "fault.road_edge",
        "the edge {value} has no `{missing}` that is a number of at least 0.",
        "边 {value} 没有不小于 0 的 `{missing}`。",
    ),
    (
        "mend.road_edge",
        "Give every edge `minutes`, and `km` either every edge or none.",
        "请给每条边填写 `minutes`；`km` 要么每条边都填，要么都不填。",
    ),
)
