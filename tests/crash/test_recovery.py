#!/usr/bin/python3
"""Killed runs whose targets are set otherwise, next runs of other dates, watermarks.

How: deaths.py.
"""

import sys
sys.dont_write_bytecode = True
import os
import shutil
import sqlite3

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "integration"),
                 os.path.join(HERE, "..")]

from deaths import (CERTS, DAY, FEWER, LATER, NEXT_DAY, SSHD, VSFTPD, Crash, points,
                    start_servers, stop_servers)
from harness import main
from world import FilePlace, FtpsPlace, SftpPlace, World

setUpModule, tearDownModule = start_servers, stop_servers


class Settings(Crash):
    """What a target's settings make of it."""

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


class FirstRun(Crash):
    """The ledger is not there yet."""

    def test_ledger(self):
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
                before = self.take(wanted)
                self.home.run("run", "j", "--date", DAY)
                self.assert_finished(before, wanted)


class NextDate(Crash):
    """The next run is one of another date."""

    def test_both(self):
        """it delivers what the killed one had finished, then its own"""
        self.begin(FilePlace(self.home))
        wanted = self.reference(DAY, NEXT_DAY)

        def check():
            before = self.take(wanted)
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
