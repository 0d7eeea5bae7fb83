#!/usr/bin/python3
"""Typed parameters give the rows that literals give, on each database."""

import sys
sys.dont_write_bytecode = True
import os

from harness import Case, main, quote, target, temporary
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
from servers.mariadb import MariaDB
from servers.postgres import Postgres

# The columns are integer, big integer, decimal, date, timestamp and text.
TABLE = """
CREATE TABLE v (id %(int)s, i %(int)s, b BIGINT, n %(dec)s, d DATE,
  t %(ts)s, s VARCHAR(80)%(more)s);
INSERT INTO v (id, i, b, n, d, t, s) VALUES
  (1, -1, 1, 0.10, '2026-01-01', '2026-01-01 00:00:00', '1'),
  (2, 3, 9007199254740993, 1.50, '2026-01-31', '2026-01-31 23:59:59', 'abc'),
  (3, 42, 9223372036854775807, 12345678901.25, '2024-02-29',
   '2024-02-29 12:00:00.5', 'it''s; --'),
  (4, 2147483647, -5, -3.00, '1999-12-31', '1999-12-31 00:00:00',
   '2026-01-31'),
  (5, 0, 0, 0, '2026-02-01', '2026-02-01 00:00:00', 'a:b?c'),
  (6, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, -2147483648, -9223372036854775807, 123456789012345678.99, '0001-01-01',
   '1969-12-31 23:59:59', ''),
  (8, 2147483646, 4294967296, -123456789012345678.99, '9999-12-31',
   '2038-01-19 03:14:08', '\u00e4\u20ac \U0001f600 \u0444');
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

# SQLite has no decimal beyond a double, and MariaDB's driver sends none.
LONG = [
    ("n", "decimal", "123456789012345678.99", "123456789012345678.99"),
    ("n", "decimal", "-123456789012345678.98", "-123456789012345678.98"),
]


class Params(Case):

    def compare(self, head, checks):
        """All checks in one batch: the file must have equal columns."""
        out, url = self.home.directory()
        params, rows, sql = [], [], []
        for i, (column, kind, value, literal) in enumerate(checks):
            params.append('p%d = { value = %s; type = "%s"; };' %
                          (i, quote(value), kind))
            for op in ("=", "<", ">"):
                name = "%s %s %s %s" % (column, op, kind, value)
                rows.append(name)
                sql.append(
                    "SELECT %d AS k, (SELECT coalesce(sum(id * id), 0) FROM v "
                    "WHERE %s %s :p%d) AS a, (SELECT coalesce(sum(id * id), 0)"
                    " FROM v WHERE %s %s %s) AS b" %
                    (len(rows) - 1, column, op, i, column, op, literal))
        self.home.sql("j.sql", "SELECT k, a, b FROM (\n%s) AS x ORDER BY k;\n"
                      % "\nUNION ALL ".join(sql))
        self.home.job("j", 'source: { sql_file = "j.sql"; %s params = { %s }; '
                      '};\nfile: { name = "x.csv"; };\n%s' %
                      (head, "\n".join(params), target(url)))
        self.home.run("run", "j")
        with open(os.path.join(out, "x.csv")) as f:
            found = [line.split(",") for line in f.read().split()[1:]]
        self.assertEqual(len(found), len(rows))
        self.assertEqual([rows[int(k)] for k, a, b in found if a != b], [])
        self.assertGreater(len({a for k, a, b in found}), 5)

    def test_sqlite(self):
        """SQLite"""
        self.home.sqlite("shop", TABLE % {
            "int": "INTEGER", "dec": "NUMERIC", "ts": "TIMESTAMP",
            "more": ""})
        # SQLite has no DATE '...': dates are texts there.
        checks = [(c, k, v, literal.replace("DATE ", "")
                   .replace("TIMESTAMP ", ""))
                  for c, k, v, literal in CHECKS]
        self.compare('dsn = "shop";', checks)

    def test_sqlite_untyped(self):
        """SQLite: columns without a type compare by what the value is"""
        self.home.sqlite("shop", "CREATE TABLE v (id, i, b, n, d, t, s);" +
                         "INSERT" + (TABLE % {
                             "int": "", "dec": "", "ts": "", "more": ""})
                         .split("INSERT", 1)[1])
        checks = [(c, k, v, literal.replace("DATE ", "")
                   .replace("TIMESTAMP ", ""))
                  for c, k, v, literal in CHECKS]
        self.compare('dsn = "shop";', checks)

    def test_postgresql(self):
        """PostgreSQL"""
        with Postgres(temporary()) as server:
            server.psql(TABLE % {"int": "INTEGER", "dec": "NUMERIC(20,2)",
                                 "ts": "TIMESTAMP", "more": ""})
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
                                "ts": "DATETIME(3)", "more": ""})
            self.home.secret("pw", server.password)
            self.home.dsn("my", server.keywords())
            self.compare('dsn = "my"; user = "%s"; password = { file = "pw"; '
                         '};' % server.role, CHECKS)


if __name__ == "__main__":
    main()
