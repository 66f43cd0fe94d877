#!/usr/bin/env python3
"""The demo on data with every fault that has ended a load: each faulty row is listed, all the others
are credited to the minute. Then a clerk's paper slips in both encodings, each imported twice."""
import datetime
import os

import network as e2e

T = datetime.timedelta
UNTIL = datetime.datetime(2021, 1, 25, 9, 0)


def stamp(at):
    return at.strftime("%Y-%m-%d %H:%M")


class Pilot:
    """Two streets with a community of the same name each, sound visits, and rows that must be
    refused. Files are bytes: some rows are of no encoding."""

    def __init__(self, folder):
        self.folder, self.minutes, self.refused, self.cut = folder, 0, [], {}
        os.makedirs(folder)
        self.members = [b"member_no,birth_year,street,community,hats,smartphone"]
        self.orders = [b"order_no,requested_at,elder_no,category,planned_start,planned_minutes"]
        self.entries = [b"entry_no,order_no,volunteer_no,elder_no,category,check_in,check_out,"
                        b"minutes,channel,confirmed_at,approved_at"]
        for i in range(24):
            hats, year = ("volunteer", 1960) if i < 12 else ("elder", 1935)
            phone = "no" if i >= 18 else "yes"
            self.member(f"M{i:03},{year},\u8857\u9053{i % 2},\u5c45\u6c11\u533a,{hats},{phone}")
        self.member("\u5f20-1,1940,\u8857\u9053\u9519,\u5c45\u6c11\u533a,elder,no,,,")
        base = datetime.datetime(2020, 9, 1, 9, 0)
        for i in range(12):
            channel = "app" if i < 6 else ("card", "callback", "paper")[i % 3]
            self.visit(str(i), f"M{i:03}", f"M{12 + i:03}", base + T(days=i), 30 + 5 * i, channel)
        self.visit("20", "M001", "\u5f20-1", base + T(days=20), 40, "callback")
        self.visit("21", "M002", "M013", base + T(days=21), 90, "app", planned=60, credited=75)
        self.faulty_members()
        self.faulty_visits(base)
        for name, rows in (("members", self.members), ("orders", self.orders),
                           ("entries", self.entries)):
            with open(f"{folder}/{name}.csv", "wb") as file:
                file.write(b"\n".join(rows) + b"\n")

    def add(self, rows, file, line, reason=None):
        rows.append(line.encode() if isinstance(line, str) else line)
        if reason:
            number = rows[-1].split(b",")[0].decode(errors="replace").strip('"')
            self.refused.append((file, len(rows), number, reason))

    def member(self, line, reason=None):
        self.add(self.members, "members.csv", line, reason)

    def faulty_members(self):
        self.member("B1,2021,S,C,elder,no", "bad_year")
        self.member("B2,1,S,C,elder,no", "bad_year")
        self.member("B/3,1940,S,C,elder,no", "bad_member_no")
        self.member("B 4,1940,S,C,elder,no", "bad_member_no")
        self.member("clerk-1,1940,S,C,elder,no", "bad_member_no")
        self.member("B5,1940,S,C,elder,no,1,2", "too_many_cells")
        self.member(b"B6,1940,\xff\xff,C,elder,no", "bad_encoding")
        self.member("M001,1940,S,C,elder,no", "duplicate")

    def faulty_visits(self, base):
        self.visit("70", "M000", "M013", base + T(minutes=5), 30, "app", "REASON_F1_OVERLAP")
        self.visit("71", "M999", "M014", base + T(days=30), 60, "app", "REASON_UNKNOWN_MEMBER")
        # M010 is no elder, so without a grant, and has earned less than this would cost.
        self.visit("72", "M009", "M010", base + T(days=31), 120, "app", "REASON_F13_INSUFFICIENT",
                   order_reason="REASON_F13_INSUFFICIENT")
        self.visit("73", "M003", "M015", base + T(days=32), 60, "app",
                   "minutes_differ_from_check_out", claimed=61)
        self.visit("74", "M004", "M016", base + T(days=33), 60, "app", "future", year=2099)
        self.visit("75", "M005", "M017", base + T(days=34), 300, "app", "REASON_ENTRY_TOO_LONG")
        at = base + T(days=36)
        times = f"{stamp(at)},{stamp(at + T(hours=1))},60,app,{stamp(at + T(hours=2))}," \
                f"{stamp(at + T(days=1))}"
        self.entry(f"E0,O0,M000,M012,errand,{times}", "duplicate")
        self.entry(f'"E76,O0,M000,M012,errand,{times}', "open_quote")
        self.entry(f"E77,O404,M000,M012,errand,{times}", "unknown_order")
        self.order(f"O78,{stamp(at - T(days=1))},M012,dancing,{stamp(at)},60",
                   "REASON_UNKNOWN_CATEGORY")
        self.order(f"O79,1970-01-01 03:00,M012,errand,{stamp(at)},60", "bad_time")
        self.order(f"O80,2099-01-01 03:00,M012,errand,{stamp(at)},60", "future")

    def order(self, line, reason=None):
        self.add(self.orders, "orders.csv", line, reason)

    def entry(self, line, reason=None):
        self.add(self.entries, "entries.csv", line, reason)

    def visit(self, number, volunteer, elder, start, minutes, channel, reason=None, claimed=None,
              planned=None, credited=None, year=None, order_reason=None):
        end = start + T(minutes=minutes)
        approved = end + T(days=1)
        if year:
            approved = approved.replace(year=year)
        self.order(f"O{number},{stamp(start - T(days=2))},{elder},errand,{stamp(start)},"
                   f"{planned or min(minutes, 240)}", order_reason)
        self.entry(f"E{number},O{number},{volunteer},{elder},errand,{stamp(start)},{stamp(end)},"
                   f"{claimed or minutes},{channel},{stamp(end + T(hours=1))},{stamp(approved)}",
                   reason)
        if reason is None:
            self.minutes += minutes
            if credited:
                self.cut[f"E{number}"] = (minutes, credited)


