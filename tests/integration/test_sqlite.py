#!/usr/bin/python3
"""SQLite through its ODBC driver: the batch, the environments, the values."""

import sys
sys.dont_write_bytecode = True
import csv
import hashlib
import io
import json
import os
import sqlite3

from harness import Case, main, source, target

BATCH = """-- orders of two tables
CREATE TEMP TABLE wanted AS SELECT id, name FROM customer WHERE id > 1;
CREATE TEMP TABLE total AS
  SELECT customer, sum(cents) AS cents FROM orders GROUP BY customer;
SELECT w.id, w.name, t.cents FROM wanted w JOIN total t ON t.customer = w.id
  ORDER BY w.id;
"""

SCHEMA = """
CREATE TABLE customer (id INTEGER, name TEXT);
CREATE TABLE orders (customer INTEGER, cents INTEGER);
INSERT INTO customer VALUES (1, 'one'), (2, '%(where)s'), (3, 'th;ree');
INSERT INTO orders VALUES (1, 5), (2, 10), (2, 20), (3, 40);
"""


class Environments(Case):
    """One job file, two DSNs, two targets."""

    def setUp(self):
        super().setUp()
        self.dev, dev_url = self.home.directory("dev-out")
        self.prod, prod_url = self.home.directory("prod-out")
        for env in ("dev", "prod"):
            self.home.sqlite("shop_" + env, SCHEMA % {"where": env})
        self.home.sql("daily.sql", BATCH)
        self.home.job("daily", """
description = "Orders of the day";
source: { sql_file = "daily.sql"; };
file: { name = "orders-{date:%%Y%%m%%d}.csv"; };
environments: {
  dev: { source: { dsn = "shop_dev"; };
         targets = ( { name = "here"; url = "%s"; } ); };
  prod: { source: { dsn = "shop_prod"; };
          targets = ( { name = "partner"; url = "%s"; } ); };
};
""" % (dev_url, prod_url))

    def deliver(self, env):
        result = self.home.run("run", "daily", "--env", env, "--date",
                               "2026-11-23")
        self.assert_silent(result)

    def test_both(self):
        """temporary tables persist; dev and prod go their own ways"""
        self.deliver("dev")
        self.assertEqual(os.listdir(self.dev), ["orders-20261123.csv"])
        self.assertEqual(os.listdir(self.prod), [])
        self.deliver("prod")
        for env, path in (("dev", self.dev), ("prod", self.prod)):
            with open(os.path.join(path, "orders-20261123.csv"), "rb") as f:
                self.assertEqual(f.read(), ("id,name,cents\r\n2,%s,30\r\n"
                                            "3,th;ree,40\r\n" % env).encode())

    def test_recorded(self):
        """the ledger has run, statements, file and delivery"""
        self.deliver("prod")
        run = self.assert_recorded(0, "shipped")
        self.assertEqual((run["job"], run["environment"], run["date"],
                          run["rows"], run["dsn"]),
                         ("daily", "prod", "2026-11-23", 2, "shop_prod"))
        lines = [(s["line"], s["word"], os.path.basename(s["source"]))
                 for s in self.home.ledger(
                     "SELECT * FROM statement ORDER BY position")]
        self.assertEqual(lines, [(2, "CREATE", "daily.sql"),
                                 (3, "CREATE", "daily.sql"),
                                 (5, "SELECT", "daily.sql")])
        (row,) = self.home.ledger("SELECT * FROM file")
        with open(os.path.join(self.prod, "orders-20261123.csv"), "rb") as f:
            data = f.read()
        self.assertEqual(row["sha256"], hashlib.sha256(data).hexdigest())
        self.assertEqual(row["bytes"], len(data))
        (row,) = self.home.ledger("SELECT * FROM delivery")
        self.assertEqual((row["target"], row["state"], row["bytes"]),
                         ("partner", "delivered", len(data)))

    def test_choice(self):
        """no environment, and an unknown one, are errors"""
        none = self.home.run("run", "daily", expect=78)
        self.assert_message(none, "dev", "prod")
        unknown = self.home.run("run", "daily", "--env", "prdo", expect=78)
        self.assert_message(unknown, "prdo", "prod")
        self.assertEqual(os.listdir(self.dev) + os.listdir(self.prod), [])

    def test_variable(self):
        """$ODBCSHIP_ENV and the main file choose too; --env goes before"""
        self.home.main('environment = "dev";\n')
        self.home.run("run", "daily")
        self.assertEqual(len(os.listdir(self.dev)), 1)
        self.home.run("run", "daily", env={"ODBCSHIP_ENV": "prod"})
        self.assertEqual(len(os.listdir(self.prod)), 1)
        self.home.run("run", "daily", "--env", "dev", "--date", "2020-02-29",
                      env={"ODBCSHIP_ENV": "prod"})
        self.assertIn("orders-20200229.csv", os.listdir(self.dev))

    def test_dsn(self):
        """--dsn goes before the overlay"""
        self.home.run("run", "daily", "--env", "dev", "--dsn", "shop_prod",
                      "--date", "2026-11-23")
        with open(os.path.join(self.dev, "orders-20261123.csv")) as f:
            self.assertIn("2,prod,30", f.read())


