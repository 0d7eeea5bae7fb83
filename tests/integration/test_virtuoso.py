#!/usr/bin/python3
"""Virtuoso through its own driver: values, parameters, errors.

The other side is isql-vt, or the values that were put in.
"""

import sys
sys.dont_write_bytecode = True
import os
import select
import socket
import struct
import threading

from databases import DatabaseCase, digest, parse, server_of, starter
from harness import main, wait_until
from servers.virtuoso import Virtuoso

setUpModule = starter(Virtuoso)

TEXTS = ["", " ", "  x ", '"', '""', ",", "\r", "\n", "\r\n", "a\rb", "'",
         "\\", "\\N", "NULL", "\t", "\x01\x1f\x7f", "=1+1", "\u00e4\u0301",
         "caf\u00e9", "\u20ac", "\U0001f600 \u4e2d", "\ufeff", "x" * 300,
         "\u4e2d" * 200]

# A type, and values of it that isql-vt prints as they are.
PRINTED = {
    "smallint": ["-32768", "32767"],
    "integer": ["-2147483647", "2147483647", "0"],
    "bigint": ["cast('-9223372036854775807' as bigint)",
               "9223372036854775807"],
    "decimal(20,5)": ["cast('123456789012345.12345' as decimal(20,5))",
                      "-0.00001"],
    "numeric(40,15)": ["cast('1234567890123456789012345.123456789012345' as "
                       "numeric(40,15))"],
    "date": ["cast('2024-02-29' as date)", "cast('0001-01-01' as date)",
             "cast('9999-12-31' as date)"],
    "time": ["cast('00:00:00' as time)", "cast('23:59:59' as time)"],
    "datetime": ["cast('2024-02-29 12:34:56.123456' as datetime)",
                 "cast('1999-12-31 23:59:59.5' as datetime)",
                 "cast('1970-01-01 00:00:00' as datetime)"],
}

DOUBLES = [0.0, 0.1 + 0.2, 1 / 7, -1.5, 5e-324, 2.2250738585072011e-308,
           1.7976931348623157e308, 123456789012345678.0, 1e22, 2.0 ** 53]
FLOATS = [0.0, 0.1, 16777216.0, 123456.789, -2.5, 1.5e-30, 3.4e38]


def exponent(number):
    """A literal of a real; without an exponent it is a decimal."""
    return repr(number) if "e" in repr(number) else "%re0" % number


def literal(text):
    """A text in the source of a statement that isql-vt reads."""
    out = ["''"]
    for byte in text.encode():
        out.append("chr(%d)" % byte)
    return "concat(%s)" % ", ".join(out) if len(out) < 50 else \
        "repeat('%s', %d)" % (text[0], len(text))


class VirtuosoCase(DatabaseCase):
    kind = Virtuoso

    def setUp(self):
        super().setUp()
        # The driver looks for the DSN by itself, and not in ODBCSYSINI.
        self.home.env["ODBCINI"] = os.path.join(self.home.odbc, "odbc.ini")

    def table(self, columns, rows=(), name="t"):
        """A table anew, with rows of literals."""
        script = "drop table %s;\n" % name
        self.server._isql(script)
        self.server.sql("create table %s (n integer primary key, %s);\n" %
                        (name, columns) + "".join(
                            "insert into %s values (%d, %s);\n" %
                            (name, n, ", ".join(row))
                            for n, row in enumerate(rows)))

    def digits(self):
        """A table of the numbers 0 to 99."""
        self.table("x integer", [[str(n)] for n in range(100)], "hundred")


