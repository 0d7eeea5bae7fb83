#!/usr/bin/python3
"""gates: what is awaited before a batch, on SQLite and PostgreSQL."""

import sys
sys.dont_write_bytecode = True
import os
import signal
import sqlite3

from databases import DatabaseCase, starter
from harness import (REACHED_SECONDS, Case, main, source, target,
                     wait_until)
from servers.postgres import Postgres

setUpModule = starter(Postgres)

SCHEMA = """
CREATE TABLE orders (id INTEGER, total TEXT);
CREATE TABLE etl (day TEXT, state TEXT);
INSERT INTO orders VALUES (1, '1.50'), (2, '2.50');
"""
COUNT = "SELECT count(*) FROM etl WHERE day = :day AND state = 'done'"
DAY = 'params = { day = "{date:%Y-%m-%d}"; };'


def gate(sql, wanted='equals = "1";', timeout="0", name="big data job"):
    return ('gates = ( { name = "%s"; sql = "%s"; %s timeout = "%s"; '
            'every = "1s"; } );\n' % (name, sql, wanted, timeout))


def wait_for(process, text):
    """Read the log of a run until it holds the text."""
    seen = b""
    while text.encode() not in seen:
        more = os.read(process.stderr.fileno(), 4096)
        if not more:
            raise AssertionError("the run ended: %s" % seen.decode())
        seen += more


