#!/usr/bin/python3
"""FreeTDS, against a program that plays a SQL Server (tests/servers/tds.py).

There is no SQL Server to test with: that the real one answers as the program
does is said by [MS-TDS] alone.
"""

import sys
sys.dont_write_bytecode = True
import datetime
import os
import struct

from databases import DatabaseCase, digest, parse
from harness import main, wait_until
from servers import tds
from servers.tds import CLOSE, RESET, columns, done, row, said, table

INTEGERS = [("n", tds.integer(4))]

# A type, and values with what the file has for them.
TYPES = {
    "tinyint": (tds.integer(1), [(0, "0"), (255, "255")]),
    "smallint": (tds.integer(2), [(-32768, "-32768")]),
    "int": (tds.integer(4), [(-2 ** 31, "-2147483648")]),
    "bigint": (tds.integer(8), [(-2 ** 63, "-9223372036854775808"),
                                (2 ** 63 - 1, "9223372036854775807")]),
    "bit": (tds.bit(), [(0, "0"), (1, "1")]),
    "float": (tds.real(8), [(0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"),
                            (5e-324, "5e-324"), (-1.5, "-1.5"),
                            (1.7976931348623157e308,
                             "1.7976931348623157e+308")]),
    "real": (tds.real(4), [(struct.unpack("<f", struct.pack("<f", 0.1))[0],
                            "0.1"), (16777216.0, "16777216")]),
    "decimal(38,10)": (tds.number(38, 10), [
        ("1234567890123456789012345678.0123456789",) * 2,
        ("-0.0000000001",) * 2, ("0", "0.0000000000")]),
    "decimal(9,0)": (tds.number(9, 0), [("-999999999",) * 2]),
    "money": (tds.money(), [("922337203685477.5807",) * 2,
                            ("-922337203685477.5808",) * 2,
                            ("-0.0001",) * 2]),
    "uniqueidentifier": (tds.guid(), [
        ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
         "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")]),
    "varchar(20)": (tds.varchar(20), [("a\u20ac\u00e9",) * 2, ("", ""),
                                      ('a,"b"\r\n',) * 2]),
    "nvarchar(20)": (tds.nvarchar(20), [("\u4e2d\U0001f600\u00e9",) * 2,
                                        ("\U0001f600" * 10,) * 2]),
    "nvarchar(4000)": (tds.nvarchar(4000), [("\u4e2d" * 4000,) * 2]),
    "varbinary(10)": (tds.varbinary(10), [(b"\0\xff\r", "00ff0d"), (b"", "")]),
    "varchar(max)": (tds.varchar_max(), [("x" * 1300000,) * 2, ("", "")]),
    "nvarchar(max)": (tds.nvarchar_max(), [("\u4e2d\U0001f600" * 300000,) * 2]
                      ),
    "varbinary(max)": (tds.varbinary_max(), [
        (b"\0\xff" * 700000, "00ff" * 700000)]),
    "date": (tds.date(), [(datetime.date(2024, 2, 29), "2024-02-29"),
                          (datetime.date(1, 1, 1), "0001-01-01"),
                          (datetime.date(999, 9, 9), "0999-09-09"),
                          (datetime.date(9999, 12, 31), "9999-12-31")]),
    "time(7)": (tds.time(7), [("23:59:59.1234567",) * 2]),
    "datetime2(7)": (tds.datetime2(7), [
        ("2024-02-29 12:34:56.1234567",) * 2,
        ("0001-01-01 00:00:00.0000000",) * 2]),
    "datetime2(0)": (tds.datetime2(0), [("1999-12-31 23:59:59",) * 2]),
    "datetime": (tds.datetime8(), [
        ("1753-01-01 00:00:00.003",) * 2, ("9999-12-31 23:59:59.997",) * 2]),
}


class TdsCase(DatabaseCase):
    def play(self, *answers):
        """A server with these answers, and the DSN "db" that leads to it."""
        server = tds.Tds(answers)
        server.__enter__()
        self.addCleanup(server.__exit__)
        self.connect_as("db", server)
        self.server = server
        return server

    def job(self, sql=None, extra="", **more):
        super().job(sql, extra='user = "sa"; ' + extra, **more)


