#!/usr/bin/python3
"""Every type with nasty values, as the server's own export has them.

The other side is never the program: COPY by psql, HEX() by the mariadb
client, and Python's sqlite3. What is written otherwise on purpose is said in
drivers.md, and asked of the server in that form here.
"""

import sys
sys.dont_write_bytecode = True
import math
import sqlite3
import struct

from databases import DatabaseCase, digest, parse, server_of, starter
from harness import main
from servers.mariadb import MariaDB
from servers.postgres import Postgres

setUpModule = starter(Postgres, MariaDB)

NASTY = ["", " ", "  x ", '"', '""', ",", "a,b", "\r", "\n", "\r\n", "a\rb",
         "'", "\\", "\\.", "\\N", "NULL", "\t", "\x01\x1f\x7f", "=1+1",
         "\u00e4\u0301", "\U0001f468\u200d\U0001f469", "\U0010ffff", "\ufeff",
         "\u2028", "\u4e2d" * 2000, "x" * 9000 + '"']


def sums(rows):
    """Rows by their hashes, since a failure prints them."""
    return [[v if len(v) < 200 else digest(v.encode()) for v in r]
            for r in rows]


class Types(DatabaseCase):
    def same(self, got, wanted):
        self.assertEqual(sums(got), sums(wanted))


# A type, and literals of it.
POSTGRES = {
    "int2": ["-32768", "32767", "0"],
    "int4": ["-2147483648", "2147483647"],
    "int8": ["-9223372036854775808", "9223372036854775807"],
    "oid": ["0", "4294967295"],
    "numeric": ["NaN", "Infinity", "-Infinity", "9" * 65, "-0.00",
                "0." + "0" * 64 + "1", "1.10", "1e131000"],
    "numeric(38,10)": ["9999999999999999999999999999.9999999999", "-1"],
    "float4": ["NaN", "Infinity", "-Infinity", "-0", "1e-45", "3.4028235e38",
               "16777217", "123456.789", "0.1"],
    "float8": ["NaN", "Infinity", "-Infinity", "-0", "5e-324",
               "2.2250738585072011e-308", "1.7976931348623157e308",
               "0.30000000000000004", "1e22", "123456789012345678"],
    "money": ["-92233720368547758.08", "92233720368547758.07", "0.005"],
    "text": None, "varchar": None, "varchar(9001)": None,
    "char(3)": ["", "a", "\u4e2d", '"'], '"char"': ["a", ",", '"', ""],
    "name": ["x" * 63, ""],
    "date": ["infinity", "-infinity", "4713-01-01 BC", "0044-03-15 BC",
             "0001-01-01", "9999-12-31", "12024-01-01", "5874897-12-31"],
    "time": ["00:00", "24:00:00", "23:59:59.999999"],
    "time(0)": ["12:34:56"],
    "timetz": ["23:59:59.999999+15:59:59", "00:00-15:59", "24:00+05:30"],
    "timestamp": ["infinity", "-infinity", "4713-01-01 00:00:00 BC",
                  "294276-12-31 23:59:59.999999", "2000-01-01",
                  "2024-02-29 12:34:56.1"],
    "timestamptz": ["infinity", "-infinity", "4713-01-02 00:00:00+00 BC",
                    "294276-12-31 00:00:00.5+00", "1880-01-01 00:00+00",
                    "2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00"],
    "interval": ["178000000 years", "-1 mons +1 day -00:00:00.000001",
                 "0", "1 year 2 mons 3 days 04:05:06.789"],
    "uuid": ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"],
    "json": ['{"a" :  [1, null], "a": "\\u00e9\\n"}', "null"],
    "jsonb": ['{"b": 1.10, "a": "\U0001f600,\\""}', '""'],
    "xml": ["<a b=\"c\">&lt;,\n</a>", ""],
    "bit(8)": ["10101010"], "bit(1)": ["1", "0"],
    "bit varying": ["", "1" * 300],
    "inet": ["192.168.0.1/24", "::1", "fe80::1/64"], "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"], "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "int4[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[2:3]={1,2}"],
    "text[]": ['{"a,b",NULL,"NULL","\\"","\\\\",""}'],
    "float8[]": ["{NaN,-0,0.30000000000000004}"],
    "date[]": ['{infinity,"0044-03-15 BC"}'],
    "pair": ['(1,"a,""b")', "(,)", '(,"")'], "mood": ["a b", "'", '"', ","],
    "posint": ["1"], "int4range": ["empty", "[1,5)", "(,)"],
    "tstzrange": ['["2024-01-01 00:00+00",infinity)'],
    "int4multirange": ["{[1,2),[5,9)}"],
    "tsvector": ["'a':1A 'b''c':2"], "tsquery": ["'a' & !'b'"],
    "point": ["(1e-300,-0)"], "polygon": ["((0,0),(1,1),(1,0))"],
    "circle": ["<(0.1,0.2),3>"], "box": ["(2,2),(1,1)"],
    "pg_lsn": ["FFFFFFFF/FFFFFFFF"], "regclass": ["pg_class"],
    "int2vector": ["1 2"],
}


