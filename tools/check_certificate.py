"""Check what was saved on its own: `python check_certificate.py matching.npz` or `... PLAN_FOLDER`, exit 0 if proved.

Needs NumPy, and pyproj where there are points. For every market of pairs with bounds and costs: a matrix, listed arcs
or points. The pairs must be a matching; prices, whatever they are, bound every matching from below over all allowed
pairs, level after level; nothing can be better than a matching that reaches the bounds. Where there is none, some
members of one side must need more than all they can reach can give. All sums are exact; numbers too large for that
prove nothing.

Of a plan: one organisation a county, travel in km, objectives that are sums, no minima, locks or further rules. Pairs
of (organisation, county) are worth at least what prices of their branches and schools say, or each school's nearest
branch; prices of organisations and counties then bound every plan. The levels are the digits of one large integer.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

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


# --- plans of both levels ---------------------------------------------------------------------------------------------

DIGIT = 64  # bits of a level in the integers that stand for all levels; what is added stays far below
PLAIN = ["cover_counties", "keep_counties", "keep_schools", "convenience", "county_travel"]
SUMS = {*PLAIN, "count_counties", "fill_counties", "cover_schools", "count_schools", "fill", "school_travel"}
BOUNDS = {"organizations": "organization_capacity", "branches": "branch_capacity"}
BOUNDS |= {"counties": "county_demand", "schools": "school_demand"}
REACH = {"county": "max_county_km", "school": "max_school_km"}
HOMES = {"branches": ("organizations", "organization_id"), "schools": ("counties", "county_id")}


class Unchecked(Exception):
    pass


class Side:  # a table in order of its ids: points, most partners, children, and position of the row it belongs to
    def __init__(self, folder, name, policy, sides):
        rows = read_csv(folder / "input" / f"{name}.csv")
        self.at = {row["id"]: position for position, row in enumerate(rows)}
        if list(self.at) != sorted(self.at) or len(self.at) != len(rows):
            raise Unchecked(f"{name} are not in the order of their ids")
        whose, column = HOMES.get(name, (None, None))
        self.home = np.array([sides[whose].at[row[column]] for row in rows] if whose else [], np.int64)
        own = [[float(row[x]) if row[x] else np.nan for x in ("lat", "lon")] for row in rows]
        self.point = np.array(own).reshape(-1, 2)
        if whose:
            self.point = np.where(np.isnan(self.point), sides[whose].point[self.home], self.point)
        column = "demand" if name in ("counties", "schools") else "capacity"
        given = [str(policy.get(BOUNDS[name], row.get(column) or 1)) for row in rows]
        if not all(each.isdigit() for each in given):
            raise Unchecked("minima")
        self.most = np.array([int(each) for each in given], np.int64)
        self.children = [int(row["children"]) for row in rows] if column == "demand" else []
        if max(map(abs, [*self.children, *self.most.tolist()]), default=0) >= 1 << 30 or len(rows) >= 1 << 17:
            raise Unchecked("numbers beyond the exact range")


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def pairs_of(rows, sides, names, columns):
    known = [(sides[names[0]].at.get(row[columns[0]]), sides[names[1]].at.get(row[columns[1]])) for row in rows]
    return sorted(known, key=str), {pair for pair in known if None not in pair}


def digits(table):  # (D, n) as (n,) integers, the first level highest
    total = np.zeros(table.shape[1], object)
    for row in table:
        total = (total << DIGIT) + row.astype(object)
    return total


def check_plan(folder):  # what is wrong, or nothing
    try:
        return _check_plan(folder)
    except Unchecked as reason:
        return f"not checked here: {reason}"


def _check_plan(folder):
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    for name, digest in plan["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            return f"{name} was changed after the plan was saved"
    policy = plan["policy"]
    names = [each if isinstance(each, str) else each["name"] for each in policy.get("objectives", PLAIN)]
    covered = {"cover_schools", "count_schools"} & {*names}
    if policy.get("child_km", 10) is None and "convenience" in names and not covered:
        names.insert(names.index("convenience"), "cover_schools")
    plain = {"format", "objectives", "child_km", "change_cost_km", "stability", *REACH.values(), *BOUNDS.values()}
    more = [each for each in policy.get("objectives", ()) if not isinstance(each, str) and set(each) != {"name"}]
    for what in ("locks", "travel_times", "successors"):
        more += [what] * (folder / "input" / f"{what}.csv").exists()
    asks = policy.get("stability", "off") not in ("off", "report")
    if more or asks or not set(policy) <= plain or not set(names) <= SUMS:
        raise Unchecked("the policy asks for more than sums over pairs and places")
    if plan["status"] != "optimal" or plan["proof"]["kind"] != "certificate":
        return "the plan does not say that it is optimal, with a certificate"
    sides = {}
    for name in ("organizations", "counties", "branches", "schools"):
        sides[name] = Side(folder, name, policy, sides)
    return Both(folder, policy, names, sides).check(plan["levels"])


class Both:  # a plan of both levels with what it is worth, in integers whose digits are the levels
    def __init__(self, folder, policy, names, sides):
        self.policy, self.names, self.sides = policy, names, sides
        self.o, self.c, self.b, self.s = (sides[x] for x in ("organizations", "counties", "branches", "schools"))
        if max(self.o.most.max(initial=0), self.c.most.max(initial=0)) > 1:
            raise Unchecked("several partners of a county or an organisation")
        ends = {"county": ("organizations", "counties"), "school": ("branches", "schools")}
        last = folder / "input" / "previous.csv"
        rows = read_csv(last) if last.exists() else []
        self.last = {
            x: pairs_of([row for row in rows if row["level"] == x], sides, ends[x], ("provider_id", "recipient_id"))[1]
            for x in ends
        }
        columns = {"county": ("organization_id", "county_id"), "school": ("branch_id", "school_id")}
        files = {x: read_csv(folder / f"{x}_pairings.csv") for x in ends}
        self.pairs = {x: pairs_of(files[x], sides, ends[x], columns[x])[0] for x in ends}
        with np.load(folder / "proof.npz", allow_pickle=False) as arrays:
            self.prices = dict(arrays)
        w = {name: 1 << DIGIT * (len(names) - 1 - at) for at, name in enumerate(names)}
        self.weight = {name: w.get(name, 0) for name in SUMS}
        w = self.weight
        wants = self.c.most > 0
        self.county_gain = [
            w["cover_counties"] * n + w["count_counties"] if ok else 0
            for n, ok in zip(self.c.children, wants, strict=True)
        ]
        self.change, child = round(1000 * policy.get("change_cost_km", 0)), policy.get("child_km", 10.0)
        charge = [
            (2 * n * round(1000 * (child or 0)) + d) // (2 * d) if d else 0
            for n, d in zip(self.s.children, self.s.most.tolist(), strict=True)
        ]
        self.empty = [w["convenience"] * each for each in charge]  # each empty place, and a school without any pair
        self.bare = [
            w["cover_schools"] * n + w["count_schools"] if d else 0
            for n, d in zip(self.s.children, self.s.most.tolist(), strict=True)
        ]
        self.base = sum(self.county_gain) + sum(self.bare)
        self.base += sum(e * d for e, d in zip(self.empty, self.s.most.tolist(), strict=True))
        reach = {x: policy.get(name) for x, name in REACH.items()}
        self.reach = {x: 1 << 40 if km is None else round(1000 * km) for x, km in reach.items()}

    def worth(self, level, p, r):  # of pairs, and whether they may be: what each adds, the saved places left out
        ends = (self.o, self.c) if level == "county" else (self.b, self.s)
        w, far = self.weight, metres(ends[0].point[p], ends[1].point[r])
        if level == "county":
            travel, kept, pair = w["county_travel"], w["keep_counties"], w["fill_counties"]
        else:
            travel, pair = w["convenience"] + w["school_travel"], w["fill"]
            kept = w["keep_schools"] + w["convenience"] * self.change
        was = np.array([each in self.last[level] for each in zip(p.tolist(), r.tolist(), strict=True)], object)
        return travel * far.astype(object) - kept * was - pair, far <= self.reach[level]

    def value(self):  # of the plan; a text says which rule it breaks
        total = self.base
        for level, ends in (("county", (self.o, self.c)), ("school", (self.b, self.s))):
            pairs = self.pairs[level]
            if any(None in pair for pair in pairs) or len(set(pairs)) != len(pairs):
                return f"{level} pairs are unknown or stand twice"
            p, r = np.array(pairs, np.int64).reshape(-1, 2).T
            worth, ok = self.worth(level, p, r)
            loads = [tally(i, 1, len(x.most)) > x.most for i, x in zip((p, r), ends, strict=True)]
            if not ok.all() or any(each.any() for each in loads):
                return f"{level} pairs are too far or too many"
            total += sum(worth.tolist())
        together = set(self.pairs["county"])
        if any((int(self.b.home[b]), int(self.s.home[s])) not in together for b, s in self.pairs["school"]):
            return "a school's branch is not of its county's organisation"
        total -= sum(self.county_gain[c] for _, c in self.pairs["county"])
        served = [s for _, s in self.pairs["school"]]
        return total - sum(self.empty[s] for s in served) - sum(self.bare[s] for s in set(served))

    def check(self, levels):
        value = self.value()
        if isinstance(value, str):
            return value
        names = ("county_price", "organization_price", "branch_price", "school_price")
        if any(self.prices[x].dtype != np.int64 or len(self.prices[x]) != len(self.names) for x in names):
            return "the proof needs a row of prices a level"
        if max(int(np.abs(self.prices[x].astype(object)).max(initial=0)) for x in names) >= 1 << 45:
            return "the prices leave the exact range"
        shown = self.shown(value)
        if [(x["name"], x["value"], x["bound"]) for x in levels] != [(n, v, v) for n, v in shown]:
            return f"the pairs have the values {shown}, not the claimed ones"
        u, v, self.by_branch, self.by_school = (digits(self.prices[name]) for name in names)
        if (len(u), len(v)) != (len(self.c.most), len(self.o.most)):
            return "the proof needs a price a county and organisation"
        self.inner = self.evaluated()
        for county in np.flatnonzero(self.c.most > 0).tolist():
            worth, may = self.of_county(county)
            if (may & (worth - u[county] - v < 0)).any():
                return "a pair of organisation and county has a negative reduced cost"
        bound = self.base + sum(min(0, price) for price in (*u.tolist(), *v.tolist()))
        return None if bound == value else f"the pairs have {shown}, the prices prove {self.shown(bound)} only"

    def shown(self, total):  # the levels as the planner reads them
        found, offset = [], {"convenience": self.change * len(self.last["school"])}
        counted = {"cover_counties": self.c, "cover_schools": self.s}
        for name in reversed(self.names):
            low = (total + (1 << DIGIT - 1)) % (1 << DIGIT) - (1 << DIGIT - 1)
            total = (total - low) >> DIGIT
            if "travel" in name or name == "convenience":
                found.append((name, offset.get(name, 0) + low))
                continue
            side = self.c if name.endswith("counties") else self.s
            wanted = [n for n, d in zip(side.children, side.most.tolist(), strict=True) if d]
            most = sum(wanted) if name in counted else len(wanted) if name.startswith("count_") else 0
            found.append((name, most - low))
        return found[::-1]

    def evaluated(self):  # (organisation, county) -> where its inner prices stand
        found, at_b, at_s = {}, 0, 0
        for o, c in self.prices["evaluated"].tolist():
            branches = np.flatnonzero(self.b.home == o)
            schools = np.flatnonzero((self.s.home == c) & (self.s.most > 0))
            found[o, c] = branches, schools, at_b, at_s
            at_b, at_s = at_b + len(branches), at_s + len(schools)
        if (at_b, at_s) != (len(self.by_branch), len(self.by_school)) or len(found) != len(self.prices["evaluated"]):
            raise Unchecked("inner prices of another shape")
        return found

    def of_county(self, county):  # (O,) what pairing with each organisation is worth at least, and who may
        every, num_o = np.arange(len(self.o.most)), len(self.o.most)
        worth, may = self.worth("county", every, np.full(num_o, county))
        worth = worth - self.county_gain[county]
        schools = np.flatnonzero((self.s.home == county) & (self.s.most > 0))
        gains, widest = [], int(np.bincount(self.b.home, minlength=1).max(initial=0))
        rooms = np.zeros(num_o, np.int64)
        np.add.at(rooms, self.b.home, np.minimum(self.b.most, len(self.s.most)))
        for school in schools.tolist():
            near = np.full(num_o, 1 << 40, np.int64)
            np.minimum.at(near, self.b.home, metres(self.b.point, self.s.point[np.full(len(self.b.most), school)]))
            far = near.astype(object) * (self.weight["convenience"] + self.weight["school_travel"])
            kept = tally(self.b.home[[b for b, s in self.last["school"] if s == school]], 1, num_o)
            for place in range(min(int(self.s.most[school]), widest)):
                gain = self.empty[school] + self.bare[school] * (place == 0) + self.weight["fill"] - far
                bonus = self.weight["keep_schools"] + self.weight["convenience"] * self.change
                gain = np.maximum(gain + bonus * (kept > place).astype(object), 0)
                gains.append(np.where(near <= self.reach["school"], gain, 0))
        best = -np.sort(-np.array(gains, object).reshape(-1, num_o), axis=0)
        worth = worth - np.where(np.arange(len(best))[:, None] < rooms, best, 0).sum(axis=0)
        for organization in every.tolist():
            if (organization, county) in self.inner:
                worth[organization] = self.of_block(organization, county)
        return worth, may & (self.o.most > 0)

    def of_block(self, organization, county):  # what inner prices prove of one pair, whatever they are
        branches, schools, at_b, at_s = self.inner[organization, county]
        total = self.worth("county", np.array([organization]), np.array([county]))[0][0] - self.county_gain[county]
        p, q = self.by_branch[at_b : at_b + len(branches)], self.by_school[at_s : at_s + len(schools)]
        widest = int(np.bincount(self.b.home, minlength=1).max(initial=0))
        places = [min(int(d), widest) for d in self.s.most[schools]]
        i, j = grid(len(branches), len(schools)).T
        worth, may = self.worth("school", branches[i], schools[j])
        total += sum(min(0, x) for x in (worth - p[i] - q[j])[may].tolist())
        rooms = np.minimum(self.b.most[branches], sum(places)).tolist()
        total += sum(min(0, price) * room for price, room in zip(p.tolist(), rooms, strict=True))
        for school, price, count in zip(schools.tolist(), q.tolist(), places, strict=True):
            for place in range(count):
                total += min(0, price - self.empty[school] - self.bare[school] * (place == 0))
        return total


if __name__ == "__main__":
    try:
        path = Path(sys.argv[1])
        wrong = check_plan(path) if path.is_dir() else check(dict(np.load(path, allow_pickle=False)))
    except Exception as error:  # what is no matching and no plan proves nothing
        wrong = f"nothing that can be checked: {error!r}"
    sys.exit(print(wrong or "proved over all allowed pairs") or int(wrong is not None))
