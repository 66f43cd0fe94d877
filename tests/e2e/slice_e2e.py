#!/usr/bin/env python3
"""Four real validators from end to end: a small pilot, receipts that verify offline, crashes, too
few validators, an idle network, draining."""
import datetime
import json
import os
import random
import signal
import time

import network as e2e

T = datetime.timedelta


def stamp(at):
    return at.strftime("%Y-%m-%d %H:%M")


class Pilot:
    """Forty people, twenty sound visits and four rows that must be refused."""

    def __init__(self, folder):
        self.folder, self.minutes, self.refused = folder, 0, set()
        os.makedirs(folder)
        self.members = ["member_no,birth_year,street,community,hats,smartphone"]
        self.orders = ["order_no,requested_at,elder_no,category,planned_start,planned_minutes"]
        self.entries = ["entry_no,order_no,volunteer_no,elder_no,category,check_in,check_out,"
                        "minutes,channel,confirmed_at,approved_at"]
        for i in range(40):
            hats, year = ("volunteer", 1960) if i < 20 else ("elder", 1935)
            phone = "no" if i >= 30 else "yes"
            self.members.append(f"M{i:05},{year},Street {i % 2},Community {i % 4},{hats},{phone}")
        base = datetime.datetime(2020, 9, 1, 9, 0)
        for i in range(20):
            channel = "app" if i < 10 else ("card", "callback", "paper")[i % 3]
            self.visit(i, f"M{i:05}", f"M{20 + i:05}", base + T(days=i), 30 + 5 * i, channel)
        self.visit(90, "M00000", "M00021", base + T(minutes=5), 60, "app", "F1: two at once")
        self.visit(91, "M99999", "M00022", base + T(days=40), 60, "app", "nobody")
        self.visit(92, "M00003", "M00023", base + T(days=41), 60, "app", "sum", claimed=61)
        self.visit(93, "M00004", "M00024", base + T(days=42), 400, "app", "too long")
        for name, rows in (("members", self.members), ("orders", self.orders),
                           ("entries", self.entries)):
            with open(f"{folder}/{name}.csv", "w", encoding="utf-8") as file:
                file.write("\n".join(rows) + "\n")

    def visit(self, number, volunteer, elder, start, minutes, channel, fault="", claimed=None):
        end = start + T(minutes=minutes)
        self.orders.append(f"O{number},{stamp(start - T(days=2))},{elder},errand,{stamp(start)},"
                           f"{min(minutes, 240)}")
        self.entries.append(f"E{number},O{number},{volunteer},{elder},errand,{stamp(start)},"
                            f"{stamp(end)},{claimed or minutes},{channel},"
                            f"{stamp(end + T(hours=1))},{stamp(end + T(days=1))}")
        if fault:
            self.refused.add(f"E{number}")
        else:
            self.minutes += minutes


def network(build):
    net = e2e.Network(build)
    net.pilot = Pilot(net.root + "/pilot")
    net.up_arguments = ("--data", net.root + "/pilot")
    return net


def order(net, number, elder="M00020", expect=0, **options):
    start = datetime.datetime.now(datetime.timezone(T(hours=8))) + T(days=1, minutes=number)
    return net.run("--json", "--as", elder, *options.pop("first", ()), "order", "place",
                   "--category", "errand", "--start", stamp(start), "--minutes", "20", **options)


def transaction_id(out):
    return json.loads(out)["transaction_id"]


def test_the_pilot_is_credited_exactly(net):
    assert net.report["minutes_credited"] == net.pilot.minutes, net.report
    assert {row["id"] for row in net.report["refused"]} == net.pilot.refused, net.report["refused"]
    net.wait_agreed()


