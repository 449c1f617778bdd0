"""Repair of a flow and its prices when arcs are added: the compiled loops over a residual graph.

The graph has a node for each provider j with price p[j] >= 0, for each recipient i with price u[i] <= unmet[i], and a
root with price 0. A pair (i, j) costs d; its reduced cost is d + p[j] - u[i].

`repair` restores optimality after arcs with a
negative reduced cost were added, arc by arc, by shortest paths in reduced costs that stop as soon as the arc is mended
(Edmonds and Karp 1972; Ahuja, Magnanti and Orlin 1993, section 9.7). The root would lead everywhere, so no path is
continued through it: prices are first raised around the provider until the root is met, then lowered around the
recipient; both moves keep all other reduced costs valid and together they mend the arc.

Every function runs as plain Python where numba is not installed.
"""

from __future__ import annotations

import numpy as np

from matcher.allpairs.pricing_fast import compiled
from matcher.allpairs.pricing_labels import FAR, IntArray, drop, lift

# The state of a repair travels as two tuples of int64 arrays, which compiled code takes as they are.
Net = tuple[
    IntArray, ...
]  # recipient, provider, cost, flow, next_r, next_p, head_r, head_p, used, spare, missing, unmet
Space = tuple[IntArray, ...]  # label, stamp, settled, parent, touched, place, heap


@compiled
def _offer(space: Space, run: int, size: int, node: int, new: int, by: int) -> int:
    """Give `node` the label `new`, reached by arc (from the root: node) `by`, if that is better; return heap size."""
    label, stamp, settled, parent, _, place, heap = space
    if settled[node] == run:
        return size
    if stamp[node] != run:
        stamp[node] = run
        place[node] = size
        heap[size] = node
        size += 1
    elif label[node] <= new:
        return size
    label[node] = new
    parent[node] = by
    lift(heap, place, label, place[node])
    return size


@compiled
def _search(
    net: Net,
    space: Space,
    u: IntArray,
    p: IntArray,
    run: int,
    start: int,
    goal: int,
    far: int,
    forward: bool,
    most: int,
) -> tuple[int, int, int]:
    """Settle nodes from `start`, along arcs or against them, up to the goal, the root or `far`; then move the prices.

    Returns what was reached (-1: nothing nearer than `far`), its distance, and how many nodes were settled.
    """
    recipient, provider, cost, flow, next_r, next_p, head_r, head_p, used, spare, missing, unmet = net
    label, stamp, settled, parent, touched, place, heap = space
    num_p = len(p)
    root = num_p + len(u)
    label[start] = 0
    stamp[start] = run
    parent[start] = -1
    place[start] = 0
    heap[0] = start
    size = 1
    count = 0
    reached = -1
    while size > 0:
        node = heap[0]
        key = label[node]
        if key >= far:
            break
        if node in (root, goal):
            reached = node
            far = key
            break
        drop(heap, place, label, size)
        size -= 1
        settled[node] = run
        touched[count] = node
        count += 1
        if node < num_p:
            if forward and spare[node] > 0:
                size = _offer(space, run, size, root, key - p[node], node)
            if not forward and used[node] > 0 and key + p[node] < far:
                size = _offer(space, run, size, root, key + p[node], node)
            a = head_p[node]
            while a >= 0:
                i = recipient[a]
                if forward and flow[a] > 0:
                    new = key + u[i] - cost[a] - p[node]
                    if new < far:
                        size = _offer(space, run, size, num_p + i, new, a)
                elif not forward and flow[a] < most:
                    new = key + cost[a] + p[node] - u[i]
                    if new < far:
                        size = _offer(space, run, size, num_p + i, new, a)
                a = next_p[a]
        else:
            i = node - num_p
            if forward and key + unmet[i] - u[i] < far:
                size = _offer(space, run, size, root, key + unmet[i] - u[i], node)
            if not forward and missing[i] > 0:
                size = _offer(space, run, size, root, key + u[i] - unmet[i], node)
            a = head_r[i]
            while a >= 0:
                j = provider[a]
                if forward and flow[a] < most:
                    new = key + cost[a] + p[j] - u[i]
                    if new < far:
                        size = _offer(space, run, size, j, new, a)
                elif not forward and flow[a] > 0:
                    new = key + u[i] - cost[a] - p[j]
                    if new < far:
                        size = _offer(space, run, size, j, new, a)
                a = next_r[a]
    for t in range(count):
        node = touched[t]
        move = far - label[node] if forward else label[node] - far
        if node < num_p:
            p[node] += move
        else:
            u[node - num_p] += move
    return reached, far, count


@compiled
def _walk(
    net: Net, parent: IntArray, num_p: int, root: int, node: int, end: int, forward: bool, most: int, push: int
) -> int:
    """Follow the parents from `node` to `end` and return what can be pushed, or push `push` units if that is not 0."""
    recipient, provider, _, flow, _, _, _, _, used, spare, missing, _ = net
    least = FAR
    while node != end:
        by = parent[node]
        if node == root:
            if by < num_p:
                turn = 1 if forward else -1
                least = min(least, spare[by] if forward else used[by])
                spare[by] -= turn * push
                used[by] += turn * push
            else:
                if not forward:
                    least = min(least, missing[by - num_p])
                missing[by - num_p] += push if forward else -push
            node = by
            continue
        if (node >= num_p) == forward:
            least = min(least, flow[by])
            flow[by] -= push
        else:
            least = min(least, most - flow[by])
            flow[by] += push
        node = provider[by] if node >= num_p else num_p + recipient[by]
    return int(least)


