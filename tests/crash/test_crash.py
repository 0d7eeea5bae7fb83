#!/usr/bin/python3
"""Runs that are killed at any call, and what the next one makes of it.

After the next run all is as if nothing had happened: the files that a whole
run delivers, each once, with the same bytes, nothing beside them, and the
database not asked again for what was finished. See world.py and kill.c.

    CRASH_POINTS    "all": each call, before and in the middle of it
    KILLS           how many more runs are killed at a random time
"""

import sys
sys.dont_write_bytecode = True
import os
import random
import shutil
import signal
import sqlite3
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "integration"),
                 os.path.join(HERE, "..")]

from harness import Case, main, temporary
from servers.certs import Certs
from servers.sshd import Sshd
from servers.vsftpd import Vsftpd
from world import (FilePlace, FtpsPlace, SftpPlace, World,
                   chosen_points, every_point, is_net, of_deliveries)

DAY, NEXT_DAY, LATER = "2026-11-01", "2026-11-02", "2026-11-03"
ALL = os.environ.get("CRASH_POINTS") == "all"
KILLS = int(os.environ.get("KILLS", "0"))
MOST, FEWER = 26, 12    # points of a test

DIRECTORY = temporary()
CERTS = Certs(DIRECTORY)
VSFTPD = Vsftpd(DIRECTORY, CERTS.server)
SSHD = Sshd(DIRECTORY)


def setUpModule():
    VSFTPD.start()
    SSHD.start()


def tearDownModule():
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
        self.assertGreaterEqual(died, most - 2)

    def take(self, day=DAY):
        """What a death left, to be compared later."""
        world = self.world
        return (world.is_recorded(day), world.asked(day),
                {name: world.stamp(name) for name in world.served(day)})

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
            before = self.take()
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


class Points(Crash):
    """The same date once more."""

    def test_file(self):
        """a directory of this machine"""
        self.check_points(FilePlace(self.home))

    def test_ftps(self):
        """FTPS"""
        self.check_points(FtpsPlace(VSFTPD, CERTS))

    def test_sftp(self):
        """SFTP"""
        self.check_points(SftpPlace(SSHD))

    def test_two(self):
        """two targets"""
        self.check_points(FtpsPlace(VSFTPD, CERTS), FilePlace(self.home),
                          most=FEWER)

    def check_deliveries(self, *places, extra):
        self.check_points(*places, extra=extra, most=FEWER, of=of_deliveries)

    def test_no_overwrite(self):
        """what it put there itself is no older file"""
        self.check_deliveries(FilePlace(self.home), extra='overwrite = "fail";')

    def test_skip(self):
        """nor is what is there skipped without a look at it"""
        self.check_deliveries(SftpPlace(SSHD), extra='overwrite = "skip";')

    def test_direct(self):
        """a part under the final name is replaced by the whole"""
        self.check_deliveries(FtpsPlace(VSFTPD, CERTS),
                              extra='publish = "direct";')

    def test_resume(self):
        """a part under the temporary name is gone on behind"""
        self.check_deliveries(SftpPlace(SSHD), extra='resume = true;')

    def test_first_run(self):
        """the very first run, which makes the ledger"""
        world = self.begin(FilePlace(self.home))
        wanted = self.reference(DAY)
        world.begin_from_nothing()
        calls = [call for call in world.watch(DAY)
                 if "/spool/" not in call.where and "/there" not in call.where]
        for point in points(calls, FEWER):
            world.begin_from_nothing()
            world.kill(point, DAY)
            with self.subTest(str(point)):
                before = self.take()
                self.home.run("run", "j", "--date", DAY)
                self.assert_finished(before, wanted)


class NextDate(Crash):
    """The next run is one of another date."""

    def test_both(self):
        """it delivers what the killed one had finished, then its own"""
        self.begin(FilePlace(self.home))
        wanted = self.reference(DAY, NEXT_DAY)

        def check():
            before = self.take()
            self.home.run("run", "j", "--date", NEXT_DAY)
            if before[0]:
                self.assert_finished(before, wanted)
            self.home.run("run", "j", "--date", DAY)
            self.assert_finished(before, wanted)
            self.assertEqual(self.world.asked(NEXT_DAY), 1)
            self.assert_nothing_left(DAY, NEXT_DAY)
        self.each_death(check, FEWER)


class Watermark(Crash):
    """Each row once, whatever happened in between."""

    MARK = ('watermark = { name = "id"; sql = "SELECT max(id) FROM orders"; '
            'initial = "0"; };')
    BATCH = ("SELECT id, :day AS day FROM orders WHERE id > :id_from AND "
             "id <= :id_to ORDER BY id")

    def add(self, *ids):
        with sqlite3.connect(self.world.database, timeout=60) as db:
            db.executemany("INSERT INTO orders VALUES (?)",
                           [(i,) for i in ids])
        db.close()

    def ids(self):
        found = []
        for place in self.world.places:
            for name in sorted(os.listdir(place.path)):
                if name.endswith(".csv"):
                    with open(os.path.join(place.path, name)) as f:
                        found += [int(line.split(",")[0])
                                  for line in f.readlines()[1:]]
        return sorted(found)

    def prepare(self):
        world = self.world = World(self.home, [FilePlace(self.home)])
        with sqlite3.connect(world.database) as db:
            db.executescript("CREATE TABLE orders (id INTEGER);"
                             "INSERT INTO orders VALUES (1), (2), (3);")
        db.close()
        world.write_job(sql=self.BATCH, extra=self.MARK)
        world.prepare()
        self.add(4, 5)
        # These are there whenever the world begins anew.
        shutil.copy2(world.database, world.saved + ".db")

    def test_next_date(self):
        """the next run is one of the next date"""
        self.check(NEXT_DAY, DAY, LATER)

    def test_same_date(self):
        """the next run is the same one again"""
        self.check(DAY, NEXT_DAY, LATER)

    def check(self, *days):
        def check():
            for day in days:
                self.add(max(self.known()) + 1)
                self.home.run("run", "j", "--date", day)
            self.assertEqual(self.ids(), [i for i in self.known() if i > 3])
        self.prepare()
        self.each_death(check, FEWER)

    def known(self):
        db = sqlite3.connect(self.world.database)
        try:
            return [i for i, in db.execute("SELECT id FROM orders ORDER BY id")]
        finally:
            db.close()


if __name__ == "__main__":
    main()
