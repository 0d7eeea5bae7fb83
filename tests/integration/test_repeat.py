#!/usr/bin/python3
"""source.retries and source.read_only on real databases."""

import sys
sys.dont_write_bytecode = True
import os
import sqlite3
import threading

from databases import DatabaseCase, starter
from harness import Case, main, source, target, wait_until
from servers.mariadb import MariaDB
from servers.postgres import Postgres
from servers.proxy import Proxy

setUpModule = starter(MariaDB, Postgres)

TABLES = """DROP TABLE IF EXISTS a, b, seen;
CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE seen (n int);
INSERT INTO a VALUES (1); INSERT INTO b VALUES (2);
"""

# Holds b until the job waits for it, then wants a, and never gives in.
OTHER = """SET deadlock_timeout = '10min';
BEGIN;
SELECT * FROM b FOR UPDATE;
DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted) LOOP
  PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT * FROM a FOR UPDATE;
COMMIT;
"""
LOCKS = "SELECT n FROM a FOR UPDATE; %s SELECT n + 1 AS n FROM b FOR UPDATE"


class Postgresql(DatabaseCase):
    kind = Postgres

    def setUp(self):
        super().setUp()
        self.server.psql(TABLES)

    def deadlock(self, batch, extra, *arguments, expect):
        """A run that another session brings into a deadlock once."""
        self.job(batch, extra='transaction = "batch"; ' + extra)
        other = threading.Thread(target=self.server.psql, args=(OTHER,))
        other.start()
        try:
            wait_until(lambda: self.server.psql(
                "SELECT 1 FROM pg_locks WHERE relation = 'b'::regclass"),
                what="the lock")
            return self.home.run("run", "v", *arguments, expect=expect)
        finally:
            # What fails before the job waits must not wait for ever.
            self.server.psql("SELECT pg_cancel_backend(pid) FROM "
                             "pg_stat_activity WHERE query LIKE '%WHILE NOT "
                             "EXISTS%' AND pid <> pg_backend_pid()")
            other.join()

    def statements(self):
        return [(s["word"], s["sqlstate"]) for s in self.home.ledger(
            "SELECT * FROM statement ORDER BY position")]

    def test_deadlock(self):
        """the victim of a deadlock begins anew and ends well"""
        result = self.deadlock(
            "CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1); " +
            LOCKS % "INSERT INTO seen VALUES (1);", "", "-v", expect=0)
        self.assertIn("begins anew (attempt 2 of 3)", result.stderr)
        self.assertIn("40P01", result.stderr)
        self.assertEqual(self.delivered(), b"n\r\n3\r\n")
        self.assertEqual(self.server.psql("SELECT count(*) FROM seen"), "1\n")
        self.assertEqual(self.statements(), [
            ("CREATE", ""), ("INSERT", ""), ("SELECT", ""), ("INSERT", ""),
            ("SELECT", "")])

    def test_no_retries(self):
        """retries = 0: a deadlock is 75, and was tried once"""
        result = self.deadlock(LOCKS % "", "retries = 0;", "-v", expect=75)
        self.assertNotIn("anew", result.stderr)
        self.assertIn("40P01", result.stderr)
        self.assertEqual(self.statements()[-1], ("SELECT", "40P01"))

    def test_written(self):
        """what was committed before is not done twice"""
        result = self.deadlock(
            "INSERT INTO seen VALUES (1); BEGIN; " + LOCKS % "", "", "--set",
            "source.transaction=none", "-v", expect=75)
        self.assertNotIn("anew", result.stderr)
        self.assertEqual(self.server.psql("SELECT count(*) FROM seen"), "1\n")

    def test_lost(self):
        """a connection that is lost while rows come, on a new one"""
        self.server.psql("CREATE SEQUENCE IF NOT EXISTS tries; "
                         "SELECT setval('tries', 1, false);")
        self.job("SELECT nextval('tries') AS try; SELECT g, CASE WHEN "
                 "(SELECT last_value FROM tries) = 1 THEN "
                 "pg_sleep(600)::text ELSE '' END AS s FROM "
                 "generate_series(1, 3) g")
        process = self.start("v", "-v")
        pid = wait_until(lambda: self.server.psql(
            "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND "
            "wait_event = 'PgSleep'"), what="the query")
        self.server.psql("SELECT pg_terminate_backend(%s)" % pid)
        result = self.home.finish(process, 0)
        self.assertIn("57P01", result.stderr)
        self.assertEqual(self.delivered(),
                         b'g,s\r\n1,""\r\n2,""\r\n3,""\r\n')
        self.assertEqual(self.server.psql("SELECT last_value FROM tries"),
                         "2\n")
        self.assert_no_leftovers()

    def lose(self, *texts, **parts):
        """A run that loses its connection, and what it says of that."""
        self.job("SELECT 1 AS n", **parts)
        result = self.home.run("run", "v", expect=75)
        self.assert_message(result, *texts)
        self.assertEqual(os.listdir(self.out), [])
        return result.stderr

    def test_told_apart(self):
        """killed, idle for too long, and a network that swallows all"""
        gate = ('gates = ( { name = "the load"; equals = "1"; timeout = "1h"; '
                'every = "%s"; sql = "%s"; } );\n')
        idle = self.lose(
            "gate 'the load'", "08S01", "was idle for 5.00 s between",
            extra='retries = 0; on_connect = ( '
                  '"SET idle_session_timeout = 500" );',
            rest=gate % ("5s", "SELECT 0"))
        self.job("SELECT pg_sleep(600)::text AS s", extra="retries = 0;")
        process = self.start("v")
        pid = wait_until(lambda: self.server.psql(
            "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND "
            "wait_event = 'PgSleep'"), what="the query")
        self.server.psql("SELECT pg_terminate_backend(%s)" % pid)
        killed = self.home.finish(process, 75).stderr
        self.assertIn("57P01", killed)
        self.assertIn("administrator command", killed)
        with Proxy(self.server.port) as proxy:
            self.home.dsn("db", dict(self.server.keywords(),
                                     Port=str(proxy.port)))
            self.job("SELECT pg_sleep(600)::text AS s", extra='retries = 0; '
                     'query_timeout = "3s";')
            process = self.start("v")
            wait_until(lambda: self.server.psql(
                "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND "
                "wait_event = 'PgSleep'"), what="the query")
            proxy.hold = True
            swallowed = self.home.finish(process, 75).stderr
        self.assertIn("no row and no end within 3.00 s", swallowed)
        for text in (killed, swallowed):
            self.assertNotIn("idle", text)
        self.assertNotIn("administrator command", idle + swallowed)

    def test_used_up(self):
        """retries that are used up: 75, with the first cause and the last"""
        # A server without room for us any more says so on the way in.
        self.job("SELECT pg_terminate_backend(pg_backend_pid())::text AS x",
                 extra="retries = 1;")
        result = self.home.run("run", "v", expect=75)
        self.assert_message(result, "(attempt 2; the first ended with: ",
                            "57P01")

    def test_read_only(self):
        """the server refuses what writes, also what a function does"""
        self.server.psql("""CREATE OR REPLACE FUNCTION sly() RETURNS int AS
            'INSERT INTO seen VALUES (9) RETURNING n' LANGUAGE sql""")
        for sql in ("INSERT INTO seen VALUES (1); SELECT 1 AS n",
                    "SELECT sly() AS n", "CREATE TEMP TABLE t (n int); "
                    "SELECT n FROM t"):
            with self.subTest(sql):
                self.job(sql, extra="read_only = true;")
                self.refuse(69, "25006", "read-only transaction",
                            "source.read_only")
        self.assertEqual(self.server.psql("SELECT count(*) FROM seen"), "0\n")
        self.assertEqual(self.export("SELECT n FROM a",
                                     extra="read_only = true;"), b"n\r\n1\r\n")


