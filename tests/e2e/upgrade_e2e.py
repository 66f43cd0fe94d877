#!/usr/bin/env python3
"""A release with a new edition of the rules goes out under load, one validator at a time; the council
says from which block on it is in force. Who was left behind stops before that block, says why, and
goes on with the new release."""
import crash_e2e
import network as e2e

COUNCIL = ("--as", "council-1", "--with", "council-2")
NEXT = "timebank-node-next"  # knows one edition more than timebank-node
LATE = 3
OUTDATED = 7


def network(build):
    return e2e.Network(build, "--no-load")


def test_rolling_upgrade_and_one_that_is_left_behind(net):
    work = crash_e2e.Load(net, 300, "--rate", "200")
    for index in range(LATE):
        net.kill(index)
        net.start(index, NEXT)
        net.wait_agreed(seconds=60)
    known = net.json("editions", "show")
    assert known["edition"] == 0 and known["to_come"] == 0, known
    assert known["known"] == {"validator-1": 1, "validator-2": 1, "validator-3": 1,
                              "validator-4": 0}, known

    code, out, err = net.run(*COUNCIL, "editions", "schedule")
    assert code == 5 and "validator-4" in err, (code, out, err)
    code, out, err = net.run("--as", "council-1", "editions", "schedule", "--force")
    assert code == 1 and "THRESHOLD_NOT_MET" in err, (code, out, err)

    first = net.json(*COUNCIL, "editions", "schedule", "--force")
    assert first, first
    net.json(*COUNCIL, "editions", "withdraw")
    from_height = max(node["height"] for node in net.status()[0].values()) + 300
    net.json(*COUNCIL, "editions", "schedule", "--force", "--from-height", str(from_height))
    e2e.wait_until(lambda: "it will stop there" in net.log_tail(LATE), 20,
                   lambda: net.log_tail(LATE))
    # The others go on without it, by the new rules.
    net.wait_gone(LATE, seconds=120)
    assert f"stopped before block {from_height}" in net.log_tail(LATE), net.log_tail(LATE)
    e2e.wait_until(lambda: min(node["height"] for node in net.status()[0].values()) > from_height,
                   30, lambda: net.status())
    work.wait_for_proofs(work.proofs() + 200, 30)
    shown = net.json("editions", "show")
    assert shown["edition"] == 1 and shown["to_come"] == 0, shown

    process = net.start(LATE)
    assert process.wait(timeout=30) == OUTDATED, net.log_tail(LATE)
    assert "Install a newer release" in net.log_tail(LATE, 600), net.log_tail(LATE)
    net.start(LATE, NEXT)
    work.wait_for_proofs(work.proofs() + 200, 30)
    work.stop()
    net.wait_agreed(seconds=60, above=from_height)
    crash_e2e.check(net, work)


if __name__ == "__main__":
    e2e.main(globals())
