"""Check a saved matching on its own: `python check_certificate.py matching.npz`, exit code 0 if it is proved.

Needs NumPy, and pyproj where there are points. For every market of pairs with bounds and costs: a matrix, listed arcs
or points. The pairs must be a matching; prices, whatever they are, bound every matching from below over all allowed
pairs, level after level; nothing can be better than a matching that reaches the bounds. Where there is none, some
members of one side must need more than all they can reach can give. All sums are exact; numbers too large for that
prove nothing.
"""

import hashlib
import sys

import numpy as np

ROOM = 1 << 60  # costs and prices stay below it: no reduced cost can wrap in 64 bits


def metres(a, b):  # whole metres of the geodesics between points (n, 2) of (lat, lon)
    from pyproj import Geod

    return np.rint(Geod(ellps="WGS84").inv(a[:, 1], a[:, 0], b[:, 1], b[:, 0])[2]).astype(np.int64)


def centred(points):  # earth-centred (WGS-84): the straight line is never longer than the geodesic
    flat = 1 / 298.257223563
    lat, lon = np.radians(points).T
    square = flat * (2 - flat)
    n = 6378137.0 / np.sqrt(1 - square * np.sin(lat) ** 2)
    return np.array([n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - square) * np.sin(lat)]).T


def blocks(xyz):  # positions in blocks of near points, with centre and radius of each
    order, whole = [], [np.arange(len(xyz))]
    while whole:
        part = whole.pop()
        halves = np.array_split(part[np.argsort(xyz[part, np.ptp(xyz[part], axis=0).argmax()])], 2)
        whole, order = (whole + halves, order) if len(part) > 128 else (whole, [*order, part])
    centre = np.array([xyz[part].mean(axis=0) for part in order])
    radius = np.array([np.sqrt(((xyz[p] - c) ** 2).sum(1)).max() for p, c in zip(order, centre, strict=True)])
    return order, centre, radius


def near_pairs(a, b, p, q, reach):  # in reach, chord plus price at most q: no other reduced cost is 0 or less
    xyz_a, xyz_b = centred(a), centred(b)
    (part_a, centre_a, radius_a), (part_b, centre_b, radius_b) = blocks(xyz_a), blocks(xyz_b)
    least = np.array([p[part].min() for part in part_a])
    found = [np.zeros((0, 2), np.int64)]
    for rows, centre, radius in zip(part_b, centre_b, radius_b, strict=True):
        near = np.sqrt(((centre_a - centre) ** 2).sum(1)) - radius_a - radius - 1
        # floats round: a little is taken off what they compare
        for k in np.flatnonzero((near <= reach) & (near + least * (1 - 1e-12 * np.sign(least)) - 1 <= q[rows].max())):
            gap = np.sqrt(((xyz_a[part_a[k]][:, None] - xyz_b[rows][None]) ** 2).sum(2)) - 1
            whole = np.floor(gap).astype(np.int64)
            i, j = np.nonzero((gap <= reach) & (whole + p[part_a[k]][:, None] <= q[rows][None]))
            found.append(np.column_stack([part_a[k][i], rows[j]]))
    return np.concatenate(found)


def grid(num_a, num_b):
    return np.stack(np.meshgrid(np.arange(num_a), np.arange(num_b), indexing="ij"), -1).reshape(-1, 2)


def is_points(z):
    return "market_provider_latlon" in z


def sizes(z):
    return [len(z["market_capacity"]), len(z["market_demand"])]


def reach_of(z):
    return int(z["market_max_m"][0]) if len(z["market_max_m"]) else 1 << 40


def arcs_of(z):  # the allowed pairs (A, 2) and their costs (L, A), where they are listed
    if "market_matrix_cost" in z:
        pairs, cost = grid(*sizes(z)), z["market_matrix_cost"]
        cost = cost.reshape(len(cost), -1)
        if "market_matrix_allowed" in z:
            here = z["market_matrix_allowed"].astype(bool).reshape(-1)
            pairs, cost = pairs[here], cost[:, here]
        return pairs, cost
    if is_points(z):
        pairs = grid(*sizes(z))
        d = metres(z["market_provider_latlon"][pairs[:, 0]], z["market_recipient_latlon"][pairs[:, 1]])
        return pairs[d <= reach_of(z)], d[None, d <= reach_of(z)]
    pairs = np.column_stack([z["market_arcs_provider_idx"], z["market_arcs_recipient_idx"]])
    return pairs, np.atleast_2d(z["market_arcs_cost"])