class Maria(DatabaseCase):
    kind = MariaDB

    def setUp(self):
        super().setUp()
        self.server.sql(TABLES)

    def test_lost(self):
        """KILL CONNECTION in the middle: the batch begins anew"""
        self.job("CREATE TEMPORARY TABLE t AS SELECT n FROM a; "
                 "SELECT sleep(if(get_lock('first', 0), 600, 0)) AS s, n "
                 "FROM t")
        held = []

        def running():
            held[:] = self.server.sql(
                "SELECT id FROM information_schema.processlist WHERE info LIKE "
                "'SELECT sleep(if%' AND state = 'User sleep'").split()
            return held
        process = self.start("v", "-v")
        wait_until(running, what="the query")
        keeper = threading.Thread(target=self.server.sql, args=(
            "SELECT get_lock('first', 600), sleep(2);",))
        self.server.sql("KILL CONNECTION " + held[0])
        keeper.start()
        try:
            result = self.home.finish(process)
        finally:
            keeper.join()
        self.assertIn("begins anew", result.stderr)
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(self.delivered(), b"s,n\r\n0,1\r\n")

    def test_written(self):
        """what was written is not written twice"""
        self.job("INSERT INTO seen VALUES (1); SELECT sleep(600) AS s")
        process = self.start("v", "-v")
        (pid,) = wait_until(lambda: self.server.sql(
            "SELECT id FROM information_schema.processlist WHERE state = "
            "'User sleep'").split(), what="the query")
        self.server.sql("KILL CONNECTION " + pid)
        result = self.home.finish(process, 75)
        self.assertNotIn("anew", result.stderr)
        self.assertEqual(self.server.sql("SELECT count(*) FROM seen"), "1\n")

    def test_read_only(self):
        """the server refuses what writes, and temporary tables too"""
        self.server.sql("DROP FUNCTION IF EXISTS sly; CREATE FUNCTION sly() "
                        "RETURNS int MODIFIES SQL DATA RETURN 1;")
        for sql in ("INSERT INTO seen VALUES (1); SELECT 1 AS n",
                    "CREATE TABLE lasting (n int); SELECT 1 AS n",
                    "DROP TABLE seen; SELECT 1 AS n",
                    "START TRANSACTION; INSERT INTO seen VALUES (1); "
                    "COMMIT; SELECT 1 AS n",
                    "CREATE TEMPORARY TABLE t (n int); SELECT n FROM t"):
            with self.subTest(sql):
                self.job(sql, extra="read_only = true;")
                self.refuse(69, "25006", "READ ONLY", "source.read_only")
        self.assertEqual(self.server.sql("SELECT count(*) FROM seen"), "0\n")
        self.assertEqual(self.export("SELECT n FROM a",
                                     extra="read_only = true;"), b"n\r\n1\r\n")