class PostgresTypes(Types):
    kind = Postgres

    def setUp(self):
        super().setUp()
        self.server.psql(
            "DROP TABLE IF EXISTS t; DROP TYPE IF EXISTS pair, mood CASCADE; "
            "DROP DOMAIN IF EXISTS posint; CREATE TYPE pair AS (a int, b text)"
            "; CREATE TYPE mood AS ENUM ('a b', '''', '\"', ','); "
            "CREATE DOMAIN posint AS int CHECK (value > 0)")

    def copy(self, sql, zone="UTC"):
        """As COPY has it, by psql."""
        return self.server.psql(
            "SET TIME ZONE '%s'; COPY (%s) TO STDOUT WITH (FORMAT csv, "
            "HEADER)" % (zone, sql)).encode()

    def fill(self, kinds):
        """Table t with all values of these types, NULL before and after."""
        names = ["c%d" % i for i in range(len(kinds))]
        lists = [NASTY if kinds[k] is None else kinds[k] for k in kinds]
        rows = [[None] * len(kinds)]
        for n in range(max(len(v) for v in lists)):
            rows.append([v[n] if n < len(v) else None for v in lists])
        rows.append([None] * len(kinds))

        def literal(v):
            return "NULL" if v is None else "'%s'" % v.replace("'", "''")
        self.server.psql(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (n int, %s)" % ", ".join(
                "%s %s" % pair for pair in zip(names, kinds)) +
            "; INSERT INTO t VALUES " + ", ".join(
                "(%d, %s)" % (n, ", ".join(literal(v) for v in row))
                for n, row in enumerate(rows)))

    def check(self, sql, copy=None, zone="UTC", extra=""):
        """Byte for byte, but for quotes of a long value (see drivers.md)."""
        got = self.export(sql, file='newline = "lf";', extra=extra +
                          'timezone = "%s";' % zone)
        wanted = self.copy(copy or sql, zone)
        if len(wanted) < 4000:
            self.assertEqual(got.decode(), wanted.decode())
        self.same(parse(got), parse(wanted))

    def test_all(self):
        """all types beside each other"""
        self.fill(POSTGRES)
        self.check("SELECT * FROM t ORDER BY n")

    def test_ansi(self):
        """all types by the ANSI driver"""
        self.dsn(Driver="PostgreSQL ANSI")
        self.fill(POSTGRES)
        self.check("SELECT * FROM t ORDER BY n")

    def test_each(self):
        """types as the only, the first and the last column"""
        for kind in ("text", "float8", "date", "timestamptz", "numeric",
                     "text[]", "pair"):
            self.fill({kind: POSTGRES[kind]})
            for columns in ("c0", "c0, n", "n, c0"):
                with self.subTest(kind=kind, columns=columns):
                    self.check("SELECT %s FROM t ORDER BY n" % columns)

    def test_zones(self):
        """times with a zone, in several of them"""
        self.fill({k: POSTGRES[k] for k in
                   ("timestamptz", "timetz", "tstzrange", "date")})
        for zone in ("Asia/Kolkata", "America/St_Johns", "Europe/Berlin",
                     "+03:30", "UTC"):
            with self.subTest(zone=zone):
                self.check("SELECT * FROM t ORDER BY n", zone=zone)

    def test_ours(self):
        """booleans are 1 and 0, bytes bare hexadecimal"""
        self.check(
            "SELECT n = 1 AS t, nullif(n, 1) = 2 AS u, "
            "decode(repeat('00ff', n * 5000), 'hex') AS b FROM "
            "generate_series(0, 3) n",
            "SELECT (n = 1)::int AS t, (nullif(n, 1) = 2)::int AS u, "
            "repeat('00ff', n * 5000) AS b FROM generate_series(0, 3) n")

    def test_long(self):
        """12 MB beside NULL, first and last"""
        self.check("SELECT CASE n WHEN 1 THEN repeat('\u20ac\"', 3000000) END "
                   "AS a, n, CASE n WHEN 2 THEN repeat('x', 12000000) END AS b"
                   " FROM generate_series(0, 3) n")

    def test_many_columns(self):
        """250 columns of alternating types, and all NULL"""
        for value in ("%d", "'%d'::text", "NULL::date"):
            self.check("SELECT " + ", ".join(
                value % i + " AS c%d" % i if "%" in value else
                "%s AS c%d" % (value, i) for i in range(250)))

    def test_names(self):
        """names twice, with dots, quotes, and of every plane"""
        self.check('SELECT 1 AS x, 2 AS x, 3 AS "a.b", 4 AS "q""q", 5, '
                   '6 AS "l\nf", 7 AS " ", 8 AS "\U0001f600", 9 AS "X"')

    def test_order(self):
        """the order is the statement's own"""
        base = "SELECT n %% 7 AS m, n FROM generate_series(1, 3000) n %s"
        for sql in (base % "ORDER BY 1, 2", base % "ORDER BY 1 DESC, 2",
                    base % "ORDER BY 1, 2 DESC LIMIT 70 OFFSET 11",
                    "WITH q AS (%s) SELECT * FROM q ORDER BY n DESC" %
                    base % "", "SELECT 1 AS a UNION ALL SELECT 3 UNION ALL "
                    "SELECT 2 ORDER BY 1 DESC", "VALUES (2), (1), (3)",
                    "SELECT * FROM (%s) s ORDER BY md5(n::text)" % base % "",
                    base % "ORDER BY n -- a comment, at the end"):
            with self.subTest(sql=sql):
                self.check(sql, sql.replace(" -- a comment, at the end", ""))

    def test_volatile(self):
        """a sequence goes on by one a row, random() is one number a row"""
        self.server.psql("DROP SEQUENCE IF EXISTS s; CREATE SEQUENCE s")
        self.assertEqual(self.values(
            "SELECT nextval('s') FROM generate_series(1, 500)"),
            [[str(n)] for n in range(1, 501)])
        self.assertEqual(self.server.psql("SELECT last_value FROM s").strip(),
                         "500")
        rows = self.values("SELECT r, r AS again FROM (SELECT random() AS r "
                           "FROM generate_series(1, 99)) q")
        self.assertEqual([a for a, b in rows], [b for a, b in rows])
        self.assertEqual(len({a for a, b in rows}), 99)

    def test_unwrapped(self):
        """statements that stand in no other one"""
        for sql, wanted in (
                ("SHOW server_version_num", None),
                ("EXPLAIN (COSTS OFF) SELECT 1", [["Result"]]),
                ("CREATE TEMP TABLE r (n int, f float8); INSERT INTO r VALUES "
                 "(1, 0.1::float8 + 0.2::float8) RETURNING *",
                 [["1", "0.30000000000000004"]])):
            rows = self.values(sql)
            if wanted is None:
                wanted = [[self.server.psql(sql).strip()]]
            self.assertEqual(rows, wanted)

    def test_wrap_off(self):
        """wrap = false: the same, or an error that names the column"""
        for kind in POSTGRES:
            self.fill({kind: POSTGRES[kind]})
            with self.subTest(kind=kind):
                self.job("SELECT n, c0 FROM t ORDER BY n",
                         extra="wrap = false;", file='newline = "lf";')
                result = self.home.run("run", "v", "--force", expect=None)
                if result.status != 0:
                    self.assertEqual(result.status, 65, str(result))
                    self.assertIn("'c0'", result.stderr)
                    continue
                wanted = self.copy("SELECT n, c0 FROM t ORDER BY n")
                if kind == "timestamptz":   # no offset: drivers.md
                    continue
                self.same(parse(self.delivered()), parse(wanted))

    def test_first_error(self):
        """in a transaction the first error is told, not that it is aborted"""
        for batch, status, text in (
                ("BEGIN; SELECT * FROM nowhere; COMMIT", 69, "nowhere"),
                ("BEGIN; SELECT 1/0 AS x", 69, "division by zero"),
                ("BEGIN; SELECT 'x'::int AS i; SELECT 1", 69,
                 "invalid input syntax")):
            self.job(batch)
            result = self.home.run("run", "v", "--force", expect=status)
            self.assert_message(result, text)
            self.assertNotIn("25P02", result.stderr)
            self.assertNotIn("aborted", result.stderr)
        self.assertEqual(self.values("BEGIN; SELECT 0.1::float8 AS f, "
                                     "'infinity'::date AS d; COMMIT"),
                         [["0.1", "infinity"]])