class Gates(Case):

    def setUp(self):
        super().setUp()
        self.database = self.home.sqlite("shop", SCHEMA)
        self.out, self.url = self.home.directory()

    def job(self, gates, extra=DAY, sql="SELECT id FROM orders ORDER BY id"):
        self.home.job("j", source("shop", sql=sql, extra=extra) +
                      'file: { name = "o.csv"; };\n' + target(self.url) +
                      gates)

    def execute(self, sql, *values):
        with sqlite3.connect(self.database, timeout=60) as db:
            db.execute(sql, values)
        db.close()

    def results(self):
        return [(r["kind"], r["name"], r["seen"], r["passed"])
                for r in self.home.ledger(
                    "SELECT * FROM checks WHERE run = "
                    "(SELECT max(id) FROM run) ORDER BY position")]

    def refuse(self, status, *texts, arguments=()):
        result = self.home.run("run", "j", *arguments, expect=status)
        self.assert_message(result, *texts)
        self.assertEqual(os.listdir(self.out), [])
        self.assertEqual(self.home.spool(), [])
        self.assert_recorded(status)
        return result

    def test_late(self):
        """an upstream that is late: 75, and what was seen, and nothing goes"""
        self.job(gate(COUNT))
        self.refuse(75, "gate 'big data job' did not hold within ",
                    "it wants 1, and the last value was 0 (at 20",
                    "asked 1 time)", "nothing was shipped")
        self.assertEqual(self.results(), [("gate", "big data job", "0", 0)])
        self.assertEqual(self.home.ledger("SELECT * FROM statement"), [])

    def test_parameter(self):
        """:day is bound in a gate as it is in the batch"""
        self.job(gate(COUNT))
        self.execute("INSERT INTO etl VALUES ('2026-11-24', 'done')")
        self.home.run("run", "j", "--date", "2026-11-23", expect=75)
        self.assert_silent(
            self.home.run("run", "j", "--date", "2026-11-24"))
        self.assertEqual(os.listdir(self.out), ["o.csv"])
        self.assertEqual(self.results(), [("gate", "big data job", "1", 1)])

    def start(self, *arguments):
        process = self.home.start("run", "j", "-v", *arguments)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def test_comes(self):
        """an upstream that comes while it is waited for: on it goes"""
        self.job(gate(COUNT, timeout="10m"))
        process = self.start("--date", "2026-11-24")
        wait_for(process, "waiting for gate 'big data job', which wants "
                               "1: 0 so far")
        self.execute("INSERT INTO etl VALUES ('2026-11-24', 'done')")
        result = self.home.finish(process, 0)
        self.assertIn("gate 'big data job' holds: 1, after ", result.stderr)
        self.assertEqual(os.listdir(self.out), ["o.csv"])
        row = self.home.ledger("SELECT * FROM checks")[0]
        self.assertEqual((row["seen"], row["passed"]), ("1", 1))
        self.assertGreaterEqual(row["elapsed_ms"], 500)

    def test_waits(self):
        """a gate is asked more than once, but not all the time"""
        self.job(gate(COUNT, timeout="2s"))
        result = self.refuse(75, "did not hold within 2.")
        asked = int(result.stderr.split("asked ")[1].split()[0])
        self.assertIn(asked, (2, 3), result.stderr)

    def test_all_hold_together(self):
        """after a wait, gates that held first are asked again"""
        self.job("""gates = (
  { name = "first"; sql = "SELECT count(*) FROM etl WHERE state = 'busy'";
    equals = "0"; timeout = "3s"; every = "1s"; },
  { name = "second"; sql = "SELECT count(*) FROM etl WHERE state = 'done'";
    at_least = "1"; timeout = "10m"; every = "1s"; } );
""", extra="")
        process = self.start()
        wait_for(process, "waiting for gate 'second'")
        self.execute("INSERT INTO etl VALUES ('x', 'busy'), ('x', 'done')")
        result = self.home.finish(process, 75)
        self.assertIn("gate 'first' did not hold", result.stderr)
        self.assertEqual(os.listdir(self.out), [])

    def test_no_row(self):
        """no row yet is no value yet"""
        self.job(gate("SELECT state FROM etl WHERE day = :day",
                      'equals = "done";'))
        self.refuse(75, "it wants done, and the last value was no row",
                    arguments=("--date", "2026-11-24"))
        self.execute("INSERT INTO etl VALUES ('2026-11-24', NULL)")
        self.refuse(75, "the last value was NULL",
                    arguments=("--date", "2026-11-24"))
        self.execute("UPDATE etl SET state = 'done'")
        self.home.run("run", "j", "--date", "2026-11-24")

    def test_wrong_queries(self):
        """a query that is none of one value is told at once"""
        for sql, text in (
                ("SELECT 1, 2", "the query gave more than one column"),
                ("SELECT id FROM orders", "the query gave more than one row"),
                ("CREATE TEMP TABLE t (n)", "the query gave no result"),
                ("SELECT x'00ff'", "bytes")):
            with self.subTest(sql):
                self.job(gate(sql, timeout="10m"), extra="")
                self.refuse(78, "gate 'big data job': ", text)

    def test_sql_error(self):
        """what the database refuses is told as that: 69"""
        self.job(gate("SELECT n FROM missing", timeout="10m"), extra="")
        self.refuse(69, "gate 'big data job': ", "no such table: missing")

    def test_conditions(self):
        """numbers as numbers, digit by digit; texts byte for byte"""
        big = "9007199254740993"
        for value, wanted, holds in (
                ("1", 'equals = "1.00";', True),
                ("'0010'", 'equals = "1e1";', True),
                (big, 'equals = "%s";' % big, True),
                (big, 'equals = "9007199254740992";', False),
                ("'123456789012345678901234567890.1'",
                 'at_least = "123456789012345678901234567890.2";', False),
                ("10", 'at_least = "9";', True),
                ("-10", 'at_least = "-9";', False),
                ("0.05", 'at_most = "0.050";', True),
                ("0.0501", 'at_most = "0.05";', False),
                ("5", 'at_least = "1"; at_most = "5";', True),
                ("6", 'at_least = "1"; at_most = "5";', False),
                ("'2026-11-24'", 'at_least = "2026-11-23";', True),
                ("'2026-11-22'", 'at_least = "2026-11-23";', False),
                ("'abc'", 'at_least = "5";', False),
                ("'abc'", 'at_most = "5";', False),
                ("'Done'", 'equals = "done";', False),
                ("''", 'equals = "";', True),
                ("NULL", 'equals = "";', False),
                ("NULL", "not_null = true;", False),
                ("''", "not_null = true;", True)):
            with self.subTest(value=value, wanted=wanted):
                self.job(gate("SELECT " + value, wanted), extra="")
                self.home.run("run", "j", "--force",
                              expect=0 if holds else 75)

    def test_stage(self):
        """on a terminal the line says what is awaited, and what it is now"""
        self.job(gate(COUNT, timeout="2s"))
        result = self.home.run_on_terminal("run", "j", expect=75)
        self.assertIn("waiting for gate 'big data job' (last value 0)",
                      result.stderr)

    def test_signal(self):
        """SIGTERM ends a wait at once"""
        self.job(gate(COUNT, timeout="10m").replace('"1s"', '"5m"'))
        process = self.start()
        wait_for(process, "0 so far")
        process.send_signal(signal.SIGTERM)
        result = self.home.finish(process, 128 + signal.SIGTERM)
        self.assertIn("gate 'big data job'", result.stderr)
        self.assert_recorded(143)
        self.assertEqual(self.results(), [("gate", "big data job", "0", 0)])

    def test_runtime(self):
        """limits.runtime ends a wait"""
        self.job(gate(COUNT, timeout="10m") +
                 'limits: { runtime = "%ds"; };\n' % REACHED_SECONDS)
        self.refuse(75, "gate 'big data job': the run took longer")

    def test_dry_run(self):
        """--dry-run tells the gates and asks none"""
        self.job(gate("SELECT n FROM missing", timeout="90m"), extra="")
        result = self.home.run("run", "j", "--dry-run")
        self.assertIn("would wait for gate 'big data job' to be 1, at most "
                      "1 h 30 min", result.stdout)

    def test_check(self):
        """check tells what is wrong with gates, with file and line"""
        self.job("""gates = (
  { name = "b"; sql = "SELECT :dya"; equals = "1"; },
  { name = "b"; equals = "1"; },
  { name = "c"; sql = "SELECT 1"; equal = "1"; } );
""", extra=DAY + ' dialect = "sqlite";',
                 sql="SELECT id FROM orders WHERE :day = :day")
        result = self.home.run("check", "j", expect=78)
        for text in ("gates.name 'b' stands twice",
                     "gates.sql is not set",
                     "unknown setting 'gates.equal'",
                     "Did you mean 'gates.equals'?"):
            self.assertIn(text, result.stderr)
        self.job(gate("SELECT :dya"), extra=DAY + ' dialect = "sqlite";',
                 sql="SELECT id FROM orders WHERE :day = :day")
        result = self.home.run("check", "j", expect=78)
        self.assertIn("gates: line 1: there is no parameter 'dya'",
                      result.stderr)
        self.job(gate("SELECT 1", ""), extra="")
        result = self.home.run("check", "j", expect=78)
        self.assert_message(
            result, "j.cfg:8: gates 'big data job' does not say what must "
            "hold", 'equals = "1"')

    def test_set(self):
        """--set reaches a gate by its name"""
        self.job(gate(COUNT, name="big"))
        self.home.run("run", "j", "--set", "gates.big.equals=0")
        shown = self.home.run("show", "j", "--set", "gates.big.equals=0")
        self.assertIn("gates.big.equals = \"0\"", shown.stdout)