@compiled
def _meeting(
    net: Net, ahead: IntArray, behind: IntArray, mark: IntArray, run: int, num_p: int, root: int, j0: int, i0: int
) -> int:
    """Return the last node of the way root -> i0 that the way j0 -> root passes too, so that no arc is used twice."""
    recipient, provider = net[0], net[1]
    node = root
    while True:
        mark[node] = run
        if node == j0:
            break
        by = ahead[node]
        node = by if node == root else (provider[by] if node >= num_p else num_p + recipient[by])
    last = root
    node = root
    while node != i0:
        by = behind[node]
        node = by if node == root else (provider[by] if node >= num_p else num_p + recipient[by])
        if mark[node] == run:
            last = node
    return last


@compiled
def repair(queue: IntArray, net: Net, u: IntArray, p: IntArray, most: int, work: int) -> tuple[int, int]:
    """Mend the arcs of `queue`, which are in no list yet; flow, prices and lists are changed in place.

    Parameters
    ----------
    queue
        (V,) what to mend, in this order: an arc, entered into the lists `head_r -> next_r` (arcs of a recipient) and
        `head_p -> next_p` (arcs of a provider) when its turn is over; or, as -1 - i, a recipient i that misses units
        though its price is below what it is charged for them.
    net
        The arrays named at `Net`: used, spare (P,) and missing, unmet (R,) belong to the nodes.
    most
        Units an arc may carry.
    work
        Give up after so many settled nodes.

    Returns
    -------
    done, steps
        How many arcs of the queue are mended (the prices fit these and all that were listed), and the nodes settled.
    """
    recipient, provider, cost, flow, next_r, next_p, head_r, head_p, _, _, missing, unmet = net
    num_p = len(p)
    root = num_p + len(u)
    label = np.empty(root + 1, np.int64)
    stamp = np.zeros(root + 1, np.int64)
    settled = np.zeros(root + 1, np.int64)
    ahead = np.empty(root + 1, np.int64)
    behind = np.empty(root + 1, np.int64)
    touched = np.empty(root + 1, np.int64)
    place = np.empty(root + 1, np.int64)
    heap = np.empty(root + 1, np.int64)
    mark = np.zeros(root + 1, np.int64)
    space = (label, stamp, settled, ahead, touched, place, heap)
    run = 0
    steps = 0
    for done in range(len(queue)):
        arc = queue[done]
        if arc < 0:
            i = -arc - 1
            while missing[i] > 0 and u[i] < unmet[i]:
                if steps > work:
                    return done, steps
                run += 1
                space = (label, stamp, settled, ahead, touched, place, heap)
                reached, _, count = _search(net, space, u, p, run, num_p + i, -1, unmet[i] - u[i], True, most)
                steps += count + 1
                if reached == root:
                    push = min(missing[i], _walk(net, ahead, num_p, root, root, num_p + i, True, most, 0))
                    _walk(net, ahead, num_p, root, root, num_p + i, True, most, push)
                    missing[i] -= push
            continue
        i, j = recipient[arc], provider[arc]
        i0, j0 = num_p + i, j
        while flow[arc] < most and u[i] - cost[arc] - p[j] > 0:
            if steps > work:
                return done, steps
            run += 1
            slack = u[i] - cost[arc] - p[j]
            space = (label, stamp, settled, ahead, touched, place, heap)
            reached, far, count = _search(net, space, u, p, run, j0, i0, slack, True, most)
            steps += count + 1
            if reached < 0:
                break
            if reached == i0:
                push = min(most - flow[arc], _walk(net, ahead, num_p, root, i0, j0, True, most, 0))
                _walk(net, ahead, num_p, root, i0, j0, True, most, push)
                flow[arc] += push
                continue
            slack -= far
            if slack <= 0:
                break
            run += 1
            space = (label, stamp, settled, behind, touched, place, heap)
            reached, far, count = _search(net, space, u, p, run, i0, j0, slack, False, most)
            steps += count + 1
            if reached < 0:
                break
            last = j0
            if reached == root:
                last = _meeting(net, ahead, behind, mark, run, num_p, root, j0, i0)
            push = min(most - flow[arc], _walk(net, behind, num_p, root, last, i0, False, most, 0))
            push = min(push, _walk(net, ahead, num_p, root, last, j0, True, most, 0))
            _walk(net, behind, num_p, root, last, i0, False, most, push)
            _walk(net, ahead, num_p, root, last, j0, True, most, push)
            flow[arc] += push
        next_r[arc] = head_r[i]
        head_r[i] = arc
        next_p[arc] = head_p[j]
        head_p[j] = arc
    return len(queue), steps
