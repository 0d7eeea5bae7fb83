#!/usr/bin/python3
"""source.watermark: each run exports what is new, once."""

import sys
sys.dont_write_bytecode = True
import json
import os
import signal
import sqlite3

from databases import DatabaseCase, starter
from harness import Case, main, source, target, wait_until
from servers.mariadb import MariaDB
from servers.postgres import Postgres

setUpModule = starter(MariaDB, Postgres)

MARK = ('watermark = { name = "id"; sql = "SELECT max(id) FROM orders"; '
        'initial = "0"; };')
BATCH = ("SELECT id, total FROM orders WHERE id > :id_from AND id <= :id_to "
         "ORDER BY id")


class Watermark(Case):

    def setUp(self):
        super().setUp()
        self.database = self.home.sqlite(
            "shop", "CREATE TABLE orders (id INTEGER, total TEXT);")
        self.out, self.url = self.home.directory()
        self.job()

    def job(self, rest="", sql=BATCH, extra=MARK, url=None):
        self.home.job("j", source("shop", sql=sql, extra=extra) +
                      'file: { name = "o-{date:%d}.csv"; header = false; };\n' +
                      target(url or self.url) + rest)

    def add(self, *ids):
        with sqlite3.connect(self.database, timeout=60) as db:
            db.executemany("INSERT INTO orders VALUES (?, 'x')",
                           [(i,) for i in ids])
        db.close()

    def run_on(self, day, *arguments, expect=0):
        return self.home.run("run", "j", "--date", "2026-11-%02d" % day,
                             *arguments, expect=expect)

    def ids(self, day):
        with open(os.path.join(self.out, "o-%02d.csv" % day)) as f:
            return [int(line.split(",")[0]) for line in f]

    def value(self):
        return [w["value"] for w in
                self.home.ledger("SELECT value FROM watermark")]

    def ranges(self):
        return [(r["value_from"], r["value_to"]) for r in
                self.home.ledger("SELECT * FROM cutoff ORDER BY run")]

    def test_new_rows_only(self):
        """each day what came since, none twice and none left out"""
        self.add(1, 2, 3)
        self.run_on(1)
        self.assertEqual((self.ids(1), self.value()), ([1, 2, 3], ["3"]))
        self.add(5, 10)
        self.run_on(2)
        self.assertEqual((self.ids(2), self.value()), ([5, 10], ["10"]))
        self.run_on(3)      # nothing new
        self.assertEqual((self.ids(3), self.value()), ([], ["10"]))
        self.add(11)
        self.run_on(4)
        self.assertEqual(self.ids(4), [11])
        self.assertEqual(self.ranges(), [("0", "3"), ("3", "10"),
                                         ("10", "10"), ("10", "11")])

    def test_null(self):
        """an empty table is no new row, and the initial value stays"""
        self.run_on(1)
        self.assertEqual((self.ids(1), self.ranges()), ([], [("0", "0")]))
        self.add(1)
        self.run_on(2)
        self.assertEqual(self.ids(2), [1])

    def test_cut_off(self):
        """rows that come during the batch wait for the next run"""
        self.add(1, 2)
        self.job(sql="INSERT INTO orders VALUES (3, 'late'); " + BATCH)
        self.run_on(1)
        self.assertEqual((self.ids(1), self.value()), ([1, 2], ["2"]))
        self.job()
        self.run_on(2)
        self.assertEqual(self.ids(2), [3])

    def test_failed_batch(self):
        """a run that fails leaves it; the next one has all of it"""
        self.add(1, 2)
        self.job(sql=BATCH + "; SELECT * FROM missing")
        self.run_on(1, expect=69)
        self.assertEqual(self.value(), [])
        self.job()
        self.add(3)
        self.run_on(1)
        self.assertEqual((self.ids(1), self.value()), ([1, 2, 3], ["3"]))

    def test_failed_check(self):
        """a held file leaves it, and what came meanwhile counts"""
        self.add(1, 2)
        self.job(rest="checks: { min_rows = 3; };")
        self.run_on(1, expect=65)
        self.assertEqual((self.value(), self.ranges()), ([], [("0", "2")]))
        self.add(3)
        self.run_on(1)
        self.assertEqual((self.ids(1), self.value()), ([1, 2, 3], ["3"]))

    def test_no_ship(self):
        """--no-ship leaves it"""
        self.add(1)
        self.run_on(1, "--no-ship")
        self.assertEqual(self.value(), [])
        self.run_on(1)
        self.assertEqual((self.ids(1), self.value()), ([1], ["1"]))

    def test_force(self):
        """--force exports the range of that date again, and moves nothing"""
        self.add(1, 2)
        self.run_on(1)
        self.add(3)
        self.run_on(2)
        self.add(4)
        os.unlink(os.path.join(self.out, "o-01.csv"))
        result = self.run_on(1, "--force", "-v")
        self.assertIn("its rows are exported again, from '0' to '2'",
                      result.stderr)
        self.assertEqual((self.ids(1), self.value()), ([1, 2], ["3"]))
        self.run_on(2, "--force")
        self.assertEqual((self.ids(2), self.value()), ([3], ["3"]))
        self.run_on(3)
        self.assertEqual((self.ids(3), self.value()), ([4], ["4"]))

    def test_failed_delivery(self):
        """a delivery that failed may be there in part: the same range again;
        another date begins where the last shipped one ended"""
        self.add(1, 2)
        self.job(url="file:///nowhere/at/all/")
        self.run_on(1, expect=73)
        self.assertEqual(self.value(), [])
        self.job()
        self.add(3)
        self.run_on(1)
        self.assertEqual((self.ids(1), self.value()), ([1, 2], ["2"]))
        self.run_on(2)
        self.assertEqual(self.ids(2), [3])

    def test_superseded(self):
        """rows that another date has shipped meanwhile are not sent again"""
        self.add(1, 2)
        self.job(url="file:///nowhere/at/all/")
        self.run_on(1, expect=73)
        self.job()
        self.run_on(2)      # which delivers the file of the first
        self.assertEqual((self.ids(1), self.ids(2), self.value()),
                         ([1, 2], [], ["2"]))
        self.add(3)
        self.run_on(1)      # shipped already
        self.assertEqual((self.ids(1), self.value()), ([1, 2], ["2"]))
        self.run_on(3)
        self.assertEqual((self.ids(3), self.value()), ([3], ["3"]))

    def test_waits(self):
        """while a range is not delivered, the next one is not begun"""
        self.add(1, 2)
        self.job(url="file:///nowhere/at/all/")
        self.run_on(1, expect=73)
        self.add(3)
        result = self.run_on(2, expect=75)
        self.assert_message(
            result, "run 1 is not delivered everywhere yet, and the rows of "
            "this one begin where it ends")
        self.job()
        self.run_on(3)
        self.assertEqual((self.ids(1), self.ids(3), self.value()),
                         ([1, 2], [3], ["3"]))

    def test_killed_before_the_record(self):
        """killed between shipping and the record: nothing is queried again"""
        self.add(1, 2)
        process = self.home.start("run", "j", "--date", "2026-11-01")
        path = os.path.join(self.out, "o-01.csv")
        ledger = os.path.join(self.home.state, "ledger.db")

        def delivered():
            if os.path.exists(path):
                return True
            return process.poll() is not None
        wait_until(delivered, what="the file")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # As it is when it dies before its last record.
        with sqlite3.connect(ledger) as db:
            db.execute("UPDATE run SET state = 'running', status = -1")
            db.execute("DELETE FROM watermark")
        db.close()
        self.assertEqual(self.value(), [])
        self.add(3)
        result = self.run_on(1, "-v")
        self.assertNotIn("connected to", result.stderr)
        self.assertEqual((self.ids(1), self.value()), ([1, 2], ["2"]))
        self.run_on(2)
        self.assertEqual((self.ids(2), self.value()), ([3], ["3"]))

    def test_killed_and_another_date(self):
        """the next date records it first, and begins where it ends"""
        self.add(1, 2)
        self.run_on(1)
        with sqlite3.connect(os.path.join(self.home.state,
                                          "ledger.db")) as db:
            db.execute("UPDATE run SET state = 'running', status = -1")
            db.execute("DELETE FROM watermark")
        db.close()
        self.add(3)
        self.run_on(2)
        self.assertEqual((self.ids(1), self.ids(2), self.value()),
                         ([1, 2], [3], ["3"]))

    def test_back(self):
        """a maximum that went back is told, and nothing is new"""
        self.add(1, 9)
        self.run_on(1)
        with sqlite3.connect(self.database) as db:
            db.execute("DELETE FROM orders")
        db.close()
        self.add(4)
        result = self.run_on(2, "-v")
        self.assertIn("says 4, which is before 9", result.stderr)
        self.assertEqual((self.ids(2), self.value()), ([], ["9"]))

    def test_gates(self):
        """gates and checks see the cut-off that the batch has"""
        self.add(1, 2)
        self.job(rest='gates = ( { name = "rows"; sql = "SELECT count(*) FROM '
                      'orders WHERE id > :id_from AND id <= :id_to"; '
                      'at_least = "3"; timeout = "10m"; every = "1s"; } );\n'
                      'checks: { sql = ( { name = "all"; sql = "SELECT '
                      'count(*) FROM orders WHERE id <= :id_to"; '
                      'equals = "3"; } ); };')
        process = self.home.start("run", "j", "--date", "2026-11-01", "-v")
        seen = b""
        while b"2 so far" not in seen:
            more = os.read(process.stderr.fileno(), 4096)
            self.assertTrue(more, seen.decode())
            seen += more
        self.add(3)
        self.home.finish(process, 0)
        self.assertEqual((self.ids(1), self.value()), ([1, 2, 3], ["3"]))

    def test_unused(self):
        """a batch that does not keep to both ends is refused"""
        for sql, name in (("SELECT * FROM orders WHERE id > :id_from", "id_to"),
                          ("SELECT * FROM orders WHERE id <= :id_to",
                           "id_from")):
            self.job(sql=sql, extra=MARK + ' dialect = "sqlite";')
            result = self.home.run("check", "j", expect=78)
            self.assert_message(
                result, "source.watermark: no statement of the batch uses "
                "':%s'" % name, "WHERE id > :id_from AND id <= :id_to")

    def test_by_hand(self):
        """its values cannot be given by hand"""
        self.add(1)
        result = self.run_on(1, "--param", "id_from=0", expect=78)
        self.assert_message(result, "the parameter 'id_from' is bound by "
                                    "source.watermark")
        self.assertEqual(os.listdir(self.out), [])

    def test_incomplete(self):
        """name, sql and initial belong together"""
        self.job(extra='watermark = { name = "id"; initial = "0"; };')
        result = self.home.run("check", "j", expect=78)
        self.assert_message(result, "source.watermark.sql is not set")

    def test_shown(self):
        """--dry-run and history show it"""
        self.add(7)
        result = self.run_on(1, "--dry-run")
        self.assertIn("would bind :id_from = where the last shipped run "
                      "ended", result.stdout)
        self.assertEqual(os.listdir(self.out), [])
        self.run_on(1)
        self.assertIn("watermark id  from '0' to '7'\n",
                      self.home.run("history", "1").stdout)
        run = json.loads(self.home.run("history", "1", "--json").stdout)[0]
        self.assertEqual(run["watermark"],
                         {"name": "id", "from": "0", "to": "7"})

    def test_environments(self):
        """each environment has its own"""
        self.add(1)
        self.job(rest="environments: { a: { }; b: { }; };\n")
        self.run_on(1, "--env", "a")
        self.add(2)
        self.run_on(2, "--env", "a")
        self.assertEqual(self.ids(2), [2])
        self.run_on(3, "--env", "b")
        self.assertEqual(self.ids(3), [1, 2])
        self.assertEqual(self.value(), ["2", "2"])


