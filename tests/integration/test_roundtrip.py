#!/usr/bin/python3
"""What is hard to write in CSV comes back as it was.

The same values from SQLite, PostgreSQL and MariaDB, delivered to a file://
target, are read by Python's csv module and by COPY into another database of
PostgreSQL, where NULL and the empty string are told apart.
"""

import sys
sys.dont_write_bytecode = True
import os
import sqlite3


from databases import DatabaseCase, parse, server_of, starter
from harness import main
from servers.mariadb import MariaDB
from servers.postgres import Postgres

OTHER = "other"     # the database that loads


def setUpModule():
    starter(Postgres, MariaDB)()
    server_of(Postgres).psql("CREATE DATABASE " + OTHER)


TEXTS = [
    "plain", "", None, "with, comma", 'with "quotes" in it', '"', '""', '"""',
    'quote at end"', '"quote at begin', "'", "''", ",", ",,", ";", "|",
    "cr\rcr", "lf\nlf", "crlf\r\ncrlf", "\r", "\n", "\r\n", "\n\n", "lf\n",
    "\nlf", "tab\ttab", "\t", " ", "   ", " leading", "trailing ", " both ",
    "\tleading tab", "trailing tab\t", "\\", "\\\\", "\\.", "\\N", "\\n",
    "a\n\\.\nb", "\\.\n", "\n\\.", "ends with \\", 'back\\"slash', "NULL",
    "null", "None", "0012", "1e5", "=1+1", "-", "#", "# comment", "%s %d",
    "\x01control\x1f", "\x7f", "\u0085", "\u00a0nbsp\u00a0", "\u2028",
    "\ufeffbom", "\ufffd", "\u00e9", "e\u0301", "\u212b \u00c5",
    "\u4e2d\u6587", "\u0627\u0644\u0639", "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0010ffff", "x" * 63,
    "x" * 64, "x" * 255, "x" * 256, "x" * 4095, "x" * 4096, "\u20ac" * 1365,
    "\U0001f600" * 1024, '"' * 5000, "\r\n" * 40000, "x,\"\U0001f600\n" * 9000,
]

# Of 25 bytes; in all 1 MB.
MEGABYTE = "0123456789abcd, \"\u20ac\"\\\t\r\n" * 40000
assert len(MEGABYTE.encode()) == 1000000


