#!/usr/bin/python3
"""PostgreSQL through psqlODBC: batches, values, failures, memory."""

import sys
sys.dont_write_bytecode = True
import json
import os
import signal

from databases import (TYPED, TYPED_TEXT, DatabaseCase, digest, parse,
                       peak_kib, starter)
from harness import REACHED, REACHED_SECONDS, main, wait_until
from servers.postgres import Postgres

setUpModule = starter(Postgres)

# Nearly for ever, a row every 10 ms, fetched ten at a time.
SLOW = "SELECT g, pg_sleep(0.01)::text FROM generate_series(1, 1000000) g"
SLOW_KEYWORDS = {"UseDeclareFetch": "1", "Fetch": "10"}

BIG_KIB = 64 * 1024     # no worker that streams needs so much
GROWTH_KIB = 8 * 1024   # of ten times the rows


class PostgresCase(DatabaseCase):
    kind = Postgres

    def psql(self, sql, *arguments):
        return self.server.psql(sql, *arguments)

    def backends(self):
        """The server processes of our runs."""
        return [int(pid) for pid in self.psql(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = "
            "'client backend' AND pid <> pg_backend_pid()").split()]


class Batch(PostgresCase):
    """What a batch may hold."""

    def test_temporary_table(self):
        """a table of statement 1 is read by statement 3"""
        self.assertEqual(self.export(
            "CREATE TEMP TABLE t (id int, name text);\n"
            "INSERT INTO t VALUES (1, 'one'), (2, 'two;');\n"
            "SELECT id, name FROM t ORDER BY id;\n"),
            b"id,name\r\n1,one\r\n2,two;\r\n")
        self.assertEqual(self.psql(
            "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0\n")

    def test_notices(self):
        """what RAISE says is logged with its statement, and is no value"""
        sql = """SELECT 1;
DO $$ BEGIN RAISE NOTICE 'hello %', 5; RAISE WARNING 'take care'; END $$;
DROP TABLE IF EXISTS nothing;
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'in f'; RETURN 7; END $$;
SELECT pg_temp.f() AS n;
"""
        self.assertEqual(self.values(sql), [["7"]])
        log = self.home.run("run", "v", "--force", "-v").stderr
        line = r"statement %d \(sql:%d\): .*%s"
        self.assertRegex(log, line % (2, 2, "hello 5"))
        self.assertRegex(log, line % (2, 2, "take care"))
        self.assertRegex(log, line % (3, 3, '"nothing" does not exist'))
        self.assertRegex(log, line % (5, 6, "in f"))

    def test_dollar_quotes(self):
        """bodies in dollars are one statement, semicolons and all"""
        self.assertEqual(self.export("""
CREATE FUNCTION pg_temp.twice(n int) RETURNS int AS $body$
BEGIN
  -- a comment; with 'a quote
  RETURN n * 2;  /* and $$ dollars */
END;
$body$ LANGUAGE plpgsql;
DO $$ BEGIN PERFORM set_config('my.word', 'done; ''really''', false); END $$;
SELECT pg_temp.twice(21) AS n, current_setting('my.word') AS w;
"""), b"n,w\r\n42,done; 'really'\r\n")
        statements = self.home.ledger(
            "SELECT line, word FROM statement ORDER BY position")
        self.assertEqual([tuple(s.values()) for s in statements],
                         [(2, "CREATE"), (8, "DO"), (9, "SELECT")])

    def test_last(self):
        """of several results the last becomes the file"""
        self.assertEqual(self.export(
            "SELECT 1 AS a; SELECT 2 AS b, 3 AS c; SELECT 4 AS d",
            extra='result = "last";'), b"d\r\n4\r\n")

    def test_last_then_none(self):
        """statements without a result behind the last one change nothing"""
        self.assertEqual(self.export(
            "SELECT 1 AS a; SELECT 2 AS b; CREATE TEMP TABLE t (n int);"
            " INSERT INTO t VALUES (1); DROP TABLE t"), b"b\r\n2\r\n")

    def test_only(self):
        """result = "only": a second one is refused"""
        self.job("SELECT 1 AS a; SELECT 2 AS b", extra='result = "only";')
        self.refuse(65, "more than one result set", "only")
        self.assertEqual(self.export(
            "CREATE TEMP TABLE t AS SELECT 7 AS n; SELECT n FROM t",
            extra='result = "only";'), b"n\r\n7\r\n")

    def test_none(self):
        """a batch without a result is an error"""
        self.job("CREATE TEMP TABLE t (n int); DROP TABLE t")
        self.refuse(65, "no result set")

    def test_last_comment(self):
        """a comment behind the last statement"""
        self.assertEqual(self.export("SELECT 1 AS a -- the end"),
                         b"a\r\n1\r\n")

    def test_returning(self):
        """INSERT ... RETURNING is a result"""
        self.assertEqual(self.export(
            "CREATE TEMP TABLE t (n int); "
            "INSERT INTO t VALUES (5), (6) RETURNING n"), b"n\r\n5\r\n6\r\n")

    def test_on_connect(self):
        """on_connect runs first, on the same connection"""
        self.psql("CREATE SCHEMA IF NOT EXISTS sales; CREATE TABLE IF NOT "
                  "EXISTS sales.only_there AS SELECT 'here' AS place")
        self.assertEqual(self.export(
            "SELECT place, current_setting('TimeZone') AS z FROM only_there",
            extra='on_connect = ( "SET search_path TO sales", '
                  '"SET TIME ZONE \'Asia/Tokyo\'" );'),
            b"place,z\r\nhere,Asia/Tokyo\r\n")

    def test_on_connect_error(self):
        """an error in on_connect names it"""
        self.job("SELECT 1 AS a", extra='on_connect = ( "SELECT 1", '
                                        '"SET no_such_setting TO 1" );')
        self.refuse(69, "source.on_connect:2", "42704", "no_such_setting")

    def test_params(self):
        """parameters are bound with their types; casts are none"""
        self.job("SELECT :t::text AS t, :i::bigint + 1 AS i, :d::numeric * 2 AS d, "
                 ":day + 1 AS day, ':no' AS s, (ARRAY[1,2,3])[1:2] AS a",
                 extra=TYPED)
        self.home.run("run", "v", "--date", "2024-02-28")
        self.assertEqual(parse(self.delivered())[1:], [[
            TYPED_TEXT, "9007199254740994", "0.20",
            "2024-02-29", ":no", "{1,2}"]])

    def test_param_override(self):
        """--param goes before the spec, and is bound too"""
        self.assertEqual(self.export(
            "SELECT length(:t) AS n, :t AS t", "--param", "t='; DROP",
            extra='params = { t = "x"; };'), b"n,t\r\n7,'; DROP\r\n")

    def test_ansi_driver(self):
        """the ANSI driver gives the same bytes"""
        sql = ("SELECT n, 'ä€\U0001f600' || n AS t, NULL::text AS u, "
               "'' AS e, 0.1::float8 AS f FROM generate_series(1, 3) n")
        wide = self.export(sql)
        self.dsn(Driver="PostgreSQL ANSI")
        self.assertEqual(self.export(sql), wide)
        self.assertEqual(wide.decode(), "n,t,u,e,f\r\n" + "".join(
            '%d,ä€\U0001f600%d,,"",0.1\r\n' % (n, n) for n in (1, 2, 3)))

    def test_locale(self):
        """the environment's locale and encoding change nothing"""
        # Made by the server: what is sent comes back as it was, whatever the
        # two of them take it for.
        self.job("SELECT 'caf' || chr(233) || ' ' || chr(8364) AS t")
        for driver in ("PostgreSQL Unicode", "PostgreSQL ANSI"):
            self.dsn(Driver=driver)
            for env in ({"LC_ALL": "C"}, {"LC_ALL": "en_US.ISO-8859-1"},
                        {"PGCLIENTENCODING": "LATIN1"}):
                with self.subTest(driver=driver, env=env):
                    self.home.run("run", "v", "--force", env=env)
                    self.assertEqual(self.delivered(),
                                     "t\r\ncaf\u00e9 \u20ac\r\n".encode())


class Litter(PostgresCase):
    """What the driver leaves behind, where Debian's odbcinst.ini has it log"""

    def setUp(self):
        super().setUp()
        self.logs, _ = self.home.directory("logs")
        self.home.drivers(CommLog="1", Debug="0", Logdir=self.logs)

    def test_none(self):
        """nothing, whether the run succeeds or fails"""
        # A limit of descriptors is not quite one under valgrind.
        self.home.plain = True
        self.job("SELECT 1")
        self.home.run("run", "v")
        self.job("SELECT 1/0")
        self.home.run("run", "v", "--force", expect=69)
        self.home.secret("db.secret", "wrong\n")
        self.home.run("run", "v", "--force", expect=69)
        self.assertEqual(os.listdir(self.logs), [])

    def test_wanted(self):
        """a log where the DSN asks for one"""
        self.dsn(CommLog="1")
        self.job("SELECT 1 AS wanted_log")
        self.home.run("run", "v")
        (name,) = os.listdir(self.logs)
        with open(os.path.join(self.logs, name), errors="replace") as f:
            self.assertIn("wanted_log", f.read())


class Values(PostgresCase):
    """What the database holds is what the file says."""

    def both(self, sql, **keywords):
        """Our file, and COPY's; COPY ends its records with LF."""
        if keywords:
            self.dsn(**keywords)
        ours = self.export(sql, file='newline = "lf";')
        return ours, self.psql("COPY (%s) TO STDOUT WITH (FORMAT csv, "
                               "HEADER)" % sql).encode()

    def same(self, ours, copy):
        """The same values. A long one is quoted, needed or not: it is
        written before its end is known."""
        for got, wanted in zip(parse(ours), parse(copy), strict=True):
            self.assertEqual([digest(v.encode()) for v in got],
                             [digest(v.encode()) for v in wanted])

    def test_types(self):
        """numbers, texts and times digit for digit, as COPY has them"""
        ours, copy = self.both("""
SELECT * FROM (VALUES
 (1, 9223372036854775807::int8, 1::int2,
  12345678901234567890.12345678901234567890::numeric, 0.1::float8,
  16777217::float4, 'plain'::text, DATE '2024-02-29',
  TIME '23:59:59.123456', TIMESTAMP '2024-02-29 12:34:56.789012',
  'ab'::char(5), '1 day 02:03:04'::interval, '{"a": [1, null]}'::jsonb),
 (2, -9223372036854775808, -32768, 0.00000000000000000000000000001,
  5e-324, '1e-45', 'a,"b"', DATE '0001-01-01', TIME '00:00',
  TIMESTAMP '9999-12-31 23:59:59.1', '', '-1 mons', '[]'),
 (3, NULL, NULL, 'NaN', 'Infinity', '-Infinity', '', DATE '9999-12-31',
  NULL, NULL, NULL, NULL, NULL),
 (4, 0, 0, 1.10, 1.7976931348623157e308, 3.4028235e38, NULL, NULL,
  TIME '24:00:00', TIMESTAMP '2000-01-01', ' x', '00:00:00', '""'),
 (5, 1, 1, 100, 0.30000000000000004, 123456.789, E'cr\\rlf\\n"\\t', NULL,
  NULL, NULL, NULL, NULL, NULL)
) AS t(n, i8, i2, num, f8, f4, txt, d, tm, ts, c, iv, j) ORDER BY n""")
        self.assertEqual(parse(ours), parse(copy))
        self.assertEqual(ours, copy)

    def test_numeric(self):
        """a numeric of a thousand digits"""
        digits = "9" * 500 + "." + "1" * 500
        self.assertEqual(self.values("SELECT %s AS n, -%s AS m" %
                                     (digits, digits)),
                         [[digits, "-" + digits]])

    def test_bytes(self):
        """bytea is lower-case hexadecimal"""
        self.assertEqual(
            self.values("SELECT '\\x00ff0a22'::bytea AS b, ''::bytea AS e, "
                        "NULL::bytea AS n, decode(repeat('de', 200000), "
                        "'hex') AS l"),
            [["00ff0a22", "", "", "de" * 200000]])

    def test_others(self):
        """bit strings, money, timetz, arrays"""
        self.assertEqual(self.values(
            "SELECT B'10101010' AS b, B'1'::bit(1) AS o, B'101'::varbit AS v,"
            " (-1234.56)::numeric::money AS m, "
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS u, "
            "'23:59:59.123456+05:30'::timetz AS t, "
            "ARRAY['a,b', NULL, '\"'] AS a, '192.168.0.1/24'::inet AS i"),
            [["10101010", "1", "101", "-$1,234.56",
              "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "23:59:59.123456+05:30",
              '{"a,b",NULL,"\\""}', "192.168.0.1/24"]])

    def test_zone(self):
        """a timestamptz says its offset"""
        self.assertEqual(self.values(
            "SET TIME ZONE 'Asia/Kolkata'; "
            "SELECT '2024-02-29 12:00:00.5+00'::timestamptz AS t"),
            [["2024-02-29 17:30:00.5+05:30"]])

    def test_far_dates(self):
        """dates that the driver cannot print: exact, or no file"""
        for sql, wanted in (
                ("'infinity'::date", "infinity"),
                ("'-infinity'::date", "-infinity"),
                ("'12024-01-01'::date", "12024-01-01"),
                ("'294276-12-31 01:02:03'::timestamp",
                 "294276-12-31 01:02:03"),
                ("'infinity'::timestamp", "infinity"),
                ("'0044-03-15 BC'::date", "0044-03-15 BC")):
            self.job("SELECT %s AS d" % sql)
            result = self.home.run("run", "v", "--force", expect=None)
            if result.status == 0:
                self.assertEqual(parse(self.delivered()), [["d"], [wanted]])
            else:
                self.assert_failed(result, 65, "column 'd'", "Cast")

    def test_long(self):
        """texts of 12 MB, between small columns"""
        self.psql("DROP TABLE IF EXISTS long; CREATE TABLE long AS SELECT n, "
                  "repeat(md5(n::text) || '\u20ac\"', 342000) || n AS t, "
                  "n + 1 AS m FROM generate_series(1, 3) n")
        ours, copy = self.both("SELECT n, t, m FROM long ORDER BY n")
        self.assertGreater(len(ours), 36000000)
        self.same(ours, copy)

    def test_long_cursor(self):
        """texts of all lengths with a cursor of the user's own"""
        self.psql("DROP TABLE IF EXISTS long; CREATE TABLE long AS SELECT n, "
                  "repeat(md5(n::text), 1000 * n) AS t FROM "
                  "generate_series(1, 40) n")
        ours, copy = self.both("SELECT t, n FROM long ORDER BY n",
                               UseDeclareFetch="1", Fetch="7")
        self.same(ours, copy)

    def test_mixed_lengths(self):
        """short rows after long ones and the other way round"""
        self.psql("DROP TABLE IF EXISTS long; CREATE TABLE long AS SELECT n, "
                  "CASE WHEN n % 13 = 0 THEN NULL ELSE repeat(md5(n::text) || "
                  "'\"\\', (n * n * n * 37) % 40000 / (1 + 30 * (n / 3 % 2)))"
                  " || n END AS t, repeat('x', 32700 + n) AS u FROM "
                  "generate_series(1, 120) n")
        ours, copy = self.both("SELECT t, n FROM long ORDER BY n")
        self.assertGreater(len(ours), 20000000)
        self.same(ours, copy)
        # Around the bytes of the bound buffer.
        self.same(*self.both("SELECT u FROM long ORDER BY n"))

    def test_null(self):
        """NULL is nothing, the empty string two quotes, in any column"""
        self.assertEqual(self.export(
            "SELECT * FROM (VALUES (NULL, '', 'x'), ('', NULL, ''), "
            "('a', 'b', NULL)) AS t(a, b, c)"),
            b'a,b,c\r\n,"",x\r\n"",,""\r\na,b,\r\n')

    def test_unicode(self):
        """every plane, names too"""
        text = "ä\u0301\u4e2d\U0001f468\u200d\U0001f469\U0010fffd\ufeff\u2028"
        data = self.export('SELECT \'%s\'::text AS "%s", \'%s\'::varchar(20)'
                           ' AS "b, ""q"""' % (text, "sp\u00e4lte\U0001f600",
                                               text))
        self.assertEqual(parse(data), [["sp\u00e4lte\U0001f600", 'b, "q"'],
                                       [text, text]])

    def test_many(self):
        """120000 rows, each where it belongs, as COPY gives them"""
        sql = ("SELECT n, n * 37 % 1001 AS m, md5(n::text) AS h, CASE WHEN "
               "n % 7 = 0 THEN NULL WHEN n % 11 = 0 THEN '' ELSE repeat('x', "
               "n % 300) || ',\"' END AS t, sqrt(n) AS r "
               "FROM generate_series(1, 120000) n")
        ours, copy = self.both(sql)
        self.assertEqual(copy.count(b"\n"), 120001)
        self.assertEqual(digest(ours), digest(copy))
        for fetch in ("1000", "997"):
            self.dsn(UseDeclareFetch="1", Fetch=fetch)
            self.assertEqual(digest(self.export(
                sql, file='newline = "lf";')), digest(copy), fetch)

    def test_columns(self):
        """a result of 1600 columns"""
        names = ", ".join("%d AS c%d" % (i, i) for i in range(1600))
        rows = parse(self.export("SELECT " + names))
        self.assertEqual(rows, [["c%d" % i for i in range(1600)],
                                [str(i) for i in range(1600)]])

    def test_same_names(self):
        """columns of one name, and without one, stay apart"""
        self.assertEqual(self.export("SELECT 1 AS x, 2 AS x, 3"),
                         b"x,x,?column?\r\n1,2,3\r\n")


class Memory(PostgresCase):
    """A worker that streams does not grow with the rows."""

    def setUp(self):
        super().setUp()
        self.home.plain = True      # valgrind's own memory would count

    def peak(self, rows, comment=""):
        self.job(comment + "SELECT g AS n, md5(g::text) AS h, "
                 "repeat('x', 60) AS t FROM generate_series(1, %d) g" % rows)
        process = self.start("v", "--force")
        peak = self.peak_of_worker(process)
        self.home.finish(process, 0)
        self.assertEqual(self.home.runs()[-1]["rows"], rows)
        return peak

    def compare(self, **parts):
        """10^6 rows need what 10^5 need."""
        small, large = self.peak(100000, **parts), self.peak(1000000, **parts)
        print("# worker's peak: %d KiB for 10^5 rows, %d KiB for 10^6" %
              (small, large))
        self.assertGreater(small, 1024)
        self.assertLess(large, BIG_KIB)
        self.assertLess(large - small, GROWTH_KIB)

    def test_constant(self):
        """the program lets the driver stream"""
        self.compare()
        data = self.delivered()
        self.assertEqual(data.count(b"\r\n"), 1000001)
        self.assertTrue(data.endswith(
            b"\r\n1000000,8155bc545f84d9652f1012ef2bdfb6eb," + b"x" * 60 +
            b"\r\n"), data[-120:])

    def test_declared(self):
        """a DSN that says so itself"""
        self.dsn(UseDeclareFetch="1", Fetch="1000")
        self.compare()

    def test_comment(self):
        """a comment in front does not keep it from streaming"""
        self.compare(comment="/* all */ -- of them\n")


class Errors(PostgresCase):
    """What the server refuses."""

    def test_sql_error(self):
        """statement 2: its line, the SQLSTATE, the server's own words"""
        self.home.sql("b.sql", "-- one\nCREATE TEMP TABLE t (n int);\n\n"
                               "SELECT n,\n  no_such_column FROM t;\n"
                               "SELECT 3;\n")
        self.job(extra='sql_file = "b.sql";')
        result = self.refuse(69, "statement 2", "b.sql:4)", "42703",
                             'column "no_such_column" does not exist',
                             "nothing was shipped")
        self.assertNotIn("statement 3", result.stderr)
        statements = self.home.ledger(
            "SELECT * FROM statement ORDER BY position")
        self.assertEqual([s["line"] for s in statements], [2, 4])

    def test_json(self):
        """--json has the SQLSTATE"""
        self.job("SELECT 1 / 0 AS x")
        result = self.home.run("run", "v", "--json", expect=69)
        said = json.loads(result.stdout)
        self.assertEqual((said["error"]["sqlstate"], said["error"]["class"],
                          said["state"]), ("22012", "database", "failed"))
        self.assertIn("division by zero", said["error"]["message"])

    def test_late_error(self):
        """an error in row 5000 of a cursor leaves no file"""
        self.dsn(UseDeclareFetch="1", Fetch="100")
        self.job("SELECT g, 1 / (5000 - g) AS q FROM "
                 "generate_series(1, 10000) g")
        self.refuse(69, "statement 1", "22012", "division by zero")

    def test_raised(self):
        """the message and the hint of a function's own error"""
        self.job("SELECT 1; DO $$ BEGIN RAISE EXCEPTION 'stock is %', 17 "
                 "USING ERRCODE = 'P0042', HINT = 'count again'; END $$")
        self.refuse(69, "statement 2", "P0042", "stock is 17")

    def test_permission(self):
        """a table that the role may not read"""
        self.psql("DO $$ BEGIN CREATE ROLE poor LOGIN PASSWORD 'p'; "
                  "EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
                  "CREATE TABLE IF NOT EXISTS private AS SELECT 1 AS n")
        self.dsn(Username="poor")
        self.home.secret("db.secret", "p\n")
        self.job("SELECT * FROM private")
        self.refuse(69, "42501", "permission denied for table private")

    def test_wrong_password(self):
        """a wrong password is refused once: no hammering"""
        self.home.secret("db.secret", "not it\n")
        self.job("SELECT 1")
        before = self.failed_logins()
        result = self.refuse(69, "cannot connect to 'db'",
                             'password authentication failed for user '
                             '"tester"', "source.password")
        self.assertEqual(self.failed_logins() - before, 1)
        self.assertNotIn("not it", result.stderr)

    def failed_logins(self):
        with open(self.server.log, errors="replace") as log:
            return log.read().count("FATAL:  password authentication failed")

    def test_unknown_database(self):
        """a database that does not exist"""
        self.dsn(Database="no_such_db")
        self.job("SELECT 1")
        self.refuse(69, "cannot connect to 'db'",
                    'database "no_such_db" does not exist')

    def test_server_stopped(self):
        """nobody listens: the same command may succeed later"""
        self.server.stop()
        self.job("SELECT 1 AS n")
        self.refuse(75, "cannot connect to 'db'", "Connection refused")
        self.server.start()
        self.connect_as("db", self.server)
        self.home.run("run", "v")
        self.assertEqual(self.delivered(), b"n\r\n1\r\n")

    def test_locked(self):
        """a lock that is not granted in time is for later"""
        self.psql("CREATE TABLE IF NOT EXISTS locked (n int)")
        self.job("SELECT * FROM locked",
                 extra='on_connect = ( "SET lock_timeout TO 200" );')
        self.job("BEGIN; LOCK TABLE locked; SELECT pg_sleep(600)",
                 name="holder")
        self.start("holder")
        wait_until(lambda: self.psql(
            "SELECT 1 FROM pg_locks WHERE relation = 'locked'::regclass"),
            what="the lock")
        result = self.home.run("run", "v", expect=75)
        self.assert_message(result, "55P03", "lock timeout")


class Lost(PostgresCase):
    """A connection that ends in the middle of a fetch."""

    def begin(self, sql=SLOW, **keywords):
        self.dsn(**dict(SLOW_KEYWORDS, **keywords))
        self.job(sql, extra="retries = 0;")
        process = self.start("v")
        self.wait_for_file(process)
        return process

    def lose(self, process, *texts):
        self.assert_failed(self.home.finish(process), 75, "statement 1",
                           *texts)

    def lose_told(self, process):
        """
        The server says why (57P01) and hangs up. When the driver is about to
        send as that arrives, its send fails, and it never reads why (08S01).
        """
        result = self.home.finish(process)
        self.assert_failed(result, 75, "statement 1")
        self.assertRegex(result.stderr, "57P01|08S01")

    def kill_backends(self):
        """kill -9; the server then begins anew, and the case waits for it"""
        def restarts():
            with open(self.server.log, errors="replace") as log:
                return log.read().count("terminated; reinitializing")
        before = restarts()
        self.addCleanup(wait_until, lambda: restarts() > before and
                        self.server.answers(), what="the server")
        pids = self.backends()
        self.assertEqual(len(pids), 1)
        os.kill(pids[0], signal.SIGKILL)

    def stopped_inside(self, worker):
        """Stop the worker; let it go on when the server waits for no one."""
        os.kill(worker, signal.SIGSTOP)
        try:
            wait_until(lambda: self.psql(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event = "
                "'ClientWrite'"), seconds=1)
            return True
        except AssertionError:
            os.kill(worker, signal.SIGCONT)
            return False

    def test_terminated(self):
        """pg_terminate_backend"""
        process = self.begin()
        self.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE backend_type = 'client backend' AND pid <> "
                  "pg_backend_pid()")
        self.lose_told(process)

    def test_backend_killed(self):
        """kill -9 of the backend"""
        process = self.begin()
        self.kill_backends()
        self.lose(process, "08S01")

    def test_server_killed(self):
        """kill -9 of the whole server"""
        process = self.begin()
        pids = self.backends()
        self.server.process.kill()
        self.server.process.wait()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.lose(process, "08S01")

    def test_server_stopped(self):
        """a fast shutdown"""
        process = self.begin()
        self.server.stop()
        self.lose_told(process)

    def test_buffered(self):
        """pg_terminate_backend while the driver still collects"""
        self.job("SELECT g, pg_sleep(0.01)::text, repeat('x', 20000) FROM "
                 "generate_series(1, 1000000) g", extra="retries = 0;")
        process = self.start("v")
        (pid,) = wait_until(self.backends, what="the backend")
        wait_until(lambda: self.psql(
            "SELECT 1 FROM pg_stat_activity WHERE pid = %d AND state = "
            "'active' AND (query LIKE '%%generate_series%%' OR query ILIKE "
            "'fetch%%')" % pid), what="the query")
        self.psql("SELECT pg_terminate_backend(%d)" % pid)
        self.lose_told(process)

    def test_inside_response(self):
        """kill -9 inside of a response: the driver may crash, we do not"""
        self.home.plain = True      # its memory tells how far it came
        self.dsn(UseDeclareFetch="1", Fetch="1000")
        self.job("SELECT g, repeat('x', 300000) AS t FROM "
                 "generate_series(1, 1000000) g", extra="retries = 0;")
        process = self.start("v")
        worker = self.worker_of(process)
        wait_until(lambda: (peak_kib(worker) or 0) > BIG_KIB,
                   what="a part of the response")
        wait_until(lambda: self.stopped_inside(worker),
                   what="a stop inside of a response")
        self.kill_backends()
        os.kill(worker, signal.SIGCONT)
        result = self.home.finish(process)
        self.assertIn(result.status, (70, 75), str(result))
        self.assert_failed(result, result.status, "statement 1")