class PostgresGates(DatabaseCase):
    kind = Postgres

    def test_sees_new_rows(self):
        """each look sees what was committed meanwhile, also by a batch that
        is one repeatable read; on_connect ran first"""
        self.server.psql("CREATE TABLE IF NOT EXISTS etl (n int); "
                         "TRUNCATE etl;")
        self.job("SELECT count(*) AS n FROM etl",
                 extra='transaction = "batch"; isolation = "repeatable-read";'
                       ' on_connect = ( "CREATE TEMP TABLE mine (n int)", '
                       '"INSERT INTO mine VALUES (2)" );',
                 rest='gates = ( { name = "there"; sql = "SELECT count(*) = '
                      '(SELECT n FROM mine) FROM etl"; equals = "1"; '
                      'timeout = "10m"; every = "1s"; } );')
        process = self.start("v", "-v")
        wait_for(process, "waiting for gate 'there', which wants 1: 0 so far")
        self.server.psql("INSERT INTO etl VALUES (1), (2);")
        self.home.finish(process, 0)
        self.assertEqual(self.delivered(), b"n\r\n2\r\n")

    def test_locked(self):
        """a gate whose query hangs can be cancelled"""
        self.server.psql("CREATE TABLE IF NOT EXISTS locked (n int);")
        self.job("SELECT 1 AS n", rest=gate("SELECT pg_sleep(300)::text",
                                            timeout="10m"))
        process = self.start("v")
        wait_until(lambda: self.server.psql(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' "
            "AND state = 'active' AND pid <> pg_backend_pid()"),
            what="the gate's query")
        process.send_signal(signal.SIGTERM)
        result = self.home.finish(process, 143)
        self.assert_message(result, "gate 'big data job'")
        self.assertEqual(os.listdir(self.out), [])


if __name__ == "__main__":
    main()