TEXTS = [
    "plain", "", None, "with, comma", 'with "quotes"', '"', '""', "cr\rcr",
    "lf\nlf", "crlf\r\ncrlf", "\n", " space ", "tab\t", "tail\\", "NULL",
    "\\N", "'", "=1+1", "\U0001f600 emoji", "é combining e\u0301",
    "\u4e2d\u6587", "\ufeffbom", "x" * 255, "x" * 256, "y" * 8190,
    "z" * 70000, "\U0001f600" * 3000, ",", "\r", ";", "\u2028", "0012",
    "1e5", "\x01control",
]

INTEGERS = [0, 1, -1, 2**31 - 1, -2**31, 2**31, 2**40 + 1, 2**63 - 1, -2**63]

REALS = [0.1, -0.1, 1 / 3, 1e300, 5e-324, 1.7976931348623157e308, 123456.789,
         2.0**53, 100.0, 1e22, 1e23]


class Values(Case):
    """What the database holds is what the file says."""

    def export(self, sql, **settings):
        path, url = self.home.directory()
        extra = " ".join("%s = %s;" % kv for kv in settings.items())
        self.home.job("v", source(dsn="v", sql=sql) +
                      'file: { name = "v.csv"; %s };\n' % extra + target(url))
        self.home.run("run", "v", "--force")
        with open(os.path.join(path, "v.csv"), "rb") as f:
            return f.read()

    def fill(self, kind, values):
        self.home.sqlite("v", "CREATE TABLE t (n INTEGER, v %s);" % kind)
        import sqlite3
        with sqlite3.connect(os.path.join(self.home.path, "v.db")) as db:
            db.executemany("INSERT INTO t VALUES (?, ?)",
                           list(enumerate(values)))
        db.close()

    def parsed(self, data):
        return list(csv.reader(io.StringIO(data.decode("utf-8"),
                                           newline="")))

    def test_texts(self):
        """texts come back from Python's csv module as they were"""
        self.fill("TEXT", TEXTS)
        rows = self.parsed(self.export("SELECT n, v FROM t ORDER BY n"))
        self.assertEqual(rows[0], ["n", "v"])
        self.assertEqual([r[1] for r in rows[1:]],
                         [t if t is not None else "" for t in TEXTS])

    def test_null(self):
        """NULL is nothing, the empty string is two quotes"""
        self.fill("TEXT", [None, "", "x"])
        self.assertEqual(self.export("SELECT n, v, v AS w FROM t ORDER BY n"),
                         b'n,v,w\r\n0,,\r\n1,"",""\r\n2,x,x\r\n')

    def test_one_column(self):
        """a record of one NULL is told from an empty line"""
        self.fill("TEXT", [None, "", "x"])
        data = self.export("SELECT v FROM t ORDER BY n")
        self.assertEqual(data.count(b"\r\n"), 4)
        rows = self.parsed(data)
        self.assertEqual(len(rows), 4, data)

    def test_integers(self):
        """integers digit for digit"""
        self.fill("INTEGER", INTEGERS)
        rows = self.parsed(self.export("SELECT v, n FROM t ORDER BY n"))
        self.assertEqual([r[0] for r in rows[1:]], [str(i) for i in INTEGERS])

    def test_blob(self):
        """bytes are hexadecimal digits"""
        self.fill("BLOB", [b"", b"\x00\xff\x10", b"\xde\xad" * 9000])
        rows = self.parsed(self.export("SELECT v, n FROM t ORDER BY n"))
        self.assertEqual([bytes.fromhex(r[0]) for r in rows[1:]],
                         [b"", b"\x00\xff\x10", b"\xde\xad" * 9000])

    def test_no_rows(self):
        """a result without rows is a header"""
        self.fill("TEXT", [])
        self.assertEqual(self.export("SELECT n, v FROM t"), b"n,v\r\n")

    def test_form(self):
        """header, delimiter and newline as the spec says"""
        self.fill("TEXT", ["a;b", "a,b"])
        self.assertEqual(self.export("SELECT v, n FROM t ORDER BY n",
                                     header="false", delimiter='";"',
                                     newline='"lf"'),
                         b'"a;b";0\na,b;1\n')

    def test_names(self):
        """column names are quoted like values"""
        self.fill("TEXT", ["x"])
        data = self.export('SELECT v AS "a,b", n AS "c""d" FROM t')
        self.assertEqual(data, b'"a,b","c""d"\r\nx,0\r\n')

    def test_many(self):
        """200000 rows, each where it belongs"""
        self.home.sqlite("v")
        data = self.export(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
            "WHERE n < 200000) SELECT n, n * 7 AS m, 'row ' || n AS t FROM c")
        rows = data.split(b"\r\n")
        self.assertEqual(len(rows), 200002)
        for n in (1, 2, 1023, 1024, 4097, 99999, 200000):
            self.assertEqual(rows[n], b"%d,%d,row %d" % (n, 7 * n, n))

    def test_params(self):
        """parameters are bound, not pasted"""
        self.fill("TEXT", ["it's; --", "b"])
        path, url = self.home.directory()
        self.home.job("v", source(
            dsn="v", sql="SELECT n, v FROM t WHERE v = :wanted",
            extra='params = { wanted = "b"; };') +
            'file: { name = "v.csv"; };\n' + target(url))
        self.home.run("run", "v", "--param", "wanted=it's; --")
        with open(os.path.join(path, "v.csv"), "rb") as f:
            self.assertEqual(f.read(), b"n,v\r\n0,it's; --\r\n")

    def test_json_rows(self):
        """--json counts rows and bytes as they are in the file"""
        self.fill("TEXT", ["a\nb", "c"])
        path, url = self.home.directory()
        self.home.job("v", source(dsn="v", sql="SELECT * FROM t") +
                      'file: { name = "v.csv"; };\n' + target(url))
        result = self.home.run("run", "v", "--json")
        said = json.loads(result.stdout.splitlines()[-1])
        with open(os.path.join(path, "v.csv"), "rb") as f:
            data = f.read()
        self.assertEqual((said["rows"], said["bytes"]), (2, len(data)))
        self.assertEqual(said["files"][0]["sha256"],
                         hashlib.sha256(data).hexdigest())


