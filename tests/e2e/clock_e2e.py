#!/usr/bin/env python3
"""Clocks that differ: one of four too far off is borne; with two the ledger halts, logs, `status`
and the client's answer say why, and it goes on once they are right again."""
import json

import network as e2e
import slice_e2e

STEP_MS = 60_000


def network(build):
    return slice_e2e.network(build)


def step(net, index, by_ms):
    """A validator's clock as its machine would have it: changed while the node is stopped."""
    net.kill(index)
    path = net.cluster["nodes"][index]["dir"] + "/data/clock_offset_ms"
    with open(path, encoding="utf-8") as file:
        offset = int(file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{offset + by_ms}\n")
    net.start(index)


def wait_clocks(net, expected, seconds=60):
    """Until every node says of its peers exactly what `expected` (name -> names) has."""
    def apart(node):
        return {peer["name"] for peer in node["peers"] if peer["reachable"] and
                abs(peer["clock_ahead_ms"]) > node["clock_skew_max_ms"]}

    def seen():
        return {name: apart(node) for name, node in net.status()[0].items()
                if sum(peer["reachable"] for peer in node["peers"]) == 3}
    e2e.wait_until(lambda: seen() == expected, seconds, lambda: f"{seen()} not {expected}")


def names(*numbers):
    return {f"validator-{n}" for n in numbers}


def test_one_clock_that_is_wrong_is_borne_and_named(net):
    height = net.wait_agreed()[0]
    step(net, 3, STEP_MS)
    wait_clocks(net, {"validator-1": names(4), "validator-2": names(4), "validator-3": names(4),
                      "validator-4": names(1, 2, 3)})
    for i in range(4):  # each validator's turn to lead
        code, out, err = slice_e2e.order(net, i, f"M000{20 + i}")
        assert code == 0, out + err
    net.wait_agreed(above=height)


def test_two_wrong_clocks_halt_the_ledger_and_everybody_says_why(net):
    height = net.wait_agreed()[0]
    step(net, 2, STEP_MS)
    wait_clocks(net, {"validator-1": names(3, 4), "validator-2": names(3, 4),
                      "validator-3": names(1, 2), "validator-4": names(1, 2)})
    code, out, err = slice_e2e.order(net, 10, "M00025", first=("--timeout", "6"))
    assert code == 3, (code, out, err)
    error = json.loads(out)["error"]
    assert "validator-" in error["clocks_apart"], out
    net.halted_order = error["transaction_id"]
    assert {node["height"] for node in net.status()[0].values()} == {height}, net.status()
    text = net.run("status")[1]
    assert "validator-1: clocks too far from its own" in text, text
    assert "validator-3 +" in text and "validator-1 -" in text, text
    for index in (0, 3):
        assert "clocks: validator-" in net.log_tail(index), net.log_tail(index)


def test_with_right_clocks_it_goes_on_with_what_waited(net):
    step(net, 2, -STEP_MS)
    step(net, 3, -STEP_MS)
    wait_clocks(net, {f"validator-{n}": set() for n in range(1, 5)})
    net.wait_agreed()
    e2e.wait_until(lambda: net.run("receipt", "get", net.halted_order)[0] == 0, 30,
                   lambda: net.run("receipt", "get", net.halted_order)[1:])
    code, out, err = slice_e2e.order(net, 11, "M00026")
    assert code == 0, out + err
    e2e.wait_until(lambda: "clocks: those of all reachable peers" in net.log_tail(0), 10,
                   lambda: net.log_tail(0))


if __name__ == "__main__":
    e2e.main(globals())
