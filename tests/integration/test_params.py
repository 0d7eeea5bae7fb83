#!/usr/bin/python3
"""Typed parameters give the rows that literals give, on each database."""

import sys
sys.dont_write_bytecode = True
import os
import re

from harness import Case, main, quote, target, temporary
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
from servers.mariadb import MariaDB
from servers.postgres import Postgres
from servers.virtuoso import Virtuoso

# The columns are integer, big integer, decimal, date, timestamp, text, time
# and boolean.
TABLE = """
CREATE TABLE v (id %(int)s, i %(int)s, b BIGINT, n %(dec)s, d DATE,
  t %(ts)s, s VARCHAR(80), c TIME, f %(bool)s);
INSERT INTO v (id, i, b, n, d, t, s, c, f) VALUES
  (1, -1, 1, 0.10, '2026-01-01', '2026-01-01 00:00:00', '1', '00:00:00',
   %(true)s),
  (2, 3, 9007199254740993, 1.50, '2026-01-31', '2026-01-31 23:59:59', 'abc',
   '23:59:59', %(false)s),
  (3, 42, 9223372036854775807, 12345678901.25, '2024-02-29',
   '2024-02-29 12:00:00.5', 'it''s; --', '12:34:56', %(true)s),
  (4, 2147483647, -5, -3.00, '1999-12-31', '1999-12-31 00:00:00',
   '2026-01-31', '01:02:03', %(false)s),
  (5, 0, 0, 0, '2026-02-01', '2026-02-01 00:00:00', 'a:b?c', '12:34:57',
   %(true)s),
  (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, -2147483648, -9223372036854775807, 123456789012345678.99, '0001-01-01',
   '1969-12-31 23:59:59', '', '12:34:56', NULL),
  (8, 2147483646, 4294967296, -123456789012345678.99, '9999-12-31',
   '2038-01-19 03:14:08', '\u00e4\u20ac \U0001f600 \u0444', '00:00:01',
   %(false)s);
"""

# Column, type, value, literal; compared by each of =, <, >.
CHECKS = [
    ("i", "integer", "3", "3"),
    ("i", "integer", "-1", "-1"),
    ("b", "integer", "9007199254740993", "9007199254740993"),
    ("b", "integer", "9223372036854775807", "9223372036854775807"),
    ("n", "integer", "0", "0"),
    ("n", "decimal", "1.50", "1.50"),
    ("n", "decimal", "12345678901.25", "12345678901.25"),
    ("n", "decimal", "-3", "-3"),
    ("i", "decimal", "3.0", "3.0"),
    ("i", "decimal", "2.5", "2.5"),
    ("b", "decimal", "0.5", "0.5"),
    ("d", "date", "2026-01-31", "DATE '2026-01-31'"),
    ("d", "date", "2024-02-29", "DATE '2024-02-29'"),
    ("t", "timestamp", "2026-01-31 23:59:59",
     "TIMESTAMP '2026-01-31 23:59:59'"),
    ("t", "timestamp", "2024-02-29 12:00:00.5",
     "TIMESTAMP '2024-02-29 12:00:00.5'"),
    ("t", "date", "2026-01-01", "DATE '2026-01-01'"),
    ("i", "integer", "-2147483648", "-2147483648"),
    ("b", "integer", "4294967295", "4294967295"),
    ("b", "integer", "4294967296", "4294967296"),
    ("b", "integer", "2147483648", "2147483648"),
    ("b", "integer", "-9223372036854775807", "-9223372036854775807"),
    ("i", "integer", "4294967296", "4294967296"),
    ("n", "decimal", "-0.01", "-0.01"),
    ("n", "decimal", "0.1", "0.1"),
    ("d", "date", "0001-01-01", "DATE '0001-01-01'"),
    ("d", "date", "9999-12-31", "DATE '9999-12-31'"),
    ("t", "timestamp", "2038-01-19 03:14:08",
     "TIMESTAMP '2038-01-19 03:14:08'"),
    ("t", "timestamp", "1969-12-31 23:59:59",
     "TIMESTAMP '1969-12-31 23:59:59'"),
    ("c", "text", "12:34:56", "TIME '12:34:56'"),
    ("c", "text", "00:00:00", "TIME '00:00:00'"),
    ("f", "text", "1", "'1'"),
    ("f", "text", "0", "'0'"),
    ("s", "text", "", "''"),
    ("s", "text", "\u00e4\u20ac \U0001f600 \u0444",
     "'\u00e4\u20ac \U0001f600 \u0444'"),
    ("s", "text", " abc", "' abc'"),
    ("s", "text", "abc", "'abc'"),
    ("s", "text", "1", "'1'"),
    ("s", "text", "it's; --", "'it''s; --'"),
    ("s", "text", "2026-01-31", "'2026-01-31'"),
    ("s", "text", "a:b?c", "'a:b?c'"),
    ("s", "text", "'; DROP TABLE v; --", "'''; DROP TABLE v; --'"),
]