MARIADB = {
    "tinyint": ["-128", "127"], "tinyint unsigned": ["255"],
    "smallint unsigned": ["65535"], "mediumint": ["-8388608"],
    "int": ["-2147483648"], "int unsigned": ["4294967295"],
    "int(8) zerofill": ["42"], "bigint": ["-9223372036854775808"],
    "bigint unsigned": ["18446744073709551615", "0"],
    "decimal(65,30)": ["9" * 35 + "." + "9" * 30, "-0." + "0" * 29 + "1"],
    "decimal(65,0)": ["-" + "9" * 65],
    "char(4)": ["'ab'", "''", "' a'"],
    "varchar(9100)": None, "text": None, "longtext": None,
    "enum('a,b','\"','')": ["'a,b'", "'\"'", "''"],
    "set('x','y')": ["'x,y'", "''"], "json": ["'{\"a\" :  1.10}'", "'null'"],
    "date": ["'0000-00-00'", "'9999-12-31'", "'2024-00-00'", "'0001-01-01'"],
    "time": ["'-838:59:59'", "'838:59:59'", "'25:00'", "'00:00'"],
    "time(6)": ["'-838:59:59.999999'", "'-00:00:00.000001'", "'1:02:03.5'"],
    "datetime": ["'0000-00-00'", "'9999-12-31 23:59:59'"],
    "datetime(6)": ["'1000-01-01'", "'2024-02-29 12:34:56.789012'",
                    "'0000-00-00 00:00:00.000001'"],
    "timestamp(3) null": ["'2024-02-29 12:34:56.7'", "'1970-01-02'"],
    "year": ["1901", "2155", "0"], "inet6": ["'::1'", "'fe80::1'"],
    "uuid": ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
    "varchar(20) character set latin1": ["'\u00e4\u20ac'"],
    "varchar(20) character set utf16": ["'\U0001f600'"],
}
BYTES = {"binary(4)": ["x'00ff'"], "varbinary(9)": ["x''", "x'000d0a2200'"],
         "blob": ["x'00'", "repeat(x'ff00', 20000)"], "bit(9)": ["b'1'"],
         "bit(64)": ["x'ffffffffffffffff'"]}