# Values of every storage class, and what looks like something else.
ODD = [None, 0, 1, -1, 5, 5.0, 0.1, -0.5, 2**40 + 1, 2**63 - 1, -2**63,
       -2.0**63, 2.0**63, 9.3e18, 1e300, 5e-324, -1.7976931348623157e308,
       float("inf"), float("-inf"), "", "0", "5", "5.0", "1e3", " 7 ", "NULL",
       "a", "^", "~", "~~", "^z", "%s", "3,0.1", "2026-11-25",
       "2026-11-25 10:11:12.345678", "\u00e4\u20ac\U0001f600", 'q"u,o\r\nte',
       "x" * 1500, "\u00e9" * 20000, b"", b"\0", b"\0\xff", b"X'00'",
       bytes(range(256))]
# Declared types, by how odbcship reads them; two texts without a size.
TYPES = ["INTEGER", "bigint", "REAL", "double precision", "DECIMAL(10,2)",
         "NUMERIC", "DATE", "timestamp", "varchar(20)", "TEXT", "clob", "BLOB",
         "", "boolean"]


def written(value):
    """As odbcship writes it, NULL apart."""
    if value is None:
        return "(null)"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        text = repr(value).replace("inf", "Infinity")
        if "e" in text and "." not in text:
            text = text.replace("e", ".0e")
        return text
    return str(value)


