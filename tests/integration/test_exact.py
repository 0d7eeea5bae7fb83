#!/usr/bin/python3
"""Values that drivers lose: right, or an error, and never another value."""

import sys
sys.dont_write_bytecode = True
import json
import math
import os
import re
import sqlite3

from databases import DatabaseCase, parse, server_of, starter
from harness import main, source, target
from servers.mariadb import MariaDB
from servers.postgres import Postgres

setUpModule = starter(Postgres, MariaDB)

# A file of exactly this, or no file and status 65: never another value.
NO_FILE = 65


class Exact(DatabaseCase):
    kind = Postgres

    def try_export(self, sql, **parts):
        """The records, or the status when nothing was delivered."""
        self.job(sql, **parts)
        result = self.home.run("run", "v", "--force", expect=None)
        if result.status != 0:
            print("# status %d: %s" % (result.status,
                                       result.stderr.splitlines()[0][:300]))
            self.assertEqual(os.listdir(self.out), [])
            return result.status
        return parse(self.delivered())[1:]


class PostgresExact(Exact):
    """psqlODBC."""

    def check(self, sql, *wanted):
        self.assertEqual(self.try_export(sql), [list(wanted)])

    def test_bytes_escaped(self):
        """bytea_output = escape in the session: right, or no file"""
        self.assertIn(self.try_export(
            "SET bytea_output TO escape; SELECT '\\x00ff0a22'::bytea AS b"),
            (NO_FILE, [["00ff0a22"]]))

    def test_wide_parameter(self):
        """an integer parameter beyond 2^31 beside an integer literal"""
        self.assertEqual(self.try_export(
            "SELECT :i + 1 AS i", extra='params = { i = { value = '
            '"9007199254740993"; type = "integer"; }; };'),
            [["9007199254740994"]])

    def test_writing_with(self):
        """WITH ... INSERT ... RETURNING, which no cursor can hold"""
        self.check("CREATE TEMP TABLE t (n int); WITH x AS (INSERT INTO t "
                   "VALUES (1) RETURNING n) SELECT n FROM x", "1")

    def test_select_into(self):
        """SELECT ... INTO, which no cursor can hold"""
        self.check("SELECT 1 AS n INTO TEMP t; SELECT n FROM t", "1")


class MariaExact(Exact):
    """MariaDB Connector/ODBC."""

    def setUp(self):
        super().setUp()
        self.connect_as("db", server_of(MariaDB))

    def test_decimal_parameter(self):
        """a decimal parameter keeps its digits, or is refused"""
        for value, wanted in (("12345678901234567.89", 78),
                              ("1234567890123.45", [["1234567890123.45"]])):
            self.assertEqual(self.try_export(
                "SELECT :d + 0 AS d", extra='params = { d = { value = '
                '"%s"; type = "decimal"; }; };' % value), wanted)

    def test_user_charset(self):
        """a DSN with charset=latin1: right, or no file"""
        self.connect_as("db", server_of(MariaDB), charset="latin1")
        server_of(MariaDB).sql(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (z text); "
            "INSERT INTO t VALUES ('\u4e2d')")
        self.assertIn(self.try_export("SELECT z, 'x' AS x FROM t"),
                      (NO_FILE, [["\u4e2d", "x"]]))