def limits_of(z, pairs):  # how many units each of the pairs may have, never more than both ends have room for
    limit = z["market_pair_limit"]
    if limit.ndim:
        known = arcs_of(z)[0]
        keys, wanted = (x[:, 0] * sizes(z)[1] + x[:, 1] for x in (known, pairs))
        order = np.argsort(keys, kind="stable")
        limit = limit[order[np.searchsorted(keys[order], wanted)]] if len(pairs) else wanted
    ends = z["market_capacity"][pairs[:, 0], 1], z["market_demand"][pairs[:, 1], 1]
    return np.minimum(limit, np.minimum(*ends))


def units_of(z, pairs, whole):  # units of each pair: those it has, or with `whole` those it may have; one each if none
    if "market_pair_limit" not in z:
        return np.ones(len(pairs), np.int64)
    return limits_of(z, pairs) if whole else z["units"]


def tally(idx, units, size):
    total = np.zeros(size, np.int64)
    np.add.at(total, idx, units)
    return total


def candidates(z, levels, p, q):  # pairs that can matter to the bound, and their costs
    few = np.prod(sizes(z)) <= 200_000 or len(levels) != 2
    if not is_points(z) or few:
        return arcs_of(z)
    a, b, reach = z["market_provider_latlon"], z["market_recipient_latlon"], reach_of(z)
    left, right = p[0], q[0]
    if levels[0][0] is None:  # one number for two levels: the first counts more than the second can ever reach
        huge = 4 * max(int(np.abs(x[1]).max(initial=1)) for x in (p, q)) + (1 << 26)
        if huge * max(int(np.abs(x[0]).max(initial=1)) for x in (p, q)) >= ROOM:
            return arcs_of(z)
        left, right = huge * p[0] + p[1], huge * q[0] + q[1]
    pairs = near_pairs(a, b, left, right, reach)
    d = metres(a[pairs[:, 0]], b[pairs[:, 1]])
    return pairs[d <= reach], d[None, d <= reach]


def wrong_pairs(z):  # why the pairs are no matching, and their costs (L, k)
    pairs = z["pairs"]
    if pairs.dtype != np.int64 or pairs.ndim != 2 or pairs.shape[1] != 2:
        return "the pairs have no form", None
    if len(pairs) and (pairs.min() < 0 or (pairs.max(0) >= sizes(z)).any()):
        return "the pairs are not positions", None
    keys = pairs[:, 0] * sizes(z)[1] + pairs[:, 1]
    if (np.diff(keys) <= 0).any():
        return "the pairs are not distinct and in order", None
    if is_points(z):
        cost = metres(z["market_provider_latlon"][pairs[:, 0]], z["market_recipient_latlon"][pairs[:, 1]])[None]
        allowed = cost[0] <= reach_of(z)
    else:
        arcs, costs = arcs_of(z)
        known = arcs[:, 0] * sizes(z)[1] + arcs[:, 1]
        order = np.argsort(known, kind="stable")
        if (np.diff(known[order]) <= 0).any():
            return "an arc is listed twice", None
        at = order[np.minimum(np.searchsorted(known[order], keys), len(order) - 1)] if len(order) else keys * 0
        allowed = known[at] == keys if len(order) else np.zeros(len(keys), bool)
        cost = costs[:, at] if len(order) else np.zeros((len(costs), 0), np.int64)
    if ("market_pair_limit" in z) != ("units" in z):
        return "the units of the pairs are missing, or too many", None
    units = units_of(z, pairs, False)
    if units.dtype != np.int64 or units.shape != (len(pairs),) or not whole(units):
        return "the units have no form", None
    used = [tally(pairs[:, s], units, sizes(z)[s]) for s in (0, 1)]
    bounds = z["market_capacity"], z["market_demand"]
    if not allowed.all() or any(((u < b[:, 0]) | (u > b[:, 1])).any() for u, b in zip(used, bounds, strict=True)):
        return "the pairs break a bound or are not allowed", None
    if "units" in z and ((units < 1) | (units > limits_of(z, pairs))).any():
        return "a pair has no unit, or more than it may have", None
    return None, cost


def levels_of(z):  # (row of the costs or None, cost of each missing unit) a level, the tie rule last where there is one
    unmet, names = z.get("market_unmet_cost"), z["market_level_names"]
    one, none = np.ones(sizes(z)[1], np.int64), np.zeros(sizes(z)[1], np.int64)
    if unmet is None:
        return [(None, one), *((row, none) for row in range(len(names)))], 0
    return [*((row, unmet[row]) for row in range(len(names))), (None, one)], 1


