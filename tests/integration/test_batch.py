#!/usr/bin/python3
"""What a batch may do besides its statements: names, refusals, modes."""

import sys
sys.dont_write_bytecode = True
import os

from harness import Case, main, source, target


class Batch(Case):

    def setUp(self):
        super().setUp()
        self.home.sqlite("shop", "CREATE TABLE t (a); INSERT INTO t "
                         "VALUES (1), (2);")
        self.out, self.url = self.home.directory()

    def job(self, sql, extra=""):
        self.home.sql("j.sql", sql)
        self.home.job("j", source("shop", sql_file="j.sql", extra=extra) +
                      'file: { name = "x.csv"; };\n' + target(self.url))

    def file(self):
        with open(os.path.join(self.out, "x.csv")) as f:
            return f.read().split()

    def test_result_by_name(self):
        """the named result becomes the file, wherever it stands"""
        self.job("-- name: two\nSELECT 2 AS b;\nSELECT 3 AS c;\n",
                 'result = "two";')
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["b", "2"])

    def test_result_by_number(self):
        """result sets are counted, statements without one are not"""
        self.job("CREATE TEMP TABLE u (x);\nSELECT 1 AS a;\n"
                 "INSERT INTO u VALUES (1);\nSELECT 2 AS b;\n"
                 "SELECT 3 AS c;\n", 'result = "2";')
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["b", "2"])

    def test_number_too_high(self):
        """a number that the batch does not reach is an error"""
        self.job("SELECT 1 AS a;", 'result = "2";')
        self.home.run("run", "j", expect=65)
        self.assertEqual(os.listdir(self.out), [])

    def test_number_zero(self):
        """result sets are counted from 1"""
        self.job("SELECT 1 AS a;", 'result = "0";')
        result = self.home.run("check", "j", expect=78)
        self.assertIn("counted from 1", result.stderr)

    def test_on_error_continue(self):
        """a refused statement does not end the batch where that is said"""
        sql = "%sDROP TABLE missing;\nSELECT 5 AS a;\n"
        self.job(sql % "")
        self.home.run("run", "j", expect=69)
        self.assertEqual(os.listdir(self.out), [])
        self.job(sql % "-- on error: continue\n")
        result = self.home.run("run", "j", "-v")
        self.assertEqual(self.file(), ["a", "5"])
        self.assertIn("statement 1 (j.sql:2): refused", result.stderr)
        self.assertIn("missing", result.stderr)

    def test_undefined_parameter(self):
        """SQLite would take it for NULL: it is an error, nothing ran"""
        self.job("DELETE FROM t;\nSELECT * FROM t WHERE a = :a;\n")
        result = self.home.run("run", "j", expect=78)
        self.assertIn("j.sql: line 2: there is no parameter 'a'",
                      result.stderr)
        self.job("SELECT count(*) AS n FROM t;")
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["n", "2"])

    def test_what_misleads_the_driver(self):
        """comments and names that sqlite3odbc misreads hide no parameter"""
        self.job("-- don't; ?\nSELECT a AS [b;c], /* ? \" ; */ "
                 "'?;' AS `d;``e` -- it's\nFROM t WHERE a = :a -- {x",
                 'params = { a = { value = "2"; type = "integer"; }; };')
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["b;c,d;`e", "2,?;"])

    def test_list_in_a_parameter(self):
        """IN (:list) is one value: told, since it would find nothing"""
        sql = "SELECT count(*) AS n FROM t\nWHERE a || '' IN ( /* ) */ :l);\n"
        self.job(sql, 'params = { l = "1,2"; };')
        result = self.home.run("run", "j", expect=78)
        self.assertIn("j.sql: line 2: IN (:l) compares with one value",
                      result.stderr)
        self.assertIn("IN (:a, :b)", result.stderr)
        self.job(sql, 'params = { l = "2"; };')
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["n", "1"])
        self.job(sql.replace(":l)", ":l, :m)"),
                 'params = { l = "1,2"; m = "2"; };')
        self.home.run("run", "j", "--force")
        self.assertEqual(self.file(), ["n", "1"])

    def test_utf16(self):
        """what editors of SQL Server save is read; other encodings are told"""
        path = os.path.join(self.home.jobs, "j.sql")
        sql = "-- \u20ac\nSELECT '\u00e4\U0001f600' AS a;\n"
        for encoding in ("utf-16-le", "utf-16-be"):
            self.job(sql)
            with open(path, "wb") as f:
                f.write(("\ufeff" + sql).encode(encoding))
            self.home.run("run", "j", "--force")
            self.assertEqual(self.file(), ["a", "\u00e4\U0001f600"])
            result = self.home.run("query", "-d", "shop", "-f", path)
            self.assertEqual(result.stdout, "a\r\n\u00e4\U0001f600\r\n")
        wrong = [("\ufeff" + sql).encode("utf-16-le")[:-1],
                 sql.encode("utf-16-le"), "SELECT 1;\nSELECT '\u00e4'".encode(
                     "latin-1")]
        for data, text in zip(wrong, ("line 2: the SQL is UTF-16 with half",
                                      "NUL byte", "line 2: the SQL is not "
                                      "UTF-8")):
            with open(path, "wb") as f:
                f.write(data)
            result = self.home.run("run", "j", "--force", expect=78)
            self.assertIn("j.sql: ", result.stderr)
            self.assertIn(text, result.stderr)
            self.assertIn("hint: ", result.stderr)

    def test_commands_of_the_client(self):
        """they are told before anything runs, with what to write instead"""
        self.job("DELETE FROM t;\n.mode csv\n.schema\n.output x.csv\n"
                 "SELECT count(*) AS n FROM t;\n")
        result = self.home.run("run", "j", expect=78)
        self.assertIn("j.sql: line 4: '.output x.csv' is a command of "
                      "sqlite3", result.stderr)
        self.assertIn("becomes the file", result.stderr)
        self.job(".mode csv\n.schema\nSELECT count(*) AS n FROM t;\n")
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["n", "2"])

    def test_transaction(self):
        """a batch that fails leaves nothing behind where that is asked for"""
        sql = ("INSERT INTO t VALUES (3);\nSELECT count(*) AS n FROM t;\n%s")
        count = "SELECT count(*) AS n FROM t;"
        for extra, left in (('transaction = "batch";', "2"), ("", "3")):
            self.job(sql % "SELECT * FROM missing;", extra)
            self.home.run("run", "j", "--force", expect=69)
            self.job(count)
            self.home.run("run", "j", "--force")
            self.assertEqual(self.file(), ["n", left])
        self.job(sql % "", 'transaction = "batch";')
        self.home.run("run", "j", "--force")
        self.assertEqual(self.file(), ["n", "4"])
        self.job(count)
        self.home.run("run", "j", "--force")
        self.assertEqual(self.file(), ["n", "4"])

    def test_statements(self):
        """a list of statements needs no splitter"""
        self.home.job("j", """
source: { dsn = "shop"; params = { a = { value = "2"; type = "integer"; }; };
  statements = ( "CREATE TEMP TABLE u AS SELECT ';' AS x, * FROM t",
                 "SELECT * FROM u WHERE a = :a" ); };
file: { name = "x.csv"; };
""" + target(self.url))
        self.home.run("run", "j")
        self.assertEqual(self.file(), ["x,a", ";,2"])


if __name__ == "__main__":
    main()