class Odd(Case):
    """Any value in any column: as it is stored."""

    def make(self, types):
        path = self.home.sqlite("odd")
        db = sqlite3.connect(path)
        names = ["c%d" % i for i in range(len(types))]
        with db:
            db.execute("CREATE TABLE t (%s)" % ", ".join(
                "%s %s" % pair for pair in zip(names, types)))
            for i in range(len(ODD)):
                # Each row has another value in each column.
                db.execute("INSERT INTO t VALUES (%s)" % ",".join(
                    "?" * len(types)), [ODD[(i + 7 * column) % len(ODD)]
                                        for column in range(len(types))])
        rows = db.execute("SELECT * FROM t").fetchall()
        db.close()
        return rows

    def check(self, types, *queries):
        rows = self.make(types)
        wanted = [[written(v) for v in row] for row in rows]
        for query in queries:
            out = self.home.run("query", "-q", "-d", "odd", "-e", query,
                                "--set", "file.null=(null)").bytes
            got = list(csv.reader(io.StringIO(out.decode(), newline=""),
                                  strict=True))[1:]
            self.assertEqual(len(got), len(wanted), query)
            for number, (mine, its) in enumerate(zip(got, wanted)):
                for name, a, b in zip(types, mine, its):
                    self.assertEqual(a, b, "row %d, %s: %s" % (
                        number, name, query))

    def test_types(self):
        """every class of value in every kind of column"""
        self.check(TYPES, "SELECT * FROM t", "SELECT * FROM t ORDER BY rowid",
                   "SELECT t.* FROM t, (SELECT 1)")

    def test_many(self):
        """more columns than a function of SQLite takes arguments"""
        self.check((TYPES * 20)[:250], "SELECT * FROM t")

    def test_nul(self):
        """a text with a NUL: as digits where it can be told, else an error"""
        path = self.home.sqlite("nul")
        db = sqlite3.connect(path)
        for kind, stays in (("", True), ("DECIMAL", True), ("INTEGER", True),
                            ("varchar(9)", False), ("TEXT", False),
                            ("DATE", False)):
            with db:
                db.execute("DROP TABLE IF EXISTS t")
                db.execute("CREATE TABLE t (n INTEGER, v %s, z varchar(5))" %
                           kind)
                db.execute("INSERT INTO t VALUES (1, ?, 'end')", ["a\0b"])
            result = self.home.run(
                "query", "-d", "nul", "-e", "SELECT * FROM t", "--set",
                "file.invalid=replace", expect=None)
            if stays:
                self.assertEqual(result.bytes, "n,v,z\r\n1,a\ufffdb,end\r\n"
                                 .encode(), str(result))
            else:
                self.assertEqual(result.status, 65, str(result))
                self.assert_message(result, "NUL")
        db.close()