class RoundTrip(DatabaseCase):
    """The same cases for each database; see its subclasses."""

    kind = Postgres     # the loader; the source is fill()'s
    type = "text"

    def fill(self, rows):
        """A table t (n, v, w) with these rows, behind the DSN "db"."""
        raise NotImplementedError

    def load(self, columns):
        """What COPY of PostgreSQL makes of the delivered file."""
        copy = server_of(Postgres)
        names = ", ".join("c%d text" % i for i in range(columns))
        plain = copy.database
        copy.database = OTHER
        try:
            copy.psql("DROP TABLE IF EXISTS loaded; CREATE TABLE loaded "
                      "(line serial, %s)" % names)
            self.copy_in(copy, "loaded (%s)" % ", ".join(
                "c%d" % i for i in range(columns)))
            values = ", ".join(
                "coalesce(encode(convert_to(c%d, 'UTF8'), 'hex'), '-')" % i
                for i in range(columns))
            text = copy.psql("SELECT concat_ws(',', %s) FROM loaded ORDER BY "
                             "line" % values)
        finally:
            copy.database = plain
        return [[None if v == "-" else bytes.fromhex(v).decode()
                 for v in line.split(",")] for line in text.split("\n")[:-1]]

    def copy_in(self, server, where):
        """COPY the file, read by the server itself: psql's \\copy is no
        part of the promise (it ends at a line of \\.)."""
        path = os.path.join(server.directory, "load.csv")
        with open(path, "wb") as f:
            f.write(self.delivered())
        os.chmod(path, 0o644)
        server.psql("COPY %s FROM '%s' WITH (FORMAT csv, HEADER)" %
                    (where, path))

    def check(self, rows, columns="n, v, w"):
        """Export, and read the file twice."""
        self.fill([(n, v, w) for n, (v, w) in enumerate(rows)])
        wanted = [[str(n), v, w] for n, (v, w) in enumerate(rows)]
        names = columns.split(", ")
        wanted = [[row[("n", "v", "w").index(name)] for name in names]
                  for row in wanted]
        data = self.export("SELECT %s FROM t ORDER BY n" % columns)
        records = parse(data)
        self.assertEqual(records[0], names)
        self.assertEqual(len(records), len(wanted) + 1)
        for got, want in zip(records[1:], wanted):
            # Python's module knows no NULL, and takes a record of a single
            # NULL, an empty line, for one without fields.
            want = [v or "" for v in want]
            self.assertEqual(got or [""], want)
        loaded = self.load(len(names))
        self.assertEqual(len(loaded), len(wanted))
        for got, want in zip(loaded, wanted):
            self.assertEqual(got, want)

    def test_texts(self):
        """every text, in the middle and at the end of a record"""
        self.check([(t, t) for t in TEXTS])

    def test_pairs(self):
        """every text beside another one"""
        self.check(list(zip(TEXTS, TEXTS[7:] + TEXTS[:7])))

    def test_first(self):
        """every text at the beginning of a record"""
        self.check([(t, t) for t in TEXTS], "v, n")

    def test_single(self):
        """every text as the whole record"""
        self.check([(t, t) for t in TEXTS], "v")

    def test_single_null(self):
        """records of a single NULL are not those of an empty string"""
        self.check([(None, ""), ("", ""), (None, ""), (None, ""), ("a", ""),
                    ("", ""), (None, "")], "v")

    def test_only_null(self):
        """a file of nothing but a record of NULL, or of an empty string"""
        for value in (None, ""):
            self.check([(value, "")], "v")

    def test_nulls(self):
        """NULL and the empty string in all places"""
        few = (None, "", "x")
        self.check([(v, w) for v in few for w in few], "v, w")

    def test_megabyte(self):
        """values of 1 MB beside small ones"""
        self.check([(MEGABYTE, "a"), ("b", MEGABYTE), (None, ""),
                    (MEGABYTE, MEGABYTE)], "v, n, w")


    def test_megabytes(self):
        """values of 2 MB beside small ones"""
        self.check([(2 * MEGABYTE, "a"), ("b", 2 * MEGABYTE), (None, ""),
                    (2 * MEGABYTE, 2 * MEGABYTE)], "v, n, w")


class FromPostgres(RoundTrip):
    """PostgreSQL"""

    def fill(self, rows):
        def text(v):
            return "NULL" if v is None else "convert_from('\\x%s', 'UTF8')" \
                % v.encode().hex()
        self.server.psql(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (n int, v text, w text);"
            + "".join("INSERT INTO t VALUES (%d, %s, %s);\n" %
                      (n, text(v), text(w)) for n, v, w in rows))


class FromPostgresStreamed(FromPostgres):
    """PostgreSQL with a cursor"""

    def setUp(self):
        super().setUp()
        self.dsn(UseDeclareFetch="1", Fetch="10")


class FromMariaDB(RoundTrip):
    """MariaDB"""

    def setUp(self):
        super().setUp()
        self.connect_as("db", server_of(MariaDB))

    def fill(self, rows):
        def text(v):
            return "NULL" if v is None else "CONVERT(x'%s' USING utf8mb4)" \
                % v.encode().hex()
        server_of(MariaDB).sql(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (n int, v longtext, "
            "w longtext);\n" + "".join(
                "INSERT INTO t VALUES (%d, %s, %s);\n" % (n, text(v), text(w))
                for n, v, w in rows))


class FromMariaDBShort(FromMariaDB):
    """MariaDB with varchar columns"""

    def fill(self, rows):
        super().fill(rows)
        server_of(MariaDB).sql("ALTER TABLE t MODIFY w varchar(10000)"
                               if max(len(w or "") for _, _, w in rows) <=
                               10000 else "SELECT 1")


class FromSQLite(RoundTrip):
    """SQLite"""

    def fill(self, rows):
        path = self.home.sqlite("t", "DROP TABLE IF EXISTS t; CREATE TABLE t "
                                     "(n INTEGER, v TEXT, w TEXT);", dsn="db")
        with sqlite3.connect(path) as db:
            db.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        db.close()


del RoundTrip       # its cases run in the subclasses only

if __name__ == "__main__":
    main()