def test_a_receipt_verifies_offline_and_no_bit_may_change(net):
    receipt = net.root + "/order.receipt"
    code, out, err = order(net, 1, first=("--receipt", receipt))
    assert code == 0, out + err
    genesis = net.dir + "/genesis.bin"
    code, out, err = net.run("verify", receipt, "--genesis", genesis, cluster=False)
    assert code == 0, out + err
    good = open(receipt, "rb").read()
    for _ in range(12):
        bad = bytearray(good)
        bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
        open(net.root + "/bad.receipt", "wb").write(bad)
        code, out, err = net.run("verify", net.root + "/bad.receipt", "--genesis", genesis,
                                 cluster=False)
        assert code == 4, (code, out, err)


def test_a_sweep_is_read_by_those_it_credits(net):
    def receipt(line, *reader):
        code, out, err = net.run("--json", *reader, "receipt", "get", line["transaction_id"])
        return code, out + err

    lines = net.json("--as", "M00000", "statement")["lines"]
    # Credits come from sweeps; the id of one follows from its height, so it opens nothing.
    closed = [line for line in lines if "REASON_NO_TOKEN" in receipt(line)[1]]
    assert closed, lines
    for line in closed:
        code, out = receipt(line, "--as", "M00000")
        assert code == 0 and json.loads(out)["lines"], out
        code, out = receipt(line, "--as", "M00025")
        assert code == 1 and "NOT_FOUND" in out, out


def test_an_idle_network_stays_put(net):
    before = net.wait_agreed()
    time.sleep(8)
    assert net.wait_agreed() == before


def test_one_killed_node_catches_up(net):
    height = net.wait_agreed()[0]
    net.kill(1)
    for i in range(3):
        code, out, err = order(net, 10 + i, f"M000{21 + i}")
        assert code == 0, out + err
    net.start(1)
    net.wait_agreed(above=height + 2)


def test_all_killed_nothing_recorded_is_lost(net):
    code, out, err = order(net, 20, "M00024")
    assert code == 0, out + err
    recorded = transaction_id(out)
    height = net.wait_agreed()[0]
    for _ in range(3):
        for index in range(4):
            net.signal_node(index, signal.SIGKILL)
        for index in range(4):
            net.wait_gone(index)
        for index in range(4):
            net.start(index)
        net.wait_agreed(above=height - 1)
    net.json("receipt", "get", recorded)
    code, out, err = order(net, 21, "M00025")
    assert code == 0, out + err


def test_a_refusal_says_how_to_try_again(net):
    def refusal(*command):
        return net.json(*command, expect=1)["error"]

    gift = ("--as", "M00000", "donate", "district", "--minutes", "100000")
    first = refusal(*gift)
    assert first["reason"] == "REASON_F13_INSUFFICIENT" and "open_until" in first, first
    assert "timebank submit " + first["envelope"] in first["do"], first
    again = refusal("submit", first["envelope"])
    assert again["transaction_id"] == first["transaction_id"], (first, again)
    # Bytes that no ledger takes are never open.
    with open(first["envelope"], "rb") as file:
        bad = bytearray(file.read())
    bad[-1] ^= 1
    with open(net.root + "/bad.envelope", "wb") as file:
        file.write(bad)
    never = refusal("submit", net.root + "/bad.envelope")
    assert never["reason"] == "REASON_BAD_SIGNATURE" and "open_until" not in never, never


def test_two_of_four_stopped_says_not_yet(net):
    net.kill(2)
    net.kill(3)
    code, out, err = order(net, 30, "M00026", first=("--timeout", "8"))
    assert code == 3, (code, out, err)
    assert "queued" in out + err or "needed" in out + err or "reachable" in out + err, out + err
    error = json.loads(out)["error"]
    net.start(2)
    net.start(3)
    net.wait_agreed()
    # The same bytes again: one transaction, whether it was recorded meanwhile or not.
    again = net.json("submit", error["envelope"])
    assert again["transaction_id"] == error["transaction_id"], (again, error)
    assert not os.path.exists(error["envelope"])
    code, out, err = order(net, 31, "M00027")
    assert code == 0, out + err


def test_sigterm_drains_and_the_node_comes_back(net):
    net.signal_node(0, signal.SIGTERM)
    net.wait_gone(0)
    net.start(0)
    net.wait_agreed()


if __name__ == "__main__":
    e2e.main(globals())
