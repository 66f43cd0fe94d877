#!/usr/bin/env python3
"""The judge of histories, on histories that people wrote: what it must take and what not."""
import copy
import sys
import unittest

import linear

BEGIN = {"op": "begin", "pair": 0, "earned": 100, "received": 0}


def row(op, invoke, returned, outcome="ok", **more):
    return {"pair": 0, "client": 0, "op": op, "invoke_us": invoke, "return_us": returned,
            "outcome": outcome, **more}


def donate(invoke, returned, hold, minutes, outcome="ok", **more):
    return row("donate", invoke, returned, outcome, hold=hold, minutes=minutes, **more)


def refused(op, invoke, returned, hold="a", minutes=60, later="absent", **more):
    reason = linear.REFUSED_FOR[op]
    return row(op, invoke, returned, "refused", hold=hold, minutes=minutes, reason=reason,
               later=later, **more)


def look(invoke, returned, earned, held):
    return row("look_giver", invoke, returned, earned=earned, held=held)


class Linear(unittest.TestCase):
    def good(self, *rows):
        linear.check([BEGIN, *rows])

    def bad(self, *rows):
        with self.assertRaises(linear.Violation):
            linear.check([BEGIN, *rows])

    def test_one_after_the_other(self):
        self.good(donate(0, 1, "a", 60), look(2, 3, 40, 60), row("revoke", 4, 5, hold="a"),
                  row("transfer", 6, 7, minutes=100),
                  row("look_relative", 8, 9, received=100), look(8, 9, 0, 0))

    def test_overlapping_in_either_order(self):
        self.good(donate(0, 9, "a", 60), look(1, 8, 100, 0), look(2, 7, 40, 60))
        self.good(donate(0, 9, "a", 60), look(1, 2, 40, 60))

    def test_a_stale_read(self):
        self.bad(donate(0, 1, "a", 60), look(2, 3, 100, 0))

    def test_reads_that_go_back(self):
        self.bad(donate(0, 9, "a", 60), look(1, 2, 40, 60), look(3, 4, 100, 0))

    def test_a_lost_update(self):
        self.bad(donate(0, 1, "a", 30), donate(0, 1, "b", 30), look(2, 3, 70, 30))

    def test_minutes_spent_twice(self):
        self.bad(donate(0, 9, "a", 60), donate(0, 9, "b", 60))
        self.bad(donate(0, 9, "a", 60), row("transfer", 0, 9, minutes=60))
        # Not if somebody took the first back between the two.
        self.good(donate(0, 9, "a", 60), donate(0, 9, "b", 60), row("revoke", 0, 9, hold="a"))

    def test_a_hold_is_taken_back_once(self):
        self.bad(donate(0, 1, "a", 60), row("revoke", 2, 9, hold="a"),
                 row("revoke", 2, 9, hold="a"))
        self.good(donate(0, 1, "a", 60), row("revoke", 2, 9, hold="a"),
                  refused("revoke", 2, 9))

    def test_a_refusal_without_a_cause(self):
        self.bad(refused("donate", 0, 1, minutes=100))
        self.bad(donate(0, 1, "a", 60), refused("revoke", 2, 3))
        self.bad(dict(refused("donate", 0, 1, minutes=101), reason="REASON_F5_CAP"))
        self.good(refused("donate", 0, 1, minutes=101))

    def test_refused_then_recorded(self):
        first = donate(0, 1, "a", 60)
        then = refused("donate", 2, 3, hold="b", later="recorded", later_us=9)
        back = row("revoke", 4, 5, hold="a")
        self.good(first, then, back, look(10, 11, 40, 60))
        self.bad(first, then, back, look(10, 11, 100, 0))  # it was found before this look
        self.bad(first, then, look(10, 11, 40, 60))        # the minutes never came
        absent = refused("donate", 2, 3, hold="b")
        self.bad(first, absent, back, look(10, 11, 40, 60))
        self.good(first, absent, back, look(10, 11, 100, 0))
        # Never before it was refused: that would have been answered with the receipt.
        self.bad(refused("donate", 0, 1, hold="b", minutes=100, later="recorded", later_us=9))

    def test_an_answer_that_never_came(self):
        lost = donate(0, 1, "a", 60, "unknown", later="open")
        self.good(lost, look(2, 3, 100, 0))
        self.good(lost, look(2, 3, 100, 0), look(4, 5, 40, 60))
        self.bad(lost, look(2, 3, 40, 60), look(4, 5, 100, 0))
        self.bad(dict(lost, later="absent"), look(2, 3, 40, 60))
        found = dict(lost, later="recorded", later_us=6)
        self.good(found, look(2, 3, 100, 0), look(7, 8, 40, 60))
        self.bad(found, look(7, 8, 100, 0))

    def test_pairs_are_apart(self):
        other = {**BEGIN, "pair": 1}
        with self.assertRaises(linear.Violation):
            linear.check([BEGIN, other, donate(0, 1, "a", 60), {**look(2, 3, 40, 60), "pair": 1}])

    def test_too_many_possibilities_are_undecided(self):
        lost = [donate(0, 1, f"h{i}", 1, "unknown", later="open") for i in range(20)]
        with self.assertRaises(linear.Undecided):
            linear.check([BEGIN, *lost, look(2, 3, 90, 10)], limit=2_000)

    def test_doctored(self):
        rows = [donate(0, 1, "a", 60), look(2, 3, 40, 60), row("revoke", 4, 5, hold="a"),
                look(6, 7, 100, 0)]
        self.good(*rows)
        for index in (1, 3):
            worse = copy.deepcopy(rows)
            worse[index]["earned"] += 1
            self.bad(*worse)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