SLIPS = """slip_no,volunteer_no,elder_no,category,date,start,minutes,witness,note,expect
P1,M000,M012,errand,2021-01-20,09:00,60,M002,\u5907\u6ce8,ok
P2,M000,M013,errand,2021-01-20,09:30,60,M002,,overlap
P3,M001,M014,errand,2021-01-20,\uff10\uff19\uff1a\uff10\uff10,\uff16\uff10,M002,,ok
P4,M001,M014,errand,2021-01-20,09:00,60,M002,,duplicate
P5,M003,M015,errand,2021-01-32,09:00,60,M002,,bad_date
P6,M003,M015,errand,1970-01-01,03:00,60,M002,,bad_date
P7,M003,M015,errand,2021-01-21,09:00,\u4e00\u5c0f\u65f6,M002,,bad_minutes
P8,M003,M404,errand,2021-01-21,09:00,60,M002,,unknown_member
P9,M003,M003,errand,2021-01-21,09:00,60,M002,,self_service
P10,M003,M015,errand,2021-01-21,09:00,60,M003,,witness_is_party
P11,M003,M015,errand,2021-02-21,09:00,60,M002,,future
P12,M003,M015,errand,2020-11-21,09:00,60,M002,,too_late
P13,M003,M015,errand,2021-01-21,09:00,300,M002,,over_entry_limit
P14,M003,M015,errand,2021-01-21,23:00,60,M002,,night_without_order
\u7eb8\u6761\u7eb8\u6761\u7eb8\u6761\u7eb8\u6761\u7eb8\u6761\u7eb8,M003,M015,errand,2021-01-21,09:00,60,M002,,bad_serial
"P16,M003,M015,errand,2021-01-21,09:00,60,M002,,open_quote
P17,M003,M015,errand,2021-01-21,09:00,60,M002,,ok
"""


def network(build):
    net = e2e.Network(build)
    net.pilot = Pilot(net.root + "/pilot")
    net.up_arguments = ("--data", net.root + "/pilot", "--until", UNTIL.strftime("%Y-%m-%d"))
    return net


