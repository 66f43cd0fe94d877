"""Is what clients saw linearizable? Judges a history that timebank_history recorded: could all its
operations have happened one at a time, each between its call and its answer?

Just-in-time linearization (Lowe, "Testing for linearizability", 2017), per giver and relative, for
no operation touches two pairs. Events are taken in order of time, and what is kept is the set of
configurations that explain all so far: a state, and which operations under way have taken effect in
it. An operation is put into its place when its answer comes, not before. The set is bounded:
more configurations than that raise Undecided.

What the outcomes say:
  ok       took effect, once, between call and answer
  refused  was not possible at one moment between call and answer; without effect, unless the history
           says that it was recorded later (docs/adr/0008): then once, after that moment
  unknown  took effect if it was found on the ledger afterwards, at any time until then; not if it
           was found by no validator; either way where nobody could say
"""
import collections
import json
import sys

CONFIGURATIONS_MAX = 50_000
FOREVER = float("inf")

# Minutes of the giver, of the relative, and what is held for donations: {(hold, minutes)}.
State = collections.namedtuple("State", "earned received held")
# `step(state)`: the state afterwards, None where the operation is not possible as it was answered.
# `after`: index of the operation that has to come first. `optional`: it may never happen.
Op = collections.namedtuple("Op", "invoke until step what after optional")


class Violation(Exception):
    """No order explains the history; says up to where one does."""


class Undecided(Exception):
    """More configurations than are kept."""


def do_donate(state, row):
    if state.earned < row["minutes"]:
        return None
    return state._replace(earned=state.earned - row["minutes"],
                          held=state.held | {(row["hold"], row["minutes"])})


def do_revoke(state, row):
    back = [hold for hold in state.held if hold[0] == row["hold"]]
    if not back:
        return None
    return state._replace(earned=state.earned + back[0][1], held=state.held - set(back))


def do_transfer(state, row):
    if state.earned < row["minutes"]:
        return None
    return state._replace(earned=state.earned - row["minutes"],
                          received=state.received + row["minutes"])


def look_giver(state, row):
    held = sum(minutes for _, minutes in state.held)
    return state if (row["earned"], row["held"]) == (state.earned, held) else None


def look_relative(state, row):
    return state if row["received"] == state.received else None


DO = {"donate": do_donate, "revoke": do_revoke, "transfer": do_transfer}
LOOK = {"look_giver": look_giver, "look_relative": look_relative}
REFUSED_FOR = {"donate": "REASON_F13_INSUFFICIENT", "transfer": "REASON_F13_INSUFFICIENT",
               "revoke": "REASON_UNKNOWN_HOLD"}


def describe(row):
    known = {key: value for key, value in row.items() if key not in ("invoke_us", "return_us")}
    return f"{row['invoke_us']}..{row['return_us']} us: {json.dumps(known, sort_keys=True)}"


def operations(row, first):
    """The operations, numbered from `first`, that one line of the history stands for."""
    invoke, returned, what = row["invoke_us"], row["return_us"], describe(row)
    if row["op"] in LOOK:
        look = LOOK[row["op"]]
        return [Op(invoke, returned, lambda s: look(s, row), what, None, False)] \
            if row["outcome"] == "ok" else []
    do = DO[row["op"]]

    def effect(state):
        return do(state, row)

    if row["outcome"] == "ok":
        return [Op(invoke, returned, effect, what, None, False)]
    out = []
    if row["outcome"] == "refused":
        if row["reason"] != REFUSED_FOR[row["op"]]:
            raise Violation(f"refused for no reason that the rules know: {what}")
        out.append(Op(invoke, returned, lambda s: s if do(s, row) is None else None, what, None,
                      False))
    after = first if out else None
    if row["later"] == "recorded":
        out.append(Op(invoke, row["later_us"], effect, "found later: " + what, after, False))
    elif row["later"] != "absent":
        out.append(Op(invoke, FOREVER, effect, "perhaps: " + what, after, True))
    return out


def put_in_place(configurations, target, pending, ops, limit):
    """The configurations in which `target` has taken effect too, with whatever had to come first."""
    seen, todo, out = set(configurations), list(configurations), set()
    while todo:
        state, done = todo.pop()
        if target in done:
            out.add((state, done - {target}))
            continue
        for index in pending - done:
            op = ops[index]
            if op.after is not None and op.after in pending and op.after not in done:
                continue
            then = op.step(state)
            if then is None or (then, done | {index}) in seen:
                continue
            if len(seen) >= limit:
                raise Undecided(f"more than {limit} configurations at {ops[target].what}")
            seen.add((then, done | {index}))
            todo.append((then, done | {index}))
    return out


def check_pair(begin, rows, limit=CONFIGURATIONS_MAX):
    """Raises Violation or Undecided; else how many configurations were kept at most."""
    ops = []
    for row in rows:
        ops += operations(row, len(ops))
    # At equal times calls come first: operations that may overlap do.
    events = sorted([(op.invoke, 0, index) for index, op in enumerate(ops)] +
                    [(op.until, 1, index) for index, op in enumerate(ops) if not op.optional])
    configurations = {(State(begin["earned"], begin["received"], frozenset()), frozenset())}
    pending, most, explained = set(), 1, collections.deque(maxlen=8)
    for _, is_return, index in events:
        if not is_return:
            pending.add(index)
            continue
        then = put_in_place(configurations, index, pending, ops, limit)
        if not then:
            states = sorted({str(state) for state, _ in configurations})[:4]
            raise Violation(f"no order explains {ops[index].what}\n  possible before it: {states}\n"
                            "  the last that were explained:\n    " + "\n    ".join(explained))
        explained.append(ops[index].what)
        pending.discard(index)
        configurations, most = then, max(most, len(then))
    return most


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def check(rows, limit=CONFIGURATIONS_MAX):
    """Raises Violation or Undecided; else the most configurations that were kept of any pair."""
    begins = {row["pair"]: row for row in rows if row["op"] == "begin"}
    return max(check_pair(begin, [row for row in rows if row["pair"] == pair
                                  and row["op"] != "begin"], limit)
               for pair, begin in begins.items())


if __name__ == "__main__":
    print(f"linearizable; {check(read(sys.argv[1]))} configurations at most")