class MariaTypes(Types):
    kind = MariaDB

    def fill(self, kinds):
        def texts(values):
            return ["x'%s'" % v.encode().hex() for v in values]
        lists = [texts(NASTY) if kinds[k] is None else kinds[k]
                 for k in kinds]
        rows = [["NULL"] * len(kinds)]
        for n in range(max(len(v) for v in lists)):
            rows.append([v[n] if n < len(v) else "NULL" for v in lists])
        rows.append(["NULL"] * len(kinds))
        self.server.sql(
            "SET sql_mode = ''; SET time_zone = '+00:00'; DROP TABLE IF EXISTS"
            " t; CREATE TABLE t (n int, %s) CHARACTER SET utf8mb4; " %
            ", ".join("c%d %s" % pair for pair in enumerate(kinds)) +
            "INSERT INTO t VALUES " + ", ".join(
                "(%d, %s)" % (n, ", ".join(row))
                for n, row in enumerate(rows)))

    def wanted(self, kinds, form):
        """By the client of the server: NULL, or hexadecimal digits."""
        out = self.server.sql("SET time_zone = '+00:00'; SELECT %s FROM t "
                              "ORDER BY n" % ", ".join(
                                  form % i for i in range(len(kinds))))
        return [["" if v == "NULL" else v for v in line.split("\t")]
                for line in out.splitlines()]

    def test_all(self):
        """all types that print as text"""
        self.fill(MARIADB)
        wanted = self.wanted(
            MARIADB, "hex(convert(cast(c%d as char) using utf8mb4))")
        wanted = [[bytes.fromhex(v).decode() for v in row] for row in wanted]
        rows = self.values("SELECT * FROM t ORDER BY n",
                           extra='timezone = "+00:00";')
        self.same([row[1:] for row in rows], wanted)

    def test_bytes(self):
        """bytes and bits are hexadecimal"""
        self.fill(BYTES)
        wanted = self.wanted(BYTES, "hex(cast(c%d as binary))")
        self.same([row[1:] for row in self.values(
            "SELECT * FROM t ORDER BY n")],
            [[v.lower() for v in row] for row in wanted])

    def test_floats(self):
        """floats and doubles by their bits"""
        # The server keeps no -0.
        doubles = [0.0, -1e-300, 5e-324, 2.2250738585072011e-308, 0.1 + 0.2,
                   1.7976931348623157e308, 123456789012345678.0, 1e22]
        floats = [0.0, 1.0, 16777217.0, 123456.789, 1e-38, 3.4028234e38,
                  0.1, -2.5]
        self.server.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (n int, d "
                        "double, f float); INSERT INTO t VALUES " + ", ".join(
                            "(%d, %r, %r)" % (n, d, f) for n, (d, f) in
                            enumerate(zip(doubles, floats))))
        rows = self.values("SELECT d, f FROM t ORDER BY n")
        self.assertEqual([struct.pack("<d", float(d)) for d, f in rows],
                         [struct.pack("<d", d) for d in doubles])
        self.assertEqual([struct.pack("<f", float(f)) for d, f in rows],
                         [struct.pack("<f", f) for f in floats])

    def test_long(self):
        """12 MB beside NULL, first and last"""
        rows = self.values(
            "SELECT if(seq = 1, repeat('\u20ac\"', 3000000), NULL) AS a, seq, "
            "if(seq = 2, repeat(x'00ff', 6000000), NULL) AS b "
            "FROM seq_0_to_3 ORDER BY seq")
        self.same(rows, [["", "0", ""], ['\u20ac"' * 3000000, "1", ""],
                         ["", "2", "00ff" * 6000000], ["", "3", ""]])

    def test_names(self):
        """250 columns; names twice, empty, with dots"""
        data = self.export("SELECT 1 AS x, 2 AS x, 3 AS `a.b`, 4 AS ``, "
                           "5 AS `q\"q`, 6 AS `\u4e2d` -- the end")
        self.assertEqual(parse(data)[0],
                         ["x", "x", "a.b", "", 'q"q', "\u4e2d"])
        self.assertEqual(parse(data)[1], list("123456"))
        rows = self.values("SELECT " + ", ".join(
            ("%d", "'%d'")[i % 2] % i + " AS c%d" % i for i in range(250)))
        self.assertEqual(rows, [[str(i) for i in range(250)]])

    def test_nul(self):
        """a text with a NUL ends the run, and is named"""
        self.job("SELECT 'a' AS a, concat('x', char(0 using utf8mb4), 'y') "
                 "AS v")
        result = self.home.run("run", "v", "--force", expect=65)
        self.assert_message(result, "row 1", "column 'v'", "NUL")

    def test_others(self):
        """SHOW, RETURNING, an order"""
        self.server.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (n int)")
        self.assertEqual(self.values("SHOW COLUMNS FROM t"),
                         [["n", "int(11)", "YES", "", "", ""]])
        self.assertEqual(self.values(
            "INSERT INTO t VALUES (2), (1), (3) RETURNING n"),
            [["2"], ["1"], ["3"]])
        self.assertEqual(self.values(
            "SELECT n FROM t ORDER BY n DESC LIMIT 2 OFFSET 1 # the end"),
            [["2"], ["1"]])


