#!/usr/bin/python3
"""show --statements: the batch as it will be split, without a database."""

import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "integration"))
import json

from harness import Case, main

SCRIPT = """-- the work table
CREATE TEMP TABLE w AS SELECT 1 AS a;

-- name: orders
-- on error: continue
SELECT a,
       'x;y' AS "b"
FROM w;
INSERT INTO w VALUES (:day)
"""


class Statements(Case):

    def job(self, sql, extra="", name="j"):
        self.home.sql(name + ".sql", sql)
        self.home.job(name, """
source: { dsn = "nowhere"; sql_file = "%s.sql"; %s };
file: { name = "x.csv"; };
""" % (name, extra))

    def split(self, name="j"):
        result = self.home.run("show", name, "--statements", "--json")
        return json.loads(result.stdout), result.stderr

    def test_json(self):
        """--json gives number, lines, name and the exact text"""
        self.job(SCRIPT, 'dialect = "sqlite";')
        found, said = self.split()
        self.assertEqual(said, "")
        self.assertEqual([(s["index"], s["line"], s["end_line"], s["name"],
                           s.get("on_error")) for s in found],
                         [(1, 2, 2, None, None),
                          (2, 6, 8, "orders", "continue"),
                          (3, 9, 9, None, None)])
        self.assertEqual(found[1]["text"], "-- name: orders\n-- on error: continue\n"
                         "SELECT a,\n       'x;y' AS \"b\"\nFROM w")
        for s in found:
            self.assertIn(s["text"], SCRIPT)

    def test_json_form(self):
        """--json is one line with these members, in this order"""
        self.job("SELECT 1,\n 'a\\b\t\"'\n;\n-- name: two\nSELECT 2",
                 'dialect = "sqlite";')
        result = self.home.run("show", "j", "--statements", "--json")
        self.assertEqual(
            result.stdout,
            '[{"index":1,"line":1,"end_line":2,"name":null,'
            '"text":"SELECT 1,\\n \'a\\\\b\\t\\"\'"},'
            '{"index":2,"line":5,"end_line":5,"name":"two",'
            '"text":"-- name: two\\nSELECT 2"}]\n')

    def test_text(self):
        """as text, for people"""
        self.job(SCRIPT, 'dialect = "sqlite";')
        out = self.home.run("show", "j", "--statements").stdout
        self.assertIn("-- 2: lines 6-8, SELECT (query), name orders, "
                      "on error: continue\n", out)
        self.assertIn("'x;y' AS \"b\"\nFROM w;\n", out)

    def test_assumes(self):
        """without a dialect it says what it assumes"""
        self.job("SELECT 1;")
        found, said = self.split()
        self.assertEqual(len(found), 1)
        self.assertIn("ANSI", said)

    def test_dialects(self):
        """the dialect decides: GO or a semicolon"""
        sql = "SELECT 1; SELECT 2\nGO 3\n"
        self.job(sql, 'dialect = "mssql";')
        found, _ = self.split()
        self.assertEqual([(s["text"], s["repeat"]) for s in found],
                         [("SELECT 1; SELECT 2", 3)])
        self.job(sql, 'dialect = "postgresql";')
        found, _ = self.split()
        self.assertEqual([s["text"] for s in found],
                         ["SELECT 1", "SELECT 2\nGO 3"])

    def test_list(self):
        """a list of statements is not split"""
        self.home.job("j", """
source: { dsn = "nowhere"; statements = ( "SELECT 1; SELECT ';'",
  "\\n  delete from t" ); };
file: { name = "x.csv"; };
""")
        found, said = self.split()
        self.assertEqual(said, "")
        self.assertEqual([(s["text"], s["line"]) for s in found],
                         [("SELECT 1; SELECT ';'", 1),
                          ("\n  delete from t", 2)])

    def test_exact_bytes(self):
        """carriage returns, tabs and characters beyond ASCII stay"""
        sql = "SELECT '\t\u00e9\U0001f600'\r\n, 2;\r\nSELECT\r\n3"
        self.job(sql, 'dialect = "postgresql";')
        found, _ = self.split()
        self.assertEqual([s["text"] for s in found],
                         ["SELECT '\t\u00e9\U0001f600'\r\n, 2",
                          "SELECT\r\n3"])
        self.assertEqual([s["end_line"] for s in found], [2, 4])

    def test_nothing_is_masked(self):
        """the text is the user's own: nothing in it is taken for a secret"""
        sql = "SET PASSWORD = PASSWORD('secret'), pwd=abc"
        self.job(sql, 'dialect = "mysql";')
        self.assertEqual([s["text"] for s in self.split()[0]], [sql])

    def test_empty(self):
        """comments alone are no statement, and a run refuses that"""
        self.job("-- nothing\n/* at all */", 'dialect = "sqlite";')
        self.assertEqual(self.split()[0], [])
        result = self.home.run("check", "j", expect=78)
        self.assertIn("j.sql holds no statement", result.stderr)

    def test_open(self):
        """what is left open is an error with its line"""
        self.job("SELECT 1;\nSELECT 'x;\n", 'dialect = "sqlite";')
        result = self.home.run("show", "j", "--statements", expect=78)
        self.assertIn("j.sql: line 2: the string that begins here is never "
                      "closed", result.stderr)

    def test_parameters(self):
        """check refuses unknown and unused parameters; show does not ask"""
        self.job("SELECT :day;\nSELECT 1", 'dialect = "sqlite";'
                 'params = { dya = "1"; };')
        self.assertEqual(len(self.split()[0]), 2)
        result = self.home.run("check", "j", expect=78)
        self.assertIn("line 1: there is no parameter 'day'", result.stderr)
        self.assertIn("Did you mean ':dya'?", result.stderr)
        self.job("SELECT ':day' -- :day", 'dialect = "sqlite";'
                 'params = { day = "1"; };')
        result = self.home.run("check", "j", expect=78)
        self.assertIn("no statement uses ':day'", result.stderr)

    def test_result_name(self):
        """a result that no statement has is refused before anything runs"""
        self.job(SCRIPT, 'dialect = "sqlite"; result = "order"; '
                 'params = { day = "1"; };')
        result = self.home.run("check", "j", expect=78)
        self.assertIn("no statement is named 'order'", result.stderr)
        self.assertIn("Did you mean 'orders'?", result.stderr)


if __name__ == "__main__":
    main()
