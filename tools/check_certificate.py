"""Check a saved matching of points on its own: `python check_certificate.py matching.npz`, exit code 0 if it is proved.

Needs NumPy and pyproj only. The pairs must be a matching, the prices bound every matching from below, over all pairs in
reach, level after level, by the values of the pairs: nothing can be better. The seal shows what was changed since."""

import hashlib
import sys

import numpy as np
from pyproj import Geod

GEOD = Geod(ellps="WGS84")


def metres(a, b):  # whole metres of the geodesics between points (n, 2) of (lat, lon)
    return np.rint(GEOD.inv(a[:, 1], a[:, 0], b[:, 1], b[:, 0])[2]).astype(np.int64)


def centred(points):  # earth-centred: the straight line is never longer than the geodesic
    lat, lon = np.radians(points).T
    n = GEOD.a / np.sqrt(1 - GEOD.es * np.sin(lat) ** 2)
    return np.array([n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - GEOD.es) * np.sin(lat)]).T


def blocks(xyz):  # positions in blocks of near points, with centre and radius of each
    order, whole = [], [np.arange(len(xyz))]
    while whole:
        part = whole.pop()
        halves = np.array_split(part[np.argsort(xyz[part, np.ptp(xyz[part], axis=0).argmax()])], 2)
        whole, order = (whole + halves, order) if len(part) > 128 else (whole, [*order, part])
    centre = np.array([xyz[part].mean(axis=0) for part in order])
    radius = np.array([np.sqrt(((xyz[p] - c) ** 2).sum(1)).max() for p, c in zip(order, centre, strict=True)])
    return order, centre, radius


def candidates(a, b, p, q, reach):  # in reach, chord plus price at most q: no other reduced cost is 0 or less
    xyz_a, xyz_b = centred(a), centred(b)
    (part_a, centre_a, radius_a), (part_b, centre_b, radius_b) = blocks(xyz_a), blocks(xyz_b)
    least = np.array([p[part].min() for part in part_a])
    found = [np.zeros((0, 2), np.int64)]
    for rows, centre, radius in zip(part_b, centre_b, radius_b, strict=True):
        near = np.sqrt(((centre_a - centre) ** 2).sum(1)) - radius_a - radius - 1
        for k in np.flatnonzero((near <= reach) & (near + least <= q[rows].max())):
            gap = np.sqrt(((xyz_a[part_a[k]][:, None] - xyz_b[rows][None]) ** 2).sum(2)) - 1
            i, j = np.nonzero((gap <= reach) & (gap + p[part_a[k]][:, None] <= q[rows][None]))
            found.append(np.column_stack([part_a[k][i], rows[j]]))
    return np.concatenate(found)


def check(z):  # what is wrong, or nothing
    rows = [f"{k} {z[k].dtype.str} {z[k].shape}\n".encode() + z[k].tobytes() for k in sorted(z.keys() - {"seal"})]
    if hashlib.sha256(b"".join(rows)).digest() != z["seal"].tobytes():
        return "the seal is broken: something was changed after the proof was given"
    a, b, pairs = z["market_provider_latlon"], z["market_recipient_latlon"], z["pairs"]
    bounds = [np.minimum(z["market_capacity"], len(b)), np.minimum(z["market_demand"], len(a))]
    reach = int(z["market_max_m"][0]) if len(z["market_max_m"]) else 1 << 40
    first = "market_unmet_cost" not in z
    prices = [[*z[f"proof_{s}"], *([] if first else [z[f"proof_tie_{s}"]])] for s in ("provider", "recipient")]
    if {len(s) for s in prices} != {2} or {str(row.dtype) for s in prices for row in s} != {"int64"}:
        return "the proof needs two rows of whole prices a side"
    missing = [1, 0] if first else [z["market_unmet_cost"][0], 1]
    keys = pairs[:, 0] * len(b) + pairs[:, 1]
    if len(pairs) and (pairs.min() < 0 or (pairs.max(0) >= [len(a), len(b)]).any() or (np.diff(keys) <= 0).any()):
        return "the pairs are not distinct positions in order"
    use = [np.bincount(pairs[:, s], minlength=len(bounds[s])) for s in (0, 1)]
    d = metres(a[pairs[:, 0]], b[pairs[:, 1]])
    if any(((u < lim[:, 0]) | (u > lim[:, 1])).any() for u, lim in zip(use, bounds, strict=True)) or (d > reach).any():
        return "the pairs break a bound or the reach"
    short = z["market_demand"][:, 1] - use[1]
    value = [int((short * m).sum()) + (int(d.sum()) if level == first else 0) for level, m in enumerate(missing)]
    if [str(v) for v in value[: len(z["level_value"])]] != z["level_value"].tolist():
        return f"the pairs have the values {value}, not the claimed ones"
    p, q = prices
    huge = 4 * max(int(np.abs(x).max(initial=1)) for s in prices for x in s) + (1 << 26)
    assert huge < 1 << 50, "the prices leave the exact range"
    pairs = candidates(a, b, *([huge * s[0] + s[1] for s in prices] if first else [p[0], q[0]]), reach)
    d = metres(a[pairs[:, 0]], b[pairs[:, 1]])
    pairs, d = pairs[d <= reach], d[d <= reach]
    open_, taken, decided, fixed = np.ones(len(d), bool), np.zeros(len(d), bool), [False, False], [0, 0]
    for level in range(2):
        reduced = d * (level == first) + p[level][pairs[:, 0]] - q[level][pairs[:, 1]]
        taken |= open_ & (reduced < 0)
        if taken.any() and z["level_method"][0] == "'pricing'" and bounds[1].max() <= 1:
            return "a pair has a negative reduced cost"
        open_ &= reduced == 0
        bound = int((z["market_demand"][:, 1] * missing[level]).sum()) + int(reduced[taken].sum())
        for s, price in enumerate((-p[level], q[level] - missing[level])):
            now = ~np.asarray(decided[s]) & (price != 0)
            fixed[s] = np.where(now, np.where(price < 0, bounds[s][:, 1], bounds[s][:, 0]), fixed[s])
            decided[s] = np.asarray(decided[s]) | now
            bound += int(price @ fixed[s])
        if bound != value[level]:
            return f"level {level + 1}: value {value[level]}, but the prices prove {bound} only"
    return None


if __name__ == "__main__":
    wrong = check(dict(np.load(sys.argv[1], allow_pickle=False)))
    sys.exit(print(wrong or "proved optimal over all pairs") or int(wrong is not None))