class Values(TdsCase):
    """What the server sends is what the file says."""

    def try_type(self, name, around):
        """All values of a type and NULL, between columns of another one."""
        kind, pairs = TYPES[name]
        before = [("a%d" % i, k) for i, k in enumerate(around)]
        types = before + [("v", kind), ("z", tds.integer(4))]
        rows = [(None,) * len(before) + (v, 7) for v, _ in pairs]
        rows.append((None,) * len(before) + (None, None))
        self.play(("v FROM", table(types, *rows)))
        got = [r[len(before):] for r in self.values(
            "SELECT v FROM t", file='null = "NULL";')]
        wanted = [[text, "7"] for _, text in pairs] + [["NULL", "NULL"]]
        self.assertEqual([[digest(v.encode()) if len(v) > 99 else v
                           for v in r] for r in got],
                         [[digest(v.encode()) if len(v) > 99 else v
                           for v in r] for r in wanted])

    def test_types(self):
        """each type, as the first column"""
        for name in TYPES:
            with self.subTest(type=name):
                self.try_type(name, [])

    def test_behind_long(self):
        """each type right of a long column, where nothing is bound"""
        for name in TYPES:
            with self.subTest(type=name):
                self.try_type(name, [tds.nvarchar_max()])

    def test_charset(self):
        """UTF-8, whatever the user's freetds.conf says"""
        self.home.env["FREETDS"] = self.home.write(
            os.path.join(self.home.path, "freetds.conf"),
            "[global]\n\tclient charset = ISO-8859-15\n")
        self.try_type("varchar(20)", [])
        self.try_type("nvarchar(20)", [])

    def test_many(self):
        """100000 rows, each where it belongs"""
        types = INTEGERS + [("t", tds.nvarchar(30))]
        self.play(("FROM", table(types, *((n, "row %d" % n) for n in
                                          range(100000)))))
        lines = self.export("SELECT n, t FROM t").split(b"\r\n")
        self.assertEqual(lines[1:-1], [b"%d,row %d" % (n, n) for n in
                                       range(100000)])

    def test_parameters(self):
        """typed parameters arrive as what they are"""
        server = self.play(("FROM", table(INTEGERS, (1,))))
        self.export(
            "SELECT n FROM t WHERE a = :i AND b = :t AND c = :d AND e = :z",
            extra='params = { i = { value = "9007199254740993"; type = '
            '"integer"; }; t = "it\'s \u4e2d"; d = { value = "1.50"; type = '
            '"decimal"; }; z = { value = "2026-01-31"; type = "date"; }; };')
        (sql, kinds, values), = server.calls
        self.assertEqual(sql, "SELECT n FROM t WHERE a = @P1 AND b = @P2 AND "
                         "c = @P3 AND e = @P4")
        self.assertRegex(kinds, r"(?i)^@P1 bigint,\s*@P2 n?varchar\(.*\),\s*"
                         r"@P3 (numeric|decimal)\(.*\),\s*@P4 date")
        self.assertIn(struct.pack("<q", 9007199254740993), values)
        self.assertIn("it's \u4e2d".encode("utf-16-le"), values)


class Batch(TdsCase):
    """Several statements, and all that a server says besides."""

    def test_go(self):
        """a batch ends at GO, not at a semicolon"""
        server = self.play(("FROM #t", table(INTEGERS, (1,), (2,))))
        self.assertEqual(self.values(
            "SELECT 1 AS n INTO #t; INSERT INTO #t VALUES (2)\nGO\n"
            "DECLARE @x int = 1;\nSELECT n FROM #t\nGO\n"), [["1"], ["2"]])
        sent = [s.strip() for s in server.batches if "#t" in s]
        self.assertEqual(sent, [
            "SELECT 1 AS n INTO #t; INSERT INTO #t VALUES (2)",
            "DECLARE @x int = 1;\nSELECT n FROM #t"])

    def test_counts(self):
        """rows affected, then the result; and a count behind it"""
        self.play(("FROM #t", [done(3, more=True), done(1, more=True)] +
                   table(INTEGERS, (1,), (2,))[:-1] +
                   [done(2, more=True), done(5)]))
        self.assertEqual(self.values("SELECT 1 AS n INTO #t; SELECT n FROM "
                                     "#t"), [["1"], ["2"]])

    def test_print(self):
        """PRINT in front of, among and behind the rows is no value"""
        types = INTEGERS
        self.play(("FROM", [said("before"), columns(*types), row(types, 1),
                            said("among"), row(types, 2),
                            done(2, more=True), said("behind"), done()]))
        self.assertEqual(self.values("SELECT n FROM t"), [["1"], ["2"]])
        log = self.home.run("run", "v", "--force", "-v").stderr
        for word in ("before", "behind"):
            self.assertRegex(log, r"statement 1 \(sql:1\): .*%s" % word)

    def test_textsize(self):
        """the (max) types are not cut by the server: TEXTSIZE is asked for"""
        server = self.play(("FROM", table(INTEGERS, (1,))))
        self.export("SELECT n FROM t",
                    extra='on_connect = ( "SET TEXTSIZE 2147483647" );')
        self.assertIn("SET TEXTSIZE 2147483647", server.batches)