class Servers:
    """Values of types that must come back to the last digit."""

    def check(self, execute, types):
        for kind, initial, old, new in types:
            with self.subTest(kind):
                execute("DROP TABLE IF EXISTS w; CREATE TABLE w (k %s);" % kind)
                execute("INSERT INTO w VALUES ('%s'), ('%s');" % old)
                self.job("SELECT k FROM w WHERE k > :k_from AND k <= :k_to "
                         "ORDER BY k", file="header = false;",
                         extra='watermark = { name = "k"; sql = "SELECT max(k) '
                               'FROM w"; initial = "%s"; };' % initial,
                         name="w%d" % self.number)
                name = "w%d" % self.number
                self.home.run("run", name, "--date", "2026-11-01")
                self.assertEqual(self.delivered(name).count(b"\r\n"), 2)
                execute("INSERT INTO w VALUES ('%s');" % new)
                self.home.run("run", name, "--date", "2026-11-02")
                self.assertEqual(self.delivered(name).count(b"\r\n"), 1)
                self.number += 1

    number = 1


class PostgresWatermark(Servers, DatabaseCase):
    kind = Postgres

    def test_types(self):
        """integers, decimals, timestamps and texts, digit by digit"""
        self.check(self.server.psql, (
            ("bigint", "0", ("9007199254740993", "9007199254740992"),
             "9007199254740994"),
            ("numeric", "0.0", ("0.10", "12345678901234567890.12"),
             "12345678901234567890.13"),
            ("timestamp", "1970-01-01 00:00:00",
             ("2026-11-24 05:30:00.000001", "2026-11-24 05:30:00.000002"),
             "2026-11-24 05:30:00.000003"),
            ("timestamptz", "1970-01-01 00:00:00+00",
             ("2026-11-24 05:30:00.000001+01", "2026-11-24 05:30:00.000002+01"),
             "2026-11-24 05:30:00.000003+01"),
            ("date", "1970-01-01", ("2026-11-23", "2026-11-24"), "2026-11-25"),
            ("text", "", ("a", "b"), "c")))


class MariaWatermark(Servers, DatabaseCase):
    kind = MariaDB

    def test_types(self):
        """integers, timestamps and texts, digit by digit"""
        self.check(self.server.sql, (
            ("bigint", "0", ("9007199254740993", "9007199254740992"),
             "9007199254740994"),
            ("datetime(6)", "1970-01-01 00:00:00",
             ("2026-11-24 05:30:00.000001", "2026-11-24 05:30:00.000002"),
             "2026-11-24 05:30:00.000003"),
            ("date", "1970-01-01", ("2026-11-23", "2026-11-24"), "2026-11-25"),
            ("varchar(9)", "", ("a", "b"), "c")))


if __name__ == "__main__":
    main()