class Limits(PostgresCase):
    """Time limits and signals."""

    def test_query_timeout(self):
        """source.query_timeout ends a statement"""
        self.job("SELECT pg_sleep(600)", extra='query_timeout = "1s";')
        self.refuse(75, "statement 1", "57014", "query_timeout")
        self.assertEqual(self.backends(), [])

    def test_statement_timeout(self):
        """the server's own limit"""
        self.job("SELECT 1; SELECT pg_sleep(600)",
                 extra='on_connect = ( "SET statement_timeout TO 300" );')
        self.refuse(75, "57014", "statement timeout")

    def test_runtime(self):
        """limits.runtime ends the run and the statement"""
        self.job("SELECT pg_sleep(600)", rest='limits = { runtime = "%ds"; };' %
                 REACHED_SECONDS)
        self.refuse(75, "statement 1", REACHED)
        wait_until(lambda: self.backends() == [], what="the end of the query")

    def test_runtime_in_fetch(self):
        """limits.runtime in the middle of a fetch"""
        self.dsn(**SLOW_KEYWORDS)
        self.job(SLOW, rest='limits = { runtime = "%ds"; };' %
                 REACHED_SECONDS)
        self.refuse(75, "statement 1", REACHED)
        wait_until(lambda: self.backends() == [], what="the end of the query")

    def test_signal(self):
        """SIGTERM cancels the statement; status 143"""
        self.job("SELECT pg_sleep(600)")
        process = self.start("v")
        wait_until(lambda: "pg_sleep" in self.psql(
            "SELECT query FROM pg_stat_activity WHERE state = 'active' AND "
            "pid <> pg_backend_pid()"), what="the query")
        process.terminate()
        self.assert_failed(self.home.finish(process), 143, "statement 1")
        wait_until(lambda: self.backends() == [], what="the end of the query")


if __name__ == "__main__":
    main()