def test_every_faulty_row_is_listed_and_no_other(net):
    listed = {(row["file"], row["line"], row["reason"]) for row in net.report["refused"]}
    expected = {(file, line, reason) for file, line, _, reason in net.pilot.refused}
    assert listed == expected, (sorted(listed - expected), sorted(expected - listed))
    assert len(net.report["refused"]) == len(net.pilot.refused)


def test_the_minutes_add_up(net):
    report = net.report
    cut = sum(minutes - credited for minutes, credited in net.pilot.cut.values())
    assert report["minutes_of_rows"] == net.pilot.minutes, report
    assert report["minutes_beyond_order"] == cut, report
    assert report["minutes_cooling"] == 0, report
    assert report["minutes_credited"] == net.pilot.minutes - cut, report
    in_part = {row["id"]: (row["minutes"], row["credited"]) for row in report["credited_in_part"]}
    assert in_part == net.pilot.cut, report
    assert report["members"] == 25 and report["staff"] > 25, report
    net.wait_agreed()


def test_a_folder_that_is_no_demo_is_left_alone(net):
    ledger = net.root + "/ledger"
    code, out, err = net.run("testnet", "init", "--development", "--out", ledger)
    assert code == 0, out + err
    before = sorted(os.listdir(ledger))
    code, out, err = net.run("dev", "up", "--no-load", "--detach", "--dir", ledger)
    assert code == 5, (code, out, err)
    assert sorted(os.listdir(ledger)) == before


def test_mistakes_of_the_command_line_start_nothing(net):
    target = net.root + "/other"
    data = net.root + "/pilot"
    for arguments in (("--until", "2020-07-27", "--data", data), ("--until", "2999-01-01"),
                      ("--until", "soon"), ("--data", net.root + "/absent")):
        code, out, err = net.run("--json", "dev", "up", "--detach", "--dir", target, *arguments)
        assert code == 2, (arguments, code, out, err)
        assert not os.path.exists(target), arguments
    code, out, err = net.run("--json", "dev", "up", "--detach", "--dir", net.dir, "--no-load")
    assert code == 5 and "runs" in out, (code, out, err)


def imported(net, path):
    report = net.json("--as", "clerk-1", "import", "paper", path)
    return [(row["serial"], row["outcome"].replace("already_recorded", "recorded"), row["finding"])
            for row in report["rows"]]


def test_paper_slips_in_both_encodings_twice(net):
    bom, gb18030 = net.root + "/bom.csv", net.root + "/gb18030.csv"
    with open(bom, "wb") as file:
        file.write(b"\xef\xbb\xbf" + SLIPS.replace("\n", "\r\n").encode())
    with open(gb18030, "wb") as file:
        file.write(SLIPS.encode("gb18030"))
    expected = [line.rsplit(",", 1)[1] for line in SLIPS.splitlines()[1:]]
    outcomes = [imported(net, path) for path in (bom, bom, gb18030, gb18030)]
    found = ["ok" if outcome == "recorded" else finding for _, outcome, finding in outcomes[0]]
    assert found == expected, list(zip(found, expected))
    for again in outcomes[1:]:
        assert again == outcomes[0], list(zip(again, outcomes[0]))


def test_sign_only_sends_nothing(net):
    before = net.wait_agreed()
    path, envelope = net.root + "/one.csv", net.root + "/batch.envelope"
    with open(path, "w", encoding="utf-8") as file:
        file.write(SLIPS.splitlines()[0] + "\nP99,M004,M016,errand,2021-01-22,09:00,60,M002,,\n")
    report = net.json("--as", "clerk-1", "--sign-only", envelope, "import", "paper", path)
    assert report["signed"] == 1 and report["envelopes"] == [envelope], report
    assert net.wait_agreed() == before
    code, out, err = net.run("submit", envelope)
    assert code == 0, out + err
    assert imported(net, path) == [("P99", "recorded", "")]


if __name__ == "__main__":
    e2e.main(globals())