class Values(VirtuosoCase):
    """What the database holds is what the file says."""

    def test_printed(self):
        """types that isql-vt prints as they are"""
        columns = ", ".join("c%d %s" % pair for pair in enumerate(PRINTED))
        most = max(len(v) for v in PRINTED.values())
        self.table(columns, [["null"] * len(PRINTED)] + [
            [v[n] if n < len(v) else "null" for v in PRINTED.values()]
            for n in range(most)])
        for i, kind in enumerate(PRINTED):
            with self.subTest(kind=kind):
                said = self.server.sql(
                    "select concat('<', coalesce(cast(c%d as varchar), ''), "
                    "'>') from t order by n;" % i)
                wanted = [w.split(">")[0] for w in said.split("<")[1:]]
                got = [r[0] for r in self.values(
                    "select c%d, n from t order by n" % i)]
                self.assertEqual(len(wanted), most + 1)
                self.assertEqual(got, wanted)

    def test_fractions(self):
        """fractions of a second have the digits that they need"""
        self.assertEqual(
            self.values("select cast('2024-01-01 00:00:00.5' as datetime), "
                        "cast('2024-01-01 00:00:00.123456' as datetime), "
                        "cast('2024-01-01 00:00:00' as datetime)"),
            [["2024-01-01 00:00:00.500", "2024-01-01 00:00:00.123456",
              "2024-01-01 00:00:00"]])

    def test_timestamp(self):
        """TIMESTAMP, which the driver takes for bytes"""
        self.table("stamp timestamp, same datetime")
        self.server.sql("insert into t (n) values (1);\n"
                        "update t set same = cast(stamp as datetime);")
        rows = self.values("select stamp, cast(stamp as datetime), stamp as b "
                           "from t")
        self.assertRegex(rows[0][0], r"^2\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
        self.assertEqual(rows, [[rows[0][1]] * 3])

    def test_doubles(self):
        """doubles and reals by their bits"""
        self.table("d double precision, r real", [
            ["cast('%r' as double precision)" % d, exponent(f)]
            for d, f in zip(DOUBLES, FLOATS + FLOATS)])
        rows = self.values("select d, r from t order by n")
        self.assertEqual([struct.pack("<d", float(d)) for d, r in rows],
                         [struct.pack("<d", d) for d in DOUBLES])
        self.assertEqual([struct.pack("<f", float(r)) for d, r in rows],
                         [struct.pack("<f", f) for f in (FLOATS + FLOATS)[
                             :len(DOUBLES)]])

    def test_texts(self):
        """narrow and wide texts, NULL, and the empty text"""
        self.table("v varchar, w nvarchar, l long varchar, lw long nvarchar",
                   [["null"] * 4])
        # An UPDATE of this server stores other wide texts than an INSERT.
        for n, text in enumerate(TEXTS):
            wide = "charset_recode(%s, 'UTF-8', '_WIDE_')" % literal(text)
            self.server.sql("insert into t values (%d, %s, %s, %s, %s);" % (
                n + 1, literal(text), wide, literal(text), wide))
        rows = self.values("select v, w, l, lw from t order by n",
                           file='null = "NULL";')
        self.assertEqual(rows[0], ["NULL"] * 4)
        self.assertEqual(rows[1:], [[text] * 4 for text in TEXTS])

    def test_bytes(self):
        """bytes are hexadecimal"""
        self.table("b varbinary, l long varbinary", [
            ["null", "null"], ["0x00ff0a22", "0x00ff0a22"]])
        self.assertEqual(self.values("select b, l from t order by n"),
                         [["", ""], ["00ff0a22", "00ff0a22"]])

    def test_long(self):
        """megabytes beside NULL, narrow and wide"""
        narrow, wide = "\u20ac\"" * 2000000, "\u4e2d\U0001f600" * 600000
        self.table("v long varchar, w long nvarchar", [
            ["repeat('\u20ac\"', 2000000)", "null"],
            ["null", "charset_recode(repeat('\u4e2d\U0001f600', 600000), "
             "'UTF-8', '_WIDE_')"],
            ["''", "charset_recode('', 'UTF-8', '_WIDE_')"]])
        for columns in ("v, n, w", "w, v, n"):
            rows = self.values("select %s from t order by n" % columns,
                               file='null = "NULL";')
            data = {"v": [narrow, "NULL", ""], "w": ["NULL", wide, ""],
                    "n": ["0", "1", "2"]}
            wanted = [[data[c][n] for c in columns.split(", ")]
                      for n in range(3)]
            self.assertEqual([[digest(v.encode()) for v in r] for r in rows],
                             [[digest(v.encode()) for v in r]
                              for r in wanted])

    def test_many(self):
        """a million rows, each where it belongs"""
        self.digits()
        data = self.export("select a.x * 10000 + b.x * 100 + c.x, 'row' from "
                           "hundred a, hundred b, hundred c order by 1")
        lines = data.split(b"\r\n")
        self.assertEqual(len(lines), 1000002)
        self.assertEqual(sum(int(line.split(b",")[0]) for line in
                             lines[1:-1]), 999999 * 500000)

    def test_names(self):
        """names twice get a number, and none at all a name"""
        data = self.export('select 1 as x, 2 as x, 3 as "a.b", '
                           '4 as "\u4e2d", 5')
        self.assertEqual(parse(data), [
            ["x", "x__1", "a.b", "\u4e2d", "unnamed"], list("12345")])

    def test_batch(self):
        """comments, semicolons, a table that later statements see"""
        self.table("x integer")
        self.assertEqual(self.values(
            "-- first\ninsert into t values (1, 2);\n"
            "/* second */ update t set x = x + 1;\n\n"
            "select x from t; -- the end\n"), [["3"]])

    def test_parameters(self):
        """typed parameters meet columns of their types"""
        self.table("i integer, t varchar, d date, z datetime, e decimal(9,2),"
                   " b bigint, s smallint",
                   [["41", "'a'", "cast('2025-01-01' as date)",
                     "cast('2025-01-01 00:00:00' as datetime)", "1.00", "-7",
                     "-32768"],
                    ["42", "'it''s'", "cast('2026-01-31' as date)",
                     "cast('2026-01-31 23:59:59' as datetime)", "1.50",
                     "9223372036854775807", "7"]])
        for column, kind, value in (
                ("i", "integer", "42"), ("s", "integer", "7"),
                ("b", "integer", "9223372036854775807"),
                ("t", "text", "it's"), ("e", "decimal", "1.50"),
                ("d", "date", "2026-01-31"),
                ("z", "timestamp", "2026-01-31 23:59:59")):
            with self.subTest(kind=kind, column=column):
                for op, wanted in (("=", [["1"]]), ("<", [["0"]]), (">", [])):
                    self.assertEqual(self.values(
                        "select n from t where %s %s :p" % (column, op),
                        extra='params = { p = { value = "%s"; type = "%s"; }; '
                        '};' % (value, kind)), wanted)

    def test_integer_parameter(self):
        """an integer parameter stays one, whatever is computed of it"""
        for value, wanted in (("7", "3"), ("-2147483648", "-1073741824"),
                              ("4294967299", None)):
            rows = self.values("select :i / 2", extra='params = { i = { value '
                               '= "%s"; type = "integer"; }; };' % value)
            self.assertEqual(rows[0][0].split(".")[0],
                             wanted or str(int(value) // 2))


class Errors(VirtuosoCase):
    """Told in the server's words, and nothing is delivered."""

    def test_sql(self):
        """no table, no column, wrong words"""
        for sql, state in (("select * from nowhere", "42S02"),
                           ("select nothing from hundred", "42S22"),
                           ("selec 1", "42000")):
            self.digits()
            self.job("select 1;\n" + sql)
            self.refuse(69, "statement 2", state)

    def test_password(self):
        """a wrong password"""
        self.home.secret("db.secret", "wrong\n")
        self.job("select 1")
        self.refuse(69, "28000")

    def test_server_down(self):
        """nobody listens: the same command can be run again"""
        self.connect_as("db", self.server, Address="127.0.0.1:1")
        self.job("select 1")
        self.refuse(75, "S2801")

    ENDLESS = ("select a.x, repeat('y', 100) from hundred a, hundred b, "
               "hundred c, hundred d")

    def test_killed(self):
        """kill -9 of the server while rows come"""
        self.digits()
        self.job(self.ENDLESS)
        process = self.start("v")
        self.wait_for_file(process)
        self.server.process.kill()
        self.server.process.wait()
        self.assert_failed(self.home.finish(process), 75, "statement 1",
                           "08S01")

    def test_reset(self):
        """a reset of the connection while rows come: no SIGPIPE"""
        self.digits()
        with Resetting(self.server.port) as proxy:
            self.connect_as("db", self.server,
                            Address="127.0.0.1:%d" % proxy.port)
            self.job(self.ENDLESS)
            self.refuse(75, "statement 1", "08S01")

    def test_signal(self):
        """SIGTERM while a statement runs: no SQLCancel, which kills"""
        self.table("x integer")
        self.job("insert into t values (1, 2);\nselect delay(60)")
        process = self.start("v")
        wait_until(lambda: "42" in self.server.sql(
            "select 42 from t where x = 2;"), what="the first statement")
        process.terminate()
        self.assert_failed(self.home.finish(process), 143, "statement")

    def test_query_timeout(self):
        """source.query_timeout"""
        self.job("select delay(60)", extra='query_timeout = "1s";')
        self.refuse(75, "statement 1", "query_timeout")


class Resetting:
    """A way to a server that ends with RST after so many bytes."""

    def __init__(self, port, after=200000):
        self.to, self.after = port, after
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.listener.close()

    def serve(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.to))
        count = 0
        while count < self.after:
            for ready in select.select([client, server], [], [])[0]:
                data = ready.recv(65536)
                if ready is server:
                    client.sendall(data)
                    count += len(data)
                else:
                    server.sendall(data)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        client.close()
        server.close()


del VirtuosoCase, DatabaseCase    # they have no cases of their own

if __name__ == "__main__":
    main()
