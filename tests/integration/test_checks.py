#!/usr/bin/python3
"""checks: what must hold of a file before it is shipped."""

import sys
sys.dont_write_bytecode = True
import json
import os
import sqlite3

from databases import DatabaseCase, starter
from harness import Case, main, source, target
from servers.postgres import Postgres

setUpModule = starter(Postgres)

SCHEMA = "CREATE TABLE t (id INTEGER, name TEXT, note TEXT);"


class Checks(Case):

    def setUp(self):
        super().setUp()
        self.database = self.home.sqlite("shop", SCHEMA)
        self.out, self.url = self.home.directory()

    def job(self, checks, sql="SELECT id, name FROM t ORDER BY id, name",
            extra=""):
        self.home.job("j", source("shop", sql=sql, extra=extra) +
                      'file: { name = "t-{date:%Y%m%d}.csv"; };\n' +
                      target(self.url) + "checks: { %s };\n" % checks)

    def fill(self, rows):
        with sqlite3.connect(self.database) as db:
            db.execute("DELETE FROM t")
            db.executemany("INSERT INTO t (id, name) VALUES (?, ?)", rows)
        db.close()

    def count(self, n):
        self.fill((i, "x") for i in range(n))

    def run_on(self, day, expect=0):
        return self.home.run("run", "j", "--date", "2026-11-%02d" % day,
                             expect=expect)

    def results(self):
        return [(r["name"], r["expected"], r["seen"], r["passed"])
                for r in self.home.ledger(
                    "SELECT * FROM checks WHERE run = "
                    "(SELECT max(id) FROM run) ORDER BY position")]

    def refuse(self, *texts, day=30):
        """Held: told, recorded, the file kept, nothing delivered."""
        before = sorted(os.listdir(self.out))
        result = self.run_on(day, expect=65)
        self.assert_message(result, *texts)
        self.assertIn("nothing was shipped; the file is kept as run",
                      result.stderr)
        self.assertEqual(sorted(os.listdir(self.out)), before)
        row = self.assert_recorded(65, "held")
        self.assertEqual(row["class"], "data")
        path = self.home.ledger("SELECT path FROM file WHERE run = ?",
                                row["id"])[0]["path"]
        with open(path, "rb") as f:
            return f.read()

    def test_rows(self):
        """min_rows and max_rows, at their ends"""
        self.job("min_rows = 2; max_rows = 3;")
        self.count(1)
        self.assertEqual(
            self.refuse("check 'min_rows' expects at least 2 rows and sees 1"),
            b"id,name\r\n0,x\r\n")
        self.count(4)
        self.refuse("check 'max_rows' expects at most 3 rows and sees 4")
        for n in (2, 3):
            self.count(n)
            self.assert_silent(self.run_on(n))
        self.assertEqual(self.results(),
                         [("min_rows", "at least 2 rows", "3", 1),
                          ("max_rows", "at most 3 rows", "3", 1)])
        self.assertEqual(sorted(os.listdir(self.out)),
                         ["t-20261102.csv", "t-20261103.csv"])

    def test_empty(self):
        """min_rows = 1 is what keeps an empty file from being shipped"""
        self.job("min_rows = 1;")
        self.assertEqual(self.refuse("sees 0"), b"id,name\r\n")

    def test_change(self):
        """a drop of 60 % is held; the next day in order is shipped again"""
        self.job("max_change = 50;")
        for day, rows in enumerate((90, 100, 110), 1):
            self.count(rows)
            result = self.home.run("run", "j", "-v", "--date",
                                   "2026-11-%02d" % day)
            self.assertIn("check 'max_change' is not applied: %d shipped runs"
                          % (day - 1), result.stderr)
        self.count(40)
        data = self.refuse("expects at most 50 % off 100 rows, the median of "
                           "the last 3 shipped runs and sees 40 rows, -60.0 %",
                           day=4)
        self.assertEqual(data.count(b"\r\n"), 41)
        self.count(101)
        self.assert_silent(self.run_on(5))
        self.assertEqual(sorted(os.listdir(self.out)),
                         ["t-2026110%d.csv" % d for d in (1, 2, 3, 5)])
        # The held run is no part of the median: (90, 100, 101, 110).
        self.count(50)
        self.run_on(6)      # 100 * 50 / 100 is exactly 50 %
        self.count(49)
        self.refuse("off 100 rows, the median of the last 5", day=7)
        self.count(151)
        self.refuse("sees 151 rows, +51.0 %", day=8)

    def test_change_of_nothing(self):
        """from a median of nothing, anything is too much"""
        self.job("max_change = 500;")
        self.count(0)
        for day in (1, 2, 3, 4):
            self.run_on(day)
        self.count(1)
        self.refuse("off 0 rows", day=5)

    def test_seven(self):
        """the median is of seven runs, not of all"""
        self.job("max_change = 10;")
        for day, rows in enumerate([1000] * 2 + [10] * 2, 1):
            self.count(rows)
            self.home.run("run", "j", "--date", "2026-11-%02d" % day,
                          "--set", "checks.max_change=100000")
        for day in range(5, 10):
            self.count(10)
            self.home.run("run", "j", "--date", "2026-11-%02d" % day,
                          "--set", "checks.max_change=100000")
        self.count(10)
        self.run_on(10)
        self.assertIn("10 rows, the median of the last 7 shipped runs",
                      self.results()[0][1])

    def test_columns(self):
        """exactly these columns, in this order"""
        self.count(1)
        self.job('columns = ( "id", "name" );')
        self.run_on(1)
        for columns, day in (('"name", "id"', 2), ('"id"', 3),
                             ('"id", "name", "note"', 4), ('"ID", "name"', 5)):
            self.job("columns = ( %s );" % columns)
            self.refuse("check 'columns' expects the columns " + columns +
                        ' and sees the columns "id", "name"', day=day)

    def test_same_columns(self):
        """as in the last shipped run; a first one has nothing to compare"""
        self.count(1)
        self.job("same_columns = true;")
        result = self.home.run("run", "j", "-v", "--date", "2026-11-01")
        self.assertIn("'same_columns' is not applied", result.stderr)
        self.job("same_columns = true;", sql="SELECT id, name, note FROM t")
        self.refuse('expects the columns "id", "name" and sees the columns '
                    '"id", "name", "note"', day=2)
        self.job("", sql="SELECT id, name, note FROM t")
        self.run_on(2)
        self.job("same_columns = true;", sql="SELECT id, name, note FROM t")
        self.run_on(3)

    def test_not_null(self):
        """how many, and the first row; other columns may"""
        self.job('not_null = ( "id", "name" );',
                 sql="SELECT id, name, note FROM t ORDER BY rowid")
        self.fill([(1, "a"), (2, None), (3, "c"), (4, None)])
        self.refuse("check 'not_null' expects no NULL in \"name\" and sees "
                    "2, the first in row 2")
        self.assertEqual([r[2:] for r in self.results()],
                         [("none", 1), ("2, the first in row 2", 0)])
        self.fill([(1, ""), (2, "b")])
        self.run_on(1)

    def test_unique(self):
        """no two rows with the same key; NULL is no key"""
        self.job('unique = ( "id", "name" );',
                 sql="SELECT id, name FROM t ORDER BY rowid")
        self.fill([(1, "a"), (1, "b"), (2, "a"), (None, "a"), (None, "a"),
                   (12, "3"), (1, "23"), (1, "")])
        self.run_on(1)
        self.fill([(1, "a"), (1, "b"), (2, "a"), (1, "b")])
        self.refuse("check 'unique' expects no two rows with the same \"id\", "
                    "\"name\" and sees rows 2 and 4", day=2)

    def test_long_values(self):
        """values that are read part by part are looked at as well"""
        long = "x" * 300000
        sql = "SELECT note, id, name FROM t ORDER BY rowid"
        self.job('unique = ( "note", "name" ); not_null = ( "note", "name" );',
                 sql=sql)
        self.fill([(1, "a"), (2, "b"), (3, "a")])
        with sqlite3.connect(self.database) as db:
            db.execute("UPDATE t SET note = ? || id", (long,))
        db.close()
        self.run_on(1)
        with sqlite3.connect(self.database) as db:
            db.execute("UPDATE t SET note = ?", (long,))
        db.close()
        self.refuse("sees rows 1 and 3", day=2)
        with sqlite3.connect(self.database) as db:
            db.execute("UPDATE t SET note = NULL WHERE id = 3")
            db.execute("UPDATE t SET name = NULL WHERE id = 2")
        db.close()
        self.refuse('no NULL in "note" and sees 1, the first in row 3',
                    'no NULL in "name" and sees 1, the first in row 2', day=3)
        with sqlite3.connect(self.database) as db:
            db.execute("UPDATE t SET note = ? WHERE id = 1",
                       ("x" * 1100000,))
        db.close()
        result = self.run_on(4, expect=65)
        self.assertIn("more than 1048576 bytes cannot be compared",
                      result.stderr)

    def test_many(self):
        """the last of 200000 rows repeats the first, in no memory to speak of"""
        sql = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
               "WHERE n < 200000) SELECT %s AS k FROM c")
        self.job('unique = ( "k" );', sql=sql % "n")
        self.run_on(1)
        self.job('unique = ( "k" );', sql=sql % "n % 199999")
        self.refuse("sees rows 1 and 200000", day=2)
        self.assertEqual([p for p in self.home.spool() if "unique" in p], [])

    def test_all_are_told(self):
        """every check that fails is told in one run"""
        self.fill([(1, None), (1, None)])
        self.job('min_rows = 5; not_null = ( "name" ); unique = ( "id" ); '
                 'columns = ( "id" ); sql = ( { name = "sums"; '
                 'sql = "SELECT sum(id) FROM t"; equals = "3"; } );')
        self.refuse("5 checks failed: ", "'min_rows' expects", "'not_null'",
                    "'unique'", "'columns'", "'sums' expects 3 and sees 2")
        self.assertEqual([r[3] for r in self.results()], [0] * 5)

    def test_missing_column(self):
        """a column that is not there fails its check"""
        self.count(1)
        self.job('not_null = ( "idd" ); unique = ( "id", "nam" );')
        self.refuse('no NULL in "idd" and sees no such column',
                    'sees no column "nam"')

    def test_sql(self):
        """a query on the batch's connection sees its temporary tables"""
        self.count(3)
        self.job('sql = ( { name = "totals agree"; sql = "SELECT count(*) FROM '
                 'kept WHERE id < :most"; equals = "2"; } );',
                 sql="CREATE TEMP TABLE kept AS SELECT * FROM t; "
                     "SELECT id FROM kept",
                 extra='params = { most = { value = "2"; type = "integer"; }; };')
        self.run_on(1)
        self.assertEqual(self.results(), [("totals agree", "2", "2", 1)])
        self.home.run("run", "j", "--date", "2026-11-02", "--param", "most=3",
                      expect=65)

    def test_sql_error(self):
        """an error of the database is told as one, and nothing goes"""
        self.count(3)
        self.job('sql = ( { name = "sums"; sql = "SELECT n FROM missing"; '
                 'equals = "2"; } );')
        result = self.run_on(1, expect=69)
        self.assert_message(result, "check 'sums': ", "no such table: missing")
        self.assertEqual(os.listdir(self.out), [])
        self.assert_recorded(69)

    def test_no_ship(self):
        """--no-ship stops after the checks, not before"""
        self.job("min_rows = 2;")
        self.count(1)
        self.home.run("run", "j", "--no-ship", expect=65)
        self.assert_recorded(65, "held")
        self.count(2)
        self.home.run("run", "j", "--no-ship")
        self.assert_recorded(0, "kept")

    def test_history(self):
        """history RUN tells what was expected and what was seen"""
        self.job("min_rows = 2;")
        self.count(1)
        self.home.run("run", "j", expect=65)
        text = self.home.run("history", "1").stdout
        self.assertIn("check min_rows  does not hold: expected at least 2 "
                      "rows, seen 1\n", text)
        self.assertIn("held", text)
        run = json.loads(self.home.run("history", "1", "--json").stdout)[0]
        self.assertEqual(run["checks"], [
            {"kind": "check", "name": "min_rows", "passed": False,
             "expected": "at least 2 rows", "seen": "1", "elapsed_ms": 0}])
        self.assertIsNone(run["watermark"])

    def test_json(self):
        """run --json says held, and why"""
        self.job("min_rows = 2;")
        self.count(1)
        said = json.loads(self.home.run("run", "j", "--json",
                                        expect=65).stdout)
        self.assertEqual((said["state"], said["status"], said["rows"]),
                         ("held", 65, 1))
        self.assertEqual(said["error"]["class"], "data")
        self.assertTrue(os.path.exists(said["files"][0]["path"]))

    def test_contradiction(self):
        """min_rows above max_rows is told by check"""
        self.job("min_rows = 3; max_rows = 2;")
        result = self.home.run("check", "j", expect=78)
        self.assertIn("checks.min_rows is 3, and checks.max_rows only 2",
                      result.stderr)


class PostgresChecks(DatabaseCase):
    kind = Postgres

    def test_types(self):
        """keys of every type; a check within the batch's transaction"""
        self.job("CREATE TEMP TABLE t (i int, d numeric, b bytea, s date); "
                 "INSERT INTO t VALUES (1, 1.10, '\\\\x00', '2026-11-24'), "
                 "(1, 1.1, '\\\\x00', '2026-11-24'), (2, NULL, '', NULL);\n"
                 "SELECT * FROM t ORDER BY i",
                 extra='transaction = "batch";',
                 rest='checks: { unique = ( "i", "d", "b", "s" ); '
                      'not_null = ( "i" ); sql = ( { name = "uncommitted"; '
                      'sql = "SELECT count(*) FROM t"; equals = "3"; } ); };')
        # 1.10 and 1.1 stand in the file as they are: two values.
        self.home.run("run", "v")
        self.job("SELECT 1 AS i, 'x'::text AS s UNION ALL SELECT 1, 'x'",
                 rest='checks: { unique = ( "i", "s" ); };')
        result = self.home.run("run", "v", "--force", expect=65)
        self.assertIn("sees rows 1 and 2", result.stderr)


if __name__ == "__main__":
    main()