# Where a boolean is a number; elsewhere an integer literal is refused.
NUMBERS = [
    ("f", "integer", "1", "1"),
    ("f", "integer", "0", "0"),
]

# SQLite has no decimal beyond a double, and MariaDB's driver sends none.
LONG = [
    ("n", "decimal", "123456789012345678.99", "123456789012345678.99"),
    ("n", "decimal", "-123456789012345678.98", "-123456789012345678.98"),
]

# SQLite has no DATE '...': dates are texts there.
UNTYPED = [(column, kind, value, re.sub("(DATE|TIME|TIMESTAMP) '", "'", text))
           for column, kind, value, text in CHECKS + NUMBERS]


def virtuoso(literal):
    """A literal, or more of them, as Virtuoso reads it."""
    literal = re.sub(r"(DATE|TIME|TIMESTAMP) ('.*')", r"cast(\2 as \1)",
                     literal).replace("TIMESTAMP", "DATETIME")
    literal = re.sub(r"'(\d+-\d\d-\d\d)'(?=, '\d+-)", r"cast('\1' as DATE)",
                     literal)
    literal = re.sub(r"(-?\d{16,}\.\d+)", r"cast('\1' as DECIMAL(20,2))",
                     literal)
    return re.sub(r"(?<![\d.'-])(-?\d{10,})(?![\d.'])",
                  r"cast('\1' as BIGINT)", literal)


def one_by_one(table):
    """The same for a server whose INSERT takes one row."""
    create, head, rows = re.split("(INSERT .* VALUES)", table)
    return create + "".join(
        "%s %s;\n" % (head, virtuoso(row.rstrip(" ,;\n")))
        for row in re.split(r"\n  (?=\()", rows)[1:])