class SQLiteExact(Exact):
    """SQLite ODBC."""

    def fill(self, kind, *values):
        path = self.home.sqlite("t", "CREATE TABLE t (n INTEGER, v %s);" %
                                kind, dsn="db")
        with sqlite3.connect(path) as db:
            db.executemany("INSERT INTO t VALUES (?, ?)",
                           list(enumerate(values)))
        db.close()

    def changes(self, *texts):
        """What a run says that it changed: told, recorded and shown."""
        result = self.home.run("run", "v", "--force")
        for text in texts:
            self.assertIn(text, result.stderr)
        row = self.home.ledger("SELECT run, lossy, replaced, prefixed FROM "
                               "file ORDER BY id DESC LIMIT 1")[0]
        shown = self.home.run("history", str(row["run"])).stdout
        data = json.loads(self.home.run("history", str(row["run"]),
                                        "--json").stdout)
        if isinstance(data, list):
            data = data[0]
        names = ("lossy", "replaced", "prefixed")
        counts = tuple(row[name] for name in names)
        self.assertEqual(tuple(data["files"][0][n] for n in names), counts)
        for count, word in zip(counts, ("not exact", "replaced", "apostrophe")):
            self.assertEqual("%d " % count in shown and word in shown,
                             count > 0, shown)
        return counts

    def test_changes(self):
        """values that may change are counted, told and recorded"""
        self.fill("TEXT", "=1+1", "\u20ac\u20ac", "@x", "plain")
        self.job("SELECT v FROM t ORDER BY n")
        self.assertEqual(self.changes(), (0, 0, 0))
        self.job("SELECT v FROM t ORDER BY n",
                 file='charset = "ISO-8859-1"; invalid = "replace"; '
                 'formula = "quote";')
        self.assertEqual(self.changes("2 characters", "2 texts"), (0, 2, 2))
        self.assertEqual(self.delivered(),
                         b"v\r\n'=1+1\r\n??\r\n'@x\r\nplain\r\n")

    def test_loss_allowed(self):
        """a loss that source.lossy allows"""
        self.fill("TEXT", "a\0b", "c")
        self.job("SELECT v FROM t ORDER BY n", extra='lossy = "warn";')
        self.assertEqual(self.changes("1 value"), (1, 0, 0))

    def test_changes_of_parts(self):
        """what changed is counted for the part that it is in"""
        self.fill("TEXT", "a", "b", "c\0d", "\u20ac", "=1", "e\0f", "g\0h",
                  "i", "=2")
        self.home.job("v", source(
            dsn="db", sql="SELECT v FROM t ORDER BY n", extra='lossy = "warn";')
            + 'file: { name = "v-{part}.csv"; split = 2; charset = '
            '"ISO-8859-1"; invalid = "replace"; formula = "quote"; };\n' +
            target(self.url))
        self.home.run("run", "v")
        self.assertEqual(
            [tuple(row.values()) for row in self.home.ledger(
                "SELECT lossy, replaced, prefixed FROM file ORDER BY id")],
            [(0, 0, 0), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)])

    def test_query_tells(self):
        """query tells a loss too, on standard error"""
        self.fill("TEXT", "a\0b", "c")
        done = self.home.run("query", "-d", "db", "-e", "SELECT v FROM t "
                             "ORDER BY n", "--set", "source.lossy=warn")
        self.assertEqual(done.stdout, "v\r\na\r\nc\r\n")
        self.assertRegex(done.stderr, r"^odbcship: .*standard output.*: 1 "
                         r"values? .*not .*exactly")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        exact = self.home.run("query", "-d", "db", "-e", "SELECT n FROM t",
                              "--set", "source.lossy=warn")
        self.assertEqual(exact.stderr, "")

    def test_sent(self):
        """-vv tells the query that is really sent"""
        self.fill("REAL", 0.1 + 0.2)
        done = self.home.run("query", "-d", "db", "-e", "SELECT v FROM t",
                             "-vv")
        found = re.search(r"sent to be exact: (.*)", done.stderr, re.S)
        self.assertTrue(found, done.stderr)
        sent = found.group(1)
        self.assertIn("SELECT v FROM t", sent)
        self.assertIn("printf(", sent)
        plain = self.home.run("query", "-d", "db", "-e", "SELECT v FROM t",
                              "-vv", "--set", "source.wrap=false", "--set",
                              "source.lossy=warn")
        self.assertNotIn("sent to be exact", plain.stderr)

    def test_dotted_names(self):
        """a column's name keeps its dots"""
        self.fill("TEXT", "x")
        self.job("SELECT v AS \"a.b\" FROM t")
        self.home.run("run", "v")
        self.assertEqual(parse(self.delivered())[0], ["a.b"])


del Exact, DatabaseCase    # they have no cases of their own

if __name__ == "__main__":
    main()