class Sqlite(Case):

    def job(self, sql, extra="read_only = true;", dsn="d b"):
        self.home.job("j", source(dsn, sql=sql, extra=extra) +
                      'file: { name = "x.csv"; };\n' + target(self.url))

    def setUp(self):
        super().setUp()
        self.out, self.url = self.home.directory()
        self.path = self.home.sqlite("d b?#%41;é", "CREATE TABLE t (n); "
                                     "INSERT INTO t VALUES (1);", dsn="d b")

    def count(self):
        with sqlite3.connect(self.path) as db:
            n = db.execute("SELECT count(*) FROM t").fetchone()[0]
        db.close()
        return n

    def test_read_only(self):
        """writing is refused, temporary tables are not"""
        for sql in ("INSERT INTO t VALUES (2); SELECT 1 AS n",
                    "CREATE TABLE u (n); SELECT 1 AS n",
                    "DROP TABLE t; SELECT 1 AS n",
                    "SELECT 1 AS n; DELETE FROM t"):
            with self.subTest(sql):
                self.job(sql)
                result = self.home.run("run", "j", expect=69)
                self.assert_message(result, "readonly database")
        self.assertEqual(self.count(), 1)
        self.job("CREATE TEMP TABLE u AS SELECT n + 1 AS n FROM t; "
                 "INSERT INTO u VALUES (7); SELECT n FROM u ORDER BY n")
        self.home.run("run", "j")
        with open(os.path.join(self.out, "x.csv")) as f:
            self.assertEqual(f.read().split(), ["n", "2", "7"])

    def test_connection_string(self):
        """with a whole connection string as well"""
        path = self.home.sqlite("plain", "CREATE TABLE t (n);")
        self.home.job("j", source(
            connection="Driver=SQLite3;Database=" + path,
            sql="INSERT INTO t VALUES (1); SELECT n FROM t",
            extra="read_only = true;") + 'file: { name = "x.csv"; };\n' +
            target(self.url))
        self.home.run("run", "j", expect=69)
        self.assertEqual(os.listdir(self.out), [])

    def test_not_read_only(self):
        """without it, it writes"""
        self.job("INSERT INTO t VALUES (2); SELECT n FROM t", extra="")
        self.home.run("run", "j")
        self.assertEqual(self.count(), 2)


if __name__ == "__main__":
    main()
