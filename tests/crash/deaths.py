"""What the tests of killed runs share: the deaths, and what must follow.

After the next run all is as if nothing had happened: the files that a whole
run delivers, each once, with the same bytes, nothing beside them, and the
database not asked again for what was finished. See world.py and kill.c.

    CRASH_POINTS    "all": each call, before and in the middle of it
    KILLS           how many more runs are killed at a random time
"""

import os
import random
import signal
import time

from harness import Case, temporary
from servers.certs import Certs
from servers.sshd import Sshd
from servers.vsftpd import Vsftpd
from world import World, chosen_points, every_point, is_net, of_deliveries

DAY, NEXT_DAY, LATER = "2026-11-01", "2026-11-02", "2026-11-03"
ALL = os.environ.get("CRASH_POINTS") == "all"
KILLS = int(os.environ.get("KILLS", "0"))
MANY, MOST, FEWER = 200, 28, 14     # points of a test, at most
SPARE = 4               # of them may be behind its end: packets are no fixed number

DIRECTORY = temporary()
CERTS = Certs(DIRECTORY)
VSFTPD = Vsftpd(DIRECTORY, CERTS.server)
SSHD = Sshd(DIRECTORY)


def start_servers():
    VSFTPD.start()
    SSHD.start()


def stop_servers():
    VSFTPD.stop()
    SSHD.stop()


def points(calls, most):
    return list(every_point(calls)) if ALL else chosen_points(calls, most)


class Crash(Case):
    """What the next run must make of any death."""

    def begin(self, *places, extra=""):
        self.world = World(self.home, places, extra)
        self.world.prepare()
        return self.world

    def each_death(self, check, most=MOST, day=DAY, of=list):
        """Kill at each point of a run of this day, or of a part of its calls,
        from the same beginning; then call check()."""
        world = self.world
        world.watch(day)
        world.reset()
        calls = world.watch(day)
        died = 0
        for point in points(of(calls), most):
            world.reset()
            is_dead, result = world.kill(point, day)
            with self.subTest("%s %s" % (point.how, self.last_call())):
                if is_dead:
                    died += 1
                else:           # there are less packets than last time
                    self.assertEqual(result.status, 0, result)
                check()
        self.assertGreaterEqual(died, min(most, MOST) - SPARE)

    def take(self, wanted, day=DAY):
        """What a death left, to be compared later. What was recorded as
        delivered, or has its final name, must never be sent again."""
        world = self.world
        there = world.served(day)
        if "direct" not in world.extra:
            there |= wanted.keys() & world.files().keys()
        return (world.is_recorded(day), world.asked(day),
                {name: world.stamp(name) for name in there})

    def assert_finished(self, before, wanted, day=DAY):
        """The next run finished it: all of it, and each part once."""
        was_recorded, asked, served = before
        world = self.world
        self.assertEqual(world.files(), wanted)
        self.assertEqual(world.shipped(day), 1,
                         self.home.ledger("SELECT * FROM run"))
        self.assertEqual(world.has_left_runs(), [])
        self.assertEqual(world.asked(day), asked + (not was_recorded),
                         "files were %srecorded" % ("" if was_recorded
                                                    else "not "))
        self.assertEqual({name: world.stamp(name) for name in served}, served,
                         "delivered again")
        self.assert_no_leftovers()

    def assert_nothing_left(self, *days):
        """Whatever is run now finds nothing to do."""
        world = self.world
        files, asked = world.stamps(), world.asked()
        for day in days:
            calls = world.watch(day)
            self.assertEqual([c for c in calls if is_net(c) or not
                              c.where.startswith("/state")], [])
        self.assertEqual((world.stamps(), world.asked()), (files, asked))

    def reference(self, *days):
        """The files of whole runs."""
        for day in days:
            self.world.watch(day)
        files = self.world.files()
        self.assertEqual(len(files), 3 * len(days) * len(self.world.places))
        self.world.reset()
        return files

    def check_points(self, *places, most=MOST, extra="", of=list):
        world = self.begin(*places, extra=extra)
        wanted = self.reference(DAY)

        def check():
            before = self.take(wanted)
            self.home.run("run", "j", "--date", DAY)
            self.assert_finished(before, wanted)
            self.assert_nothing_left(DAY)
        self.each_death(check, most, of=of)
        began = time.monotonic()
        world.reset()
        world.watch(DAY)
        seconds = time.monotonic() - began
        for _ in range(KILLS):
            world.reset()
            self.kill_within(seconds)
            with self.subTest("behind " + self.last_call()):
                check()

    def kill_within(self, seconds):
        """At a random time."""
        process = self.world.killer.start(None, "run", "j", "--date", DAY)
        time.sleep(random.uniform(0, seconds))  # when is what matters here
        os.killpg(process.pid, signal.SIGKILL)
        self.home.finish(process)
        for place in self.world.places:
            place.wait_idle()

    def last_call(self):
        """What a run did at last."""
        calls = self.world.killer.calls()
        return "%d: process %d, %s %s %d" % calls[-1] if calls else "nothing"

    def check_deliveries(self, *places, extra):
        self.check_points(*places, extra=extra, most=FEWER, of=of_deliveries)
