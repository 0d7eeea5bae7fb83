#!/usr/bin/python3
"""A disk that gets full at any write: nothing wrong is shipped.

kill.c answers ENOSPC from the chosen call on, for all that needs room below
the state directory, or at the target. Then there is room again, and the next
run does what is left.
"""

import sys
sys.dont_write_bytecode = True
import os

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "integration"),
                 os.path.join(HERE, "..")]

from harness import Case, main
from world import FilePlace, Killer, Point, World

DAY = "2026-11-01"
ALL = os.environ.get("CRASH_POINTS") == "all"
MOST = 30
NEEDS_ROOM = ("open", "mkdir", "write", "pwrite", "link")


class Full(Case):
    def fill(self, *directories):
        """Each call that needs room in these finds none."""
        world = self.world
        world.watch(DAY)
        wanted = world.files()
        world.reset()
        world.killer = Killer(self.home, *directories)
        calls = [call.number for call in world.watch(DAY)
                 if call.what in NEEDS_ROOM]
        self.assertGreater(len(calls), 3)
        if not ALL and len(calls) > MOST:
            calls = [calls[i * len(calls) // MOST] for i in range(MOST)]
        failed = 0
        for number in calls:
            world.reset()
            result = world.killer.run(Point(number, "full"), "run", "j",
                                      "--date", DAY)
            at = world.killer.calls()[number - 1]
            with self.subTest("%s %s %d" % (at.what, at.where, number)):
                failed += result.status != 0
                self.check(result, wanted)
        return len(calls), failed

    def check(self, result, wanted):
        world = self.world
        self.assertIn(result.status, (0, 73, 74, 75), result)
        # Whoever is not told of a failure has all of it.
        if result.status == 0:
            self.assertEqual(world.files(), wanted)
        else:
            self.assertIn("odbcship: ", result.stderr)
            self.assertNotIn("crashed", result.stderr)
        for name, value in world.files().items():
            if name in wanted:
                self.assertEqual(value, wanted[name], name)
        self.home.run("run", "j", "--date", DAY)
        self.assertEqual(world.files(), wanted)
        self.assertEqual(world.shipped(DAY), 1)
        self.assertEqual(world.has_left_runs(), [])
        self.assert_no_leftovers()

    def begin(self):
        self.there = FilePlace(self.home)
        self.world = World(self.home, [self.there])
        self.world.prepare()

    def test_state(self):
        """of the state directory: the spool, the ledger, the lock"""
        self.begin()
        calls, failed = self.fill(self.home.state)
        self.assertGreater(failed, calls // 2)

    def test_target(self):
        """of the target"""
        self.begin()
        calls, failed = self.fill(self.there.path)
        self.assertEqual(failed, calls)


if __name__ == "__main__":
    main()