class Params(Case):

    def compare(self, head, checks, most=1000):
        """Most checks in one batch; what they sum up to is not always one."""
        sums, wrong = set(), []
        for i in range(0, len(checks), most):
            found = self.found(head, checks[i:i + most])
            wrong += [name for name, a, b in found if a != b]
            sums |= {a for name, a, b in found}
        self.assertEqual(wrong, [])
        self.assertGreater(len(sums), 5)

    def found(self, head, checks):
        """Each check, and what the parameter and the literal find."""
        out, url = self.home.directory()
        find = "(SELECT coalesce(sum(id * id), 0) FROM v WHERE %s %s %s)"
        params, rows = [], []
        for i, (column, kind, value, literal) in enumerate(checks):
            params.append('p%d = { value = %s; type = "%s"; };' %
                          (i, quote(value), kind))
            rows.append("SELECT %d AS k, %s FROM v WHERE id = 1" % (
                i, ", ".join("%s AS %s%d" % (find % (column, op, what), name, n)
                             for n, op in enumerate("=<>")
                             for name, what in (("a", ":p%d" % i),
                                                ("b", literal)))))
        self.home.sql("j.sql", "\nUNION ALL ".join(rows) + ";\n")
        self.home.job("j", 'source: { sql_file = "j.sql"; %s params = { %s }; '
                      '};\nfile: { name = "x.csv"; };\n%s' %
                      (head, "\n".join(params), target(url)))
        self.home.run("run", "j", "--force")
        with open(os.path.join(out, "x.csv")) as f:
            lines = [line.split(",") for line in f.read().split()[1:]]
        self.assertEqual(sorted(int(line[0]) for line in lines),
                         list(range(len(checks))))
        return [("%s %s %s %s" % (checks[int(line[0])][0], op,
                                  *checks[int(line[0])][1:3]),
                 line[1 + 2 * n], line[2 + 2 * n])
                for line in lines for n, op in enumerate("=<>")]

    def test_sqlite(self):
        """SQLite"""
        self.home.sqlite("shop", TABLE % {
            "int": "INTEGER", "dec": "NUMERIC", "ts": "TIMESTAMP",
            "bool": "BOOLEAN", "true": "true", "false": "false"})
        self.compare('dsn = "shop";', UNTYPED)

    def test_sqlite_untyped(self):
        """SQLite: columns without a type compare by what the value is"""
        self.home.sqlite("shop", "CREATE TABLE v (id, i, b, n, d, t, s, c, f);"
                         "INSERT" + (TABLE % {
                             "int": "", "dec": "", "ts": "", "bool": "",
                             "true": "true", "false": "false"})
                         .split("INSERT", 1)[1])
        self.compare('dsn = "shop";', UNTYPED)

    def test_postgresql(self):
        """PostgreSQL"""
        with Postgres(temporary()) as server:
            server.psql(TABLE % {"int": "INTEGER", "dec": "NUMERIC(20,2)",
                                 "ts": "TIMESTAMP", "bool": "BOOLEAN",
                                 "true": "true", "false": "false"})
            self.home.secret("pw", server.password)
            self.home.dsn("pg", server.keywords())
            # In a transaction of its own: what binds must not depend on it.
            self.compare('dsn = "pg"; user = "%s"; password = { file = "pw"; '
                         '}; transaction = "batch"; isolation = '
                         '"repeatable-read";' % server.role, CHECKS + LONG)

    def test_mariadb(self):
        """MariaDB"""
        with MariaDB(temporary()) as server:
            server.sql(TABLE % {"int": "INTEGER", "dec": "DECIMAL(20,2)",
                                "ts": "DATETIME(3)", "bool": "BOOLEAN",
                                "true": "true", "false": "false"})
            self.home.secret("pw", server.password)
            self.home.dsn("my", server.keywords())
            self.compare('dsn = "my"; user = "%s"; password = { file = "pw"; '
                         '};' % server.role, CHECKS + NUMBERS)

    def test_virtuoso(self):
        """Virtuoso"""
        with Virtuoso(temporary()) as server:
            table = TABLE % {"int": "INTEGER", "dec": "DECIMAL(20,2)",
                             "ts": "DATETIME", "bool": "SMALLINT",
                             "true": "1", "false": "0"}
            # Its integer ends before the last of the 32-bit numbers.
            server.sql(one_by_one(table.replace("-2147483648",
                                                "-2147483647")))
            self.home.secret("pw", server.password)
            self.home.dsn("vu", server.keywords())
            # The driver looks for the DSN by itself, and not in ODBCSYSINI.
            self.home.env["ODBCINI"] = os.path.join(self.home.odbc, "odbc.ini")
            checks = [(column, kind, value, virtuoso(text))
                      for column, kind, value, text in CHECKS + LONG
                      if column != "c"]
            # Its server dies of many SELECTs in one.
            head = ('dsn = "vu"; user = "%s"; password = { file = "pw"; };' %
                    server.role)
            self.compare(head, checks, most=1)
            # The same without a type: the server says what it meets.
            self.compare(head, [(column, "text", value, text)
                                for column, kind, value, text in checks[::2]
                                if kind in ("integer", "decimal", "date",
                                            "timestamp")], most=1)
            self.refused_by_virtuoso(head)
            self.home.sql("c.sql", "SELECT id FROM v WHERE c = CAST(:p AS "
                          "TIME) ORDER BY id")
            out, url = self.home.directory()
            self.home.job("c", 'source: { sql_file = "c.sql"; %s params = { '
                          'p = "12:34:56"; }; };\nfile: { name = "x.csv"; };\n'
                          '%s' % (head, target(url)))
            self.home.run("run", "c")
            with open(os.path.join(out, "x.csv")) as f:
                self.assertEqual(f.read().split(), ["id", "3", "7"])

    def refused_by_virtuoso(self, head):
        """What would find all rows, or none, without a word."""
        for condition, value, error, hint in (
                ("i > :p", "abc", "parameter 1: 'abc' is compared with a "
                 "number, and is none", "Correct the value"),
                ("n = :p", "", "'' is compared with a number", "Correct"),
                ("c = :p", "12:34:56", "compared with a time, and this driver "
                 "sends none", "CAST(:name AS TIME)")):
            self.home.job("j", 'source: { sql = "SELECT id FROM v WHERE %s"; '
                          '%s params = { p = { value = %s; type = "text"; }; };'
                          ' };\nfile: { name = "x.csv"; };\n' %
                          (condition, head, quote(value)) +
                          target(self.home.directory()[1]))
            result = self.home.run("run", "j", "--force", expect=78)
            self.assertIn(error, result.stderr)
            self.assertIn(hint, result.stderr)


if __name__ == "__main__":
    main()
