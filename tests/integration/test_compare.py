#!/usr/bin/env python3
"""odbcship compare: one job's result in two environments."""

import os

from harness import Case, main, target

BATCH = """
CREATE TEMP TABLE due AS SELECT * FROM orders;
DELETE FROM due WHERE id < 0;
SELECT %s FROM due ORDER BY id;
"""
DEV = ("CREATE TABLE orders (id INTEGER, day TEXT, note TEXT, cents INTEGER);"
       "INSERT INTO orders VALUES (1, '2026-11-24', 'secret one', 5),"
       " (2, '2026-11-25', '', 10);")
PROD = ("CREATE TABLE orders (id INTEGER, day TEXT, note TEXT, cents TEXT);"
        "INSERT INTO orders VALUES (1, '24.11.2026', 'a, \"b\"', '5'),"
        " (2, '25.11.2026', NULL, '10'), (3, '26.11.2026', 'padded ', '7');")


class Compare(Case):
    """dev and prod."""

    def setUp(self):
        super().setUp()
        self.out, self.url = self.home.directory()

    def put(self, dev=DEV, prod=PROD, columns="*", sql=None, source="",
            more=""):
        for name, script in (("dev", dev), ("prod", prod)):
            path = os.path.join(self.home.path, "w_%s.db" % name)
            if os.path.exists(path):
                os.remove(path)
            self.home.sqlite("w_" + name, script)
        self.home.sql("daily.sql", sql or BATCH % columns)
        self.home.job("daily", """
%s
source: { sql_file = "daily.sql"; dialect = "sqlite"; %s };
file: { name = "d.csv"; delimiter = ";"; header = false; };
environments: {
  dev: { source: { dsn = "w_dev"; }; %s };
  prod: { source: { dsn = "w_prod"; }; %s };
};
""" % ((more, source) + (target(self.url).strip(),) * 2))

    def compare(self, *more, expect=65):
        result = self.home.run("compare", "daily", "--env", "dev", "--env",
                               "prod", *more, expect=expect)
        self.assertEqual(os.listdir(self.out), [])
        self.assertEqual(self.home.runs(), [])
        self.assertEqual(os.listdir(os.path.join(self.home.path, "tmp")), [])
        return result

    def test_differences(self):
        """types, NULLs, empty strings, forms and blanks; never a value"""
        self.put()
        text = self.compare().stdout
        lines = text.splitlines()
        self.assertRegex(lines[0], r"\Adev: SQLite \S+, 4 columns, 2 rows\Z")
        self.assertRegex(lines[1], r"\Aprod: SQLite \S+, 4 columns, 3 rows\Z")
        self.assertEqual(sorted(lines[2:]), sorted([
            "column 'day': values like '9999-99-99' in dev only",
            "column 'day': values like '99.99.9999' in prod only",
            "column 'note': NULL in 1 of 3 rows in prod, never in dev",
            "column 'note': an empty string in 1 of 2 rows in dev, never in "
            "prod",
            "column 'note': blanks at the end in 1 of 3 rows in prod, never "
            "in dev",
            "column 'note': values like 'a a' in dev only",
            "column 'note': values like 'a, \"a\"' in prod only",
            "column 'note': values like 'a ' in prod only",
            "column 'cents': INT (integer) in dev, TEXT (text) in prod"
        ]), text)
        self.assertNotIn("secret", text)

    def test_same(self):
        """the same form of other values is no difference"""
        self.put(prod=DEV.replace("2026-11", "1999-01").replace(
            "'secret one', 5", "'other text', 77777"))
        self.assertTrue(self.compare(expect=0).stdout.endswith(
            "they look the same\n"))

    def test_columns(self):
        """another name, one more column, no rows"""
        self.put(prod="CREATE TABLE orders (id INTEGER, dat TEXT, note TEXT,"
                 " cents INTEGER, x TEXT);")
        text = self.compare().stdout
        self.assertIn("column 'day' in dev is 'dat' in prod\n", text)
        self.assertIn("column 'x': in prod only\n", text)
        self.assertIn("no rows in prod\n", text)

    def test_rows(self):
        """only so many rows are looked at, of an endless result too"""
        self.put(sql="WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1"
                 " FROM c) SELECT n FROM c")
        text = self.compare("--rows", "20", expect=0).stdout
        self.assertEqual(text.count(", 1 columns, 20 or more rows\n"), 2)

    def test_writes(self):
        """a batch that writes is refused, or rolled back"""
        self.put(sql="INSERT INTO orders VALUES (9, 'x', 'y', 1);\n"
                 "SELECT id FROM orders")
        result = self.compare(expect=78)
        self.assert_message(result, "dev: statement 1 (line 1, INSERT) may "
                            "change the database", "--allow-writes")
        text = self.compare("--allow-writes", expect=0).stdout
        self.assertIn("1 columns, 3 rows", text)
        counted = self.home.run("query", "-d", "w_dev", "-e",
                                "SELECT count(*) AS n FROM orders").stdout
        self.assertEqual(counted, "n\r\n2\r\n")

    def test_guards(self):
        """gates and checks are not asked: nothing is shipped"""
        self.put(more="""
gates = ( { name = "never"; sql = "SELECT 0 FROM nosuch"; equals = "1";
            timeout = "1h"; } );
checks: { min_rows = 1000; not_null = ( "note" ); unique = ( "note" );
          columns = ( "x" );
          sql = ( { name = "never"; sql = "SELECT 1 FROM nosuch";
                    equals = "0"; } ); };
""")
        text = self.compare().stdout
        self.assertRegex(text, r"(?m)^prod: SQLite \S+, 4 columns, 3 rows$")

    def test_watermark(self):
        """the range from the beginning is compared, and it stays where it is"""
        self.put(sql="SELECT id, day FROM orders WHERE id > :id_from AND "
                 "id <= :id_to", source='watermark = { name = "id"; '
                 'sql = "SELECT max(id) FROM orders"; initial = "1"; };')
        for _ in range(2):
            text = self.compare().stdout
            self.assertIn("2 columns, 1 rows\n", text)     # dev has 1, 2
            self.assertIn("2 columns, 2 rows\n", text)     # prod has 1, 2, 3
            self.assertIn("'9999-99-99' in dev only", text)

    def test_no_new_rows(self):
        """an environment that the watermark says nothing of has no rows"""
        self.put(dev="CREATE TABLE orders (id INTEGER, day TEXT, note TEXT, "
                 "cents INTEGER);",
                 sql="SELECT id FROM orders WHERE id > :id_from AND "
                 "id <= :id_to", source='watermark = { name = "id"; '
                 'sql = "SELECT max(id) FROM orders"; initial = "0"; };')
        text = self.compare().stdout
        self.assertIn("no rows in dev", text)
        self.assertIn("prod: ", text)

    def test_usage(self):
        """two environments and one job; a failure says in which"""
        self.put()
        self.home.run("compare", "daily", "--env", "dev", expect=64)
        self.home.run("compare", "--env", "dev", "--env", "prod", expect=64)
        self.put(sql="SELECT nonsense FROM orders")
        self.assertIn("odbcship: dev: ", self.compare(expect=69).stderr)


main()