def dual_bounds(z, levels, p, q):  # what no matching can beat, level by level: exact, for any prices
    bounds = [z["market_capacity"], z["market_demand"]]
    if "market_pair_limit" not in z:  # one unit a pair: nobody has more than the other side has members
        bounds = [np.minimum(b, n) for b, n in zip(bounds, sizes(z)[::-1], strict=True)]
    pairs, cost = candidates(z, levels, p, q)
    most = units_of(z, pairs, True)
    open_, taken = np.ones(len(pairs), bool), np.zeros(len(pairs), bool)
    decided, fixed = [np.zeros(n, bool) for n in sizes(z)], [np.zeros(n, np.int64) for n in sizes(z)]
    found = []
    for level, (row, missing) in enumerate(levels):
        reduced = p[level][pairs[:, 0]] - q[level][pairs[:, 1]] + (0 if row is None else cost[row])
        taken |= open_ & (reduced < 0)
        open_ &= reduced == 0
        bound = dot(z["market_demand"][:, 1], missing) + dot(reduced[taken], most[taken])
        for s, price in enumerate((-p[level], q[level] - missing)):
            now = ~decided[s] & (price != 0)
            fixed[s] = np.where(now, np.where(price < 0, bounds[s][:, 1], bounds[s][:, 0]), fixed[s])
            decided[s] |= now
            bound += dot(price, fixed[s])
        found.append(bound)
    return found, taken


def dot(x, y):
    return sum(a * b for a, b in zip(x.tolist(), y.tolist(), strict=True) if a and b)


def hall(z):  # whether some members of one side need more than all they can reach can give
    for s, name in ((0, "provider"), (1, "recipient")):
        if f"proof_hall_{name}" in z:
            inside = np.zeros(sizes(z)[s], bool)
            inside[z[f"proof_hall_{name}"]] = True
            ours, theirs = (z["market_capacity"], z["market_demand"])[:: 1 if s == 0 else -1]
            pairs = arcs_of(z)[0]
            near = pairs[inside[pairs[:, s]]]
            links = tally(near[:, 1 - s], units_of(z, near, True), sizes(z)[1 - s])
            return sum(ours[inside, 0].tolist()) > sum(np.minimum(links, theirs[:, 1]).tolist())
    return False


def whole(*arrays):
    return all(a.dtype == np.int64 and (not a.size or max(int(a.max()), -int(a.min())) < ROOM) for a in arrays)


def check(z):  # what is wrong, or nothing
    rows = [f"{k} {z[k].dtype.str} {z[k].shape}\n".encode() + z[k].tobytes() for k in sorted(z.keys() - {"seal"})]
    if hashlib.sha256(b"".join(rows)).digest() != z["seal"].tobytes():
        return "the seal is broken: something was changed after the proof was given"
    if any(name.startswith("market_beyond_") for name in z):
        return "not checked here: the market is more than pairs with bounds and costs"
    if str(z["proof"][1]).startswith("stable"):
        return "not checked here: a stable matching"
    costs = [
        z[name]
        for name in ("market_matrix_cost", "market_arcs_cost", "market_unmet_cost", "market_pair_limit")
        if name in z
    ]
    if not whole(z["market_capacity"], z["market_demand"], *costs):
        return "the market leaves the exact range"
    if str(z["status"]) == "infeasible":
        return None if len(z["pairs"]) == 0 and hall(z) else "the members named can be served"
    wrong, cost = wrong_pairs(z)
    if wrong:
        return wrong
    levels, ties = levels_of(z)
    prices = [[*z[f"proof_{s}"], *([z[f"proof_tie_{s}"]] if ties else [])] for s in ("provider", "recipient")]
    if any(len(side) != len(levels) for side in prices):
        return "the proof needs a row of prices a level and side"
    shaped = all(row.shape == (n,) for side, n in zip(prices, sizes(z), strict=True) for row in side)
    if not shaped or not whole(*prices[0], *prices[1]):
        return "the prices are no whole numbers of the exact range"
    units = units_of(z, z["pairs"], False)
    short = z["market_demand"][:, 1] - tally(z["pairs"][:, 1], units, sizes(z)[1])
    value = [(0 if row is None else dot(cost[row], units)) + dot(short, missing) for row, missing in levels]
    if [str(v) for v in value[: len(value) - ties]] != z["level_value"].tolist():
        return f"the pairs have the values {value}, not the claimed ones"
    if str(z["status"]) != "optimal" or z["level_bound"].tolist() != z["level_value"].tolist():
        return "the matching does not say that it is optimal"
    bound, taken = dual_bounds(z, levels, *prices)
    if taken.any() and str(z["level_method"][0]) == "'pricing'" and z["market_demand"].max(initial=0) <= 1:
        return "a pair has a negative reduced cost"
    if bound != value:
        return f"the pairs have the values {value}, but the prices prove {bound} only"
    return None


if __name__ == "__main__":
    try:
        wrong = check(dict(np.load(sys.argv[1], allow_pickle=False)))
    except Exception as error:  # a file that is no matching proves nothing
        wrong = f"no matching that can be checked: {error!r}"
    sys.exit(print(wrong or "proved over all allowed pairs") or int(wrong is not None))