class Errors(TdsCase):
    """Nothing is shipped."""

    def test_in_rows(self):
        """an error behind rows, wherever it stands"""
        for rows in (0, 1, 9, 10, 63, 64, 99, 100, 553, 4096):
            with self.subTest(rows=rows):
                self.play(("FROM", [columns(*INTEGERS)] + [
                    row(INTEGERS, n) for n in range(rows)] + [
                        said("deadlock victim", 1205, 13),
                        done(error=True)]))
                self.job("SELECT n FROM t")
                result = self.home.run("run", "v", "--force", expect=75)
                self.assert_failed(result, 75, "1205", "deadlock victim")

    def test_other_error(self):
        """an error that will not pass: a conversion"""
        self.play(("FROM", [columns(*INTEGERS), row(INTEGERS, 1),
                            said("Conversion failed", 245, 16),
                            done(error=True)]))
        self.job("SELECT n FROM t")
        self.refuse(69, "statement 1", "Conversion failed", "245")

    def test_behind_rows(self):
        """an error in a later statement of the batch"""
        self.play(("FROM", table(INTEGERS, (1,))[:-1] + [
            done(1, more=True), said("no such thing", 208, 16),
            done(error=True)]))
        self.job("SELECT n FROM t; SELECT n FROM u")
        self.refuse(69, "no such thing", "208")

    def test_at_once(self):
        """an error without rows"""
        self.play(("FROM", [said("Invalid object name 't'.", 208, 16),
                            done(error=True)]))
        self.job("SELECT n FROM t")
        self.refuse(69, "Invalid object name", "42S02")

    def test_lost(self):
        """a connection that ends among the rows, or in a row"""
        for end in (CLOSE, RESET):
            for rows in (1, 100, 5000):
                with self.subTest(end=end, rows=rows):
                    self.play(("FROM", [columns(*INTEGERS)] + [
                        row(INTEGERS, n) for n in range(rows)] + [
                            row(INTEGERS, 1)[:3], end]))
                    self.job("SELECT n FROM t")
                    result = self.home.run("run", "v", "--force", expect=75)
                    self.assert_failed(result, 75, "statement 1",
                                       "connection was lost")

    def test_login(self):
        """a wrong password"""
        self.play()
        self.home.secret("db.secret", "wrong\n")
        self.job("SELECT 1")
        self.refuse(69, "Login failed")

    def test_down(self):
        """nobody listens"""
        self.connect_as("db", self.play(), Port="1")
        self.job("SELECT 1")
        self.refuse(75, "cannot connect")

    def test_query_timeout(self):
        """source.query_timeout"""
        self.play(("FROM", [columns(*INTEGERS), 600]))
        self.job("SELECT n FROM t", extra='query_timeout = "1s";')
        self.refuse(75, "statement 1")

    def test_signal(self):
        """SIGTERM while the server is silent"""
        server = self.play(("FROM", [columns(*INTEGERS), 600]))
        self.job("SELECT n FROM t")
        process = self.start("v")
        wait_until(lambda: [s for s in server.batches if "FROM t" in s],
                   what="the query")
        process.terminate()
        self.assert_failed(self.home.finish(process), 143, "statement 1")


del TdsCase, DatabaseCase     # they have no cases of their own

if __name__ == "__main__":
    main()