# Orders: queries, and whether they are sorted outside of what wraps them.
ORDERS = (
    ("SELECT * FROM p ORDER BY id", True),
    ("SELECT id, a FROM p /* x */ order  by -- y\n A desc, 1 -- z", True),
    ("SELECT b, n FROM p WHERE id > 3 ORDER BY b, n DESC NULLS LAST", True),
    ("SELECT n, id FROM p ORDER BY n NULLS LAST, id", True),
    ("SELECT r, id FROM p ORDER BY 1, 2 DESC", True),
    # The name is another column's.
    ("SELECT n AS id, id AS n FROM p ORDER BY id, n", True),
    ("SELECT n AS a, a AS x FROM p ORDER BY x, a", True),
    ("SELECT n AS x, a AS y, id FROM p ORDER BY a, id", False),
    ("SELECT n AS id, p.* FROM p ORDER BY id, a, r", False),
    ("SELECT p.id, q.a, q.w FROM p JOIN q ON q.of = p.id "
     "ORDER BY w DESC", True),
    ("SELECT q.id, n, w FROM p LEFT JOIN q USING (id) "
     "ORDER BY id, n, w", False),
    ("SELECT q.id, n, w FROM p NATURAL LEFT JOIN q "
     "ORDER BY id, n, w", False),
    ("SELECT q.id AS x, p.n FROM p JOIN q ON q.of = p.id "
     "ORDER BY p.id, q.id", False),
    # No name, though it looks like one.
    ('SELECT n AS "null", id FROM p ORDER BY null, id', False),
    ('SELECT n AS "current_date", id FROM p ORDER BY Current_Date, id',
     False),
    ("SELECT n AS \"a.id\" FROM p ORDER BY id", False),
    # Anything else.
    ("SELECT id, a FROM p ORDER BY a COLLATE rtrim, id", False),
    ("SELECT id, n FROM p ORDER BY -n, id", False),
    ("SELECT id, n FROM p ORDER BY 1 + 1, id DESC", False),
    ("SELECT id, n FROM p ORDER BY n LIMIT 4", False),
    ("SELECT DISTINCT n, b FROM p ORDER BY n, b", False),
    ("SELECT n, b FROM p GROUP BY n, b ORDER BY n, b", False),
    ("SELECT id, id + 1 AS x FROM p ORDER BY x DESC", False),
    ("SELECT id, a FROM p UNION ALL SELECT id, a FROM q ORDER BY 2, 1",
     False),
    ("SELECT id, a FROM (SELECT * FROM p ORDER BY a, id)", False),
)


class Order(Case):
    """The order that a query asks for, wherever it is made."""

    def fill(self):
        path = self.home.sqlite("order", """
CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b VARCHAR(9) COLLATE NOCASE,
                n, r REAL);
CREATE TABLE q (id INTEGER, of INTEGER, a TEXT, w DECIMAL(9,2));
CREATE INDEX q_w ON q (w);
""")
        numbers = [None, 10, "9", 9, 2.5, b"z", "A", None, -1, "", 10, "a"]
        db = sqlite3.connect(path)
        with db:
            for i in range(48):
                db.execute("INSERT INTO p VALUES (?, ?, ?, ?, ?)", (
                    (i * 29) % 48, "Zz aA9  b"[i % 9:i % 9 + 2],
                    "aBAbCc"[i % 6], numbers[i % 12], 0.1 * (i % 7)))
                db.execute("INSERT INTO q VALUES (?, ?, ?, ?)", (
                    i % 40 * 2, i * 7 % 50, "q%d" % i, i * 31 % 48 + 0.25))
        return db

    def test_order(self):
        """as SQLite itself puts the rows, from the outside where it can be"""
        db = self.fill()
        for sql, outside in ORDERS:
            wanted = [[written(v) for v in row] for row in db.execute(sql)]
            result = self.home.run(
                "query", "-vv", "-d", "order", "-e", sql,
                "--set", "file.null=(null)")
            got = list(csv.reader(io.StringIO(result.bytes.decode(),
                                              newline=""), strict=True))[1:]
            self.assertEqual(got, wanted, sql)
            self.assertEqual(" order by c" in result.stderr, outside, sql)
            self.assertGreater(len(got), 3)
        db.close()


if __name__ == "__main__":
    main()