def sqlite_text(value):
    """What the file holds for a value of SQLite (drivers.md)."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


SQLITE = [0, -2 ** 63, 2 ** 63 - 1, "", "text", "12", "1e5", b"", b"\0\xff",
          b"text", None, 0.1 + 0.2, 1.0, -1.5, 5e-324, 1.7976931348623157e308,
          math.pi, 123456789012345678.0, 2.2250738585072011e-308, 1e15, 1e22,
          "X'00'", "Inf", "r1.0"] + NASTY


class SQLiteTypes(Types):
    kind = Postgres     # not asked
    number = 0          # of databases

    def fill(self, script, table="t", values=SQLITE):
        path = self.home.sqlite("t%d" % self.number, script, dsn="db")
        self.number += 1
        with sqlite3.connect(path) as db:
            db.executemany("INSERT INTO %s VALUES (?, ?)" % table,
                           list(enumerate(values)))
        db.close()
        self.path = path

    def check(self, sql):
        """As Python's sqlite3 has it, numbers by their bits."""
        with sqlite3.connect(self.path) as db:
            wanted = db.execute(sql).fetchall()
        db.close()
        # A NULL alone is an empty line, of which Python makes no field.
        rows = [row or [""] for row in self.values(sql)]
        self.assertEqual(len(rows), len(wanted))
        for got, want in zip(rows, wanted):
            for g, w in zip(got, want, strict=True):
                if isinstance(w, float):
                    self.assertEqual(struct.pack("<d", float(g)),
                                     struct.pack("<d", w), (g, w))
                else:
                    self.assertEqual(sums([[g]]), sums([[sqlite_text(w)]]))

    def test_affinities(self):
        """every value in a column of every declared type"""
        # valgrind has no 80-bit floats, which SQLite prints its digits with.
        self.home.plain = True
        self.fill("CREATE TABLE t (n INTEGER, v ANY) STRICT")
        self.check("SELECT v, n FROM t ORDER BY n")
        for kind in ("", "INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "DATE",
                     "FLOATING POINT", "VARCHAR(20)", "BOOLEAN", "DECIMAL",
                     "TIMESTAMP", "POINT", "DOUBLE", "CHARINT", "CLOB"):
            self.fill("CREATE TABLE t (n INTEGER, v %s)" % kind)
            for columns in ("v", "n, v", "v, n"):
                with self.subTest(kind=kind, columns=columns):
                    self.check("SELECT %s FROM t ORDER BY n" % columns)

    def test_views(self):
        """a view's declared type is that of its first part only"""
        self.home.plain = True      # likewise
        self.fill("CREATE TABLE t (n INTEGER, v TEXT); CREATE TABLE u (n "
                  "INTEGER, v REAL); CREATE TABLE w (n INTEGER, v); "
                  "CREATE VIEW a AS SELECT n, v FROM t; CREATE VIEW b AS "
                  "SELECT v FROM t UNION ALL SELECT v FROM u UNION ALL SELECT "
                  "v FROM w; CREATE VIEW c AS SELECT n AS v FROM t UNION ALL "
                  "SELECT v FROM u UNION ALL SELECT v FROM w;", "t")
        with sqlite3.connect(self.path) as db:
            for table in ("u", "w"):
                db.executemany("INSERT INTO %s VALUES (?, ?)" % table,
                               list(enumerate(SQLITE)))
        db.close()
        for sql in ("SELECT * FROM a", "SELECT v FROM b", "SELECT v FROM c",
                    "SELECT * FROM (SELECT v FROM t UNION ALL SELECT v FROM u)"
                    ):
            with self.subTest(sql=sql):
                self.check(sql)

    def test_infinite(self):
        """Infinity, as drivers.md says; a NaN is NULL in SQLite"""
        self.fill("CREATE TABLE t (n INTEGER, v REAL)", values=[
            math.inf, -math.inf, math.nan])
        self.assertEqual(self.values("SELECT v, n FROM t ORDER BY n"),
                         [["Infinity", "0"], ["-Infinity", "1"], ["", "2"]])

    def test_nul(self):
        """a text with a NUL, or bytes that are not UTF-8, end the run"""
        for value in ("'a' || char(0) || 'b'", "cast(x'63e9' as text)"):
            self.fill("CREATE TABLE t (n INTEGER, v TEXT); INSERT INTO t "
                      "VALUES (99, %s)" % value, values=[])
            self.job("SELECT n, v, nullif('x', 'x') AS w FROM t")
            result = self.home.run("run", "v", "--force", expect=65)
            self.assert_message(result, "row 1", "column 'v'")
        # Among several texts, the sum does not tell which.
        self.fill("CREATE TABLE u (n TEXT, v TEXT, w TEXT); INSERT INTO u "
                  "VALUES ('x', NULL, 'a' || char(0)); CREATE TABLE t (n, v)",
                  values=[])
        self.job("SELECT * FROM u")
        result = self.home.run("run", "v", "--force", expect=65)
        self.assert_message(result, "row 1", "column 'n' or 'w'", "NUL")

    def test_order(self):
        """the order is the statement's own"""
        self.home.plain = True      # likewise
        self.fill("CREATE TABLE t (n INTEGER, v)", values=[
            n * 37 % 101 / 7 for n in range(500)])
        for sql in ("SELECT n, v FROM t ORDER BY v, n",
                    "SELECT v, n FROM t ORDER BY v DESC, n LIMIT 70 OFFSET 9",
                    "WITH q AS (SELECT * FROM t) SELECT * FROM q ORDER BY n "
                    "DESC", "SELECT v FROM t UNION SELECT n FROM t ORDER BY 1 "
                    "DESC", "SELECT * FROM (VALUES (2.5), (1), ('x'))",
                    "SELECT n, v FROM t ORDER BY -v, -n -- the end"):
            with self.subTest(sql=sql):
                self.check(sql)

    def test_volatile(self):
        """random() is one number a row, whatever is made of it"""
        self.fill("CREATE TABLE t (n INTEGER, v)", values=list(range(99)))
        rows = self.values("SELECT r, r AS again FROM (SELECT random() / 7.0 "
                           "AS r FROM t LIMIT -1)")
        self.assertEqual([a for a, b in rows], [b for a, b in rows])
        self.assertEqual(len({a for a, b in rows}), 99)
        for text, in self.values("SELECT CASE WHEN random() % 2 THEN 1.5 ELSE "
                                 "'x' END AS v FROM t"):
            self.assertIn(text, ("1.5", "x"))

    def test_unwrapped(self):
        """statements that stand in no other one, and no exact number there"""
        self.fill("CREATE TABLE t (n INTEGER, v REAL); CREATE TABLE u (n, v "
                  "REAL, w VARCHAR(9), x TEXT); INSERT INTO u VALUES (0.1 + "
                  "0.2, 0.1 + 0.2, '1.5', '2.5')", values=[1.5])
        self.assertEqual(self.values("SELECT w, x FROM u",
                                     extra="wrap = false;"), [["1.5", "2.5"]])
        self.assertEqual(self.values(
            "SELECT printf('%#!.17g', v), printf('%#!.17g', 0.5), 0.0, 'a.b', "
            "'1.2.3.4e' FROM u", extra="wrap = false;"),
            [["0.30000000000000004", "0.50000000000000000", "0.0", "a.b",
              "1.2.3.4e"]])
        self.assertEqual(self.values("PRAGMA table_info(t)"),
                         [["0", "n", "INTEGER", "0", "", "0"],
                          ["1", "v", "REAL", "0", "", "0"]])
        for sql, extra in (("SELECT 0.1 + 0.2 AS v FROM t", "wrap = false;"),
                           ("SELECT v FROM u", "wrap = false;"),
                           ("SELECT n AS v FROM u", "wrap = false;"),
                           ("INSERT INTO t VALUES (8, 0.1) RETURNING v", "")):
            self.job(sql, extra=extra)
            result = self.home.run("run", "v", "--force", expect=65)
            self.assert_message(result, "'v'")

    def test_returning(self):
        """what changes data and has rows: run once, with its rows"""
        self.fill("CREATE TABLE t (n INTEGER PRIMARY KEY, v REAL)",
                  values=[1.5])
        for sql, wanted, left in (
                ("INSERT INTO t VALUES (8, 2.5), (9, 3.5) RETURNING n",
                 ["8", "9"], [0, 8, 9]),
                ("-- more\nINSERT INTO t (n) SELECT 7 RETURNING n, 1", ["7"],
                 [0, 7, 8, 9]),
                ("REPLACE INTO t VALUES (9, 4.5) RETURNING n", ["9"],
                 [0, 7, 8, 9]),
                ("UPDATE t SET n = n + 10 WHERE n > 7 RETURNING n",
                 ["18", "19"], [0, 7, 18, 19]),
                ("WITH x AS (SELECT 5 AS n) INSERT INTO t SELECT n, n FROM x "
                 "RETURNING n", ["5"], [0, 5, 7, 18, 19]),
                ("DELETE FROM t WHERE n > 6 RETURNING n", ["7", "18", "19"],
                 [0, 5])):
            with self.subTest(sql=sql):
                self.assertEqual([r[0] for r in self.values(sql)], wanted)
                with sqlite3.connect(self.path) as db:
                    self.assertEqual([n for n, in db.execute(
                        "SELECT n FROM t ORDER BY n")], left)
                db.close()

    def test_values(self):
        """VALUES alone, exactly; wrapped or not"""
        self.fill("CREATE TABLE t (n INTEGER, v)")
        sql = "VALUES (0.1 + 0.2, 'a'), (2, x'00ff') -- the end"
        self.assertEqual(parse(self.export(sql)), [
            ["column1", "column2"], ["0.30000000000000004", "a"],
            ["2", "00ff"]])
        self.assertEqual(self.values("VALUES (1), (2)", extra="wrap = false;"),
                         [["1"], ["2"]])
        self.job("VALUES (nowhere)")
        result = self.home.run("run", "v", "--force", expect=69)
        self.assert_message(result, "no such column")

    def test_no_rows(self):
        """what begins like a query and has no rows is run all the same"""
        self.fill("CREATE TABLE t (n INTEGER, v)", values=[])
        for sql, wanted in (
                ("WITH x AS (SELECT 5 AS n) INSERT INTO t SELECT n, n FROM x;"
                 " SELECT n FROM t", "5"),
                ("WITH x AS (SELECT 5 AS n) UPDATE t SET n = 6 WHERE n IN x;"
                 " SELECT n FROM t", "6"),
                ("PRAGMA user_version = 7; PRAGMA user_version", "7"),
                ("PRAGMA case_sensitive_like = on; SELECT 'A' LIKE 'a'", "0"),
                ("WITH x AS (SELECT 6 AS n) DELETE FROM t WHERE n IN x; "
                 "SELECT count(*) FROM t", "0")):
            with self.subTest(sql=sql):
                self.assertEqual(self.values(sql), [[wanted]])

    def test_names(self):
        """250 columns; names twice, with dots, made of an expression"""
        self.home.plain = True      # likewise
        self.fill("CREATE TABLE t (n INTEGER, v)", values=[0.1])
        data = self.export('SELECT 1 AS x, 2 AS x, 3 AS "a.b", n + v, v AS '
                           '"q""q" FROM t')
        self.assertEqual(parse(data), [["x", "x", "a.b", "n + v", 'q"q'],
                                       ["1", "2", "3", "0.1", "0.1"]])
        self.check("SELECT " + ", ".join("%d / 7.0" % i for i in range(250)))

    def test_transaction(self):
        """inside BEGIN and COMMIT"""
        self.fill("CREATE TABLE t (n INTEGER, v)", values=[0.1])
        self.assertEqual(self.values("BEGIN; UPDATE t SET v = 0.1 + 0.2; "
                                     "SELECT v FROM t; COMMIT"),
                         [["0.30000000000000004"]])


del Types, DatabaseCase     # they have no cases of their own

if __name__ == "__main__":
    main()
